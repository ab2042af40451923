-- Grain: one row per run and idempotency key that had an outcome.
-- The table under it only grows; the event with the highest sequence is how things are.
with

events as (

    select * from {{ source('ops', 'activation_delivery_ledger') }}

),

numbered as (

    select
        *,
        row_number() over (
            partition by run_id, idempotency_key order by sequence desc
        ) as recency
    from events

),

final as (

    select
        idempotency_key,
        run_id,
        sync,
        record_key,
        person_id,
        identifier_key,
        destination,
        channel,
        purpose,
        coalesce(is_message, false) as is_message,
        operation,
        campaign_id,
        content_id,
        content_version,
        offer_id,
        decision_id,
        variant,
        message_id,
        cost_amount,
        outcome,
        reason,
        external_id,
        sent_at
    from numbered
    where recency = 1

)

select * from final
