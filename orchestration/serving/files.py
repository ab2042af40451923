"""The serving copy as files: one DuckDB file and a Parquet file per table, swapped in together.

Belongs here: writing a version aside and swapping it in by one rename. The folder of a tenant and
environment is a symbolic link to the version in force, so the swap is one step for all files. A
reader that has the old file open keeps it (the file lives until its last reader closes it); a
killed export leaves a folder that nobody points at, and the next export removes it.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.ingestion.sql import literal, quoted, row, types_of
from orchestration.serving.declared import ABOUT_SCHEMA, RESTRICTED, Served, ServingError

DUCKDB_FILE = "crossweave.duckdb"
# Serving tables about the copy itself; the schema is beside those of the domains.


@dataclass(frozen=True)
class Copied:
    """What was written: rows per schema.table, and bytes on disk."""

    rows: dict[str, int]
    bytes: int


def write_files(
    connection: duckdb.DuckDBPyConnection,
    *,
    tables: Sequence[Served],
    target: Path,
    parquet: bool = True,
    progress: Callable[[str], None] = lambda _: None,
) -> Copied:
    """Copy `tables` of the warehouse behind `connection` to `target` (the link of an environment).

    Table by table, in the engine: no row passes through Python, memory stays within the
    connection's limit. Raises `ServingError` for a table of a restricted schema.
    """
    for table in tables:
        if table.schema in RESTRICTED:
            raise ServingError(f"{table.table} is restricted and is never served")
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(target)
    version = target.parent / f".{target.name}.{time.time_ns()}"
    version.mkdir()
    file = version / DUCKDB_FILE
    rows: dict[str, int] = {}
    connection.execute(f"attach {literal(str(file))} as serving_copy (storage_version 'v1.3.0')")
    try:
        for table in tables:
            with _transaction(connection):  # a comment of its own commit costs a disk sync each
                rows[table.table] = _copy_table(connection, table, version, parquet=parquet)
            progress(f"{table.table}: {rows[table.table]:,} rows")
        with _transaction(connection):
            _write_about(connection, tables, rows)
    finally:
        connection.execute("detach serving_copy")  # also writes the file out
    size = sum(path.stat().st_size for path in version.rglob("*") if path.is_file())
    swap_in(version, target)
    return Copied(rows=rows, bytes=size)


@contextmanager
def _transaction(connection: duckdb.DuckDBPyConnection) -> Generator[None]:
    connection.begin()
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def _copy_table(
    connection: duckdb.DuckDBPyConnection, table: Served, version: Path, *, parquet: bool
) -> int:
    """Copy one table, with what dbt says of it and its columns; returns its rows."""
    copy = f"serving_copy.{table.table}"
    connection.execute(f"create schema if not exists serving_copy.{table.schema}")
    connection.execute(f"create table {copy} as from {table.table}")
    connection.execute(f"comment on table {copy} is {literal(table.description)}")
    for column in types_of(connection, copy):
        if text := table.columns.get(column):
            connection.execute(f"comment on column {copy}.{quoted(column)} is {literal(text)}")
    if parquet:
        path = version / table.schema / f"{table.name}.parquet"
        path.parent.mkdir(exist_ok=True)
        connection.execute(
            f"copy {copy} to {literal(str(path))} (format parquet, compression zstd)"
        )
    return row(connection, f"select count(*) from {copy}")[0]


def _write_about(
    connection: duckdb.DuckDBPyConnection, tables: Sequence[Served], rows: dict[str, int]
) -> None:
    """`serving.about`: whose copy it is and as of when; `serving.tables`: what it holds."""
    connection.execute(f"create schema serving_copy.{ABOUT_SCHEMA}")
    connection.execute(
        f"""create table serving_copy.{ABOUT_SCHEMA}.about as
        select tenant, as_of, timezone, currency, cast(now() as timestamp) as exported_at
        from ops.settings"""
    )
    connection.execute(
        f"""create table serving_copy.{ABOUT_SCHEMA}.tables
        (schema_name varchar, table_name varchar, row_count bigint, description varchar)"""
    )
    for table in tables:
        connection.execute(
            f"insert into serving_copy.{ABOUT_SCHEMA}.tables values (?, ?, ?, ?)",
            [table.schema, table.name, rows[table.table], table.description],
        )


def swap_in(version: Path, target: Path) -> None:
    """Point `target` at `version`, in one rename, and remove what it pointed at before."""
    link = version.with_name(version.name + ".link")
    link.unlink(missing_ok=True)
    link.symlink_to(version.name, target_is_directory=True)
    link.replace(target)
    remove_leftovers(target)


def remove_leftovers(target: Path) -> None:
    """Remove the versions that `target` does not point at: former ones, and of killed exports."""
    current = target.readlink().name if target.is_symlink() else ""
    for path in target.parent.glob(f".{target.name}.*"):
        if path.is_symlink():
            path.unlink()
        elif path.name != current:
            shutil.rmtree(path)
