-- Refunds were once counted in the month of the order and again at their own date: the cohorts'
-- revenue is the net revenue of all orders and refunds of customers, each once.
{{ config(meta={'dagster': {'ref': {'name': 'cohort_monthly'}}}) }}
with

customers as (

    select distinct person_id
    from {{ ref('fct_orders') }}
    where status = 'completed' and person_id is not null

),

orders as (

    select
        coalesce(sum(orders.net_revenue_amount), 0) as revenue_amount,
        coalesce(sum(case when orders.status = 'completed' then 1 else 0 end), 0) as order_count
    from {{ ref('fct_orders') }} as orders
    inner join customers
        on orders.person_id = customers.person_id

),

cohorts as (

    select
        coalesce(sum(revenue_amount), 0) as revenue_amount,
        coalesce(sum(order_count), 0) as order_count
    from {{ ref('cohort_monthly') }}

)

select
    cohorts.*,
    orders.revenue_amount as order_revenue_amount,
    orders.order_count as facts_order_count
from cohorts
cross join orders
where
    cohorts.revenue_amount <> orders.revenue_amount
    or cohorts.order_count <> orders.order_count
