-- Grain: one row per member of segment cart_abandoners who may be sent e-mail, holdout left out.
with

members as (

    select
        person_id,
        segment
    from {{ ref('membership') }}
    where
        segment = 'cart_abandoners'
        and exited_at is null
        and not is_holdout

),

recipients as (

    select * from {{ ref('int_activation__email_recipients') }}

),

carts as (

    select
        person_id,
        cast(sum(value_amount) as decimal(18, 4)) as cart_value_amount,
        {{ distinct_text('products') }} as cart_products,
        max(last_activity_at) as cart_touched_at
    from {{ ref('carts_current') }}
    group by person_id

),

final as (

    select
        members.person_id,
        recipients.identifier_key,
        recipients.email,
        recipients.first_name,
        recipients.language_code,
        members.segment,
        carts.cart_value_amount,
        carts.cart_products,
        carts.cart_touched_at
    from members
    inner join recipients on members.person_id = recipients.person_id
    left join carts on members.person_id = carts.person_id

)

select * from final
