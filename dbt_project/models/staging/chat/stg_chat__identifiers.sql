-- Grain: one row per record, identifier and version.
-- A messenger shows the number of the account that writes; an e-mail was typed.
with

final as (

    {{ identifier_rows(
        source='chat', relation=source('chat', 'conversations'),
        record_id='id', observed_at='started_at',
        identifiers=[
            {'type': 'customer_id', 'value': 'user_id', 'authenticated': 'true'},
            {'type': 'email', 'value': 'email'},
            {'type': 'phone', 'value': 'phone', 'authenticated': 'true'},
            {'type': 'cookie_id', 'value': 'visitor_id'},
        ]
    ) }}

)

select * from final
