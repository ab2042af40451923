"""Questions of the journey map: the path tree of everybody, or of a segment, and outcomes."""

# Everybody: the mart. Its children sum to their parent, (end) and (other) included.
TREE = """
select depth, path, parent_path, journey_count, conversion_count, revenue_amount
from journeys.path_tree
where goal = 'order' and depth between 1 and $depth
order by depth, journey_count desc, path
"""

NEXT = """
select path, journey_count, conversion_count, revenue_amount,
    conversion_count / nullif(journey_count, 0) as conversion_rate
from journeys.path_tree
where goal = 'order' and parent_path = $parent
order by journey_count desc, path
limit 50
"""

# The same of a period, channels or a segment: aggregated here, as no mart has every combination.
_SLICE = """
with chosen as (
    select outcome, revenue_amount,
        list_filter(path, lambda step, place: place = 1 or step <> path[place - 1]) as steps
    from journeys.fct_journeys
    where is_mature and goal = 'order'
        and ($first_day is null or ended_at >= cast($first_day as date))
        and ($last_day is null or ended_at < cast($last_day as date) + interval 1 day)
        and ($channels is null or list_has_any(path, cast($channels as varchar[])))
        and ($segment is null or person_id in (
            select person_id from segments.membership where segment = $segment and exited_at is null
        ))
),
"""

_PREFIXES = (
    _SLICE
    + """
prefixes as (
    select unnest(range(1, least(len(steps) + 1, $depth) + 1)) as depth, steps, outcome,
        revenue_amount
    from chosen
),
tree as (
    select depth,
        array_to_string(
            ['(start)'] || steps[:depth - 1] || [coalesce(steps[depth], '(end)')], ' > '
        ) as path,
        array_to_string(['(start)'] || steps[:depth - 1], ' > ') as parent_path,
        count(*) as journey_count,
        count(*) filter (where outcome = 'converted') as conversion_count,
        sum(revenue_amount) as revenue_amount
    from prefixes
    group by all
)
"""
)

SLICED_TREE = (
    _PREFIXES
    + """
select * from tree order by depth, journey_count desc, path
"""
)

SLICED_NEXT = (
    _PREFIXES
    + """
select path, journey_count, conversion_count, revenue_amount,
    conversion_count / nullif(journey_count, 0) as conversion_rate
from tree
where parent_path = $parent
order by journey_count desc, path
limit 50
"""
)

OUTCOMES = """
select outcome, count(*) as journeys, avg(touch_count) as touches, avg(channel_count) as channels,
    median(time_to_conversion_s) / 86400 as median_days_to_conversion,
    sum(revenue_amount) as revenue
from journeys.fct_journeys
where goal = 'order'
    and ($first_day is null or ended_at >= cast($first_day as date))
    and ($last_day is null or ended_at < cast($last_day as date) + interval 1 day)
    and ($channels is null or list_has_any(path, cast($channels as varchar[])))
    and ($segment is null or person_id in (
        select person_id from segments.membership where segment = $segment and exited_at is null
    ))
group by outcome
order by outcome
"""

# Most frequent whole paths, runs of one channel collapsed.
PATHS = (
    _SLICE.rstrip().removesuffix(",")
    + """
select array_to_string(steps, ' > ') as path, count(*) as journeys,
    count(*) filter (where outcome = 'converted') as conversions,
    count(*) filter (where outcome = 'converted') / count(*) as conversion_rate,
    sum(revenue_amount) as revenue
from chosen
group by path
order by journeys desc, path
limit 25
"""
)
