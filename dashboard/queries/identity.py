"""Questions of the identity page: `identity.quality_daily`, edges, the ledger, sensitivity."""

LATEST = """
select metric, value, metric_date
from identity.quality_daily
where metric_date = (select max(metric_date) from identity.quality_daily)
order by metric
"""

OVER_TIME = """
select metric_date, value
from identity.quality_daily
where metric = $metric
    and ($first_day is null or metric_date >= cast($first_day as date))
    and ($last_day is null or metric_date <= cast($last_day as date))
order by metric_date
"""

EDGES = """
select status, coalesce(status_reason, '') as reason, count(*) as edges,
    sum(evidence_count) as records
from identity.edges
group by status, reason
order by edges desc, status, reason
"""

SIZES = """
select case when identifier_count = 1 then '1' when identifier_count <= 3 then '2 to 3'
        when identifier_count <= 7 then '4 to 7' when identifier_count <= 15 then '8 to 15'
        when identifier_count <= 50 then '16 to 50' else 'over 50' end as identifiers,
    min(identifier_count) as at_least, is_known, count(*) as persons
from identity.persons
group by identifiers, is_known
order by at_least, is_known
"""

LEDGER = """
select cast(date_trunc('week', detected_at) as date) as week_start, event, count(*) as events
from identity.person_ledger
where ($first_day is null or detected_at >= cast($first_day as date))
    and ($last_day is null or detected_at < cast($last_day as date) + interval 1 day)
group by week_start, event
order by week_start, event
"""

SENSITIVITY = """
select kpi, identity_level, value, default_value, difference_rate, numerator_amount,
    denominator_amount
from kpis.identity_sensitivity
order by kpi, case identity_level when 'strict' then 1 when 'default' then 2 else 3 end
"""
