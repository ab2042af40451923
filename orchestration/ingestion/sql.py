"""The few helpers for SQL text that every part of the gate needs."""

from __future__ import annotations

from typing import Any

import duckdb


def quoted(name: str) -> str:
    """`name` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """`value` as a quoted SQL string (a statement itself cannot hold a NUL)."""
    parts = ["'" + part.replace("'", "''") + "'" for part in value.split("\0")]
    return parts[0] if len(parts) == 1 else f"({' || chr(0) || '.join(parts)})"


def row(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    """The one row of a query that always has one (an aggregate)."""
    found = connection.execute(sql).fetchone()
    assert found is not None, "an aggregate gives one row"
    return found


def types_of(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Columns of a relation and their DuckDB types, in order."""
    described = connection.execute(f"describe select * from {relation}").fetchall()
    return {name: sql_type for name, sql_type, *_ in described}
