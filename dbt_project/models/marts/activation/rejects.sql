-- Grain: one row per sync and record that is parked or waits for a retry.
-- The table under it only grows; the event with the highest sequence is how things are.
with

events as (

    select * from {{ source('ops', 'activation_rejects') }}

),

numbered as (

    select
        *,
        row_number() over (
            partition by sync, record_key order by sequence desc
        ) as recency
    from events

),

final as (

    select
        sync,
        record_key,
        person_id,
        operation,
        row_hash,
        run_id,
        error_class,
        message,
        attempts,
        next_try_at,
        is_terminal,
        recorded_at
    from numbered
    where
        recency = 1
        and not is_resolved

)

select * from final
