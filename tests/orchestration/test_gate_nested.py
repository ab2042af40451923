"""Nested Parquet at the gate: structs, lists of (key, value) pairs, lists of structs."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.ingestion.declarations import DeclarationError
from tests.ga4_export import ITEMS, PAIRS, parameters
from tests.orchestration.landing_tenant import LandingTenant, column

DAY = datetime(2021, 1, 19, 23, 59, 59)
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("day", pa.string()),
        ("at", pa.int64()),
        ("params", PAIRS),
        (
            "device",
            pa.struct([("category", pa.string()), ("web", pa.struct([("b", pa.string())]))]),
        ),
        ("items", ITEMS),
    ]
)
COLUMNS = [
    column("id", required=True),
    column("known_at", "timestamp", path="day", format="%Y%m%d", end_of_day=True),
    column("at", "timestamp", unit="us", required=True),
    column("session", "bigint", path="params[session]"),
    column("engaged", path="params[engaged]"),
    column("amount", "decimal(18,4)", path="params[amount]"),
    column("text_alone", path="params[engaged].string_value"),
    column("category", path="device.category"),
    column("browser", path="device.web.b"),
    column("absent", path="device.nothing", optional=True),
    column("items", "json", fields=["item_id", "price", "not_there"]),
]


@pytest.fixture
def tenant(tmp_path: Path) -> LandingTenant:
    return LandingTenant(tmp_path, {"t": (COLUMNS, {"loaded_at": "known_at"})})


def _row(id: str | None, **values: object) -> dict[str, object]:
    return {"id": id, "day": "20210119", "at": 1611050400000001, **values}


def _put(tenant: LandingTenant, name: str, rows: list[dict], schema: pa.Schema = SCHEMA) -> None:
    path = tenant.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)


def test_a_value_is_the_one_of_its_key_whatever_its_type(tenant: LandingTenant) -> None:
    """GA4 writes session_engaged now as a text, now as a number; one of the two was lost."""
    _put(
        tenant,
        "t.parquet",
        [
            _row("a", params=parameters({"session": 7, "engaged": "1", "amount": 2.5})),
            _row("b", params=parameters({"amount": 3, "engaged": 0, "session": 8})),
            _row("c", params=parameters({"engaged": None})),
            _row("d", params=[]),
            _row("e"),
            _row("f", params=parameters({"engaged": "x"}) + parameters({"engaged": "y"})),
        ],
    )
    report = tenant.land()
    assert (report.rows_in, report.rows_loaded, report.is_conserved) == (6, 6, True)
    assert tenant.rows("select id, session, engaged, amount, text_alone from raw.src__t") == [
        ("a", 7, "1", Decimal("2.5"), "1"),
        ("b", 8, "0", Decimal("3"), None),
        ("c", None, None, None, None),
        ("d", None, None, None, None),
        ("e", None, None, None, None),
        ("f", None, "x", None, "x"),
    ]


def test_fields_of_structs_times_in_microseconds_and_days(tenant: LandingTenant) -> None:
    _put(
        tenant,
        "t.parquet",
        [
            _row("a", device={"category": "mobile", "web": {"b": "Firefox"}}),
            _row("b", device={"category": "desktop"}),
            _row("c"),
        ],
    )
    tenant.land()
    at = datetime(2021, 1, 19, 10, 0, 0, 1)
    assert tenant.rows(
        'select id, category, browser, absent, "at", known_at, _loaded_at from raw.src__t'
    ) == [
        ("a", "mobile", "Firefox", None, at, DAY, DAY),
        ("b", "desktop", None, None, at, DAY, DAY),
        ("c", None, None, None, at, DAY, DAY),
    ]


def test_a_list_of_structs_keeps_the_fields_that_are_wanted(tenant: LandingTenant) -> None:
    """200 items with all 27 fields were over 64 KiB, and their events went to quarantine."""
    many = [{"item_id": f"S{i}", "item_name": "n" * 200, "price": 1.5} for i in range(200)]
    _put(
        tenant,
        "t.parquet",
        [_row("a", items=many[:1]), _row("b"), _row("c", items=[]), _row("d", items=many)],
    )
    report = tenant.land()
    assert report.rows_quarantined == 0
    found = dict(tenant.rows("select id, items from raw.src__t"))
    assert json.loads(found["a"]) == [{"item_id": "S0", "price": 1.5}]
    assert found["b"] is None
    assert json.loads(found["c"]) == []
    assert [item["item_id"] for item in json.loads(found["d"])] == [f"S{i}" for i in range(200)]


def test_rows_in_are_rows_loaded_and_quarantined(tenant: LandingTenant) -> None:
    """Nested rows are refused one by one, as flat ones; over several pieces of a file."""
    rows = [_row(f"r{i}", params=parameters({"session": i})) for i in range(300_000)]
    rows[10] = _row(None)
    rows[270_000]["at"] = None
    rows[280_000]["params"] = parameters({"session": "seven"})
    _put(tenant, "t.parquet", rows)
    report = tenant.land()
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (300_000, 299_997, 3)
    assert tenant.quarantine() == [
        ("t.parquet", 11, "id", "required value missing"),
        ("t.parquet", 270_001, "at", "required value missing"),
        ("t.parquet", 280_001, "session", "cast failed"),
    ]
    # a value belongs to the row that it came with, behind every boundary
    assert tenant.rows("select count(*) from raw.src__t where id <> 'r' || session") == [(0,)]
    assert tenant.rows("select count(session) from raw.src__t") == [(299_997,)]


def test_a_file_without_a_nested_column_that_is_needed_fails_alone(tenant: LandingTenant) -> None:
    flat = pa.schema([field for field in SCHEMA if field.name not in {"params", "device"}])
    _put(tenant, "t_1.parquet", [_row("a")], flat)
    _put(tenant, "t_2.parquet", [_row("b")])
    report = tenant.land()
    assert tenant.rows("select id from raw.src__t") == [("b",)]
    assert report.messages[0].startswith(
        "t_1.parquet has no column params[session], params[engaged], params[amount], "
        "params[engaged].string_value, device.category, device.web.b"
    )


def test_what_is_declared_wrongly_is_said(tenant: LandingTenant) -> None:
    tenant.tables = {"t": ([column("items", fields=["a"])], {})}
    with pytest.raises(DeclarationError, match="fields are of a json column"):
        tenant.land()
    tenant.tables = {"t": ([column("day", "date", end_of_day=True)], {})}
    with pytest.raises(DeclarationError, match="end_of_day is of a timestamp"):
        tenant.land()
