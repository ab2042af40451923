-- Grain: one row per sync and record that the destination holds.
-- The table under it only grows; the event with the highest sequence is how things are.
with

events as (

    select * from {{ source('ops', 'activation_sync_state') }}

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
        identifier_key,
        row_hash,
        mapping_version,
        external_id,
        last_succeeded_at,
        run_id
    from numbered
    where
        recency = 1
        and not is_removed

)

select * from final
