"""Questions of the channels page: daily channel and campaign KPIs, attribution, disagreement."""

CHANNELS = """
select channel, sum(cost_amount) as spend, sum(revenue_amount) as revenue,
    sum(conversion_count) as orders, sum(new_customer_count) as new_customers,
    sum(session_count) as sessions,
    cast(sum(revenue_amount) as double) / nullif(cast(sum(cost_amount) as double), 0) as roas,
    cast(sum(cost_amount) as double) / nullif(sum(new_customer_count), 0) as cac
from kpis.channel_daily
where ($first_day is null or activity_date >= cast($first_day as date))
    and ($last_day is null or activity_date <= cast($last_day as date))
    and ($channels is null or list_contains(cast($channels as varchar[]), channel))
group by channel
order by spend desc, revenue desc, channel
"""

# Without a period the totals, with one the months that it touches. An interval is of one period:
# sums of several months have none.
MODELS = """
with chosen as (
    select * from attribution.channel_attribution
    where period_grain = case when $first_day is null then 'total' else 'month' end
        and ($first_day is null or period_end >= cast($first_day as date))
        and ($last_day is null or period_start <= cast($last_day as date))
        and ($channels is null or list_contains(cast($channels as varchar[]), channel))
),
summed as (
    select model, channel, count(*) as periods, sum(conversions) as conversions,
        cast(sum(revenue) as double) as revenue, sum(new_customers) as new_customers,
        cast(sum(cost_amount) as double) as cost,
        case when count(*) = 1 then max(conversions_low) end as conversions_low,
        case when count(*) = 1 then max(conversions_high) end as conversions_high
    from chosen
    group by model, channel
)
select model, channel, conversions, conversions_low, conversions_high, revenue, cost,
    revenue / nullif(cost, 0) as roas,
    revenue / nullif(cost, 0) * conversions_low / nullif(conversions, 0) as roas_low,
    revenue / nullif(cost, 0) * conversions_high / nullif(conversions, 0) as roas_high,
    cost / nullif(conversions, 0) as cpa, cost / nullif(new_customers, 0) as cac
from summed
order by channel, model
"""

DISAGREEMENT = """
select channel, period_grain, period_start, share_min, share_max, spread, unsupported_credit
from attribution.model_disagreement
where period_grain = case when $first_day is null then 'total' else 'month' end
    and ($first_day is null or period_start >= date_trunc('month', cast($first_day as date)))
    and ($last_day is null or period_start <= cast($last_day as date))
    and ($channels is null or list_contains(cast($channels as varchar[]), channel))
order by spread desc, channel, period_start
"""

CAMPAIGN_MODELS = """
with summed as (
    select campaign_id, channel, model, sum(conversions) as conversions,
        cast(sum(revenue) as double) as revenue, sum(new_customers) as new_customers,
        cast(sum(cost_amount) as double) as cost
    from attribution.campaign_attribution
    where period_grain = case when $first_day is null then 'total' else 'month' end
        and ($first_day is null or period_end >= cast($first_day as date))
        and ($last_day is null or period_start <= cast($last_day as date))
        and ($channels is null or list_contains(cast($channels as varchar[]), channel))
    group by campaign_id, channel, model
),
largest as (
    select campaign_id, channel, max(cost) as cost
    from summed
    where campaign_id <> '(none)'
    group by campaign_id, channel
    order by cost desc nulls last, campaign_id, channel
    limit 15
),
named as (
    select campaign_id, max(name) as name from core.dim_campaigns group by campaign_id
)
select concat(coalesce(named.name, summed.campaign_id), ' · ', summed.channel) as campaign,
    summed.campaign_id, summed.channel, summed.model, summed.conversions, summed.revenue,
    summed.cost, summed.revenue / nullif(summed.cost, 0) as roas,
    summed.cost / nullif(summed.conversions, 0) as cpa,
    summed.cost / nullif(summed.new_customers, 0) as cac
from summed
inner join largest
    on summed.campaign_id = largest.campaign_id and summed.channel = largest.channel
left join named on summed.campaign_id = named.campaign_id
order by campaign, model
"""

CAMPAIGNS = """
select campaign_id, max(campaign_name) as campaign, channel, sum(cost_amount) as spend,
    sum(revenue_amount) as revenue, sum(conversion_count) as orders, sum(session_count) as sessions,
    cast(sum(revenue_amount) as double) / nullif(cast(sum(cost_amount) as double), 0) as roas
from kpis.campaign_daily
where ($first_day is null or activity_date >= cast($first_day as date))
    and ($last_day is null or activity_date <= cast($last_day as date))
    and ($channels is null or list_contains(cast($channels as varchar[]), channel))
group by campaign_id, channel
order by spend desc, revenue desc, campaign_id, channel
limit 40
"""
