"""A run that is killed (SIGKILL, a real process) at any moment loses nothing and repeats nothing.

Ten records in batches of four; the process dies in the second batch. Then the sync runs again, and
the union of the outbox must have every record exactly once.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from orchestration.activation import SyncReport, run_sync
from orchestration.settings import PROJECT_ROOT, Paths
from tests.orchestration.sync_killed import STAGES, connect, open_in_fours
from tests.syncs import Brand, definition, make_tables

# stage -> what the killed run has delivered: whole batches of four
DELIVERED = {
    "planned": 0,
    "half written": 4,
    "before rename": 4,
    "csv missing": 8,
    "before receipt": 8,
    "inside the receipt": 8,
    "after receipt": 8,
}


def _fill(folder: Path) -> None:
    with connect(folder).connect() as connection:
        make_tables(connection)
        brand = Brand(connection, Paths(tenant="test", root=folder))
        for number in range(10):
            brand.person(number)


def _run_and_be_killed(folder: Path, stage: str) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "tests.orchestration.sync_killed", str(folder), stage],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == -9, result.stderr


def _run(folder: Path) -> SyncReport:
    with connect(folder).connect() as connection:
        return run_sync(
            connection,
            definition(),
            paths=Paths(tenant="test", root=folder),
            run_id="resumed",
            open_destination=open_in_fours,
        )


def _delivered(folder: Path, suffix: str) -> Counter[tuple[str, str]]:
    files = sorted((folder / "outbox" / "dev" / "test" / "people").glob(f"*.{suffix}"))
    rows = (
        [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]
        if suffix == "jsonl"
        else [row for file in files for row in csv.DictReader(file.open(encoding="utf-8"))]
    )
    return Counter((row["operation"], row["person_id"]) for row in rows)


@pytest.mark.parametrize("stage", STAGES)
def test_killed_and_resumed_everything_is_delivered_exactly_once(
    tmp_path: Path, stage: str
) -> None:
    _fill(tmp_path)
    _run_and_be_killed(tmp_path, stage)
    assert _delivered(tmp_path, "jsonl").total() == DELIVERED[stage]
    report = _run(tmp_path)
    assert report.resumed_runs == ["killed"]
    assert report.total.planned == report.total.succeeded == 10 - DELIVERED[stage]
    everybody = {("add", f"p{number:04d}"): 1 for number in range(10)}
    assert _delivered(tmp_path, "jsonl") == everybody
    assert _delivered(tmp_path, "csv") == everybody
    assert list(tmp_path.rglob("*.tmp")) == []
    with duckdb.connect(str(connect(tmp_path).path), read_only=True) as connection:
        runs = connection.execute(
            "select run_id, max_by(status, sequence), max_by(planned, sequence), "
            "max_by(succeeded, sequence), max_by(aborted, sequence) "
            "from ops.activation_sync_runs where operation = 'add' group by 1 order by 1"
        ).fetchall()
        ledger = connection.execute(
            "select count(*), count(distinct idempotency_key) "
            "from ops.activation_delivery_ledger where outcome = 'succeeded'"
        ).fetchall()
        state = connection.execute("select count(*) from ops.activation_sync_state").fetchall()
    left = 10 - DELIVERED[stage]
    assert runs == [
        ("killed", "interrupted", 10, DELIVERED[stage], left),
        ("resumed", "succeeded", left, left, 0),
    ]
    assert ledger == [(10, 10)]
    assert state == [(10,)]
    assert _run(tmp_path).total.planned == 0
