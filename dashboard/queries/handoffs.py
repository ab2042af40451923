"""Questions of the hand-offs page: `journeys.transitions`, the total or one month."""

PERIODS = """
select distinct period_start from journeys.transitions
where goal = 'order' and period_grain = 'month' order by period_start desc
"""

HANDOFFS = """
select from_channel, to_channel, transition_count, conversion_rate_after, lift,
    median_lag_s / 3600 as median_lag_hours, drop_off_rate, repeat_engagement_rate
from journeys.transitions
where goal = 'order'
    and period_grain = case when $month is null then 'total' else 'month' end
    and ($month is null or period_start = cast($month as date))
    and ($channels is null or list_contains(cast($channels as varchar[]), from_channel)
        or list_contains(cast($channels as varchar[]), to_channel))
order by transition_count desc, from_channel, to_channel
"""

# Where a channel's touches lead: on to a channel, to an order, or away.
DROP_OFFS = """
select from_channel as channel, sum(transition_count) as touches,
    sum(case when to_channel = '(lost)' then transition_count else 0 end)
        / sum(transition_count) as lost_share,
    sum(case when to_channel = '(conversion)' then transition_count else 0 end)
        / sum(transition_count) as conversion_share,
    sum(case when to_channel not in ('(lost)', '(conversion)') then transition_count else 0 end)
        / sum(transition_count) as onward_share
from journeys.transitions
where goal = 'order'
    and period_grain = case when $month is null then 'total' else 'month' end
    and ($month is null or period_start = cast($month as date))
    and from_channel <> '(start)'
    and ($channels is null or list_contains(cast($channels as varchar[]), from_channel))
group by from_channel
order by lost_share desc, channel
"""
