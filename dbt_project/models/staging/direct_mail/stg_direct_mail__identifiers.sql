-- Grain: one row per record, identifier and version.
-- The address list said so: nothing is proven.
with

final as (

    {{ identifier_rows(
        source='direct_mail', relation=source('direct_mail', 'mailings'),
        record_id='piece_id', observed_at='cast(drop_date as timestamp)',
        identifiers=[
            {'type': 'customer_id', 'value': 'customer_no'},
        ]
    ) }}

)

select * from final
