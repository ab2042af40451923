-- Grain: one row per unsubscription, complaint or return and version.
with

events as (

    select * from {{ source('email', 'events') }}

),

final as (

    select
        'email' as source,
        sg_event_id as record_id,
        occurred_at,
        _loaded_at as loaded_at,
        'email' as channel,
        'marketing' as purpose,
        case
            when event = 'spamreport' then 'objected'
            when event = 'group_resubscribe' then 'granted'
            else 'withdrawn'
        end as status,
        cast(null as string) as jurisdiction,
        'consent' as legal_basis,
        cast(null as string) as text_version,
        sg_event_id as proof,
        _file_name,
        _row_number
    from events
    where event in ('unsubscribe', 'group_unsubscribe', 'spamreport', 'group_resubscribe')

)

select * from final
