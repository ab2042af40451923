"""A run to an SFTP server that is killed (SIGKILL, a real process) loses and repeats nothing."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest
import yaml

from orchestration.activation import run_sync
from orchestration.settings import PROJECT_ROOT, Paths
from tests.orchestration.sftp_killed import STAGES
from tests.orchestration.sync_killed import connect
from tests.sftp_server import PASSWORD, USER, SftpServer, sftp_server
from tests.syncs import Brand, definition, make_tables

# stage -> whether the killed run has delivered
DELIVERED = {
    "half written": False,
    "before the journal": False,
    "before rename": False,
    "before the manifest": True,
    "before receipt": True,
}


@pytest.fixture
def server(tmp_path: Path) -> Generator[SftpServer]:
    """A server, and a brand that delivers to it."""
    with sftp_server(tmp_path / "server") as server:
        paths = Paths(tenant="test", root=tmp_path)
        paths.tenant_folder.mkdir(parents=True)
        settings = {
            "host": "127.0.0.1", "port": server.port, "user": USER, "known_hosts": "known_hosts",
        }  # fmt: skip
        (paths.tenant_folder / "destinations.yml").write_text(
            yaml.safe_dump({"letters": {"connector": "sftp", "settings": settings}}),
            encoding="utf-8",
        )
        (paths.tenant_folder / "known_hosts").write_text(server.known_hosts(), encoding="utf-8")
        with connect(tmp_path).connect() as connection:
            make_tables(connection)
            brand = Brand(connection, paths)
            for number in range(4):
                brand.person(number)
        yield server


def _delivered(server: SftpServer) -> Counter[tuple[str, str]]:
    files = [f for f in (server.folder / "people").glob("*.csv") if not f.name.startswith(".")]
    rows = [row for file in files for row in csv.DictReader(file.open(encoding="utf-8"))]
    return Counter((row["operation"], row["person_id"]) for row in rows)


@pytest.mark.parametrize("stage", STAGES)
def test_killed_and_resumed_everything_is_delivered_exactly_once(
    tmp_path: Path, server: SftpServer, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROSSWEAVE_LETTERS_PASSWORD", PASSWORD)
    result = subprocess.run(
        [sys.executable, "-m", "tests.orchestration.sftp_killed", str(tmp_path), stage],
        cwd=PROJECT_ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == -9, result.stderr
    assert _delivered(server).total() == (4 if DELIVERED[stage] else 0)
    with connect(tmp_path).connect() as connection:
        report = run_sync(
            connection,
            definition(destination="letters"),
            paths=Paths(tenant="test", root=tmp_path),
            run_id="resumed",
        )
    assert report.resumed_runs == ["killed"]
    assert report.total.planned == report.total.succeeded == (0 if DELIVERED[stage] else 4)
    assert _delivered(server) == {("add", f"p{number:04d}"): 1 for number in range(4)}
    run_id = "killed" if DELIVERED[stage] else "resumed"
    names = sorted(file.name for file in (server.folder / "people").iterdir())
    assert names == [f"{run_id}.csv", f"{run_id}.manifest.json"]
    manifest = json.loads((server.folder / "people" / names[1]).read_text(encoding="utf-8"))
    assert (manifest["run_id"], manifest["rows"]) == (run_id, 4)
