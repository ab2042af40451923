"""A run over HTTP that is killed (SIGKILL, a real process) at any stage and resumed.

Ten people, five per request; the server lives on and counts. With a receiver that ignores ids it
knows, everybody is there exactly once in the end; with one that does not, nobody is there twice,
and whoever may be missing is written down as unknown.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestration.activation import SyncReport, run_sync
from orchestration.settings import PROJECT_ROOT, Paths
from orchestration.warehouse import Warehouse
from tests.destinations.http_server import Fault, Request, Server, http_server
from tests.destinations.receipts import (
    assert_everything_arrived,
    assert_ledger_is_what_arrived,
)
from tests.destinations.till import ROWS_PER_REQUEST, describe_till, ids
from tests.destinations.webhook_receiver import SECRET, Receiver
from tests.syncs import Brand, definition, make_tables

TOGETHER, APART = 2_000, ROWS_PER_REQUEST  # rows per receipt: both requests, or one
# stage, rows per receipt, rows that the server has when the process is dead
STAGES = [
    ("planning", APART, 0),
    ("planned", APART, 0),
    ("before the second request", APART, 5),
    ("before the second request", TOGETHER, 5),
    ("request half written", APART, 5),
    ("request lost", APART, 5),
    ("request taken, not answered", APART, 10),
    ("before the receipt", APART, 5),
    ("before the receipt", TOGETHER, 10),
    ("inside the receipt", APART, 5),
    ("inside the receipt", TOGETHER, 10),
    ("after the receipt", APART, 5),
    ("before the end", APART, 10),
]


@dataclass
class Killing:
    """A brand in a file, and the till that outlives its processes."""

    folder: Path
    server: Server
    receiver: Receiver

    @property
    def paths(self) -> Paths:
        return Paths(tenant="test", root=self.folder)

    @contextmanager
    def brand(self) -> Generator[Brand]:
        """The warehouse, opened by this process."""
        with Warehouse(self.paths.warehouse).connect() as connection:
            yield Brand(connection, self.paths)

    def run_and_be_killed(self, stage: str, rows_per_receipt: int) -> None:
        """A process that delivers until it dies; two stages are the server's to kill at."""
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.orchestration.sync_killed_http",
             str(self.folder), stage, str(rows_per_receipt)],
            cwd=PROJECT_ROOT, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

        def kill(request: Request) -> None:
            if len(self.server.requests) == 2:
                os.kill(process.pid, signal.SIGKILL)
                process.wait()

        if stage == "request lost":
            self.server.faults.extend([None, Fault(is_reset=True)])
            self.server.before = kill
        elif stage == "request taken, not answered":
            self.server.after = kill
        _, errors = process.communicate(timeout=120)
        assert process.returncode == -signal.SIGKILL, errors
        self.server.before = self.server.after = lambda request: None

    def run(self) -> SyncReport:
        """A run of this process, to its end."""
        with self.brand() as brand:
            return run_sync(
                brand.connection,
                definition(destination="till"),
                paths=self.paths,
                run_id="resumed",
                sleep=lambda _: None,
            )


@contextmanager
def _killing(folder: Path, *, ignores_known_ids: bool) -> Generator[Killing]:
    receiver = Receiver(ignores_known_ids=ignores_known_ids)
    with http_server(receiver) as server:
        killing = Killing(folder, server, receiver)
        describe_till(
            killing.paths.tenant_folder,
            f"{server.url}/hook",
            {"ignores_known_ids": ignores_known_ids},
        )
        with killing.brand() as brand:
            make_tables(brand.connection)
            for number in range(10):
                brand.person(number)
        yield killing


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSWEAVE_TILL_SECRET", SECRET)


@pytest.mark.parametrize(("stage", "rows_per_receipt", "there"), STAGES)
def test_killed_and_resumed_everybody_is_there_exactly_once(
    tmp_path: Path, stage: str, rows_per_receipt: int, there: int
) -> None:
    with _killing(tmp_path, ignores_known_ids=True) as killing:
        killing.run_and_be_killed(stage, rows_per_receipt)
        assert len(killing.receiver.committed) == there
        report = killing.run()
        assert report.resumed_runs == ([] if stage == "planning" else ["killed"])
        assert report.total.planned == report.total.succeeded
        assert sorted(killing.receiver.members) == ids(range(10))
        with killing.brand() as brand:
            assert_everything_arrived(brand, killing.receiver.committed)
            ended = brand.rows(
                "select max_by(status, sequence), max_by(error, sequence) "
                "from ops.activation_sync_runs where run_id = 'killed' group by operation"
            )
        told = ("interrupted", "the run was killed; a later run closed it")
        assert set(ended) == (set() if stage == "planning" else {told})
        seen = len(killing.server.requests)
        assert killing.run().total.planned == 0
        assert len(killing.server.requests) == seen


@pytest.mark.parametrize(
    ("stage", "there", "unknown"),
    [
        ("planned", 10, 0),
        ("before the second request", 5, 5),
        ("request lost", 5, 5),
        ("request taken, not answered", 10, 5),
        ("after the receipt", 10, 0),
    ],
)
def test_a_receiver_that_would_take_it_twice_is_not_sent_it_again(
    tmp_path: Path, stage: str, there: int, unknown: int
) -> None:
    with _killing(tmp_path, ignores_known_ids=False) as killing:
        killing.run_and_be_killed(stage, APART)
        report = killing.run()
        assert (report.status, report.resumed_runs) == ("succeeded", ["killed"])
        assert report.in_doubt == unknown
        assert (len(killing.receiver.committed), killing.receiver.arrived.total()) == (there, there)
        with killing.brand() as brand:
            assert_ledger_is_what_arrived(brand, killing.receiver.committed)
            doubts = brand.rows(
                "select count(*) from ops.activation_delivery_ledger where outcome = 'unknown'"
            )
        assert doubts == [(unknown,)]
