-- Grain: one row per record, identifier and version.
-- Who answers holds the phone; who is sent something may not.
with

final as (

    {{ identifier_rows(
        source='sms', relation=source('sms', 'messages'),
        record_id='message_sid', observed_at='sent_at',
        identifiers=[
            {'type': 'phone',
             'value': "case when direction = 'inbound' then from_number else to_number end",
             'authenticated': "direction = 'inbound'"},
            {'type': 'customer_id', 'value': 'customer_no'},
        ]
    ) }}

)

select * from final
