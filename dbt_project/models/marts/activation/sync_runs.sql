-- Grain: one row per run, sync and operation.
-- The table under it only grows; the event with the highest sequence is how things are.
with

events as (

    select * from {{ source('ops', 'activation_sync_runs') }}

),

numbered as (

    select
        *,
        row_number() over (
            partition by run_id, sync, operation order by sequence desc
        ) as recency
    from events

),

final as (

    select
        run_id,
        sync,
        destination,
        mapping_version,
        operation,
        planned,
        coalesce(attempted, 0) as attempted,
        coalesce(succeeded, 0) as succeeded,
        coalesce(rejected, 0) as rejected,
        coalesce(blocked, 0) as blocked,
        coalesce(unknown, 0) as unknown,
        coalesce(aborted, 0) as aborted,
        is_dry_run,
        started_at,
        finished_at,
        status,
        error
    from numbered
    where recency = 1

)

select * from final
