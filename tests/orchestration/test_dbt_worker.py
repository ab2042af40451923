"""Calls of the dbt worker: like dbt's own, and gone when the run is gone."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration.dbt import CLIENT
from orchestration.dbt_worker import DbtWorker, dbt_worker

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the worker is for Linux")

PROFILES = """
tiny: {target: here, outputs: {here: {type: duckdb, path: "{{ env_var('TINY_WAREHOUSE') }}"}}}
"""
MODELS = {
    "good": "select 1 as one",
    "bad": "select no_such_column",
    "endless": "select count(*) as n from range(1000000) as a, range(1000000) as b "
    "where a.range * b.range % 7 = 3",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    (folder / "models").mkdir(parents=True)
    (folder / "dbt_project.yml").write_text(
        "name: tiny\nversion: 1.0.0\nconfig-version: 2\nprofile: tiny\n"
    )
    (folder / "profiles.yml").write_text(PROFILES)
    for name, sql in MODELS.items():
        (folder / "models" / f"{name}.sql").write_text(sql)
    monkeypatch.setenv("DBT_PROJECT_DIR", str(folder))
    monkeypatch.setenv("DBT_PROFILES_DIR", str(folder))
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "target"))
    monkeypatch.setenv("DBT_LOG_PATH", str(tmp_path / "target"))
    monkeypatch.setenv("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
    monkeypatch.setenv("TINY_WAREHOUSE", str(tmp_path / "tiny.duckdb"))
    return folder


@pytest.fixture
def worker(project: Path) -> Iterator[DbtWorker]:
    with dbt_worker(write_json=True) as worker:
        assert worker is not None
        assert worker.wait_until_parsed()
        yield worker


def client(*arguments: str, dbt: str = "/bin/false") -> list[str]:
    return [sys.executable, "-I", "-S", str(CLIENT), dbt, "1.2.3", *arguments]


def call(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(client(*arguments), capture_output=True, text=True, check=False)


def wait_for_start(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None
    assert any(b"START" in line for line in process.stdout)


def test_calls_answer_as_dbt_does(
    worker: DbtWorker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = tmp_path / "tiny.duckdb"
    good = call("run", "--select", "good")
    assert good.returncode == 0
    assert "PASS=1" in good.stdout
    with duckdb.connect(str(warehouse)) as connection:  # the file is free
        assert connection.execute("select one from good").fetchall() == [(1,)]
    bad = call("run", "--select", "bad", "good")
    assert bad.returncode == 1
    assert "no_such_column" in bad.stdout
    assert call("no-such-command").returncode == 2
    # the project is the one that was parsed, the environment the caller's
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "elsewhere"))
    assert call("run", "--select", "good").returncode == 0
    assert (tmp_path / "elsewhere" / "run_results.json").exists()


def test_an_interrupted_call_ends_and_frees_the_file(worker: DbtWorker, tmp_path: Path) -> None:
    process = subprocess.Popen(client("run", "--select", "endless"), stdout=subprocess.PIPE)
    wait_for_start(process)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode != 0
    duckdb.connect(str(tmp_path / "tiny.duckdb")).close()
    assert call("run", "--select", "good").returncode == 0


def test_a_killed_run_takes_its_call_along(project: Path, tmp_path: Path) -> None:
    """The lock of the warehouse is free then, so nothing may write any more."""
    run = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import subprocess, sys\n"
            "from orchestration.dbt_worker import dbt_worker\n"
            "with dbt_worker(write_json=True) as worker:\n"
            "    worker.wait_until_parsed()\n"
            "    subprocess.run(sys.argv[1:])\n",
            *client("run", "--select", "endless"),
        ],
        stdout=subprocess.PIPE,
    )
    wait_for_start(run)
    run.kill()
    deadline = time.monotonic() + 60
    while True:
        try:
            duckdb.connect(str(tmp_path / "tiny.duckdb")).close()
            return
        except duckdb.IOException:
            assert time.monotonic() < deadline, "the call still holds the file"
            time.sleep(0.1)


def test_a_project_that_cannot_be_parsed_leaves_calls_to_dbt(project: Path) -> None:
    (project / "models" / "broken.sql").write_text("select * from {{ ref('nothing') }}")
    with dbt_worker(write_json=True) as worker:
        assert worker is not None
        assert not worker.wait_until_parsed()
        answer = subprocess.run(client("hello", dbt="/bin/echo"), capture_output=True, check=False)
    assert answer.stdout == b"hello\n"


def test_without_a_worker_the_client_is_dbt() -> None:
    answer = subprocess.run(client("hello", dbt="/bin/echo"), capture_output=True, check=False)
    assert answer.stdout == b"hello\n"
    assert call("--version").stdout == "installed: 1.2.3\n"
