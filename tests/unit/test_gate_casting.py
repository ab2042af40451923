"""What a text becomes: expected values are worked by hand, None is 'cast failed'."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from orchestration.ingestion.casting import json_path, text_cast
from orchestration.ingestion.declarations import Column, Dialect


def cast(text: str, data_type: str, dialect: Dialect | None = None, **options: Any) -> Any:
    column = Column(name="x", data_type=data_type, path="x", **options)
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        sql = text_cast(column, "t", dialect or Dialect())
        row = connection.execute(f"select {sql} from (select ? as t) as texts", [text]).fetchone()
        assert row is not None
        return row[0]


@pytest.mark.parametrize(
    ("text", "data_type", "expected"),
    [
        ("00123", "string", "00123"),
        ("00123", "integer", 123),
        (" 5 ", "integer", 5),
        ("3.0", "integer", 3),
        ("1.5", "integer", None),
        ("0x10", "integer", None),
        ("9999999999", "integer", None),
        ("9007199254740993", "bigint", 9007199254740993),
        ("1e3", "double", 1000.0),
        ("nan", "double", None),
        ("inf", "double", None),
        ("10.125", "decimal(18,4)", Decimal("10.1250")),
        ("1,5", "decimal(18,4)", None),
        ("yes", "boolean", True),
        ("0", "boolean", False),
        ("maybe", "boolean", None),
        ("2026-01-03", "date", date(2026, 1, 3)),
        ("2026-02-30", "date", None),
        ("epoch", "date", None),
        ('{"a":1}', "json", '{"a":1}'),
        ("{a:1}", "json", None),
    ],
)
def test_values(text: str, data_type: str, expected: Any) -> None:
    assert cast(text, data_type) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-03T10:00:00Z", datetime(2026, 1, 3, 10)),
        ("2026-01-03T10:00:00+02:00", datetime(2026, 1, 3, 8)),
        ("2026-01-03 10:00:00-0530", datetime(2026, 1, 3, 15, 30)),
        ("2026-01-03 10:00:00", datetime(2026, 1, 3, 10)),
        ("2026-01-03T10:00Z", datetime(2026, 1, 3, 10)),
        ("2026-01-03T10:00:00.250z", datetime(2026, 1, 3, 10, 0, 0, 250_000)),
        ("2026-01-03", datetime(2026, 1, 3)),
        ("infinity", None),
        ("yesterday", None),
        ("2026-13-01T00:00:00Z", None),
    ],
)
def test_times_in_iso_come_out_as_utc(text: str, expected: Any) -> None:
    assert cast(text, "timestamp") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Zurich is UTC+1 in January and UTC+2 in July.
        ("2026-01-03 10:00:00", datetime(2026, 1, 3, 9)),
        ("2026-07-03T10:00:00", datetime(2026, 7, 3, 8)),
        ("2026-07-03", datetime(2026, 7, 2, 22)),
        ("2026-07-03T10:00:00Z", datetime(2026, 7, 3, 10)),
        ("2026-07-03T10:00:00-01:00", datetime(2026, 7, 3, 11)),
    ],
)
def test_local_times_have_a_zone_unless_they_carry_an_offset(text: str, expected: Any) -> None:
    assert cast(text, "timestamp", timezone="Europe/Zurich") == expected


def test_epochs_and_formats() -> None:
    at = datetime(2026, 1, 3, 10, 0, 0)
    assert cast("1767434400", "timestamp", unit="s") == at
    assert cast("1767434400123", "timestamp", unit="ms") == at.replace(microsecond=123_000)
    assert cast("1767434400.5", "timestamp", unit="s") == at.replace(microsecond=500_000)
    assert cast("999999999999999999", "timestamp", unit="s") is None
    assert cast("now", "timestamp", unit="ms") is None
    local = {"format": "%d.%m.%Y %H:%M:%S", "timezone": "Europe/Zurich"}
    assert cast("03.01.2026 11:00:00", "timestamp", **local) == at
    assert cast("2026-01-03 11:00:00", "timestamp", **local) is None
    zoned = {"format": "%d.%m.%Y %H:%M:%S %z"}
    assert cast("03.01.2026 11:00:00 +0100", "timestamp", **zoned) == at
    assert cast("03.01.2026", "date", format="%d.%m.%Y") == date(2026, 1, 3)


def test_a_decimal_comma_makes_points_an_error() -> None:
    comma = Dialect(delimiter=";", decimal=",")
    assert cast("1234,5", "decimal(18,4)", comma) == Decimal("1234.5000")
    assert cast("1234", "integer", comma) == 1234
    assert cast("1.234,5", "decimal(18,4)", comma) is None
    assert cast("1.5", "double", comma) is None


def test_dotted_paths_reach_into_objects_and_arrays() -> None:
    assert json_path("messageId") == '$."messageId"'
    assert json_path("context.page.path") == '$."context"."page"."path"'
    assert json_path("items[0].sku") == '$."items"[0]."sku"'
