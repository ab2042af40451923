-- Grain: one row per day (tenant's calendar) from the first order on, also of days without
-- anything: the sums over all channels, and what is wrong with the day.
{%- set measures = kpi_measures() %}
{%- set summed_measures = kpi_counts() + ['repeat_session_count'] + measures.credited
    + measures.sold_amounts + measures.cost_amounts + ['net_revenue_amount'] %}
with

channel_days as (

    select
        *,
        case when channel <> '(unattributed)' then revenue_amount else 0 end
            as attributed_revenue_amount,
        case when channel <> '(unattributed)' then margin_amount else 0 end
            as attributed_margin_amount
    from {{ ref('channel_daily') }}

),

today as (

    select cast({{ local_time(as_of(), setting('timezone')) }} as date) as local_as_of

),

horizon_days as (

    select * from {{ ref('int_kpis__horizon_days') }}

),

missing_sources as (

    select
        activity_date,
        count(*) as missing_source_count,
        {{ distinct_text('source') }} as missing_sources
    from {{ ref('source_daily') }}
    where is_missing
    group by activity_date

),

summed as (

    select
        activity_date,
        {% for measure in summed_measures %}
            sum({{ measure }}) as {{ measure }},
        {% endfor %}
        sum(attributed_revenue_amount) as attributed_revenue_amount,
        sum(attributed_margin_amount) as attributed_margin_amount
    from channel_days
    group by activity_date

),

bounds as (

    -- loyalty cards or campaigns may be years older than what is measured
    select
        coalesce(
            min(case when conversion_count > 0 then activity_date end), min(activity_date)
        ) as first_date,
        greatest(
            max(activity_date),
            max(cast({{ add_time('cast(local_as_of as timestamp)', -1, 'day') }} as date))
        ) as last_date
    from summed
    cross join today

),

days as (

    select dates.date_day as activity_date
    from {{ ref('dim_dates') }} as dates
    cross join bounds
    where dates.date_day between bounds.first_date and bounds.last_date
    union
    select activity_date from summed

),

completed as (

    select
        days.activity_date,
        days.activity_date < today.local_as_of as is_complete,
        coalesce(missing_sources.missing_source_count, 0) as missing_source_count,
        missing_sources.missing_sources,
        {% for measure in summed_measures %}
            coalesce(summed.{{ measure }}, 0) as {{ measure }},
        {% endfor %}
        coalesce(summed.attributed_revenue_amount, 0) as attributed_revenue_amount,
        coalesce(summed.attributed_margin_amount, 0) as attributed_margin_amount,
        coalesce(horizon_days.matured_customer_count, 0) as matured_customer_count,
        coalesce(horizon_days.matured_repeat_count, 0) as matured_repeat_count,
        case
            when horizon_days.activity_date is null then 0 else horizon_days.matured_margin_amount
        end as matured_margin_amount
    from days
    cross join today
    left join summed
        on days.activity_date = summed.activity_date
    left join missing_sources
        on days.activity_date = missing_sources.activity_date
    left join horizon_days
        on days.activity_date = horizon_days.activity_date

),

measured as (

    select
        *,
        touchpoint_count - automated_count as human_touchpoint_count,
        conversion_count as order_count,
        journey_conversion_count * 86400 as journey_conversion_s_per_day,
        -refund_amount as refunded_amount,
        case when unknown_margin_count = 0 then attributed_margin_amount - cost_amount end
            as attributed_margin_after_spend_amount
    from completed

),

final as (

    select
        activity_date,
        is_complete,
        touchpoint_count = 0 and conversion_count = 0 as is_empty,
        cast(missing_source_count as bigint) as missing_source_count,
        missing_sources,
        cast(late_count as bigint) as late_count,
        cast(unknown_margin_count as bigint) as unknown_margin_count,
        {% for measure in scorecard_counts() %}
            cast({{ measure }} as bigint) as {{ measure }},
        {% endfor %}
    {% for measure in scorecard_amounts() %}
        cast({{ measure }} as decimal(18, 4)) as {{ measure }}{{ ',' if not loop.last }}
    {% endfor %}
    from measured

)

select * from final
