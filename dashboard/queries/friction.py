"""Questions of the friction page: `journeys.friction`, the ranked roadmap."""

ROADMAP = """
select *
from journeys.friction
where ($kind is null or kind = $kind)
order by priority_rank
limit 100
"""
