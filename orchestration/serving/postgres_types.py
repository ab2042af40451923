"""How a DuckDB column becomes a PostgreSQL column: its type, and its text for COPY.

Belongs here: the mapping, which loses nothing (decimals keep precision and scale, 128-bit integers
become numeric, lists of plain values become arrays, what is nested otherwise becomes jsonb).
"""

from __future__ import annotations

import re

from orchestration.ingestion.sql import quoted

PLAIN = {
    "VARCHAR": "text",
    "BOOLEAN": "boolean",
    "TINYINT": "smallint",
    "SMALLINT": "smallint",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "UTINYINT": "smallint",
    "USMALLINT": "integer",
    "UINTEGER": "bigint",
    "UBIGINT": "numeric(20,0)",
    "HUGEINT": "numeric(39,0)",
    "UHUGEINT": "numeric(39,0)",
    "FLOAT": "real",
    "DOUBLE": "double precision",
    "DATE": "date",
    "TIME": "time",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP_S": "timestamp",
    "TIMESTAMP_MS": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
    "INTERVAL": "interval",
    "UUID": "uuid",
    "BLOB": "bytea",
    "JSON": "jsonb",
}
DECIMAL = re.compile(r"^DECIMAL\((\d+),\s*(\d+)\)$")


def postgres_type(duckdb_type: str) -> str:
    """The PostgreSQL type that holds every value of a DuckDB type."""
    if duckdb_type in PLAIN:
        return PLAIN[duckdb_type]
    if match := DECIMAL.match(duckdb_type):
        return f"numeric({match[1]},{match[2]})"
    element = duckdb_type.removesuffix("[]")
    if element != duckdb_type and _is_plain(element):
        return f"{postgres_type(element)}[]"
    return "text" if duckdb_type.startswith("ENUM") else "jsonb"


def copy_expression(column: str, duckdb_type: str) -> str:
    """DuckDB SQL that gives the column's text as PostgreSQL reads it in COPY; null stays null."""
    name = quoted(column)
    if duckdb_type == "VARCHAR":
        # PostgreSQL's text cannot hold the character 0, which a file from a till may bring
        return f"replace({name}, chr(0), '')"
    if duckdb_type == "BLOB":
        return f"'\\x' || lower(hex({name}))"
    target = postgres_type(duckdb_type)
    if target == "jsonb":
        return f"cast(to_json({name}) as varchar)"
    if target.endswith("[]"):
        return _array(name)
    return f"cast({name} as varchar)"


def _is_plain(element: str) -> bool:
    return (element in PLAIN and element != "BLOB") or DECIMAL.match(element) is not None


def _array(name: str) -> str:
    """An array literal: every element quoted, with backslashes before quotes and backslashes."""
    text = r"replace(replace(replace(cast(x as varchar), chr(0), ''), '\', '\\'), '" + '"' + "', '"
    text += r"\"')"
    element = f"coalesce('\"' || {text} || '\"', 'NULL')"
    return (
        f"case when {name} is not null then "
        f"'{{' || array_to_string(list_transform({name}, lambda x: {element}), ',') || '}}' end"
    )
