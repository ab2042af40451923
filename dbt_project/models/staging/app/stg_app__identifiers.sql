-- Grain: one row per record, identifier and version.
with

final as (

    {{ identifier_rows(
        source='app', relation=source('app', 'events'),
        record_id='insert_id', observed_at='occurred_at',
        identifiers=[
            {'type': 'customer_id', 'value': 'user_id', 'authenticated': 'true'},
            {'type': 'email', 'value': 'email', 'authenticated': 'user_id is not null'},
            {'type': 'push_token', 'value': 'push_token'},
            {'type': 'device_id', 'value': 'device_id'},
        ]
    ) }}

)

select * from final
