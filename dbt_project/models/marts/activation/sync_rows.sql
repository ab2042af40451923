-- Grain: one row per run, sync and destination record.
-- The table under it only grows; the event with the highest sequence is how things are.
with

events as (

    select * from {{ source('ops', 'activation_sync_rows') }}

),

numbered as (

    select
        *,
        row_number() over (
            partition by run_id, sync, record_key order by sequence desc
        ) as recency
    from events

),

final as (

    select
        run_id,
        sync,
        record_key,
        person_id,
        identifier_key,
        operation,
        row_hash,
        idempotency_key,
        outcome,
        reason,
        recorded_at
    from numbered
    where recency = 1

)

select * from final
