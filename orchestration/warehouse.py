"""The only module that opens the warehouse file.

Belongs here: opening DuckDB behind an operating-system file lock, and the short list of schemas.
Does not belong here: what is written into the warehouse (see `ops_tables.py` and the rooms that
own a table).

DuckDB admits one process at a time, so every opening goes through an `flock` on a file beside the
warehouse. The lock is freed by the operating system when its holder dies, also after SIGKILL, and
its text says who holds it.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

SCHEMAS = (
    "raw", "staging", "intermediate", "pii", "identity", "core", "journeys", "attribution",
    "kpis", "features", "ml", "segments", "activation", "ops", "seeds",
)  # fmt: skip
MEMORY_LIMIT = "6GB"
# DuckDB writes new files as 1.0 could read them. From 1.3 on strings may be stored as a compressed
# dictionary: the widest fact, 1.2 million rows of it, took a sixth less processor time to write and
# half to read, at the same size. A file keeps the version that it was made with.
STORAGE_VERSION = "v1.3.0"


class WarehouseLocked(RuntimeError):
    """The warehouse is held by another process for longer than the caller wants to wait."""


@dataclass(frozen=True)
class Warehouse:
    """A DuckDB warehouse file.

    `path` is the file (its folder is made when needed), `wait_s` how long in seconds to wait for
    another process before `WarehouseLocked` is raised.
    """

    path: Path
    wait_s: float = 600.0

    @contextmanager
    def lock(self) -> Generator[None]:
        """Hold the warehouse for this process, for work that opens the file by itself (dbt).

        Raises `WarehouseLocked` with the holder's process id after `wait_s` seconds.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # DuckDB makes its log and spill files by itself, and they hold clear values too.
        self.path.parent.chmod(0o700)
        lock_path = self.path.with_suffix(".lock")
        with lock_path.open("a+", encoding="utf-8") as handle:
            lock_path.chmod(0o600)
            deadline = time.monotonic() + self.wait_s
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= deadline:
                        handle.seek(0)
                        holder = handle.read().strip() or "unknown"
                        raise WarehouseLocked(
                            f"{self.path.name} is in use by {holder}; wait for it, or stop it"
                        ) from None
                    time.sleep(0.1)
            handle.seek(0)
            handle.truncate()
            handle.write(f"process {os.getpid()}")
            handle.flush()
            yield

    @contextmanager
    def connect(self, *, read_only: bool = False) -> Generator[duckdb.DuckDBPyConnection]:
        """Yield a DuckDB connection; the file is locked before and closed after.

        Times are UTC. Raises `WarehouseLocked` when another process holds the file too long.
        """
        with self.lock():
            is_new = not self.path.exists()
            connection = duckdb.connect(
                str(self.path),
                read_only=read_only and not is_new,
                config={"storage_compatibility_version": STORAGE_VERSION} if is_new else {},
            )
            if is_new:
                self.path.chmod(0o600)
            try:
                connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
                connection.execute("set timezone = 'UTC'")
                connection.execute("set enable_progress_bar = false")
                if not read_only:
                    for schema in SCHEMAS:
                        connection.execute(f"create schema if not exists {schema}")
                _attach_sources(connection)
                yield connection
            finally:
                connection.close()


def _attach_sources(connection: duckdb.DuckDBPyConnection) -> None:
    """Attach the DuckDB files of sources of kind tables: raw views read them (settings.py)."""
    for item in json.loads(os.environ.get("CROSSWEAVE_ATTACH") or "[]"):
        path = item["path"].replace("'", "''")
        connection.execute(f"attach if not exists '{path}' as {item['alias']} (read_only)")
