-- Grain: one row per customer and calendar month (tenant's time zone) with an order or a refund.
-- A customer is acquired in the month of the first completed order.
with

dated as (

    select
        person_id,
        {{ month_start('order_date') }} as order_month,
        is_completed,
        net_revenue_amount,
        margin_amount
    from {{ ref('int_kpis__orders') }}
    where person_id is not null

),

customers as (

    select
        person_id,
        min(order_month) as cohort_month
    from dated
    where is_completed
    group by person_id

),

final as (

    select
        dated.person_id,
        customers.cohort_month,
        -- a refund of an order from before the data's beginning counts in the first month
        greatest(dated.order_month, customers.cohort_month) as order_month,
        sum(case when dated.is_completed then 1 else 0 end) as order_count,
        sum(dated.net_revenue_amount) as revenue_amount,
        sum(dated.margin_amount) as margin_amount
    from dated
    inner join customers
        on dated.person_id = customers.person_id
    group by
        dated.person_id,
        customers.cohort_month,
        greatest(dated.order_month, customers.cohort_month)

)

select * from final
