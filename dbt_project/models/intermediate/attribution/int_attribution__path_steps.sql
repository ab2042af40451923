-- Grain: one row per month (tenant's calendar, by conversion or last touch), draw group of
-- journeys, outcome, and four channels that follow one another on paths to an order, from every
-- touch on. All Markov counts up to order 3 are sums of it. Open journeys are left out.
with

journeys as (

    select
        conversion_key,
        conversion_key is not null as is_converted,
        revenue_amount,
        path,
        {{ month_start(local_time('ended_at', setting('timezone'))) }} as period_start,
        {{ attribution_draw_group('journey_id') }} as draw_group
    from {{ ref('fct_journeys') }}
    where
        goal = 'order'
        and is_mature

),

first_orders as (

    select conversion_key from {{ ref('int_journeys__conversions') }}
    where is_first_order

),

valued as (

    select
        journeys.period_start,
        journeys.draw_group,
        journeys.is_converted,
        coalesce(cast(journeys.revenue_amount as double), 0) as revenue,
        case when first_orders.conversion_key is not null then 1 else 0 end as new_customers,
        journeys.path
    from journeys
    left join first_orders
        on journeys.conversion_key = first_orders.conversion_key

),

steps as (

    {{ path_steps('valued', [
        'period_start', 'draw_group', 'is_converted', 'revenue', 'new_customers'
    ]) }}

),

final as (

    select
        period_start,
        draw_group,
        is_converted,
        is_first_step,
        channel_1,
        channel_2,
        channel_3,
        channel_4,
        count(*) as step_count,
        sum(revenue) as revenue,
        sum(new_customers) as new_customers
    from steps
    group by
        period_start, draw_group, is_converted, is_first_step, channel_1, channel_2, channel_3,
        channel_4

)

select * from final
