-- Grain: one row per record, identifier and version.
with

final as (

    {{ identifier_rows(
        source='push', relation=source('push', 'events'),
        record_id='id', observed_at='occurred_at',
        identifiers=[
            {'type': 'push_token', 'value': 'token'},
            {'type': 'device_id', 'value': 'device_id'},
        ]
    ) }}

)

select * from final
