-- Grain: one row per model, period (month; total, whose period_start is null) and channel: orders.
-- Markov models credit channels, not orders: their shares (ops.attribution_estimates) are of the
-- orders that have a touch. The others are (unattributed) in every model.
with

campaign_credits as (

    select * from {{ ref('int_attribution__campaign_credits') }}

),

estimates as (

    select * from {{ source('ops', 'attribution_estimates') }}
    where conversion_share is not null

),

periods as (

    select
        model,
        'month' as period_grain,
        period_start,
        channel,
        sum(conversions) as conversions,
        sum(revenue_units) as revenue_units,
        sum(new_customers) as new_customers
    from campaign_credits
    group by model, period_start, channel
    union all
    select
        model,
        'total' as period_grain,
        cast(null as date) as period_start,
        channel,
        sum(conversions) as conversions,
        sum(revenue_units) as revenue_units,
        sum(new_customers) as new_customers
    from campaign_credits
    group by model, channel

),

touched_totals as (

    -- any model will do: all credit the same orders
    select
        period_grain,
        period_start,
        sum(conversions) as conversions,
        sum(revenue_units) as revenue_units,
        sum(new_customers) as new_customers
    from periods
    where
        model = 'last'
        and channel <> '(unattributed)'
    group by period_grain, period_start

),

shared as (

    select
        estimates.model,
        touched_totals.period_grain,
        touched_totals.period_start,
        estimates.channel,
        estimates.conversion_share * touched_totals.conversions as conversions,
        touched_totals.revenue_units as all_revenue_units,
        cast(
            round(estimates.revenue_share * cast(touched_totals.revenue_units as double))
            as decimal(28, 0)
        ) as revenue_units,
        estimates.new_customer_share * touched_totals.new_customers as new_customers,
        row_number() over (
            partition by estimates.model, touched_totals.period_grain, touched_totals.period_start
            order by estimates.revenue_share desc, estimates.channel asc
        ) as place
    from estimates
    inner join touched_totals
        on estimates.period_grain = touched_totals.period_grain
            and coalesce(estimates.period_start, date '0001-01-01')
            = coalesce(touched_totals.period_start, date '0001-01-01')

),

markov as (

    -- the largest channel takes what rounding left
    select
        model,
        period_grain,
        period_start,
        channel,
        conversions,
        revenue_units + case
            when place = 1
                then all_revenue_units - sum(revenue_units) over (
                        partition by model, period_grain, period_start
                    )
            else 0
        end as revenue_units,
        new_customers
    from shared

),

markov_periods as (

    select distinct
        model,
        period_grain,
        period_start
    from markov

),

untouched as (

    select
        markov_periods.model,
        periods.period_grain,
        periods.period_start,
        periods.channel,
        periods.conversions,
        periods.revenue_units,
        periods.new_customers
    from periods
    inner join markov_periods
        on periods.period_grain = markov_periods.period_grain
            and coalesce(periods.period_start, date '0001-01-01')
            = coalesce(markov_periods.period_start, date '0001-01-01')
    where
        periods.model = 'last'
        and periods.channel = '(unattributed)'

),

all_models as (

    select * from periods
    union all
    select * from markov
    union all
    select * from untouched

),

final as (

    select
        model,
        period_grain,
        period_start,
        channel,
        cast(conversions as double) as conversions,
        cast(revenue_units as decimal(28, 0)) as revenue_units,
        cast(new_customers as double) as new_customers
    from all_models

)

select * from final
