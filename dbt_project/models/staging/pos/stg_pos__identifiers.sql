-- Grain: one row per record, identifier and version.
-- Cards were there; an e-mail typed at the till for the receipt is not proven.
with

final as (

    {{ identifier_rows(
        source='pos', relation=source('pos', 'receipts'),
        record_id='receipt_no', observed_at='sold_at',
        identifiers=[
            {'type': 'loyalty_id', 'value': 'loyalty_card_no', 'authenticated': 'true'},
            {'type': 'payment_token', 'value': 'payment_token', 'authenticated': 'true'},
            {'type': 'email', 'value': 'receipt_email'},
        ]
    ) }}
    union all
    {{ identifier_rows(
        source='pos', relation=source('pos', 'visits'),
        record_id="concat('visit:', visit_no)", observed_at='scanned_at',
        identifiers=[
            {'type': 'loyalty_id', 'value': 'loyalty_card_no', 'authenticated': 'true'},
        ]
    ) }}

)

select * from final
