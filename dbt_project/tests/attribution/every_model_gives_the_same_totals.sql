-- Two models side by side are no comparison when one of them credits fewer orders: in every period,
-- every model (Markov too) credits the same orders, revenue and new customers.
{{ config(meta={'dagster': {'ref': {'name': 'channel_attribution'}}}) }}
with

totals as (

    select
        model,
        period_grain,
        period_start,
        sum(conversions) as conversions,
        sum(revenue) as revenue,
        sum(new_customers) as new_customers,
        sum(cost_amount) as cost_amount
    from {{ ref('channel_attribution') }}
    group by model, period_grain, period_start

)

select
    totals.*,
    reference.conversions as last_conversions,
    reference.revenue as last_revenue
from totals
left join totals as reference
    on totals.period_grain = reference.period_grain
        and totals.period_start = reference.period_start
        and reference.model = 'last'
where
    (abs(totals.conversions - reference.conversions) <= 1e-9 * greatest(reference.conversions, 1))
    is not true
    or (totals.revenue = reference.revenue) is not true
    or (
        abs(totals.new_customers - reference.new_customers)
        <= 1e-9 * greatest(reference.new_customers, 1)
    ) is not true
    or coalesce(totals.cost_amount, 0) <> coalesce(reference.cost_amount, 0)
