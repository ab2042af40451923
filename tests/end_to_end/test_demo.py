"""The simulated brand from files to audiences: against its truth, and killed in the middle.

300 persons and 150 days of every channel, through the real job in processes of their own.
"""

from __future__ import annotations

import math
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import pytest

from ml.markov import attribute
from orchestration.settings import PROJECT_ROOT
from tests.benchmarks.identity_truth import compare, linkable_pairs
from tests.end_to_end.new_segment import a_day_later, breaches, delivered, write_segment
from tests.metric_values import NO_COLUMN, all_metrics, answer, comparisons, held, scorecard_kpis
from tests.tenants import Tenant
from tests.unit.markov_paths import JourneyPath, counts_of

pytestmark = pytest.mark.slow

SETTINGS = PROJECT_ROOT / "data" / "tenants" / "demo" / "tenant.yml"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Tenant:
    """The demo tenant in a data folder of its own; its first run is killed, its second ends."""
    tenant = Tenant(tmp_path_factory.mktemp("demo"), "demo")
    target = tenant.root / "tenants" / "demo" / "tenant.yml"
    target.parent.mkdir(parents=True)
    shutil.copyfile(SETTINGS, target)
    tenant.run("land", "--persons", "300", "--days", "150")
    _kill_when(tenant, "raw/pos")
    tenant.run()
    return tenant


def _kill_when(tenant: Tenant, step: str) -> None:
    """Start the job and kill its whole process group when `step` has ended."""
    process = subprocess.Popen(
        [sys.executable, "-m", "orchestration", "run"],
        cwd=PROJECT_ROOT,
        env=tenant.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if line.strip().startswith(step):
            break
    time.sleep(1.0)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert any(line.strip().startswith(step) for line in seen), "".join(seen)
    assert process.returncode == -signal.SIGKILL


def test_rows_in_are_rows_loaded_plus_rows_quarantined(demo: Tenant) -> None:
    rows_in, loaded, refused = demo.query(
        "select sum(row_count), sum(loaded_count), sum(quarantined_count) from ops.landing_files"
    )[0]
    assert rows_in == loaded + refused
    assert refused == len(
        demo.query("select distinct source, table_name, file_name, row_number from raw.quarantine")
    )


def test_every_injected_bad_row_is_quarantined_and_no_good_one(demo: Tenant) -> None:
    truth = demo.paths.landing / "_truth" / "bad_rows.parquet"
    injected = demo.query(
        f"select source, table_name, count(*) from '{truth}' group by all order by all"
    )
    refused = demo.query(
        "select source, table_name, count(distinct (file_name, row_number)) from raw.quarantine "
        "group by all order by all"
    )
    assert refused == injected


def test_no_order_or_revenue_is_lost_between_raw_and_marts(demo: Tenant) -> None:
    """Summed here from the true orders, which staging has never seen."""
    truth = demo.paths.landing / "_truth" / "orders.parquet"
    count, revenue = demo.query(f"select count(*), sum(revenue) from '{truth}'")[0]
    found, amount = demo.query(
        "select count(*), sum(revenue_amount) from core.fct_orders where related_order_id is null"
    )[0]
    assert found == count
    assert abs(amount - Decimal(str(revenue))) < Decimal("0.05")
    credited = demo.query(
        "select model, cast(sum(conversions) as double), sum(revenue) "
        "from attribution.channel_attribution where period_grain = 'total' group by model"
    )
    completed, completed_amount = demo.query(
        "select count(*), sum(revenue_amount) from core.fct_orders where status = 'completed'"
    )[0]
    assert {model for model, _, _ in credited} >= {
        "first",
        "last",
        "linear",
        "shapley",
        "time_decay",
    }
    for _, conversions, total in credited:
        assert conversions == pytest.approx(completed, rel=1e-9)
        assert float(total) == pytest.approx(float(completed_amount), rel=1e-9)


def test_identity_against_the_truth(demo: Tenant) -> None:
    """Floors, not aims: a kiosk or a placeholder that fuses people breaks them at once."""
    with duckdb.connect(str(demo.paths.warehouse), read_only=True) as connection:
        truth = demo.paths.landing / "_truth"
        pairs = compare(connection, truth)
        linkable = linkable_pairs(connection, truth)
    for level in ("records", "person identifiers"):
        assert pairs[level].precision >= 0.99, (level, pairs[level])
        assert pairs[level].recall >= 0.85, (level, pairs[level])
    assert linkable.recall >= 0.97


def test_nobody_of_the_holdout_and_nobody_without_consent_was_reached(demo: Tenant) -> None:
    delivered = "activation.delivery_ledger as ledger where ledger.outcome = 'succeeded'"
    assert demo.query(f"select count(*) > 0 from {delivered}") == [(True,)]
    assert demo.query(
        f"select count(*) from {delivered} and ledger.operation <> 'remove' "
        "and ledger.person_id in (select person_id from segments.membership where is_holdout)"
    ) == [(0,)]
    assert demo.query(
        f"select count(*) from {delivered} and ledger.operation <> 'remove' and not exists ("
        "select 1 from core.consent_by_identifier as consent "
        "where consent.identifier_key = ledger.identifier_key and consent.channel = 'email' "
        "and consent.purpose = 'marketing' and consent.status = 'granted')"
    ) == [(0,)]


def test_the_serving_copy_holds_what_the_warehouse_holds(demo: Tenant) -> None:
    """Every public mart, with as many rows in the DuckDB file and in Parquet."""
    with duckdb.connect(str(demo.paths.serving / "crossweave.duckdb"), read_only=True) as copy:
        served = copy.execute("from serving.tables").fetchall()
        assert len(served) > 40
        for schema, table, count, description in served:
            assert demo.query(f"select count(*) from {schema}.{table}") == [(count,)]
            file = demo.paths.serving / schema / f"{table}.parquet"
            assert copy.execute(
                f"select (select count(*) from {schema}.{table}), (select count(*) from '{file}')"
            ).fetchall() == [(count, count)]
            assert description


def test_no_clear_value_is_in_the_serving_copy(demo: Tenant) -> None:
    """Every text of every served table against every clear address, name and body of the brand."""
    with duckdb.connect(str(demo.paths.warehouse), read_only=True) as connection:
        connection.execute(f"attach '{demo.paths.serving}/crossweave.duckdb' as copy (read_only)")
        connection.execute(
            """create temp table clear_values as
            select distinct lower(value) as value from (
                select identifier_value as value from pii.identifiers
                where identifier_type in ('email', 'phone', 'landline', 'loyalty_id', 'customer_id')
                union all select unnest([primary_email, primary_phone, first_name, last_name,
                    street, first_name || ' ' || last_name]) from pii.profiles
                union all select body from pii.free_text
            ) where length(value) > 2 and lower(value) <> 'unknown'"""
        )
        columns = connection.execute(
            "select schema_name, table_name, column_name from duckdb_columns() "
            "where database_name = 'copy' and data_type like 'VARCHAR%'"
        ).fetchall()
        assert len(columns) > 300
        for schema, table, column in columns:
            text = f"cast({column} as varchar)"
            found = connection.execute(
                f"select count(*) from copy.{schema}.{table} where lower({text}) in "
                f"(select value from clear_values) or regexp_matches({text}, '\\S@\\S+\\.\\w')"
            ).fetchone()
            assert found == (0,), f"{schema}.{table}.{column}"


def test_the_semantic_layer_says_what_the_marts_say(demo: Tenant, tmp_path: Path) -> None:
    """Two definitions of a KPI give a report and a dashboard two figures: to the last bit, every
    metric of a mart is what `mf query` says, by day, week, channel, campaign and cohort."""
    compared = {metric for comparison in comparisons() for metric in comparison.columns}
    assert compared == all_metrics() - NO_COLUMN
    assert set(scorecard_kpis()) <= all_metrics()
    for comparison in comparisons():
        said, expected = answer(demo, comparison, tmp_path), held(demo, comparison)
        # of keys without any row `mf` says nothing; there the mart has nothing either
        assert said.keys() <= expected.keys()
        silent = [figures for key, figures in expected.items() if key not in said]
        assert all(value in (None, 0.0) for figures in silent for value in figures.values())
        assert {key: expected[key] for key in said} == said, comparison.group_by
        assert any(value for figures in said.values() for value in figures.values())


def test_killed_while_sending_nothing_is_sent_twice(demo: Tenant) -> None:
    """Kill a second run after its first sync, run again: one delivery per key, same people."""
    people = demo.query("select person_id from identity.persons order by 1")
    ledger = "select idempotency_key from activation.delivery_ledger where outcome = 'succeeded'"
    before = sorted(demo.query(ledger))
    _kill_when(demo, "activation/cart_abandoners_file")
    demo.run()
    assert demo.query("select person_id from identity.persons order by 1") == people
    assert sorted(demo.query(ledger)) == before
    assert len(set(before)) == len(before)


def test_the_unit_tests_of_the_models_pass(demo: Tenant) -> None:
    """`make run` leaves them out: they test the project, not the data."""
    output = demo.run("dbt", "test", "--select", "test_type:unit")
    assert "PASS=" in output


def test_a_build_in_slices_is_the_build_of_one_statement(demo: Tenant, tmp_path: Path) -> None:
    """Large tables are built in stretches of time; here the stretches are made small."""
    sliced = (
        "core.fct_touchpoints",
        "features.person_features",
        "intermediate.int_features__touch_windows",
        "intermediate.int_features__visit_summary",
    )
    whole = shutil.copyfile(demo.paths.warehouse, tmp_path / "whole.duckdb")
    names = [table.split(".")[1] for table in sliced]
    options = ("--full-refresh", "--exclude-resource-type", "test", "--vars", "{slice_rows: 500}")
    demo.run("dbt", "build", *options, "--select", *names)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{demo.paths.warehouse}' as sliced (read_only)")
        connection.execute(f"attach '{whole}' as whole (read_only)")
        for table in sliced:
            ((rows,),) = connection.execute(f"select count(*) from whole.{table}").fetchall()
            assert rows > 1000, f"{table} is one slice"
            # a sum of doubles depends on the order of adding in its last digits
            columns = (
                "* replace (round(intent_score, 9) as intent_score)"
                if table.endswith("touch_windows")
                else "*"
            )
            for one, other in (("whole", "sliced"), ("sliced", "whole")):
                assert connection.execute(
                    f"select count(*) from (select {columns} from {one}.{table} "
                    f"except all select {columns} from {other}.{table})"
                ).fetchall() == [(0,)], table


def test_a_steward_parts_two_looks_first_and_takes_it_back(demo: Tenant) -> None:
    """Two e-mails of one buyer: the dry run says what the build then does; ids come back."""
    names = "select identifier_key, person_id from intermediate.int_identity__identifiers"
    ((person, one, other),) = demo.query(
        "select person_id, min(identifier_key), max(identifier_key) "
        "from intermediate.int_identity__identifiers where identifier_type = 'email' "
        "and person_id in (select person_id from core.fct_orders where net_revenue_amount > 0) "
        "group by person_id having count(*) = 2 order by person_id limit 1"
    )
    before = dict(demo.query(names))
    revenue = demo.query(
        "select count(*), sum(net_revenue_amount) from core.fct_orders where person_id = "
        f"'{person}'"
    )[0]
    asked = ("unmerge", one, other, "--reason", "two sisters", "--author", "tests")
    shown = demo.run(*asked, "--dry-run", module="orchestration.identity")
    assert f"out of {person}" in shown
    assert f"{revenue[0]} orders of theirs, {revenue[1]:,.2f} CHF" in shown
    assert dict(demo.query(names)) == before, "a dry run changed something"
    assert demo.run("preview", module="orchestration.identity").startswith("nothing would change")

    kept = demo.run(*asked, module="orchestration.identity")
    rule = kept.split()[0]
    build = ("build", "--exclude-resource-type", "test", "--select", "+persons", "+identifiers")
    demo.run("dbt", *build)
    parted = dict(demo.query(names))
    assert parted[one] != parted[other]
    assert person in (parted[one], parted[other])
    assert parted[one] in shown
    assert parted[other] in shown
    assert "two sisters" in demo.run("rules", module="orchestration.identity")

    demo.run("withdraw", rule, module="orchestration.identity")
    demo.run("dbt", *build)
    assert dict(demo.query(names)) == before


def test_shapley_is_the_value_of_the_game_over_all_coalitions(demo: Tenant) -> None:
    """v(S) = orders whose channels all lie in S, enumerated over every one of the 2^n sets."""
    sets = demo.query(
        "select list_sort(list_distinct(path)), count(*) from journeys.fct_journeys "
        "where goal = 'order' and outcome = 'converted' group by all"
    )
    channels = sorted({channel for names, _ in sets for channel in names})
    place = {channel: 1 << number for number, channel in enumerate(channels)}
    size = len(channels)
    worth = np.zeros(1 << size)
    for names, count in sets:
        worth[sum(place[name] for name in names)] += count
    for number in range(size):  # sums over all subsets
        halves = worth.reshape(-1, 2, 1 << number)
        halves[:, 1] += halves[:, 0]
    members = np.zeros(1 << size, dtype=np.int64)
    for number in range(size):
        members.reshape(-1, 2, 1 << number)[:, 1] += 1
    chance = np.array(
        [
            math.factorial(k) * math.factorial(size - k - 1) / math.factorial(size)
            for k in range(size)
        ]
    )
    found = dict(
        demo.query(
            "select channel, sum(credit) from attribution.credits where model = 'shapley' "
            "and goal = 'order' and touchpoint_key is not null group by channel"
        )
    )
    for number, channel in enumerate(channels):
        gains = worth.reshape(-1, 2, 1 << number)
        weights = chance[members.reshape(-1, 2, 1 << number)[:, 0]]
        value = float(((gains[:, 1] - gains[:, 0]) * weights).sum())
        assert found[channel] == pytest.approx(value, abs=1e-6)
    assert set(found) == set(channels)


def test_markov_shares_are_those_of_the_journeys_counted_one_by_one(demo: Tenant) -> None:
    """Counts in SQL, by month and group, against the definition, written over whole paths."""
    paths: list[JourneyPath] = [
        (list(path), float(converted), float(lost), float(revenue or 0))
        for path, converted, lost, revenue in demo.query(
            "select path, count(*) filter (outcome = 'converted'), "
            "count(*) filter (outcome = 'lost'), cast(sum(revenue_amount) as double) "
            "from journeys.fct_journeys where goal = 'order' and outcome <> 'open' group by path"
        )
    ]
    for order in (1, 2, 3):
        expected = attribute(counts_of(paths, order))
        found = {
            row[0]: row[1:]
            for row in demo.query(
                "select channel, conversion_share, revenue_share, removal_effect, "
                "conversion_probability, conversion_share_low, conversion_share_high "
                "from ops.attribution_estimates "
                f"where model = 'markov_{order}' and period_grain = 'total'"
            )
        }
        assert list(expected.channels) == sorted(found)
        for number, channel in enumerate(expected.channels):
            share, revenue, effect, probability, low, high = found[channel]
            assert share == pytest.approx(expected.shares[number], abs=1e-9)
            assert revenue == pytest.approx(expected.value_shares[0, number], abs=1e-9)
            assert effect == pytest.approx(expected.removal_effects[number], abs=1e-9)
            assert probability == pytest.approx(expected.conversion_probability, abs=1e-9)
            assert low <= share <= high


def test_from_a_new_segment_to_a_delivered_file(demo: Tenant) -> None:
    """The walk of docs/activation.md; who gets it is worked out here from consent and holdout."""
    write_segment(demo)
    shown = demo.run("preview", "one_order", module="orchestration.segments")
    figures = dict(re.findall(r"^ +([a-z][\w, ]*?)  +([\d,.]+)", shown, flags=re.MULTILINE))
    members = "core.dim_profiles where is_known and order_count = 1"
    assert [(int(figures["members"]),)] == demo.query(f"select count(*) from {members}")
    assert "no stay yet, not activated" in shown
    assert demo.query("select count(*) from duckdb_tables where table_name like '%one_order'") == [
        (0,)
    ]

    asked = ("--segment", "one_order", "--destination", "file")
    demo.run(*asked, module="orchestration.activation.scaffold")
    demo.run("dbt", "build", "--select", "seg_one_order+")
    demo.run("--check", module="orchestration.activation")
    assert not breaches(demo)
    rehearsed = demo.run("--sync", "one_order_file", "--dry-run", module="orchestration.activation")
    assert not (demo.paths.outbox / "one_order_file").exists()
    demo.run("--sync", "one_order_file", module="orchestration.activation")

    arrived = delivered(demo, "one_order_file")
    assert f"add: {len(arrived)} would be sent, 0 blocked" in rehearsed
    assert {(line["operation"], line["segment"]) for line in arrived} == {("add", "one_order")}
    expected = demo.query(
        "select members.person_id from core.dim_profiles as members "
        "inner join pii.profiles as addresses using (person_id) "
        "inner join core.consent_by_identifier as words on words.person_id = members.person_id "
        "and words.identifier_key = addresses.primary_email_key "
        "where is_known and order_count = 1 and channel = 'email' and purpose = 'marketing' "
        "and status = 'granted' and list_contains(split(contactable_channels, ','), 'email') "
        "and words.identifier_key not in (select identifier_key from core.suppressions) "
        "and members.person_id not in (select person_id from segments.membership where is_holdout)"
    )
    assert sorted((line["person_id"],) for line in arrived) == sorted(expected)
    # who can be reached at another address than the one that the payload uses is reachable too
    assert 0 < len(arrived) <= int(figures["email"])
    assert demo.query(
        "select member_count, reachable_count from segments.sizes where segment = 'one_order'"
    ) == [(int(figures["members"]), int(figures["reachable"]))]


def test_a_person_who_left_and_came_back_has_two_stays(demo: Tenant) -> None:
    """Three builds on three days, and a full refresh, which must not forget a stay."""
    build = ("dbt", "build", "--select", "seg_one_order+")
    ((person, entered),) = demo.query(
        "select person_id, entered_at from segments.membership where segment = 'one_order' limit 1"
    )
    for without in (person, None):
        a_day_later(demo)
        write_segment(demo, without=without)
        demo.run(*build)
    day = timedelta(days=1)
    expected = [(entered, entered + day), (entered + 2 * day, None)]
    stays = (
        "select entered_at, exited_at from segments.membership "
        f"where segment = 'one_order' and person_id {{}} '{person}' order by entered_at"
    )
    assert demo.query(stays.format("=")) == expected
    assert set(demo.query(stays.format("<>"))) == {(entered, None)}
    demo.run(*build, "--full-refresh")
    assert demo.query(stays.format("=")) == expected
