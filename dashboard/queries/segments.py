"""Questions of the segments page: `segments.sizes`, `reach`, `overlap`, priority lists."""

SIZES = """
select segment, member_count, holdout_count, reachable_count, buyer_365d_count, order_365d_count,
    revenue_365d_amount, propensity_30d_mean, churn_90d_mean, owner, purpose, refresh,
    segment_version
from segments.sizes
order by member_count desc, segment
"""

REACH = """
select segment, channel, reachable_count, member_count, reachable_rate
from segments.reach
order by segment, channel
"""

OVERLAP = """
select segment, other_segment, both_count, member_count, other_member_count, share_of_segment,
    jaccard
from segments.overlap
order by segment, other_segment
"""

LISTS = """
select priority_list, priority, segment, count(*) as persons,
    count(*) filter (is_holdout) as held_out,
    count(*) filter (qualified_count > 1) as also_in_a_later_one
from segments.priority_membership
group by all
order by priority_list, priority
"""

# Who came and who left, by the as_of that saw it first.
MOVES = """
select segment, moved_at, sum(entered) as entered, sum(exited) as exited
from (
    select segment, entered_at as moved_at, 1 as entered, 0 as exited from segments.membership
    union all
    select segment, exited_at, 0, 1 from segments.membership where exited_at is not null
) as moves
group by segment, moved_at
order by moved_at, segment
"""
