-- Grain: one row per model, period_grain (month, total), period_start and channel.
-- Spend without credit and credit without spend are both kept.
with

period_credits as (

    select * from {{ ref('int_attribution__period_credits') }}

),

channel_costs as (

    select * from {{ ref('int_kpis__channel_costs') }}

),

estimates as (

    select * from {{ source('ops', 'attribution_estimates') }}

),

models as (

    {{ attribution_model_rows() }}

),

monthly_costs as (

    select
        {{ month_start('cost_date') }} as period_start,
        channel,
        cost_amount
    from channel_costs

),

bounds as (

    select
        min(period_start) as first_month,
        max(period_start) as last_month
    from (
        select period_start from monthly_costs
        union all
        select period_start from period_credits
        where period_grain = 'month'
    ) as months

),

costs as (

    select
        'month' as period_grain,
        period_start,
        channel,
        sum(cost_amount) as cost_amount
    from monthly_costs
    group by period_start, channel
    union all
    select
        'total' as period_grain,
        cast(null as date) as period_start,
        channel,
        sum(cost_amount) as cost_amount
    from monthly_costs
    group by channel

),

period_models as (

    -- a month with spend and no order has the models that need no estimate
    select
        model,
        period_grain,
        period_start
    from period_credits
    union distinct
    select
        models.model,
        costs.period_grain,
        costs.period_start
    from costs
    cross join models

),

figures as (

    select
        model,
        period_grain,
        coalesce(period_start, date '0001-01-01') as period_key,
        channel,
        conversions,
        revenue_units,
        new_customers,
        cast(0 as decimal(18, 4)) as cost_amount
    from period_credits
    union all
    select
        period_models.model,
        period_models.period_grain,
        coalesce(period_models.period_start, date '0001-01-01') as period_key,
        costs.channel,
        cast(0 as double) as conversions,
        cast(0 as decimal(28, 0)) as revenue_units,
        cast(0 as double) as new_customers,
        costs.cost_amount
    from period_models
    inner join costs
        on period_models.period_grain = costs.period_grain
            and coalesce(period_models.period_start, date '0001-01-01')
            = coalesce(costs.period_start, date '0001-01-01')

),

summed as (

    select
        model,
        period_grain,
        period_key,
        channel,
        sum(conversions) as conversions,
        sum(revenue_units) as revenue_units,
        sum(new_customers) as new_customers,
        nullif(sum(cost_amount), 0) as cost_amount
    from figures
    group by model, period_grain, period_key, channel

),

touched as (

    select
        *,
        sum(case when channel <> '(unattributed)' then conversions end) over (
            partition by model, period_grain, period_key
        ) as touched_conversions
    from summed

),

final as (

    select
        touched.model,
        touched.period_grain,
        case touched.period_grain when 'month' then touched.period_key else bounds.first_month end
            as period_start,
        last_day(
            case touched.period_grain
                when 'month' then touched.period_key else bounds.last_month
            end
        ) as period_end,
        touched.channel,
        cast(touched.conversions as double) as conversions,
        {{ attribution_revenue('touched.revenue_units') }} as revenue,
        cast(touched.new_customers as double) as new_customers,
        estimates.conversion_share_low * touched.touched_conversions as conversions_low,
        estimates.conversion_share_high * touched.touched_conversions as conversions_high,
        estimates.removal_effect,
        cast(touched.cost_amount as decimal(18, 4)) as cost_amount,
        cast({{ attribution_revenue('touched.revenue_units') }} as double)
        / cast(touched.cost_amount as double) as roas,
        cast(touched.cost_amount as double) / nullif(touched.conversions, 0) as cpa,
        cast(touched.cost_amount as double) / nullif(touched.new_customers, 0) as cac
    from touched
    cross join bounds
    left join estimates
        on touched.model = estimates.model
            and touched.period_grain = estimates.period_grain
            and touched.channel = estimates.channel
            and touched.period_key = coalesce(estimates.period_start, date '0001-01-01')

)

select * from final
