"""One dbt process per run: started and parsed once, every dbt call of the run is a fork of it.

A dbt call costs five seconds before it works (imports, reading the parsed project), and a run makes
three, after a parse. The worker imports and parses once, beside the other work at a run's start,
and keeps the parsed project in memory (dbt's documented reuse of a manifest). A call is a forked
copy of it, so that no call sees what an earlier one left behind, and the warehouse file is free
when it ends.

Dagster knows nothing of this: it calls `dbt_client.py` as its dbt executable, which hands its
arguments, environment and output to the worker, and calls the real dbt where there is no worker.

The worker ends with the run: when the pipe that the run holds closes, also because the run was
killed, it kills the call that is going on and ends. Linux only: elsewhere a fork of a process
that has loaded system libraries is not safe, and pidfd does not exist.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from orchestration.settings import DBT_PROJECT_DIR, PROJECT_ROOT

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

SOCKET_VARIABLE = "CROSSWEAVE_DBT_SOCKET"
PARSED = b"parsed\n"
MAX_REQUEST_BYTES = 16 << 20


@dataclass
class DbtWorker:
    """The run's side of the worker."""

    process: subprocess.Popen[bytes]

    def wait_until_parsed(self) -> bool:
        """True when the project is parsed, False when it cannot be (a plain parse says why)."""
        assert self.process.stdout is not None
        return self.process.stdout.readline() == PARSED


@contextlib.contextmanager
def dbt_worker(*, write_json: bool) -> Generator[DbtWorker | None]:
    """A worker for the dbt calls of this process; None where the platform has none.

    `write_json`: the parse writes manifest.json too; without it, the one that exists stays.
    """
    if sys.platform != "linux":
        yield None
        return
    # a short path: the name of a socket has at most 107 characters
    folder = Path(tempfile.mkdtemp(prefix="crossweave-"))
    address = folder / "dbt"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(address))
        listener.listen()
        parse = ["parse", "--quiet", *([] if write_json else ["--no-write-json"])]
        process = subprocess.Popen(
            [sys.executable, "-m", "orchestration.dbt_worker", str(listener.fileno()), *parse],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=PROJECT_ROOT,
            pass_fds=[listener.fileno()],
            start_new_session=True,
        )
    os.environ[SOCKET_VARIABLE] = str(address)
    try:
        yield DbtWorker(process)
    finally:
        del os.environ[SOCKET_VARIABLE]
        assert process.stdin is not None
        process.stdin.close()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


class _Server:
    """Takes calls from the listening socket until standard input closes."""

    def __init__(self, listener: socket.socket, manifest: Manifest) -> None:
        self.listener, self.manifest = listener, manifest
        self.selector = selectors.DefaultSelector()
        self.selector.register(sys.stdin.fileno(), selectors.EVENT_READ, None)
        self.selector.register(listener, selectors.EVENT_READ, None)
        self.calls: set[int] = set()

    def serve(self) -> None:
        """Until the run is done or gone."""
        while True:
            for key, _ in self.selector.select():
                if key.fileobj == sys.stdin.fileno():
                    for pid in self.calls:  # the run is gone, so is what it asked for
                        os.kill(pid, signal.SIGKILL)
                    return
                elif key.fileobj is self.listener:
                    self._accept()
                elif isinstance(key.fileobj, socket.socket):
                    self._interrupt(key.fileobj, key.data)
                else:
                    self._finish(key.fd, *key.data)

    def _accept(self) -> None:
        connection, _ = self.listener.accept()
        request, descriptors = _receive(connection)
        pid = os.fork()
        if not pid:
            self.selector.close()
            self.listener.close()
            connection.close()
            _call(self.manifest, request, descriptors)
        self.calls.add(pid)
        for descriptor in descriptors:
            os.close(descriptor)
        self.selector.register(connection, selectors.EVENT_READ, pid)
        self.selector.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, connection))

    def _interrupt(self, connection: socket.socket, pid: int) -> None:
        """The caller was interrupted or is gone: dbt cancels what it does."""
        self.selector.unregister(connection)
        os.kill(pid, signal.SIGINT)

    def _finish(self, pidfd: int, pid: int, connection: socket.socket) -> None:
        """A call has ended and the warehouse file is closed: its caller gets the exit code."""
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        self.calls.discard(pid)
        self.selector.unregister(pidfd)
        os.close(pidfd)
        if connection in self.selector.get_map():
            self.selector.unregister(connection)
        with contextlib.suppress(OSError):
            connection.sendall(f"{code}\n".encode())
        connection.close()


def _receive(connection: socket.socket) -> tuple[dict, list[int]]:
    """A request (JSON, ended by a line feed) and the caller's standard output and error."""
    data, descriptors, _, _ = socket.recv_fds(connection, 65536, 2)
    while not data.endswith(b"\n"):
        more = connection.recv(65536)
        if not more or len(data) > MAX_REQUEST_BYTES:
            raise ValueError("a request that does not end")
        data += more
    return json.loads(data), list(descriptors)


def _call(manifest: Manifest, request: dict, descriptors: list[int]) -> None:
    """In the fork: become the call, run it, end."""
    from dbt.cli.main import dbtRunner

    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(descriptors[0], 1)
    os.dup2(descriptors[1], 2)
    for descriptor in descriptors:
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    interrupts: list[int] = []

    def interrupt(signal_number: int, _: object) -> None:
        interrupts.append(signal_number)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    result = dbtRunner(manifest=manifest).invoke(request["arguments"])
    if result.exception is not None and not isinstance(result.exception, KeyboardInterrupt):
        print(result.exception, file=sys.stderr)
    # ends as dbt's own process does: its exit handlers close the warehouse file. Interrupted early,
    # dbt calls what it had done a success.
    failed = 1 if result.exception is None and not interrupts else 2
    sys.exit(0 if result.success and not interrupts else failed)


def main() -> None:
    """`python -m orchestration.dbt_worker DESCRIPTOR DBT_ARGUMENTS...`: parse, then serve."""
    listener = socket.socket(fileno=int(sys.argv[1]))
    from dbt.cli.main import dbtRunner

    os.chdir(DBT_PROJECT_DIR)
    answer = os.dup(1)
    os.dup2(2, 1)  # what dbt prints while it parses is not for the run
    result = dbtRunner().invoke(sys.argv[2:])
    import duckdb

    # DuckDB opens an unnamed database when it is imported. Its thread would not live in a fork,
    # which would fail at its end for that. (Nobody misses the idle threads of dbt's static parser:
    # no call parses.)
    duckdb.default_connection().close()
    if not result.success:
        sys.exit(1)
    os.write(answer, PARSED)
    os.close(answer)
    importlib.import_module("dbt.task.build")  # which dbt imports when it is asked to build
    gc.freeze()  # no fork looks through the project for garbage, or takes it apart at its end
    _Server(listener, cast("Manifest", result.result)).serve()  # of `parse`, a manifest


if __name__ == "__main__":
    main()
