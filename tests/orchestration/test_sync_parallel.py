"""Two runs of one sync at the same time: the second is refused, and says why."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import yaml

from orchestration.activation import SyncRunning, claim
from orchestration.settings import PROJECT_ROOT, Paths
from orchestration.warehouse import Warehouse
from tests.syncs import Brand, definition, make_tables

# A process that delivers and waits in the middle of it until the file `go` is there.
SLOW = """
import sys, time
from pathlib import Path
from orchestration.activation import run_sync
from orchestration.activation.connectors.file import FileConnector
from orchestration.settings import Paths
from orchestration.warehouse import Warehouse
from tests.syncs import definition

folder = Path(sys.argv[1])

class Slow(FileConnector):
    def send(self, batch):
        (folder / "sending").touch()
        while not (folder / "go").exists():
            time.sleep(0.02)
        return super().send(batch)

paths = Paths(tenant="test", root=folder)
with Warehouse(paths.warehouse).connect() as connection:
    run_sync(connection, definition(), paths=paths, open_destination=lambda _, c: Slow(c))
"""


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """A tenant with one person and two sync documents."""
    paths = Paths(tenant="test", root=tmp_path)
    (paths.tenant_folder / "syncs").mkdir(parents=True)
    for sync in ("people", "others"):
        document = definition(sync=sync).model_dump(exclude_none=True)
        (paths.tenant_folder / "syncs" / f"{sync}.yml").write_text(yaml.safe_dump(document))
    with Warehouse(paths.warehouse).connect() as connection:
        make_tables(connection)
        Brand(connection, paths).person(1)
    return paths


def _command(paths: Paths, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "orchestration.activation", "--tenant", "test", *arguments],
        cwd=PROJECT_ROOT,
        env={"CROSSWEAVE_DATA_DIR": str(paths.root), "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_second_process_is_refused_and_everything_goes_out_once(
    paths: Paths, tmp_path: Path
) -> None:
    """It waited ten minutes for the warehouse before, and then was told of the file only."""
    first = subprocess.Popen([sys.executable, "-c", SLOW, str(tmp_path)], cwd=PROJECT_ROOT)
    try:
        deadline = time.monotonic() + 60
        while not (tmp_path / "sending").exists():
            assert time.monotonic() < deadline
            assert first.poll() is None
            time.sleep(0.02)
        second = _command(paths, "--sync", "people")
        assert second.returncode == 1
        assert f"a run of this sync is under way (process {first.pid}, since" in second.stderr
        assert "Traceback" not in second.stderr
    finally:
        (tmp_path / "go").touch()
        assert first.wait(60) == 0
    assert "planned 0" in _command(paths, "--sync", "people").stdout
    lines = [
        json.loads(line)
        for file in (paths.outbox / "people").glob("*.jsonl")
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    assert [line["person_id"] for line in lines] == ["p0001"]


def test_a_claim_dies_with_its_process(paths: Paths, tmp_path: Path) -> None:
    first = subprocess.Popen([sys.executable, "-c", SLOW, str(tmp_path)], cwd=PROJECT_ROOT)
    while not (tmp_path / "sending").exists():
        assert first.poll() is None
        time.sleep(0.02)
    first.kill()
    first.wait(60)
    assert "people: succeeded" in _command(paths, "--sync", "people").stdout


def test_two_threads_of_one_process_are_two_runs(paths: Paths) -> None:
    """Dagster may run two jobs in one process; a run may claim what it holds already."""
    refused: list[str] = []

    def other() -> None:
        try:
            with claim(paths, ["people"]):
                pass
        except SyncRunning as error:
            refused.append(str(error))
        with claim(paths, ["others"]):
            pass

    with claim(paths, ["people"]), claim(paths, ["people"]):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(10)
    assert len(refused) == 1
    with claim(paths, ["people"]):
        pass
