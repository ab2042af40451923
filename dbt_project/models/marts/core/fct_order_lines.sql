-- Grain: one row per line of an order. A line without its order waits until the order comes.
with

order_lines as (

    select * from {{ ref('int_contracts__order_lines') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

final as (

    select
        {{ surrogate_key([
            'order_lines.source', 'order_lines.order_id', 'order_lines.line_number',
        ]) }}
            as order_line_key,
        orders.order_key,
        orders.order_id,
        orders.source,
        order_lines.line_number,
        orders.person_id,
        orders.ordered_at,
        order_lines.loaded_at,
        orders.channel,
        orders.status,
        order_lines.product_id,
        coalesce(order_lines.category, products.category) as category,
        order_lines.quantity,
        cast(order_lines.line_amount * orders.exchange_rate as decimal(18, 4)) as line_amount,
        cast(order_lines.discount_amount * orders.exchange_rate as decimal(18, 4))
            as discount_amount,
        order_lines.line_amount as original_line_amount,
        orders.original_currency
    from order_lines
    inner join orders
        on order_lines.source = orders.source
            and order_lines.order_id = orders.order_id
    left join products
        on order_lines.product_id = products.product_id
    where order_lines.superseded_at is null

)

select * from final
