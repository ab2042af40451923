-- Grain: one row per touch that put something into an open cart or took it out.
-- A cart is what was put in after the person's last order (on whatever device or in whatever
-- store that order was placed) and after the cart was last emptied.
with

touchpoints as (

    select * from {{ ref('fct_touchpoints') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

last_orders as (

    select
        person_id,
        max(ordered_at) as last_order_at
    from orders
    where
        person_id is not null
        and not is_refund
    group by person_id

),

cart_events as (

    select
        touchpoint_key,
        person_id,
        coalesce(cart_id, '(none)') as cart_id,
        product_id,
        interaction,
        channel,
        occurred_at,
        coalesce(quantity, 1) as quantity,
        value_amount,
        -- taking out without a product empties the cart
        max(
            case when interaction = 'remove_from_cart' and product_id is null then occurred_at end
        ) over (partition by person_id, coalesce(cart_id, '(none)')) as last_emptied_at
    from touchpoints
    where
        person_id is not null
        and interaction in ('add_to_cart', 'remove_from_cart')
        and is_automated is not true

),

final as (

    select
        cart_events.touchpoint_key,
        cart_events.person_id,
        cart_events.cart_id,
        cart_events.product_id,
        cart_events.interaction,
        cart_events.channel,
        cart_events.occurred_at,
        cart_events.quantity,
        cart_events.value_amount
    from cart_events
    left join last_orders
        on cart_events.person_id = last_orders.person_id
    where
        (last_orders.last_order_at is null or cart_events.occurred_at > last_orders.last_order_at)
        and (
            cart_events.last_emptied_at is null
            or cart_events.occurred_at > cart_events.last_emptied_at
        )

)

select * from final
