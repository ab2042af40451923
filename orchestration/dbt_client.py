"""The dbt executable that Dagster calls: hands a call to the run's worker (`dbt_worker.py`).

Without a worker (the UI, a run of the schedule) it becomes the real dbt. Its first arguments are
dbt's path and version: Dagster asks for the version in every run, and `dbt --version` takes three
seconds and asks PyPI for a newer one. It imports little, because it starts with every dbt call.
"""

import json
import os
import signal
import socket
import sys
from pathlib import Path


def call(address: str, arguments: list[str]) -> int | None:
    """Run one dbt call in the worker, with this process's output; returns its exit code.

    None where nothing listens: the worker could not parse, or has ended.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            connection.connect(address)
        except OSError:
            return None
        request = {
            "arguments": arguments,
            "environment": dict(os.environ),
            "folder": str(Path.cwd()),
        }
        data = json.dumps(request).encode() + b"\n"
        sent = socket.send_fds(connection, [data], [1, 2])
        connection.sendall(data[sent:])

        def interrupt(*_: object) -> None:
            connection.shutdown(socket.SHUT_WR)  # the worker interrupts dbt, which ends orderly

        signal.signal(signal.SIGINT, interrupt)
        signal.signal(signal.SIGTERM, interrupt)
        answer = b""
        while chunk := connection.recv(64):
            answer += chunk
    if not answer:
        print("the dbt worker ended before this call did", file=sys.stderr)
        return 1
    code = int(answer)
    return 128 - code if code < 0 else code


if __name__ == "__main__":
    dbt, version, *rest = sys.argv[1:]
    if rest == ["--version"]:
        print(f"installed: {version}")
        sys.exit(0)
    address = os.environ.get("CROSSWEAVE_DBT_SOCKET")
    if address and (code := call(address, rest)) is not None:
        sys.exit(code)
    os.execv(dbt, [dbt, *rest])
