-- Spend of a channel without visits, and visits without spend, fell out of an inner join: over
-- all days and channels the daily table has every touchpoint, session, order, refund, revenue and
-- cost of the facts.
{{ config(meta={'dagster': {'ref': {'name': 'channel_daily'}}}) }}
with

daily as (

    select
        coalesce(sum(touchpoint_count), 0) as touchpoint_count,
        coalesce(sum(engagement_count), 0) as engagement_count,
        coalesce(sum(session_count), 0) as session_count,
        coalesce(sum(conversion_count), 0) as order_count,
        coalesce(sum(new_customer_count), 0) as new_customer_count,
        coalesce(sum(revenue_amount), 0) as revenue_amount,
        coalesce(sum(net_revenue_amount), 0) as net_revenue_amount,
        coalesce(sum(cost_amount), 0) as cost_amount
    from {{ ref('channel_daily') }}

),

touchpoints as (

    select
        count(*) as touchpoint_count,
        coalesce(sum(case when is_engagement then 1 else 0 end), 0) as engagement_count
    from {{ ref('fct_touchpoints') }}

),

sessions as (

    select count(*) as session_count from {{ ref('fct_sessions') }}

),

orders as (

    select
        count(*) as order_count,
        coalesce(sum(case when is_first_order then 1 else 0 end), 0) as new_customer_count,
        coalesce(sum(revenue_amount), 0) as revenue_amount
    from {{ ref('fct_orders') }}
    where status = 'completed'

),

all_orders as (

    select coalesce(sum(net_revenue_amount), 0) as net_revenue_amount
    from {{ ref('fct_orders') }}

),

costs as (

    select coalesce(sum(cost_amount), 0) as cost_amount
    from {{ ref('int_kpis__campaign_costs') }}

)

select daily.*
from daily
cross join touchpoints
cross join sessions
cross join orders
cross join all_orders
cross join costs
where
    daily.touchpoint_count <> touchpoints.touchpoint_count
    or daily.engagement_count <> touchpoints.engagement_count
    or daily.session_count <> sessions.session_count
    or daily.order_count <> orders.order_count
    or daily.new_customer_count <> orders.new_customer_count
    or daily.revenue_amount <> orders.revenue_amount
    or daily.net_revenue_amount <> all_orders.net_revenue_amount
    or daily.cost_amount <> costs.cost_amount
