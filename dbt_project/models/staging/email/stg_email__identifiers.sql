-- Grain: one row per record, identifier and version.
-- A message that was sent to an address proves nobody: the list said so.
with

final as (

    {{ identifier_rows(
        source='email', relation=source('email', 'events'),
        record_id='sg_event_id', observed_at='occurred_at',
        identifiers=[
            {'type': 'email', 'value': 'email'},
            {'type': 'customer_id', 'value': 'customer_id'},
        ]
    ) }}

)

select * from final
