"""The warehouse file without the blocks of deleted rows.

DuckDB marks blocks of deleted rows as free and writes over them some day; until then their bytes
are in the file, compressed. So the file is copied, table by table, and the copy takes its place.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import duckdb

from orchestration.ingestion.sql import literal, quoted
from orchestration.ingestion.tables import attach_sources
from orchestration.settings import TenantSettings
from orchestration.warehouse import MEMORY_LIMIT, STORAGE_VERSION, Warehouse


def rewrite_warehouse(warehouse: Warehouse, settings: TenantSettings) -> tuple[int, int]:
    """Copy what lives into a new file and swap it in; (bytes before, bytes after).

    Needs the size of the warehouse once more on disk. A process killed in the middle leaves the
    former file in force, and a copy beside it that the next call removes.
    """
    path = warehouse.path
    with warehouse.lock():
        # copies that were left by killed processes, of a preview too (identity/preview.py)
        for kind in ("compact", "preview"):
            for leftover in path.parent.glob(f"{path.stem}.{kind}-*"):
                _remove(leftover)
        copy = path.with_name(f"{path.stem}.compact-{os.getpid()}.duckdb")
        before = path.stat().st_size
        with duckdb.connect() as connection:
            connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
            connection.execute(f"set temp_directory = {literal(str(copy) + '.tmp')}")
            # views name the database by the stem of its file
            attach_sources(connection, settings)
            connection.execute(f"attach {literal(str(path))} as {quoted(path.stem)}")
            connection.execute(f"checkpoint {quoted(path.stem)}")
            connection.execute(
                f"attach {literal(str(copy))} as compacted "
                f"(storage_version {literal(STORAGE_VERSION)})"
            )
            copy.chmod(0o600)
            connection.execute(f"copy from database {quoted(path.stem)} to compacted")
            connection.execute("checkpoint compacted")
        copy.replace(path)
        for leftover in (*path.parent.glob(f"{copy.name}*"), *path.parent.glob(f"{path.name}.*")):
            _remove(leftover)  # log and spill files: they belong to the former file
    return before, path.stat().st_size


def _remove(leftover: Path) -> None:
    if leftover.is_dir():
        shutil.rmtree(leftover)
    else:
        leftover.unlink(missing_ok=True)
