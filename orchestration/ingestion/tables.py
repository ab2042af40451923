"""Where the tables of a source of kind `tables` lie: what the warehouse has already.

`path` of the source is a DuckDB file (attached read-only as `tables_<source>`) or a folder with
`<table>.parquet` or `<table>/*.parquet`.

Belongs here: finding and attaching. Does not belong here: checking rows (`in_place.py`).
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

from orchestration.ingestion.declarations import DeclarationError, RawTable
from orchestration.ingestion.discovery import content_hash
from orchestration.ingestion.sql import literal, quoted
from orchestration.settings import Source, TenantSettings


def source_path(source: Source) -> Path:
    """Where the tables lie. Raises `DeclarationError` when tenant.yml does not say, or wrongly."""
    if source.table_path is None:
        raise DeclarationError(f"source {source.name}: kind tables needs a path in tenant.yml")
    if not source.table_path.exists():
        raise DeclarationError(
            f"source {source.name}: {source.table_path} does not exist; correct its path"
        )
    return source.table_path


def attach_sources(connection: duckdb.DuckDBPyConnection, settings: TenantSettings) -> None:
    """Attach the DuckDB files of the tenant's sources of kind tables, read-only."""
    for source in settings.sources:
        if source.attachment:
            _attach(connection, source)


def _attach(connection: duckdb.DuckDBPyConnection, source: Source) -> None:
    path = literal(str(source_path(source)))
    connection.execute(f"attach if not exists {path} as tables_{source.name} (read_only)")


def relation_of(
    connection: duckdb.DuckDBPyConnection, source: Source, table: RawTable
) -> tuple[str | None, list[Path]]:
    """SQL of a declared table where it lies (None if it is not there), and the files behind it."""
    path = source_path(source)
    if path.is_dir():
        files = [path / f"{table.name}.parquet"]
        if not files[0].exists():
            files = sorted((path / table.name).glob("*.parquet"))
        listed = ", ".join(literal(str(file)) for file in files)
        return (f"read_parquet([{listed}], union_by_name = true)" if files else None), files
    alias = f"tables_{source.name}"
    _attach(connection, source)
    found = connection.execute(
        "select table_schema from information_schema.tables "
        "where table_catalog = ? and table_name = ? order by table_schema <> 'main', 1",
        [alias, table.name],
    ).fetchone()
    if not found:
        return None, []
    return f"{alias}.{quoted(found[0])}.{quoted(table.name)}", [path]


def fingerprint(files: list[Path]) -> tuple[str, int]:
    """SHA-256 over the content of `files`, and their bytes."""
    digest, size = hashlib.sha256(), 0
    for file in files:
        sha256, bytes_of_file = content_hash(file)
        digest.update(sha256.encode())
        size += bytes_of_file
    return digest.hexdigest(), size
