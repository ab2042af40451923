-- A dashboard whose channels did not add up to the shop's own figures was never trusted again:
-- per model, the months and the total each sum to the completed orders and their revenue.
{{ config(meta={'dagster': {'ref': {'name': 'channel_attribution'}}}) }}
with

models as (

    {{ attribution_model_rows() }}

),

grains as (

    select 'month' as period_grain
    union all
    select 'total' as period_grain

),

periods as (

    select
        models.model,
        grains.period_grain
    from models
    cross join grains

),

orders as (

    select
        count(*) as order_count,
        coalesce(sum(coalesce(revenue_amount, 0)), 0) as revenue_amount
    from {{ ref('fct_orders') }}
    where status = 'completed'

),

spend as (

    select coalesce(sum(cost_amount), 0) as cost_amount
    from {{ ref('int_kpis__channel_costs') }}

),

totals as (

    select
        model,
        period_grain,
        sum(conversions) as conversions,
        sum(revenue) as revenue,
        coalesce(sum(cost_amount), 0) as cost_amount
    from {{ ref('channel_attribution') }}
    group by model, period_grain

)

select
    periods.*,
    totals.conversions,
    orders.order_count,
    totals.revenue,
    orders.revenue_amount,
    totals.cost_amount,
    spend.cost_amount as spend_amount
from periods
cross join orders
cross join spend
left join totals
    on periods.model = totals.model
        and periods.period_grain = totals.period_grain
where
    abs(coalesce(totals.conversions, 0) - orders.order_count)
    > 1e-9 * greatest(orders.order_count, 1)
    or coalesce(totals.revenue, 0) <> orders.revenue_amount
    or coalesce(totals.cost_amount, 0) <> spend.cost_amount
