"""Features at a cutoff are what a model could have known then, and nothing else.

The accident that this prevents: a model that was brilliant in training and useless in use, because
its features knew of corrections, late files and merges that came after the cutoff. The oracle is
the project itself: a second tenant in which only the files of up to the cutoff were ever landed.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from pathlib import Path

import pytest

from orchestration.ingestion.gate import land_tenant
from orchestration.settings import load_tenant
from orchestration.warehouse import Warehouse
from tests.dbt.point_in_time_rows import CUTOFF_DAY, HEADERS, LAST_DAY, crowd, hand_made
from tests.tenants import Tenant

pytestmark = pytest.mark.slow

# 20,605 days after 1 January 1970: on the grid of every thirteenth day.
CUTOFF = "timestamp '2026-06-01'"
STEP_DAYS = 13
NOW = "timestamp '2026-07-01'"


def _built(root: Path, name: str, last_day: date) -> Tenant:
    """A tenant with the files delivered up to `last_day`, features and labels built."""
    tenant = Tenant(root, name)
    tenant.settings(
        sources=["canonical"],
        timezone="Europe/Zurich",
        currency="CHF",
        feature_cutoff_step_days=STEP_DAYS,
    )
    files: dict[tuple[str, date], list[tuple]] = defaultdict(list)
    for row in [*hand_made(), *crowd(seed=5, events=700)]:
        if row.day <= last_day:
            files[row.table, row.day].append(row.values)
    for (table, day), rows in sorted(files.items()):
        tenant.land_csv(f"{table}_{day}.csv", HEADERS[table], rows, source="canonical")
    with Warehouse(tenant.paths.warehouse).connect() as connection:
        land_tenant(connection, paths=tenant.paths, settings=load_tenant(tenant.paths))
    selection = ("--select", "+person_features", "+int_features__labels")
    selection += ("+int_identity__record_persons", "+int_identity__record_persons_at_cutoff")
    selection += ("+int_identity__record_keys",)
    tenant.run("dbt", "build", *selection, "--resource-type", "model", "--resource-type", "seed")
    return tenant


@pytest.fixture(scope="module")
def now(tmp_path_factory: pytest.TempPathFactory) -> Tenant:
    return _built(tmp_path_factory.mktemp("now"), "now", LAST_DAY)


@pytest.fixture(scope="module")
def then(tmp_path_factory: pytest.TempPathFactory) -> Tenant:
    return _built(tmp_path_factory.mktemp("then"), "then", CUTOFF_DAY)


def _customer(tenant: Tenant, record: str, cutoff: str, columns: str) -> list[tuple]:
    return tenant.query(
        f"select {columns} from features.person_features as features "
        "inner join intermediate.int_identity__record_persons_at_cutoff as records "
        "on features.cutoff_at = records.cutoff_at and features.person_id = records.person_id "
        "inner join intermediate.int_identity__record_keys as keys using (record_key) "
        f"where keys.record_id = '{record}' and features.cutoff_at = {cutoff}"
    )


def test_features_at_a_cutoff_need_no_later_file(now: Tenant, then: Tenant) -> None:
    rows = f"select * from features.person_features where cutoff_at = {CUTOFF} order by person_id"
    assert then.query("select as_of from ops.settings") == then.query(f"select {CUTOFF}")
    expected = then.query(rows)
    assert len(expected) > 40
    assert now.query(rows) == expected


def test_features_of_a_past_cutoff_stay_when_as_of_moves_on(now: Tenant, then: Tenant) -> None:
    """Past cutoffs lie on a grid: 19 May is one of them on 1 June, and still on 1 July."""
    rows = (
        "select * from features.person_features "
        f"where cutoff_at = {CUTOFF} - interval {STEP_DAYS} day order by person_id"
    )
    expected = then.query(rows)
    assert len(expected) > 40
    assert now.query(rows) == expected


def test_who_is_eligible_needs_no_later_file(now: Tenant, then: Tenant) -> None:
    rows = (
        "select person_id, score_name, is_eligible from intermediate.int_features__labels "
        f"where cutoff_at = {CUTOFF} order by all"
    )
    assert now.query(rows) == then.query(rows)


def test_the_later_files_do_change_what_is_known(now: Tenant) -> None:
    """The law above would be empty if corrections, late rows and merges changed nothing."""
    columns = "record_key, person_id"
    changed = now.query(
        f"select count(*) from (select {columns} "
        f"from intermediate.int_identity__record_persons_at_cutoff where cutoff_at = {CUTOFF} "
        f"except select {columns} from intermediate.int_identity__record_persons)"
    )
    superseded = now.query(
        f"select count(*) from intermediate.int_contracts__orders "
        f"where loaded_at < {CUTOFF} and superseded_at >= {CUTOFF}"
    )
    late = now.query(
        f"select count(*) from intermediate.int_contracts__touchpoints "
        f"where occurred_at < {CUTOFF} and loaded_at >= {CUTOFF}"
    )
    assert min(changed[0][0], superseded[0][0], late[0][0]) >= 5


def test_a_later_correction_is_not_known_at_the_cutoff(now: Tenant) -> None:
    """Karla: 100 less the refund of 30, discount 25 of 125; later known to have been 80 less 30."""
    columns = "order_count_30d, cast(revenue_amount_30d as double), refund_count_180d, "
    columns += "round(discount_share_180d, 4)"
    assert _customer(now, "k1", CUTOFF, columns) == [(1, 70.0, 1, 0.2)]
    columns = columns.replace("30d", "90d")
    assert _customer(now, "k1", NOW, columns) == [(1, 50.0, 1, 0.2381)]  # 25 of 105


def test_a_late_order_is_not_known_at_the_cutoff(now: Tenant) -> None:
    columns = "order_count, cast(revenue_amount as double), days_since_last_order"
    assert _customer(now, "l0", CUTOFF, columns) == [(0, 0.0, None)]
    # 25 May 10:00 to 1 July 00:00
    assert _customer(now, "l0", NOW, columns) == [(1, 55.0, pytest.approx(36 + 14 / 24))]


def test_a_later_merge_is_not_known_at_the_cutoff(now: Tenant) -> None:
    """Mia's visit of 15 May is a stranger's on 1 June, and hers on 1 July."""
    columns = "product_view_count_90d, session_count_90d, engagement_count_organic_90d, is_known"
    assert _customer(now, "m0", CUTOFF, columns) == [(0, 0, 0, True)]
    assert _customer(now, "m1", CUTOFF, columns) == [(1, 1, 1, False)]
    assert _customer(now, "m0", NOW, columns) == [(1, 1, 1, True)]


def test_labels_follow_the_person_to_who_it_is_today(now: Tenant) -> None:
    """Mia's order of 20 June is a label of the stranger of 1 June, who is Mia today; churn is open
    until 90 days are over. Livio's order of 25 May makes him eligible only once it is known."""
    assert _labels(now, "m1") == [
        (date(2026, 6, 1), "churn_90d", None, False, False),
        (date(2026, 6, 1), "propensity_30d", True, True, True),
        (date(2026, 7, 1), "churn_90d", None, False, True),
        (date(2026, 7, 1), "propensity_30d", None, False, True),
    ]
    assert _labels(now, "l0") == [
        (date(2026, 6, 1), "churn_90d", None, False, False),
        (date(2026, 6, 1), "propensity_30d", False, True, False),
        (date(2026, 7, 1), "churn_90d", None, False, True),
        (date(2026, 7, 1), "propensity_30d", None, False, True),
    ]


def _labels(tenant: Tenant, record: str) -> list[tuple]:
    return tenant.query(
        "select cast(labels.cutoff_at as date), score_name, label, is_mature, is_eligible "
        "from intermediate.int_features__labels as labels "
        "inner join intermediate.int_identity__record_persons_at_cutoff as records "
        "on labels.cutoff_at = records.cutoff_at and labels.person_id = records.person_id "
        "inner join intermediate.int_identity__record_keys as keys using (record_key) "
        f"where keys.record_id = '{record}' and labels.cutoff_at in ({CUTOFF}, {NOW}) "
        "order by 1, 2"
    )
