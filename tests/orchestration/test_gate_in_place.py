"""Sources of kind tables: typed views, bad rows left out, nothing copied."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.ingestion.declarations import DeclarationError
from orchestration.ingestion.gate import land_settings
from orchestration.ingestion.tables import attach_sources
from orchestration.settings import Source, dbt_environment
from tests.orchestration.landing_tenant import NOW, LandingTenant, column

COLUMNS = [
    column("order_id", required=True),
    column("ordered_at", "timestamp", path="OrderedAt", event_time=True),
    column("status", allowed=["completed", "refunded"]),
    column("amount", "decimal(18,4)"),
    column("loaded", "timestamp", optional=True),
]
GATE = {
    "key": ["order_id"],
    "rules": [
        {
            "sql": "status <> 'completed' or amount >= 0",
            "reason": "negative revenue on a completed order",
            "column": "amount",
        }
    ],
}
ROWS = """
    select * from (values
        ('A1', timestamptz '2026-01-03 10:00:00+00', 'completed', 1.5, 'x'),
        ('A2', timestamptz '2026-01-03 10:00:00+00', 'completed', -1.0, 'x'),
        ('A3', timestamptz '2027-01-03 10:00:00+00', 'completed', 1.0, 'x'),
        (null, null, 'refunded', 1.0, 'x'),
        ('A5', null, 'lost', 1.0, 'x'),
        ('A5', null, 'refunded', 1.0, 'y'),
        ('A6', null, 'refunded', 3.0, 'x'),
        ('A6', null, 'refunded', 2.0, 'x')
    ) as t(order_id, "OrderedAt", status, amount, "Extra Column")
"""
Make = Callable[[str], LandingTenant]


@pytest.fixture(params=["duckdb", "parquet"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """Write a query's rows as table `orders` outside the warehouse and name it as the source."""

    def write(sql: str) -> LandingTenant:
        outside = tmp_path / "outside"
        if request.param == "duckdb":
            path = tmp_path / "outside.duckdb"
            with duckdb.connect(str(path)) as connection:
                connection.execute(f"create or replace table orders as {sql}")
        else:
            outside.mkdir(exist_ok=True)
            path = outside
            duckdb.sql(f"copy ({sql}) to '{outside}/orders.parquet' (format parquet)")
        source = Source(name="src", kind="tables", path=str(path))
        return LandingTenant(tmp_path / "data", {"orders": (COLUMNS, GATE)}, source)

    return write


def rows(tenant: LandingTenant, sql: str) -> list[tuple]:
    with tenant.connection() as connection:
        connection.execute("set timezone = 'America/New_York'")
        attach_sources(connection, tenant.settings)
        return connection.execute(sql).fetchall()


def test_the_view_has_the_good_rows_and_the_quarantine_the_reasons(make: Make) -> None:
    tenant = make(ROWS)
    report = tenant.land()
    assert rows(
        tenant,
        "select order_id, ordered_at, status, amount, loaded, extra_column, _file_name, "
        "_row_number, _loaded_at from raw.src__orders order by 1",
    ) == [
        ("A1", datetime(2026, 1, 3, 10), "completed", Decimal("1.5"), None, "x", None, None, NOW),
        ("A5", None, "refunded", Decimal(1), None, "y", None, None, NOW),
        ("A6", None, "refunded", Decimal(2), None, "x", None, None, NOW),
    ]
    assert rows(tenant, "select column_name, reason from raw.quarantine order by all") == [
        ("amount", "negative revenue on a completed order"),
        ("order_id", "duplicate"),
        ("order_id", "required value missing"),
        ("ordered_at", "time in the future"),
        ("status", "value not allowed"),
    ]
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (8, 3, 5)
    assert report.is_conserved
    assert rows(tenant, "select count(*) from duckdb_tables() where table_name = 'src__orders' "
                        "and schema_name = 'raw'") == [(0,)]  # fmt: skip


def test_an_unchanged_table_is_not_read_again_and_a_changed_one_is(make: Make) -> None:
    good = "select 'A1' as order_id, null as \"OrderedAt\", 'refunded' as status, 1 as amount"
    tenant = make(good)
    assert tenant.land().files_new == 1
    assert tenant.land(now=datetime(2026, 4, 1)).files_new == 0
    make(f"{good} union all select 'A2', null, 'lost', 2 union all select 'A3', null, null, 3")
    report = tenant.land(now=datetime(2026, 4, 1))
    assert (report.rows_in, report.rows_quarantined) == (3, 1)
    assert rows(tenant, "select order_id, _loaded_at from raw.src__orders order by 1") == [
        ("A1", NOW),
        ("A3", NOW),
    ]


def test_a_missing_column_or_table_gives_an_empty_view_and_a_message(make: Make) -> None:
    tenant = make("select 1 as order_id")
    tenant.tables["visits"] = ([column("visit_id", "integer")], {})
    report = tenant.land()
    assert report.files_failed == 1
    assert "orders has no column OrderedAt, status, amount" in report.messages[0]
    assert "visits is not there" in report.messages[1]
    assert rows(tenant, "select order_id, amount, _loaded_at from raw.src__orders") == []
    assert rows(tenant, "select visit_id from raw.src__visits") == []


def test_a_declared_loaded_at_is_kept_per_row(make: Make) -> None:
    tenant = make(
        'select *, null as "OrderedAt", null as status from (values '
        "('A', 1, timestamp '2026-01-01'), ('A', 2, timestamp '2026-01-02'), ('B', 3, null)) "
        "as t(order_id, amount, loaded)"
    )
    tenant.tables["orders"] = (COLUMNS, GATE | {"loaded_at": "loaded"})
    tenant.land()
    assert rows(tenant, "select order_id, _loaded_at from raw.src__orders order by 1, 2") == [
        ("A", datetime(2026, 1, 1)),
        ("A", datetime(2026, 1, 2)),
        ("B", NOW),
    ]
    with tenant.connection() as connection:
        assert land_settings(connection, tenant.settings, tenant.paths) == datetime(2026, 3, 2)


def test_dbt_is_told_what_to_attach(make: Make) -> None:
    tenant = make("select 1 as order_id")
    path = tenant.source.path or ""
    expected = [{"path": path, "alias": "tables_src", "read_only": True}]
    told = json.loads(dbt_environment(tenant.settings, tenant.paths)["CROSSWEAVE_ATTACH"])
    assert told == (expected if path.endswith(".duckdb") else [])


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    source = Source(name="src", kind="tables", path=str(tmp_path / "nowhere"))
    with pytest.raises(DeclarationError, match="nowhere does not exist"):
        LandingTenant(tmp_path, {"orders": (COLUMNS, GATE)}, source).land()
