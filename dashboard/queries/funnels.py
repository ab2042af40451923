"""Questions of the funnels page: `journeys.funnel_results`."""

FUNNELS = "select distinct funnel from journeys.funnel_results order by funnel"

SLICES = """
select distinct slice from journeys.funnel_results where funnel = $funnel order by slice
"""

STEPS = """
select funnel, step_number, step, slice, is_mature, reached_count, step_rate, overall_rate,
    median_time_s / 3600 as median_hours
from journeys.funnel_results
where funnel = $funnel and slice = $slice
order by step_number
"""

COMPARED = """
select slice, is_mature, max(case when step_number = 1 then reached_count end) as entrants,
    max_by(reached_count, step_number) as completed, max_by(overall_rate, step_number) as rate
from journeys.funnel_results
where funnel = $funnel
group by slice, is_mature
order by entrants desc, slice
limit 60
"""
