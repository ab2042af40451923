-- Grain: one row per record, identifier and version.
-- Points are earned and used with the card in hand; expiry happens without the person.
with

final as (

    {{ identifier_rows(
        source='loyalty', relation=source('loyalty', 'members'),
        record_id="concat('member:', card_no)", observed_at='updated_at',
        identifiers=[
            {'type': 'loyalty_id', 'value': 'card_no'},
            {'type': 'customer_id', 'value': 'customer_no'},
            {'type': 'email', 'value': 'email'},
            {'type': 'phone', 'value': 'phone'},
            {'type': 'household_id', 'value': 'household_no'},
        ]
    ) }}
    union all
    {{ identifier_rows(
        source='loyalty', relation=source('loyalty', 'points'),
        record_id="concat('points:', movement_id)", observed_at='moved_at',
        identifiers=[
            {'type': 'loyalty_id',
             'value': 'card_no',
             'authenticated': "movement in ('EARN', 'REDEEM')"},
        ]
    ) }}

)

select * from final
