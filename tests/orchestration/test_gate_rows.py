"""Row by row: what is quarantined, with which reason, and that everything else loads."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.ingestion.declarations import DeclarationError
from tests.orchestration.landing_tenant import ORDERS, LandingTenant, column

HEADER = "order_id,ordered_at,status,amount,note\n"


def test_every_reason_with_file_row_and_column(tmp_path: Path) -> None:
    columns = [
        column("id", required=True, pattern="^A[0-9]+$"),
        column("made_at", "timestamp", event_time=True, min="2020-01-01"),
        column("status", allowed=["completed", "refunded"]),
        column("amount", "decimal(18,4)", max=1000),
        column("quantity", "integer", min=1, allowed=[1, 2, 3]),
        column("day", "date", required=True),
    ]
    rule = {
        "sql": "status <> 'completed' or amount >= 0",
        "reason": "negative revenue on a completed order",
        "column": "amount",
    }
    tenant = LandingTenant(tmp_path, {"orders": (columns, {"key": ["id"], "rules": [rule]})})
    rows = [
        "A1,2026-01-03T10:00:00Z,completed,1.5,2,2026-01-03",
        "A2,2026-01-03T10:00:00Z,completed,-1,1,2026-01-03",
        "A3,2026-01-03T10:00:00Z,refunded,-1,1,2026-01-03",
        "A4,2026-01-05T00:00:01Z,refunded,1,1,2026-01-03",
        "A5,2026-01-04T23:59:59Z,refunded,1,1,2026-01-03",
        "A6,2019-12-31T23:59:59Z,lost,1000.5,0,",
        "B7,soon,,a,1.5,tomorrow",
        " ,,,,,2026-01-03",
        "A9,,,,,2026-01-03",
        "A1,,,7,,2026-01-03",
        "A11,,",
    ]
    tenant.put("orders_2026-01-03.csv", "id,made_at,status,amount,quantity,day\n" + "\n".join(rows))
    report = tenant.land()
    file = "orders_2026-01-03.csv"
    assert tenant.quarantine() == [
        (file, 1, "id", "duplicate"),
        (file, 2, "amount", "negative revenue on a completed order"),
        (file, 4, "made_at", "time in the future"),
        (file, 6, "amount", "out of range"),
        (file, 6, "day", "required value missing"),
        (file, 6, "made_at", "out of range"),
        (file, 6, "quantity", "out of range"),
        (file, 6, "quantity", "value not allowed"),
        (file, 6, "status", "value not allowed"),
        (file, 7, "amount", "cast failed"),
        (file, 7, "day", "cast failed"),
        (file, 7, "id", "pattern not matched"),
        (file, 7, "made_at", "cast failed"),
        (file, 7, "quantity", "cast failed"),
        (file, 8, "id", "required value missing"),
        (file, 11, None, "malformed row"),
    ]
    assert tenant.rows("select id, _row_number from raw.src__orders order by 2") == [
        ("A3", 3),
        ("A5", 5),
        ("A9", 9),
        ("A1", 10),
    ]
    assert tenant.manifest() == {file: ("loaded", 11, 4, 7)}
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (11, 4, 7)
    assert report.is_conserved


def test_a_json_row_of_the_wrong_shape_is_malformed_and_keeps_its_line(tmp_path: Path) -> None:
    tenant = LandingTenant(tmp_path, {"events": ([column("id", required=True)], {})})
    tenant.put(
        "events.jsonl",
        '\n{"id":"a"}\n\r\nnot json\n[1]\n"x"\n{"id":"b"\n{"id":null}\n{"id":"c\\u0000"}\n'
        '{"id":"d"}',
    )
    tenant.land()
    assert tenant.rows("select id, _row_number from raw.src__events order by 2") == [
        ("a", 2),
        ("d", 10),
    ]
    assert tenant.quarantine() == [
        ("events.jsonl", 4, None, "malformed row"),
        ("events.jsonl", 5, None, "malformed row"),
        ("events.jsonl", 6, None, "malformed row"),
        ("events.jsonl", 7, None, "malformed row"),
        ("events.jsonl", 8, "id", "required value missing"),
        ("events.jsonl", 9, "id", "NUL byte"),
    ]


def test_nul_bytes_and_long_fields_also_in_undeclared_columns(tmp_path: Path) -> None:
    tenant = LandingTenant(tmp_path, {"orders": ([column("id"), column("n", "integer")], {})})
    fits, long = "x" * 65_536, "é" * 32_769
    rows = ["a,1,ok", "b\0,2,ok", "c,3,\0", f"d,4,{long}", f"{long},5,", f"f,6,{fits}"]
    tenant.put("orders.csv", "id,n,extra\n" + "\n".join(rows) + "\n")
    tenant.land()
    assert tenant.quarantine() == [
        ("orders.csv", 2, "id", "NUL byte"),
        ("orders.csv", 3, "extra", "NUL byte"),
        ("orders.csv", 4, "extra", "field over 64 KiB"),
        ("orders.csv", 5, "id", "field over 64 KiB"),
    ]
    assert tenant.rows("select id from raw.src__orders order by 1") == [("a",), ("f",)]


def test_one_field_is_null_when_unquoted_and_empty_when_quoted(tmp_path: Path) -> None:
    tenant = LandingTenant(tmp_path)
    tenant.put(
        "orders.csv",
        HEADER + 'A1,2026-01-03T00:00:00Z,,"","a ""b"", c\nd"\nA2,2026-01-03T00:00:00Z,,,""\n',
    )
    tenant.land()
    assert tenant.rows("select order_id, status, amount, note from raw.src__orders order by 1") == [
        ("A1", None, None, 'a "b", c\nd'),
        ("A2", None, None, ""),
    ]


def test_the_same_key_in_two_deliveries_stays_twice(tmp_path: Path) -> None:
    tenant = LandingTenant(tmp_path)
    for day, status in (("03", "completed"), ("04", "refunded")):
        tenant.put(f"orders_2026-01-{day}.csv", HEADER + f"A1,2026-01-03,{status},1,\n")
    tenant.land()
    assert tenant.quarantine() == []
    assert tenant.rows("select status, _loaded_at from raw.src__orders order by 2") == [
        ("completed", datetime(2026, 1, 3, 23, 59, 59)),
        ("refunded", datetime(2026, 1, 4, 23, 59, 59)),
    ]


def test_a_loaded_at_column_makes_each_of_its_times_a_delivery(tmp_path: Path) -> None:
    columns = [
        column("id", required=True),
        column("v", "integer"),
        column("loaded_at", "timestamp", optional=True),
    ]
    tenant = LandingTenant(tmp_path, {"t": (columns, {"key": ["id"], "loaded_at": "loaded_at"})})
    tenant.put(
        "t_2026-01-09.csv",
        "id,v,loaded_at\nA,1,2026-01-01\nA,2,2026-01-02\nA,3,2026-01-02\nB,4,\n",
    )
    tenant.put("t_2026-01-10.csv", "id,v\nC,5\n")
    tenant.land()
    assert tenant.rows("select v, _loaded_at from raw.src__t order by 1") == [
        (1, datetime(2026, 1, 1)),
        (3, datetime(2026, 1, 2)),
        (4, datetime(2026, 1, 9, 23, 59, 59)),
        (5, datetime(2026, 1, 10, 23, 59, 59)),
    ]
    assert tenant.quarantine() == [("t_2026-01-09.csv", 2, "id", "duplicate")]


def test_rows_without_any_key_value_are_no_duplicates(tmp_path: Path) -> None:
    tenant = LandingTenant(tmp_path, {"t": ([column("a"), column("b")], {"key": ["a", "b"]})})
    tenant.put("t.csv", "a,b\n,\n,\nx,\nx,\n,x\n")
    tenant.land()
    assert tenant.quarantine() == [("t.csv", 3, "a, b", "duplicate")]


def test_dotted_paths_types_and_json_columns(tmp_path: Path) -> None:
    columns = [
        column("message_id", path="messageId", required=True),
        column("made_at", "timestamp", path="timestamp", unit="ms"),
        column("page", path="context.page.path"),
        column("items", "json", path="properties.items"),
        column("value", "decimal(18,4)", path="properties.value"),
    ]
    tenant = LandingTenant(tmp_path, {"events": (columns, {})})
    tenant.put(
        "events.jsonl.gz",
        '{"messageId":"m1","timestamp":1767434400000,"context":{"page":{"path":"/a"}},'
        '"properties":{"items":[{"sku":"00123"}],"value":1.5},"brandNew":{"k":1},"Page":7}\n'
        '{"messageId":42,"context":null,"properties":{"items":null}}\n',
    )
    report = tenant.land()
    assert tenant.rows(
        'select message_id, made_at, page, items, value, brand_new, page_2 from raw.src__events'
        " order by _row_number"
    ) == [
        ("m1", datetime(2026, 1, 3, 10), "/a", '[{"sku":"00123"}]', Decimal("1.5000"),
         '{"k":1}', "7"),
        ("42", None, None, None, None, None, None),
    ]  # fmt: skip
    assert report.tables[0].new_columns == ("brand_new", "page_2")


def test_messages_and_quarantine_hold_no_clear_value(tmp_path: Path) -> None:
    columns = [column("email", required=True, pattern="^[^@]+@[^@]+$"), column("n", "integer")]
    tenant = LandingTenant(tmp_path, {"t": (columns, {"key": ["email"]})})
    tenant.put("t.csv", "email,n\nanna-secret,1\nanna@x.ch,bruno-secret\nc@x.ch,1\nc@x.ch,1\nzz\n")
    tenant.put("t_2.jsonl", "carla-secret\n")
    report = tenant.land()
    kept = str(tenant.rows("select * from raw.quarantine")) + str(report)
    kept += str(tenant.rows("select * from ops.landing_files"))
    assert [word for word in ("secret", "anna", "c@x.ch", "zz") if word in kept] == []
    hashes = tenant.rows("select distinct length(value_hash) from raw.quarantine")
    assert hashes == [(16,)]
    messages = tenant.rows("select message from raw.quarantine where row_number = 2")
    assert messages == [("src/t.csv row 2, column n: cast failed (not a valid integer)",)]


def test_a_rule_that_is_no_sql_stops_before_any_file(tmp_path: Path) -> None:
    rule = {"sql": "amuont > 0", "reason": "negative"}
    tenant = LandingTenant(tmp_path, {"orders": (ORDERS, {"rules": [rule]})})
    with pytest.raises(DeclarationError, match="'amuont > 0' is no SQL condition"):
        tenant.land()


def test_a_rule_that_is_unknown_holds(tmp_path: Path) -> None:
    rule = {"sql": "n > 0", "reason": "not positive", "column": "n"}
    tenant = LandingTenant(tmp_path, {"t": ([column("n", "integer")], {"rules": [rule]})})
    tenant.put("t.jsonl", '{"n":1}\n{"n":0}\n{}\n')
    tenant.land()
    assert tenant.quarantine() == [("t.jsonl", 2, "n", "not positive")]


def test_keys_and_values_that_no_one_expects(tmp_path: Path) -> None:
    """A key with a NUL broke the statement that read it; `*` would have been a wildcard."""
    tenant = LandingTenant(tmp_path, {"t": ([column("id", required=True)], {})})
    keys = ["", "*", "a.b", 'x"y', "back\\slash", "$", "[0]", "select", "_file_name", "it's", "n\0"]
    tenant.put("t_it's.jsonl", json.dumps({"id": "1"} | {key: 7 for key in keys}))
    tenant.put("t_2.jsonl", '{"id":"\\ud800"}\n{"id":1e400}\n{"id":"b","id":"c"}\n')
    tenant.land()
    (names,) = tenant.rows("select new_columns from ops.landing_files where new_columns <> ''")
    assert len(names[0].split(",")) == len(keys)
    values = ", ".join(f'"{name}"' for name in names[0].split(","))
    first = f"select {values} from raw.src__t where _file_name = 't_it''s.jsonl'"
    assert tenant.rows(first) == [("7",) * len(keys)]
    assert tenant.rows("select id from raw.src__t order by 1") == [("1",), ("1e400",), ("b",)]
    # Half a surrogate pair is no text.
    assert tenant.quarantine() == [("t_2.jsonl", 1, None, "malformed row")]
