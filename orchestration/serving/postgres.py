"""The serving copy in PostgreSQL, where CROSSWEAVE_SERVING_URL names a database.

Belongs here: a fresh set of schemas filled by COPY, one transaction per table, swapped in by
renaming schemas in one transaction at the end; a role that may read it and nothing else. Readers
keep what they have: a query that runs goes on over the old tables. A killed export leaves schemas
that nobody reads, and the next one removes them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import duckdb
import psycopg
import pyarrow as pa
import pyarrow.csv
from psycopg import sql

from orchestration.ingestion.sql import types_of
from orchestration.serving.declared import ABOUT_SCHEMA, Served, ServingError
from orchestration.serving.postgres_schemas import (
    SchemaSet,
    drop_leftovers,
    ensure_reader,
    refuse_what_is_not_ours,
    swap_schemas,
)
from orchestration.serving.postgres_types import copy_expression, postgres_type

ROWS_PER_BATCH = 50_000
ABOUT_TABLES = (Served(ABOUT_SCHEMA, "about"), Served(ABOUT_SCHEMA, "tables"))


def write_postgres(
    connection: duckdb.DuckDBPyConnection,
    *,
    tables: Sequence[Served],
    url: str,
    tenant: str,
    env: str,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, int]:
    """Copy `tables` of the serving file behind `connection` into the database `url`.

    Schemas and tables are named as in the file; one database serves one tenant and environment.
    Returns rows per table. Raises `ServingError` where the database holds something that the swap
    would hide or break, with what to do.
    """
    everything = [*tables, *ABOUT_TABLES]
    schemas = SchemaSet(tenant, env, str(time.time_ns()), {table.schema for table in everything})
    rows: dict[str, int] = {}
    with _connected(url) as server:
        drop_leftovers(server, schemas)
        refuse_what_is_not_ours(server, schemas)
        ensure_reader(server)
        with server.transaction():
            for schema in sorted(schemas.names):
                schemas.create(server, schema)
        for table in everything:
            types = types_of(connection, table.table)
            columns = {name: postgres_type(kind) for name, kind in types.items()}
            values = [copy_expression(name, kind) for name, kind in types.items()]
            with server.transaction():
                target = sql.Identifier(schemas.fresh(table.schema), table.name)
                _create_table(server, target, table, columns)
                query = f"select {', '.join(values)} from {table.table}"
                rows[table.table] = _copy_rows(connection, server, query, target)
                if "person_id" in columns:  # the one key that joins them all
                    server.execute(sql.SQL("create index on {} (person_id)").format(target))
                server.execute(sql.SQL("analyze {}").format(target))
            progress(f"{table.table}: {rows[table.table]:,} rows in PostgreSQL")
        swap_schemas(server, schemas)
    return rows


def _connected(url: str) -> psycopg.Connection:
    try:
        server = psycopg.connect(url, autocommit=True, application_name="crossweave serving")
    except psycopg.OperationalError as error:
        raise ServingError(f"CROSSWEAVE_SERVING_URL: {error}") from None
    held = server.execute("select pg_try_advisory_lock(hashtext('crossweave serving'))").fetchone()
    if not held or not held[0]:
        server.close()
        raise ServingError("another export writes to this PostgreSQL database; wait for it")
    return server


def _create_table(
    server: psycopg.Connection, target: sql.Identifier, table: Served, columns: dict[str, str]
) -> None:
    declared = sql.SQL(", ").join(
        # the types are of our own list, not of anybody's input
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind))  # ty: ignore
        for name, kind in columns.items()
    )
    server.execute(sql.SQL("create table {} ({})").format(target, declared))
    comment = sql.SQL("comment on table {} is {}")
    server.execute(comment.format(target, sql.Literal(table.description)))
    for name, text in table.columns.items():
        if text and name in columns:
            column = sql.SQL("{}.{}").format(target, sql.Identifier(name))
            comment = sql.SQL("comment on column {} is {}")
            server.execute(comment.format(column, sql.Literal(text)))


def _copy_rows(
    connection: duckdb.DuckDBPyConnection,
    server: psycopg.Connection,
    query: str,
    target: sql.Identifier,
) -> int:
    """Stream the rows of `query` (text columns) through COPY; returns how many."""
    reader = connection.execute(query).to_arrow_reader(ROWS_PER_BATCH)
    count = 0
    # every value quoted, nulls bare: so an empty text stays an empty text
    options = pa.csv.WriteOptions(include_header=False, quoting_style="all_valid")
    with server.cursor().copy(sql.SQL("copy {} from stdin (format csv)").format(target)) as copy:
        writer = pa.csv.CSVWriter(_Sink(copy), reader.schema, write_options=options)
        for batch in reader:
            writer.write_batch(batch)
            count += batch.num_rows
        writer.close()
    return count


class _Sink:
    """What pyarrow writes to: passes bytes on to COPY."""

    closed = False

    def __init__(self, copy: psycopg.Copy) -> None:
        self._copy = copy

    def write(self, data: bytes) -> int:
        self._copy.write(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is kept back here."""
