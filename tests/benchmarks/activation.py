"""Activation on a made-up warehouse: seconds of a plan, rows per second through the webhook.

Belongs here: the warehouse, the runs in processes of their own, whether the till has every row. The
till is the stand-in of the tests, in a process of its own: it verifies every signature.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from orchestration.activation import run_sync
from orchestration.activation.mapping import FieldMapping
from orchestration.activation.plan import OPERATIONS_OF_MODE, make_plan
from orchestration.activation.source import find_model
from orchestration.settings import PROJECT_ROOT, Paths
from orchestration.warehouse import Warehouse
from tests.benchmarks.figures import spread
from tests.benchmarks.ground import BENCH
from tests.benchmarks.process import Ran, run
from tests.benchmarks.results import stamp
from tests.destinations.http_server import http_server
from tests.destinations.till import describe_till
from tests.destinations.webhook_receiver import SECRET, Receiver
from tests.syncs import NOON, definition, make_tables

FOLDER = BENCH / "work" / "activation"
SYNC = definition(destination="till")
WHAT = (
    "Made-up persons, each with consent. Plan: all temporary tables of a run, from payload model "
    "to numbered rows. Send: a whole run (plan, gate, receipts) to a receiver on this machine, in "
    "a process of its own, that verifies signatures; both share the cores."
)
FEW, MANY = 20_000, 100_000
# DuckDB takes as much memory for its cache as it may; with little of it, what a run itself holds
# can be seen to be the same for few rows and for many.
DUCKDB_MEMORY = "200MB"
# rows per request, requests side by side, persons
SHAPES = {
    "100 rows per request": (100, 2, (FEW, MANY)),
    "1 row per request": (1, 8, (FEW,)),
}
PEOPLE = """
    insert into pii.people
    select
        concat('per_', md5(concat('p', number))), sha256(concat('k', number)),
        concat('person', number, '@example.com'), concat('name ', number % 1000),
        concat('city ', number % 300)
    from range({count}) as numbers (number);
    insert into core.consent_by_identifier
    select identifier_key, person_id, 'email', 'marketing', 'granted', timestamp '2026-06-01'
    from pii.people;
    insert into identity.persons select person_id, 1.0 from pii.people;
"""
DELIVERED = """
    insert into ops.activation_sync_state
        (sync, record_key, person_id, identifier_key, row_hash, mapping_version, external_id,
        last_succeeded_at, is_removed, run_id, sequence)
    select '{sync}', record_key, person_id, identifier_key, row_hash, '{version}', null,
        timestamp '2026-07-01', false, 'r1', 1
    from activation_plan;
"""
A_DAY_LATER = """
    update pii.people set city = 'Bern' where hash(person_id) % 100 = 1;
    delete from pii.people where hash(person_id) % 100 = 2;
"""


def measure(*, rows: int, runs: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """Seconds and memory of plans and sends; the shape is that of a peer.

    Raises `ValueError` when the till has other rows than were sent.
    """
    stamped = stamp()
    inputs: dict[str, Any] = {}
    tell(f"plan of {rows:,} rows")
    ran = _in_a_process("plan", str(rows), str(runs))
    seconds = json.loads(ran.output.splitlines()[-1])
    inputs["Plan"] = {
        "size": f"{rows:,} rows",
        "contestants": {
            name: _contestant(values, ran.peak_bytes) for name, values in seconds.items()
        },
    }
    for shape, (per_request, parallel, sizes) in SHAPES.items():
        contestants = {}
        for persons in sizes:
            tell(f"{persons:,} rows, {shape}")
            ran, total = _send(persons, per_request, parallel)
            contestants[f"{persons:,} rows: {persons / total:,.0f} rows/s"] = _contestant(
                [total], ran.peak_bytes
            )
        inputs[f"Send, {shape}"] = {"size": f"{parallel} side by side", "contestants": contestants}
    shutil.rmtree(FOLDER)
    return {**stamped, "what": WHAT, "inputs": inputs}


def _contestant(seconds: list[float], peak_bytes: int) -> dict[str, Any]:
    return {"all_seconds": seconds, "seconds": spread(seconds), "peak_bytes": peak_bytes}


def _in_a_process(*words: str) -> Ran:
    """One of the commands below, measured."""
    return run(
        [sys.executable, "-m", "tests.benchmarks.activation", *words],
        environment={"CROSSWEAVE_TILL_SECRET": SECRET},
    )


def _send(persons: int, per_request: int, parallel: int) -> tuple[Ran, float]:
    """A run to an empty till; what it took, and the seconds of the run itself."""
    paths = _make_warehouse(persons)
    with _till() as till:
        describe_till(
            paths.tenant_folder,
            till.url,
            {"rows_per_request": per_request, "parallel_requests": parallel, "read_timeout_s": 30},
        )
        ran = _in_a_process("send", str(persons))
        if till.committed() != persons:
            raise ValueError(f"{persons} rows were sent, the till has {till.committed()}")
    return ran, float(ran.output.splitlines()[-1])


class _Till:
    """The stand-in in a process of its own; it counts when its input ends."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._committed: int | None = None
        assert process.stdout is not None
        self.url = process.stdout.readline().strip()

    def committed(self) -> int:
        """Rows that took effect; ends the server."""
        if self._committed is None:
            said, _ = self._process.communicate(input="", timeout=30)
            self._committed = int(said)
        return self._committed


@contextmanager
def _till() -> Generator[_Till]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.activation", "till"],
        cwd=PROJECT_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield _Till(process)
    finally:
        process.kill()
        process.wait()


def _make_warehouse(persons: int) -> Paths:
    paths = Paths("test", root=FOLDER)
    for file in paths.warehouse.parent.glob(f"{paths.warehouse.name}*"):
        file.unlink()
    with Warehouse(paths.warehouse).connect() as connection:
        make_tables(connection)
        connection.execute(PEOPLE.format(count=persons))
    return paths


def _plan(persons: int, runs: int) -> dict[str, list[float]]:
    """Seconds of the first plan (all are new), and of one a day later (1 % changed, 1 % left)."""
    paths = _make_warehouse(persons)
    all_new = [_plan_once(paths) for _ in range(runs)]
    _plan_once(paths, then=DELIVERED + A_DAY_LATER)
    return {"all are new": all_new, "a day later": [_plan_once(paths) for _ in range(runs)]}


def _plan_once(paths: Paths, *, then: str = "") -> float:
    """Seconds of a plan on a connection of its own, as each run has one; runs `then` after it."""
    with Warehouse(paths.warehouse).connect() as connection:
        model = find_model(connection, SYNC.model)
        mapping = FieldMapping.of(SYNC.key, SYNC.fields, model.columns)
        begun = time.monotonic()
        make_plan(
            connection,
            SYNC,
            model=model,
            mapping=mapping,
            operations=OPERATIONS_OF_MODE["mirror"],
            hold_in_doubt=False,
            now=NOON,
        )
        seconds = time.monotonic() - begun
        connection.execute(then.format(sync=SYNC.sync, version=mapping.version))
    return seconds


def _deliver(persons: int) -> float:
    """Seconds of a run that delivers everybody."""
    paths = Paths("test", root=FOLDER)
    with Warehouse(paths.warehouse).connect() as connection:
        connection.execute(f"set memory_limit = '{DUCKDB_MEMORY}'")
        begun = time.monotonic()
        report = run_sync(connection, SYNC, paths=paths)
        seconds = time.monotonic() - begun
    if report.total.succeeded != persons:
        raise ValueError(report.line())
    return seconds


def _serve() -> None:
    """Serve a till until the input ends, then print what it committed."""
    receiver = Receiver()
    with http_server(receiver) as server:
        server.keeps_requests = False
        print(server.url, flush=True)
        sys.stdin.read()
        print(receiver.committed.total(), flush=True)


if __name__ == "__main__":
    command, numbers = sys.argv[1], [int(word) for word in sys.argv[2:]]
    FOLDER.mkdir(parents=True, exist_ok=True)
    if command == "plan":
        print(json.dumps(_plan(*numbers)))
    elif command == "send":
        print(_deliver(*numbers))
    else:
        _serve()
