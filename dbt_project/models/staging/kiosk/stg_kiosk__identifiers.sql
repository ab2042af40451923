-- Grain: one row per record, identifier and version.
-- Everybody in the store uses the same device: the hub limit of identity keeps it from linking.
with

final as (

    {{ identifier_rows(
        source='kiosk', relation=source('kiosk', 'sessions'),
        record_id='session_no', observed_at='started_at',
        identifiers=[
            {'type': 'loyalty_id', 'value': 'loyalty_card_no', 'authenticated': 'true'},
            {'type': 'email', 'value': 'typed_email'},
            {'type': 'device_id', 'value': 'kiosk_id'},
        ]
    ) }}

)

select * from final
