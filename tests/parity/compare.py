"""Two tables, row by row, whatever their order: what is the same, and where they differ.

Belongs here: comparing two relations that one DuckDB connection can read. Does not belong here:
where the tables come from (see `__main__.py`).

Floats are equal to 1e-9 of the larger one; everything else exactly: decimals, lists, timestamps,
nulls, column names and types.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import duckdb

RELATIVE_TOLERANCE = 1e-9
SHOWN_DIFFERENCES = 5
# A Spark timestamp is an instant in UTC; DuckDB's has no zone, and is in UTC by convention.
SAME_TYPES = {
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP",
    "TIMESTAMP WITH TIME ZONE[]": "TIMESTAMP[]",
}


@dataclass(frozen=True)
class Difference:
    """One key whose rows differ; a side that lacks the key is None. Values as text, by column."""

    key: dict[str, str]
    left: dict[str, str] | None
    right: dict[str, str] | None


@dataclass(frozen=True)
class Comparison:
    """Rows of both sides, how many keys differ, the first of them, and what is no table's row."""

    left_rows: int
    right_rows: int
    different_rows: int = 0
    differences: list[Difference] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def is_equal(self) -> bool:
        return not self.different_rows and not self.problems


def compare(
    connection: duckdb.DuckDBPyConnection,
    left: str,
    right: str,
    *,
    key: Sequence[str],
    is_personal: bool = False,
) -> Comparison:
    """Compare two relations (FROM expressions) by `key`, columns that name a row.

    A key that stands twice on a side is compared copy by copy, in the order of the other columns.
    With `is_personal` the differences show a short hash in place of every value.
    """
    left_rows, right_rows = (
        connection.execute(f"select count(*) from {side}").fetchall()[0][0]
        for side in (left, right)
    )
    types, right_types = columns_of(connection, left), columns_of(connection, right)
    if types != right_types:
        told = [
            f"{name}: {types.get(name, 'absent')} against {right_types.get(name, 'absent')}"
            for name in {**types, **right_types}
            if types.get(name) != right_types.get(name)
        ]
        problem = "columns differ: " + ("; ".join(told) or "their order")
        return Comparison(left_rows, right_rows, problems=[problem])
    names = list(types)
    joined = f"""
        from ({_numbered(left, names, key)}) as l
        full outer join ({_numbered(right, names, key)}) as r
            on {" and ".join(f"l.{_quote(name)} is not distinct from r.{_quote(name)}" for name in [*key, COPY])}
        where l.{COPY} is null or r.{COPY} is null
            or not ({" and ".join(_same(name, types[name]) for name in names)})
    """  # noqa: E501
    different = connection.execute(f"select count(*) {joined}").fetchall()[0][0]
    shown = connection.execute(
        f"""select l.{COPY} is not null, r.{COPY} is not null,
            {", ".join(f"cast(l.{_quote(name)} as varchar)" for name in names)},
            {", ".join(f"cast(r.{_quote(name)} as varchar)" for name in names)}
        {joined}
        order by {", ".join(f"coalesce(l.{_quote(name)}, r.{_quote(name)})" for name in key)}
        limit {SHOWN_DIFFERENCES}"""
    ).fetchall()
    differences = [_difference(row, names=names, key=key, is_personal=is_personal) for row in shown]
    return Comparison(left_rows, right_rows, different, differences)


COPY = "copy_number"


def columns_of(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Names and types of a relation's columns, in order."""
    described = connection.execute(f"describe select * from {relation}").fetchall()
    return {row[0]: SAME_TYPES.get(row[1], row[1]) for row in described}


def _numbered(relation: str, names: Sequence[str], key: Sequence[str]) -> str:
    """The relation with `copy_number`: 1, 2, ... of the rows that share a key."""
    keys = ", ".join(_quote(name) for name in key)
    everything = ", ".join(_quote(name) for name in names)
    return (
        f"select *, row_number() over (partition by {keys} order by {everything}) as {COPY} "
        f"from {relation}"
    )


def _same(name: str, kind: str) -> str:
    """SQL condition: the two values of a column are the same."""
    one, other = f"l.{_quote(name)}", f"r.{_quote(name)}"
    exactly = f"{one} is not distinct from {other}"
    if kind not in {"DOUBLE", "FLOAT"}:
        return exactly
    largest = f"greatest(abs({one}), abs({other}))"
    close = f"coalesce(abs({one} - {other}) <= {RELATIVE_TOLERANCE} * {largest}, false)"
    return f"({exactly} or {close})"


def _difference(
    row: Sequence, *, names: Sequence[str], key: Sequence[str], is_personal: bool
) -> Difference:
    has_left, has_right, *values = row
    told = [_told(value, is_personal=is_personal) for value in values]
    left = dict(zip(names, told[: len(names)], strict=True)) if has_left else None
    right = dict(zip(names, told[len(names) :], strict=True)) if has_right else None
    present = left or right or {}
    return Difference({name: present[name] for name in key}, left, right)


def _told(value: str | None, *, is_personal: bool) -> str:
    if value is None:
        return "null"
    if not is_personal:
        return value
    return "#" + hashlib.sha256(value.encode()).hexdigest()[:8]


def _quote(name: str) -> str:
    return f'"{name}"'
