"""A serving copy with hand-made marts, for tests of the pages.

Belongs here: few rows per mart, small enough to add up in the head. Does not belong here: what a
test expects.
"""

from __future__ import annotations

import time
from pathlib import Path

import duckdb

from orchestration.serving.files import DUCKDB_FILE, swap_in

ABOUT = """
create schema serving;
create table serving.about as select 'mine' as tenant, timestamp '2026-07-01' as as_of,
    'Europe/Zurich' as timezone, 'CHF' as currency, timestamp '2026-07-01 04:00:00' as exported_at;
"""

# Two channels over two weeks; revenue 100 + 50 and 30, spend 10 + 5 and 60.
MARTS = """
create schema kpis; create schema journeys; create schema attribution; create schema segments;
create schema core; create schema identity;
create table kpis.channel_daily as select * from (values
    (date '2026-06-01', 'email', 100.0, 10.0, 5, 2.0, 1.0),
    (date '2026-06-08', 'email', 50.0, 5.0, 4, 1.0, 0.0),
    (date '2026-06-09', 'display', 30.0, 60.0, 3, 1.0, 1.0)
) as t (activity_date, channel, revenue_amount, cost_amount, session_count, conversion_count,
    new_customer_count);
create table kpis.scorecard_weekly as select * from (values
    (date '2026-06-01', date '2026-06-07', 'orders', 'Orders', 'revenue', 'lagging', 'up', 'count',
        'sales', 2.0, 3.0, null, null, 'unknown', 'off_track', true, 0),
    (date '2026-06-08', date '2026-06-14', 'orders', 'Orders', 'revenue', 'lagging', 'up', 'count',
        'sales', 4.0, 3.0, 1.0, 2.0, 'better', 'on_track', true, 0),
    (date '2026-06-08', date '2026-06-14', 'click_rate', 'Click rate', 'growth', 'leading', 'up',
        'share', 'crm', 0.125, 0.2, -0.5, 0.25, 'worse', 'at_risk', true, 0),
    (date '2026-06-15', date '2026-06-21', 'orders', 'Orders', 'revenue', 'lagging', 'up', 'count',
        'sales', 1.0, 3.0, -0.75, 3.0, 'worse', 'immature', false, 0)
) as t (week_start, week_end, kpi, label, business_goal, kind, direction, unit, owner, value,
    target_value, change_rate, four_week_mean, trend, status, is_mature, missing_source_day_count);
create table kpis.cohort_monthly as select * from (values
    (date '2026-05-01', 0, 10, 10, 1.0, 12, 500.0, 20.0, 30.0, 1, true),
    (date '2026-05-01', 1, 10, 4, 0.4, 5, 900.0, 35.0, 30.0, 1, true),
    (date '2026-06-01', 0, 8, 8, 1.0, 8, 300.0, 15.0, 25.0, null, true)
) as t (cohort_month, months_since, customer_count, retained_count, retention_rate, order_count,
    cumulative_revenue_amount, ltv_amount, cac_amount, payback_months, is_mature);
create table attribution.channel_attribution as select * from (values
    ('last', 'total', date '2026-05-01', date '2026-06-30', 'email', 8.0, 400.0, 4.0, null, null,
        100.0),
    ('last', 'total', date '2026-05-01', date '2026-06-30', 'display', 2.0, 100.0, 1.0, null, null,
        200.0),
    ('markov_1', 'total', date '2026-05-01', date '2026-06-30', 'email', 5.0, 250.0, 2.0, 4.0, 7.0,
        100.0),
    ('markov_1', 'total', date '2026-05-01', date '2026-06-30', 'display', 5.0, 250.0, 3.0, 3.0,
        6.0, 200.0),
    ('last', 'month', date '2026-05-01', date '2026-05-31', 'email', 3.0, 150.0, 2.0, null, null,
        40.0),
    ('last', 'month', date '2026-06-01', date '2026-06-30', 'email', 5.0, 250.0, 2.0, null, null,
        60.0)
) as t (model, period_grain, period_start, period_end, channel, conversions, revenue,
    new_customers, conversions_low, conversions_high, cost_amount);
create table segments.membership as select * from (values
    ('buyers', 1, 'p1', timestamp '2026-06-01', null::timestamp, false),
    ('buyers', 1, 'p3', timestamp '2026-06-01', timestamp '2026-06-05', false)
) as t (segment, segment_version, person_id, entered_at, exited_at, is_holdout);
create table journeys.fct_journeys as select * from (values
    ('p1', 'converted', ['email', 'email', 'web'], 100.0, 3, 2, 86400.0),
    ('p2', 'converted', ['email'], 50.0, 1, 1, 3600.0),
    ('p2', 'lost', ['web'], null, 1, 1, null),
    ('p3', 'lost', ['email', 'web', 'email'], null, 3, 2, null),
    ('p4', 'open', ['display'], null, 1, 1, null)
) as t (person_id, outcome, path, revenue_amount, touch_count, channel_count, time_to_conversion_s);
alter table journeys.fct_journeys add column goal varchar default 'order';
alter table journeys.fct_journeys add column ended_at timestamp default timestamp '2026-06-08';
alter table journeys.fct_journeys add column is_mature boolean;
update journeys.fct_journeys set is_mature = outcome <> 'open';
create table core.fct_orders as select * from (values
    ('p1', 'o1', timestamp '2026-06-07 22:30:00', 100.0, 'completed', 'web', 'shop'),
    ('p1', 'o2', timestamp '2026-06-09 10:00:00', 7.0, 'cancelled', 'web', 'shop'),
    ('p2', 'o3', timestamp '2026-06-09 10:00:00', 50.0, 'completed', 'web', 'shop')
) as t (person_id, order_id, ordered_at, revenue_amount, status, channel, source);
"""


def write_copy(data: Path, *statements: str) -> Path:
    """A copy of tenant mine below the data folder `data`, made by SQL; gives its DuckDB file."""
    target = data / "serving" / "mine" / "dev"
    version = target.parent / f".dev.{time.time_ns()}"
    version.mkdir(parents=True)
    with duckdb.connect(str(version / DUCKDB_FILE)) as connection:
        connection.execute(ABOUT)
        for statement in statements:
            connection.execute(statement)
    swap_in(version, target)
    return target / DUCKDB_FILE
