-- Grain: one row per record, identifier and version.
with

final as (

    {{ identifier_rows(
        source='offers', relation=source('offers', 'grants'),
        record_id='grant_event_id', observed_at='event_at',
        identifiers=[
            {'type': 'customer_id', 'value': 'customer_no'},
            {'type': 'loyalty_id', 'value': 'loyalty_card_no'},
        ]
    ) }}

)

select * from final
