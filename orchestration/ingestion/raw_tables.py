"""Raw tables as they are declared: creating them and bringing old ones up to date.

Belongs here: DDL of `raw.<source>__<table>`. Does not belong here: their rows.
"""

from __future__ import annotations

import duckdb

from orchestration.ingestion.declarations import TECHNICAL_COLUMNS, RawTable
from orchestration.ingestion.sql import quoted, types_of


def ensure_raw_table(connection: duckdb.DuckDBPyConnection, table: RawTable) -> None:
    """Create the raw table, or bring it to its declaration: columns added, types changed.

    Columns that are no longer declared stay, as text, like any undeclared column.
    """
    wanted = {column.name: column.sql_type for column in table.columns}
    wanted |= {name: sql_type.upper() for name, sql_type in TECHNICAL_COLUMNS.items()}
    columns = ", ".join(f"{quoted(name)} {sql_type}" for name, sql_type in wanted.items())
    if is_view(connection, table):
        # The source was one of kind tables before it became files.
        connection.execute(f"drop view {table.relation}")
    connection.execute(f"create table if not exists {table.relation} ({columns})")
    present = types_of(connection, table.relation)
    for name, sql_type in wanted.items():
        if name not in present:
            connection.execute(f"alter table {table.relation} add column {quoted(name)} {sql_type}")
    for name, sql_type in present.items():
        target = wanted.get(name, "VARCHAR")
        if sql_type != target:
            connection.execute(
                f"alter table {table.relation} alter column {quoted(name)} "
                f"set data type {target} using try_cast({quoted(name)} as {target})"
            )


def is_view(connection: duckdb.DuckDBPyConnection, table: RawTable) -> bool:
    """True when the raw table is a view, as those of sources of kind tables are."""
    found = connection.execute(
        "select 1 from duckdb_views() where schema_name = 'raw' and view_name = ? "
        "and database_name = current_database()",
        [table.identifier],
    ).fetchone()
    return found is not None
