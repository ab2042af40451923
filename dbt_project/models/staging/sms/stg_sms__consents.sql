-- Grain: one row per STOP or START received and version.
with

messages as (

    select * from {{ source('sms', 'messages') }}

),

final as (

    select
        'sms' as source,
        message_sid as record_id,
        sent_at as occurred_at,
        _loaded_at as loaded_at,
        'sms' as channel,
        'marketing' as purpose,
        case when opt_out_type = 'START' then 'granted' else 'withdrawn' end as status,
        cast(null as string) as jurisdiction,
        'consent' as legal_basis,
        cast(null as string) as text_version,
        message_sid as proof,
        _file_name,
        _row_number
    from messages
    where direction = 'inbound' and opt_out_type in ('STOP', 'START')

)

select * from final
