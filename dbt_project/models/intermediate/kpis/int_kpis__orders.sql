-- Grain: one row per completed order, and per refund (or other order with net revenue) on its own
-- date: what counts in money, with its day on the tenant's calendar.
with

orders as (

    select * from {{ ref('fct_orders') }}

),

final as (

    select
        orders.order_key,
        orders.related_order_key,
        orders.person_id,
        orders.source,
        {{ local_date('orders.ordered_at') }} as order_date,
        orders.status = 'completed' as is_completed,
        orders.order_number,
        orders.is_first_order,
        coalesce(orders.revenue_amount, 0) as revenue_amount,
        coalesce(orders.net_revenue_amount, 0) as net_revenue_amount,
        -- a refund that does not tell its margin takes back the order's at the order's rate
        case
            when orders.margin_amount is null and orders.status <> 'completed'
                then cast(
                        {{ ratio(
                            'refunded_orders.margin_amount', 'refunded_orders.revenue_amount'
                        ) }} * cast(orders.net_revenue_amount as double)
                        as decimal(18, 4)
                    )
            else orders.margin_amount
        end as margin_amount,
        {{ seconds_between('orders.ordered_at', 'orders.loaded_at') }} > 7 * 86400 as is_late
    from orders
    left join orders as refunded_orders
        on orders.related_order_key = refunded_orders.order_key
            and refunded_orders.status = 'completed'
    where
        orders.status = 'completed'
        or orders.net_revenue_amount <> 0

)

select * from final
