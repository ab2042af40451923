-- Grain: one row per push permission given or taken back and version.
with

events as (

    select * from {{ source('app', 'events') }}

),

final as (

    select
        'app' as source,
        insert_id as record_id,
        occurred_at,
        _loaded_at as loaded_at,
        'push' as channel,
        'marketing' as purpose,
        case
            when event_type = 'push_permission_granted' then 'granted'
            else 'withdrawn'
        end as status,
        cast(null as string) as jurisdiction,
        'consent' as legal_basis,
        cast(null as string) as text_version,
        insert_id as proof,
        _file_name,
        _row_number
    from events
    where event_type in ('push_permission_granted', 'push_permission_revoked')

)

select * from final
