"""The comparer of `make parity` sees what it has to see, and lets rounding pass."""

from __future__ import annotations

from collections.abc import Generator

import duckdb
import pytest

from orchestration.spark import java_version
from tests.parity.compare import Comparison, compare

ROWS = [
    "(1, 'a', 0.1::double, 1.10::decimal(18,4), ['x', 'y'], timestamp '2026-01-01 00:00:01')",
    "(2, null, null, null, null, null)",
]
COLUMNS = "id, name, share, amount, path, seen_at"


@pytest.fixture
def connection() -> Generator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def _compared(
    connection: duckdb.DuckDBPyConnection, rows: list[str], *, is_personal: bool = False
) -> Comparison:
    """ROWS against `rows`, by id."""
    sides = (f"(from (values {', '.join(side)}) as t({COLUMNS}))" for side in (ROWS, rows))
    return compare(connection, *sides, key=["id"], is_personal=is_personal)


def test_the_same_rows_in_another_order_are_equal(connection: duckdb.DuckDBPyConnection) -> None:
    result = _compared(connection, ROWS[::-1])
    assert result.is_equal
    assert (result.left_rows, result.right_rows) == (2, 2)


def test_a_float_may_differ_by_rounding_only(connection: duckdb.DuckDBPyConnection) -> None:
    assert _compared(connection, [ROWS[0].replace("0.1::", "0.10000000000001::"), ROWS[1]]).is_equal
    assert not _compared(connection, [ROWS[0].replace("0.1::", "0.100000001::"), ROWS[1]]).is_equal


@pytest.mark.parametrize(
    ("told", "instead", "column"),
    [
        ("'a'", "'b'", "name"),
        ("'a'", "null::varchar", "name"),
        ("0.1::double", "null::double", "share"),
        ("1.10::", "1.1001::", "amount"),
        ("['x', 'y']", "['y', 'x']", "path"),
        ("00:00:01", "00:00:02", "seen_at"),
    ],
)
def test_a_difference_tells_the_key_and_both_rows(
    connection: duckdb.DuckDBPyConnection, told: str, instead: str, column: str
) -> None:
    result = _compared(connection, [ROWS[0].replace(told, instead), ROWS[1]])
    assert result.different_rows == 1
    (difference,) = result.differences
    assert difference.key == {"id": "1"}
    assert difference.left is not None
    assert difference.right is not None
    assert [c for c in difference.left if difference.left[c] != difference.right[c]] == [column]


def test_a_row_too_many_or_too_few_is_a_difference(connection: duckdb.DuckDBPyConnection) -> None:
    (missing,) = _compared(connection, ROWS[:1]).differences
    assert (missing.key, missing.right) == ({"id": "2"}, None)
    (twice,) = _compared(connection, [*ROWS, ROWS[1]]).differences
    assert (twice.key, twice.left) == ({"id": "2"}, None)


def test_another_type_is_no_parity(connection: duckdb.DuckDBPyConnection) -> None:
    result = _compared(connection, [row.replace("decimal(18,4)", "decimal(18,2)") for row in ROWS])
    assert not result.is_equal
    assert result.problems == ["columns differ: amount: DECIMAL(18,4) against DECIMAL(18,2)"]


def test_personal_values_are_never_told_in_clear(connection: duckdb.DuckDBPyConnection) -> None:
    changed = [ROWS[0].replace("'a'", "'anna@example.com'"), ROWS[1]]
    (difference,) = _compared(connection, changed, is_personal=True).differences
    assert "anna" not in str(difference)
    assert difference.left is not None
    assert difference.right is not None
    assert difference.left["name"] != difference.right["name"]


@pytest.mark.parametrize(
    ("told", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('openjdk version "21" 2023-09-19', 21),
        ('java version "1.8.0_392"', 8),
        ("command not found", None),
    ],
)
def test_the_version_of_java_is_read(told: str, version: int | None) -> None:
    assert java_version(told) == version
