-- Grain: one row per member of segment high_value_lapsing who may be sent e-mail, holdout left out,
-- with the message that the person gets. Half of them get the other variant, cut by a salt of its
-- own, so that it tells nothing about the holdout or other tests.
with

members as (

    select person_id
    from {{ ref('membership') }}
    where
        segment = 'high_value_lapsing'
        and exited_at is null
        and not is_holdout

),

recipients as (

    select * from {{ ref('int_activation__email_recipients') }}

),

final as (

    select
        members.person_id,
        recipients.identifier_key,
        recipients.email,
        recipients.language_code as locale,
        case
            when {{ split_bucket("'lapsing_high_value'", 'members.person_id') }} < 5000 then 'a'
            else 'b'
        end as variant,
        'lapsing_high_value' as content_id,
        recipients.first_name,
        recipients.order_count
    from members
    inner join recipients on members.person_id = recipients.person_id

)

select * from final
