"""One process at a time: the file lock waits, names its holder, and dies with it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.settings import PROJECT_ROOT
from orchestration.warehouse import Warehouse, WarehouseLocked

HOLDER = """
import sys, time
from pathlib import Path
from orchestration.warehouse import Warehouse
with Warehouse(Path(sys.argv[1])).connect() as connection:
    connection.execute("create table if not exists raw.t as select 1 as one")
    print("held", flush=True)
    time.sleep(60)
"""


def _hold(path: Path) -> subprocess.Popen:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        cwd=PROJECT_ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "held"
    return process


def test_a_held_warehouse_is_refused_with_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    holder = _hold(path)
    try:
        with (
            pytest.raises(WarehouseLocked, match=f"process {holder.pid}"),
            Warehouse(path, wait_s=0.2).connect(),
        ):
            pass
    finally:
        holder.kill()
        holder.wait()


def test_the_lock_dies_with_a_killed_holder(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    holder = _hold(path)
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with Warehouse(path, wait_s=60).connect() as connection:
        assert connection.execute("select one from raw.t").fetchall() == [(1,)]


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with Warehouse(path).connect():
        pass
    assert path.stat().st_mode & 0o777 == 0o600


def test_nobody_else_reads_what_duckdb_writes_beside_the_warehouse(tmp_path: Path) -> None:
    """Its log and spill files hold clear values, and DuckDB makes them readable for everybody."""
    path = tmp_path / "dev" / "w.duckdb"
    with Warehouse(path).connect() as connection:
        connection.execute("create table raw.t as select 1 as one")
        assert path.parent.stat().st_mode & 0o777 == 0o700
