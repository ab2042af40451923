"""Questions of the friction page: `journeys.friction`, the ranked roadmap."""

ROADMAP = """
select priority_rank, friction_point, lost_revenue_estimate, traffic, drop_off_rate, benchmark_rate,
    cause, kind, effort, owner, feedback_score, feedback_count, feedback_topics
from journeys.friction
where lost_revenue_estimate > 0 and ($kind is null or kind = $kind)
order by priority_rank
limit 100
"""
