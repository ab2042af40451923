-- Grain: one row per record, identifier and version.
with

final as (

    {{ identifier_rows(
        source='events', relation=source('events', 'attendees'),
        record_id='registration_id', observed_at='registered_at',
        identifiers=[
            {'type': 'email', 'value': 'email'},
            {'type': 'phone', 'value': 'phone'},
        ]
    ) }}

)

select * from final
