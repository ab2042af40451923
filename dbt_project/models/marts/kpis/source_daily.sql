-- Grain: one row per source and day from its first one to the last day that is over, also of days
-- on which nothing came: a hole in the data is shown, not hidden.
{%- set regular_share = 0.9 %}
{%- set regular_after_days = 14 %}
with

touch_days as (

    select
        source,
        activity_date,
        touchpoint_count as event_count,
        late_count
    from {{ ref('int_kpis__touch_days') }}

),

orders as (

    select
        source,
        order_date as activity_date,
        1 as event_count,
        case when is_late then 1 else 0 end as late_count
    from {{ ref('int_kpis__orders') }}

),

today as (

    -- the last day that is over
    select
        cast({{ add_time(local_time(as_of(), setting('timezone')), -1, 'day') }} as date)
            as last_day

),

events as (

    select * from touch_days
    union all
    select * from orders

),

active_days as (

    select
        source,
        activity_date,
        sum(event_count) as event_count,
        sum(late_count) as late_count
    from events
    group by source, activity_date

),

sources as (

    select
        source,
        min(activity_date) as first_date,
        max(activity_date) as last_date,
        count(*) as active_day_count
    from active_days
    group by source

),

judged as (

    select
        *,
        {{ days_between('first_date', 'last_date') }} >= {{ regular_after_days }}
        and active_day_count
        > {{ regular_share }} * {{ days_between('first_date', 'last_date') }} as is_regular
    from sources

),

final as (

    select
        judged.source,
        dates.date_day as activity_date,
        cast(coalesce(active_days.event_count, 0) as bigint) as event_count,
        cast(coalesce(active_days.late_count, 0) as bigint) as late_count,
        judged.is_regular,
        judged.is_regular
        and active_days.source is null
        -- a source that was given up is missed for four weeks, not for ever
        and {{ days_between('judged.last_date', 'dates.date_day') }} <= 28 as is_missing
    from judged
    cross join today
    inner join {{ ref('dim_dates') }} as dates
        on judged.first_date <= dates.date_day
            and greatest(judged.last_date, today.last_day) >= dates.date_day
    left join active_days
        on judged.source = active_days.source
            and dates.date_day = active_days.activity_date

)

select * from final
