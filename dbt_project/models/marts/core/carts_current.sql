-- Grain: one row per person and open cart, whatever devices and channels filled it.
with

cart_touches as (

    select * from {{ ref('int_core__open_cart_touches') }}

),

products_summed as (

    select
        person_id,
        cart_id,
        product_id,
        sum(case when interaction = 'add_to_cart' then quantity else -quantity end) as net_quantity,
        sum(case when interaction = 'add_to_cart' and value_amount is not null then quantity end)
            as valued_quantity,
        sum(case when interaction = 'add_to_cart' then value_amount end) as added_amount
    from cart_touches
    group by person_id, cart_id, product_id

),

items as (

    -- pieces that are left, at the average price at which they were put in
    select
        person_id,
        cart_id,
        product_id,
        net_quantity,
        cast(
            case
                when valued_quantity > 0
                    then cast(net_quantity as double)
                        * (cast(added_amount as double) / cast(valued_quantity as double))
            end as decimal(18, 4)
        ) as value_amount
    from products_summed
    where net_quantity > 0

),

contents as (

    select
        person_id,
        cart_id,
        sum(value_amount) as value_amount,
        sum(net_quantity) as item_count,
        count(distinct product_id) as product_count,
        {{ distinct_text('product_id') }} as products
    from items
    group by person_id, cart_id

),

activities as (

    select
        person_id,
        cart_id,
        min(occurred_at) as first_activity_at,
        max(occurred_at) as last_activity_at,
        {{ distinct_text('channel') }} as channels
    from cart_touches
    group by person_id, cart_id

),

final as (

    select
        {{ surrogate_key(['contents.person_id', 'contents.cart_id']) }} as cart_key,
        contents.person_id,
        contents.cart_id,
        cast(contents.value_amount as decimal(18, 4)) as value_amount,
        cast(contents.item_count as decimal(18, 4)) as item_count,
        cast(contents.product_count as bigint) as product_count,
        contents.products,
        activities.first_activity_at,
        activities.last_activity_at,
        activities.channels
    from contents
    inner join activities
        on contents.person_id = activities.person_id
            and contents.cart_id = activities.cart_id

)

select * from final
