-- Grain: one row per model, period_grain (month, total), period_start, channel and campaign. Its
-- campaigns sum to the channel's figures in channel_attribution, '(none)' included. Markov models
-- credit channels only.
with

campaign_credits as (

    select * from {{ ref('int_attribution__campaign_credits') }}

),

campaign_costs as (

    select * from {{ ref('int_kpis__campaign_costs') }}

),

models as (

    {{ attribution_model_rows() }}

),

monthly as (

    select
        model,
        period_start,
        channel,
        coalesce(campaign_id, '(none)') as campaign_id,
        conversions,
        revenue_units,
        new_customers,
        cast(0 as decimal(18, 4)) as cost_amount
    from campaign_credits
    union all
    select
        models.model,
        {{ month_start('campaign_costs.cost_date') }} as period_start,
        campaign_costs.channel,
        coalesce(campaign_costs.campaign_id, '(none)') as campaign_id,
        cast(0 as double) as conversions,
        cast(0 as decimal(28, 0)) as revenue_units,
        cast(0 as double) as new_customers,
        campaign_costs.cost_amount
    from campaign_costs
    cross join models

),

bounds as (

    select
        min(period_start) as first_month,
        max(period_start) as last_month
    from monthly

),

summed as (

    select
        model,
        period_start,
        channel,
        campaign_id,
        sum(conversions) as conversions,
        sum(revenue_units) as revenue_units,
        sum(new_customers) as new_customers,
        sum(cost_amount) as cost_amount
    from monthly
    group by model, period_start, channel, campaign_id

),

periods as (

    select
        model,
        'month' as period_grain,
        period_start,
        channel,
        campaign_id,
        conversions,
        revenue_units,
        new_customers,
        nullif(cost_amount, 0) as cost_amount
    from summed
    union all
    select
        model,
        'total' as period_grain,
        cast(null as date) as period_start,
        channel,
        campaign_id,
        sum(conversions) as conversions,
        sum(revenue_units) as revenue_units,
        sum(new_customers) as new_customers,
        nullif(sum(cost_amount), 0) as cost_amount
    from summed
    group by model, channel, campaign_id

),

final as (

    select
        periods.model,
        periods.period_grain,
        coalesce(periods.period_start, bounds.first_month) as period_start,
        last_day(coalesce(periods.period_start, bounds.last_month)) as period_end,
        periods.channel,
        periods.campaign_id,
        cast(periods.conversions as double) as conversions,
        {{ attribution_revenue('periods.revenue_units') }} as revenue,
        cast(periods.new_customers as double) as new_customers,
        cast(periods.cost_amount as decimal(18, 4)) as cost_amount,
        cast({{ attribution_revenue('periods.revenue_units') }} as double)
        / cast(periods.cost_amount as double) as roas,
        cast(periods.cost_amount as double) / nullif(periods.conversions, 0) as cpa,
        cast(periods.cost_amount as double) / nullif(periods.new_customers, 0) as cac
    from periods
    cross join bounds

)

select * from final
