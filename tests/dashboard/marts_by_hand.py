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

# Two runs of one sync: five planned in the first (one of each outcome), two in the second.
ACTIVATION = """
create schema activation;
create table activation.sync_runs as select * from (values
    ('r1', 'carts_file', 'file', 'add', 5, 3, 1, 1, 1, 1, 1, timestamp '2026-07-01 06:00:00',
        timestamp '2026-07-01 06:01:00', 'partial', null),
    ('r2', 'carts_file', 'file', 'add', 1, 1, 1, 0, 0, 0, 0, timestamp '2026-07-02 06:00:00',
        timestamp '2026-07-02 06:01:00', 'succeeded', null),
    ('r2', 'carts_file', 'file', 'remove', 1, 1, 1, 0, 0, 0, 0, timestamp '2026-07-02 06:00:00',
        timestamp '2026-07-02 06:01:00', 'succeeded', null),
    ('r3', 'letters_sftp', 'letters', 'add', 1, 0, 0, 0, 1, 0, 0,
        timestamp '2026-07-02 06:00:00', timestamp '2026-07-02 06:01:00', 'succeeded', null)
) as t (run_id, sync, destination, operation, planned, attempted, succeeded, rejected, blocked,
    unknown, aborted, started_at, finished_at, status, error);
create table activation.sync_rows as select * from (values
    ('r1', 'carts_file', 'p1', 'add', 'succeeded', null, timestamp '2026-07-01 06:00:30'),
    ('r1', 'carts_file', 'p2', 'add', 'rejected', 'invalid_address',
        timestamp '2026-07-01 06:00:30'),
    ('r1', 'carts_file', 'p3', 'add', 'blocked', 'consent_withdrawn',
        timestamp '2026-07-01 06:00:30'),
    ('r1', 'carts_file', 'p4', 'add', 'unknown', 'ReadTimeout', timestamp '2026-07-01 06:00:30'),
    ('r1', 'carts_file', 'p5', 'add', 'aborted', null, timestamp '2026-07-01 06:00:30'),
    ('r2', 'carts_file', 'p5', 'add', 'succeeded', null, timestamp '2026-07-02 06:00:30'),
    ('r2', 'carts_file', 'p1', 'remove', 'succeeded', null, timestamp '2026-07-02 06:00:30'),
    ('r3', 'letters_sftp', 'p1', 'add', 'blocked', 'holdout', timestamp '2026-07-02 06:00:30')
) as t (run_id, sync, person_id, operation, outcome, reason, recorded_at);
alter table activation.sync_rows add column record_key varchar;
update activation.sync_rows set record_key = person_id;
create table activation.sync_state as select * from (values
    ('carts_file', 'p5', 'p5', timestamp '2026-07-02 06:00:30')
) as t (sync, record_key, person_id, last_succeeded_at);
create table activation.rejects as select * from (values
    ('carts_file', 'p2', 'p2', 'invalid_address', 1, timestamp '2026-07-01 06:05:30', false)
) as t (sync, record_key, person_id, error_class, attempts, next_try_at, is_terminal);
create table activation.delivery_ledger as select *, 'file' as destination, 'email' as channel,
    'k-' || person_id as identifier_key, null as campaign_id, null as content_id, null as variant,
    run_id || '.jsonl' as external_id, recorded_at as sent_at
from activation.sync_rows where outcome <> 'aborted';
alter table segments.membership add column split_bucket integer default 7;
create table core.consent_by_identifier as select * from (values
    ('k-p3', 'p3', 'email', 'marketing', 'withdrawn', timestamp '2026-06-30', true)
) as t (identifier_key, person_id, channel, purpose, status, since, is_explicit);
create table core.consent_current as
    select person_id, channel, purpose, status, since from core.consent_by_identifier;
create table core.suppressions as select 'k-p9' as identifier_key, 'email' as channel,
    'bounced' as reason;
create table identity.persons as select 'p' || number as person_id, 1 as identifier_count,
    1 as record_count, true as is_known, timestamp '2026-01-01' as first_seen_at,
    timestamp '2026-02-01' as last_seen_at from range(1, 7) as numbers (number);
create table identity.person_redirects as select 'old1' as old_person_id, 'p1' as person_id;
create table identity.identifier_person as select 'a70c121bffff' as identifier_key,
    'email' as identifier_type, 'p3' as person_id, true as is_current;
create table segments.sizes as select * from (values
    ('buyers', 4, 1, 2, 3, 5, 250.0, 0.5, null::double, 'crm', 'marketing', 'daily', 1),
    ('empty', 0, 0, 0, 0, 0, 0.0, null, null, 'crm', 'marketing', 'daily', 2)
) as t (segment, member_count, holdout_count, reachable_count, buyer_365d_count, order_365d_count,
    revenue_365d_amount, propensity_30d_mean, churn_90d_mean, owner, purpose, refresh,
    segment_version);
create table segments.reach as select * from (values
    ('buyers', 'email', 2, 4, 0.5), ('buyers', 'sms', 0, 4, 0.0), ('empty', 'email', 0, 0, null),
    ('empty', 'sms', 0, 0, null)
) as t (segment, channel, reachable_count, member_count, reachable_rate);
create table segments.overlap as select * from (values
    ('buyers', 'empty', 0, 4, 0, 0.0, 0.0), ('empty', 'buyers', 0, 0, 4, null, 0.0)
) as t (segment, other_segment, both_count, member_count, other_member_count, share_of_segment,
    jaccard);
create table segments.priority_membership as select * from (values
    ('next', 1, 'buyers', 'p1', false, 2), ('next', 1, 'buyers', 'p2', true, 1),
    ('next', 2, 'empty', 'p3', false, 1)
) as t (priority_list, priority, segment, person_id, is_holdout, qualified_count);
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
