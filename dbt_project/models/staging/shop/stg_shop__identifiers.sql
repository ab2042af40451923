-- Grain: one row per record, identifier and version.
-- A customer number at checkout is proven only when the customer was logged in.
with

final as (

    {{ identifier_rows(
        source='shop', relation=source('shop', 'orders'),
        record_id='id', observed_at='created_at',
        identifiers=[
            {'type': 'customer_id', 'value': 'customer_id', 'authenticated': 'is_logged_in'},
            {'type': 'email', 'value': 'contact_email', 'authenticated': 'is_logged_in'},
            {'type': 'phone', 'value': 'contact_phone'},
            {'type': 'payment_token', 'value': 'payment_token'},
            {'type': 'cookie_id', 'value': 'client_id'},
            {'type': 'device_id', 'value': 'device_id'},
        ]
    ) }}
    union all
    {{ identifier_rows(
        source='shop', relation=source('shop', 'refunds'),
        record_id="concat('refund:', refund_id)", observed_at='refunded_at',
        identifiers=[
            {'type': 'customer_id', 'value': 'customer_id'},
            {'type': 'email', 'value': 'email'},
        ]
    ) }}

)

select * from final
