"""Questions of the scorecard page: weekly scorecard, weeks of all channels, weeks of a segment."""

# The newest week that is over and that the period reaches.
SCORECARD = """
select week_start, week_end, kpi, label, business_goal, kind, direction, unit, owner, value,
    target_value, change_rate, four_week_mean, trend, status, missing_source_day_count
from kpis.scorecard_weekly
where week_start = (
    select max(week_start) from kpis.scorecard_weekly
    where is_mature and ($last_day is null or week_end <= cast($last_day as date))
)
order by business_goal, kind desc, label
"""

TREND = """
select week_start, value, target_value, is_mature
from kpis.scorecard_weekly
where kpi = $kpi
    and ($first_day is null or week_end >= cast($first_day as date))
    and ($last_day is null or week_start <= cast($last_day as date))
order by week_start
"""

WEEKS = """
select cast(date_trunc('week', activity_date) as date) as week_start,
    sum(revenue_amount) as revenue, sum(cost_amount) as spend, sum(session_count) as sessions,
    sum(conversion_count) as orders
from kpis.channel_daily
where activity_date >= coalesce(
        cast($first_day as date),
        (select max(activity_date) from kpis.channel_daily) - interval 52 week
    )
    and ($last_day is null or activity_date <= cast($last_day as date))
    and ($channels is null or list_contains(cast($channels as varchar[]), channel))
group by week_start
order by week_start
"""

# Orders of the segment's present members, on the tenant's calendar.
SEGMENT_WEEKS = """
with members as (
    select person_id from segments.membership where segment = $segment and exited_at is null
),
dated as (
    select cast(
            timezone((select timezone from serving.about), timezone('UTC', ordered_at)) as date
        ) as order_date, person_id, revenue_amount
    from core.fct_orders
    where status = 'completed' and person_id in (select person_id from members)
)
select cast(date_trunc('week', order_date) as date) as week_start,
    sum(revenue_amount) as revenue, count(*) as orders, count(distinct person_id) as buyers
from dated
where ($first_day is null or order_date >= cast($first_day as date))
    and ($last_day is null or order_date <= cast($last_day as date))
group by week_start
order by week_start
"""
