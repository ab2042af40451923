-- Grain: one row per record, identifier and version.
with

final as (

    {{ identifier_rows(
        source='call_center', relation=source('call_center', 'calls'),
        record_id='call_id', observed_at='started_at',
        identifiers=[
            {'type': 'customer_id', 'value': 'customer_no', 'authenticated': "is_verified = 'Y'"},
            {'type': 'phone', 'value': 'phone_number'},
        ]
    ) }}

)

select * from final
