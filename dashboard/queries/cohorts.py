"""Questions of the cohorts page: `kpis.cohort_monthly`."""

COHORTS = """
select cohort_month, months_since, customer_count, retained_count, retention_rate, order_count,
    cast(cumulative_revenue_amount as double) / nullif(customer_count, 0) as revenue_per_customer,
    ltv_amount, cac_amount, payback_months, is_mature
from kpis.cohort_monthly
where ($first_day is null or cohort_month >= date_trunc('month', cast($first_day as date)))
    and ($last_day is null or cohort_month <= cast($last_day as date))
order by cohort_month, months_since
"""

PAYBACK = """
select cohort_month, max(customer_count) as customers, max(cac_amount) as cac,
    max(case when is_mature then ltv_amount end) as ltv_so_far,
    max(payback_months) as payback_months
from kpis.cohort_monthly
where ($first_day is null or cohort_month >= date_trunc('month', cast($first_day as date)))
    and ($last_day is null or cohort_month <= cast($last_day as date))
group by cohort_month
order by cohort_month
"""
