-- Grain: one row per model, period_grain (month, total), period_start and channel.
-- Spend without credit and credit without spend are both kept.
with

credits as (

    select * from {{ ref('credits') }}

),

channel_costs as (

    select * from {{ ref('int_kpis__channel_costs') }}

),

models as (

    {{ attribution_model_rows() }}

),

credited as (

    select
        model,
        {{ month_start(local_time('converted_at', setting('timezone'))) }} as period_start,
        channel,
        credit as conversions,
        revenue_credit as revenue,
        case when is_first_order then credit else 0 end as new_customers,
        cast(0 as decimal(18, 4)) as cost_amount
    from credits
    where goal = 'order'

),

spent as (

    select
        models.model,
        {{ month_start('channel_costs.cost_date') }} as period_start,
        channel_costs.channel,
        cast(0 as double) as conversions,
        cast(0 as decimal(38, 12)) as revenue,
        cast(0 as double) as new_customers,
        channel_costs.cost_amount
    from channel_costs
    cross join models

),

monthly as (

    select * from credited
    union all
    select * from spent

),

bounds as (

    select
        min(period_start) as first_month,
        max(period_start) as last_month
    from monthly

),

periods as (

    select
        'month' as period_grain,
        period_start,
        last_day(period_start) as period_end,
        model,
        channel,
        conversions,
        revenue,
        new_customers,
        cost_amount
    from monthly
    union all
    select
        'total' as period_grain,
        bounds.first_month as period_start,
        last_day(bounds.last_month) as period_end,
        monthly.model,
        monthly.channel,
        monthly.conversions,
        monthly.revenue,
        monthly.new_customers,
        monthly.cost_amount
    from monthly
    cross join bounds

),

totals as (

    select
        model,
        period_grain,
        period_start,
        period_end,
        channel,
        sum(conversions) as conversions,
        sum(revenue) as revenue,
        sum(new_customers) as new_customers,
        nullif(sum(cost_amount), 0) as cost_amount
    from periods
    group by model, period_grain, period_start, period_end, channel

),

final as (

    select
        model,
        period_grain,
        period_start,
        period_end,
        channel,
        cast(conversions as double) as conversions,
        cast(revenue as decimal(38, 12)) as revenue,
        cast(new_customers as double) as new_customers,
        cast(null as double) as conversions_low,
        cast(null as double) as conversions_high,
        cast(null as double) as removal_effect,
        cast(cost_amount as decimal(18, 4)) as cost_amount,
        cast(revenue as double) / cast(cost_amount as double) as roas,
        cast(cost_amount as double) / nullif(conversions, 0) as cpa,
        cast(cost_amount as double) / nullif(new_customers, 0) as cac
    from totals

)

select * from final
