"""One export: the files, then PostgreSQL where it is asked for, and what was written.

Belongs here: the order. The files come first and PostgreSQL is filled from the finished file, so
that the warehouse is held no longer than the files take.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.serving.declared import served_tables
from orchestration.serving.files import DUCKDB_FILE, write_files
from orchestration.settings import Paths, TenantSettings
from orchestration.warehouse import MEMORY_LIMIT, Warehouse

URL_VARIABLE = "CROSSWEAVE_SERVING_URL"


@dataclass(frozen=True)
class Published:
    """What an export wrote: rows per schema.table, bytes of all files, seconds of each part."""

    rows: dict[str, int]
    bytes: int
    files_s: float
    postgres_s: float | None


def publish(
    *,
    warehouse: Warehouse,
    paths: Paths,
    settings: TenantSettings,
    manifest: Path,
    progress: Callable[[str], None] = lambda _: None,
) -> Published:
    """Write the serving copy of a tenant from its warehouse; PostgreSQL where a URL is set.

    Raises `ServingError` with what to do; then the former copy is still in force.
    """
    started = time.monotonic()
    tables = served_tables(manifest, settings.serving.leave_out)
    with warehouse.connect() as connection:
        copied = write_files(
            connection,
            tables=tables,
            target=paths.serving,
            parquet=settings.serving.parquet,
            progress=progress,
        )
    files_s = time.monotonic() - started
    postgres_s = None
    if url := os.environ.get(URL_VARIABLE):
        # psycopg and pyarrow are imported where they are used: most runs need neither
        from orchestration.serving.postgres import write_postgres

        started = time.monotonic()
        with duckdb.connect(str(paths.serving / DUCKDB_FILE), read_only=True) as file:
            file.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
            file.execute("set timezone = 'UTC'")
            write_postgres(
                file,
                tables=tables,
                url=url,
                tenant=paths.tenant,
                env=paths.env,
                progress=progress,
            )
        postgres_s = time.monotonic() - started
    return Published(copied.rows, copied.bytes, files_s, postgres_s)
