-- Grain: one row per record, identifier and version.
with

calls as (

    select * from {{ source('call_center', 'calls') }}

),

final as (

    {{ identifier_rows(
        source='call_center', relation='calls',
        record_id='call_id', observed_at='started_at',
        identifiers=[
            {'type': 'customer_id', 'value': 'customer_no', 'authenticated': "is_verified = 'Y'"},
            {'type': 'phone', 'value': 'phone_number'},
        ]
    ) }}

)

select * from final
