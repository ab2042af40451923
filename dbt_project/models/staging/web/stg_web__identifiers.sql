-- Grain: one row per record, identifier and version.
-- An e-mail that a logged-in customer's account has is proven; one typed into a form is not.
with

final as (

    {{ identifier_rows(
        source='web', relation=source('web', 'events'),
        record_id='message_id', observed_at='occurred_at',
        identifiers=[
            {'type': 'customer_id', 'value': 'user_id', 'authenticated': 'true'},
            {'type': 'email', 'value': 'email', 'authenticated': 'user_id is not null'},
            {'type': 'email', 'value': 'form_email'},
            {'type': 'cookie_id', 'value': 'anonymous_id'},
            {'type': 'ad_click_id', 'value': 'click_id'},
        ]
    ) }}

)

select * from final
