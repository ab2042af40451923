"""A process that delivers to a till over HTTP and dies (SIGKILL) at a chosen moment.

    python -m tests.orchestration.sync_killed_http <data folder> <stage> <rows per receipt>

Used by test_sync_kill_http.py only, which kills it from outside at the stages that are not named
here. Ten people, five per request.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import httpx

from orchestration.activation import delivery, engine, run_sync
from orchestration.activation import receipts as receipts_module
from orchestration.activation.connectors import webhook
from orchestration.activation.connectors.http import HttpClient
from orchestration.activation.receipts import Receipts
from orchestration.activation.send import Sender
from orchestration.settings import Paths
from orchestration.warehouse import Warehouse
from tests.syncs import definition


def _die(*_: object, **__: object) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise SystemExit("unreachable")


def _die_after(function: Callable[..., Any]) -> Callable[..., Any]:
    def doomed(*arguments: object, **options: object) -> None:
        function(*arguments, **options)
        _die()

    return doomed


def _at_call(number: int, function: Callable[..., Any], last: Callable[..., Any]) -> Any:
    """The function, but `last` in its place at one of its calls."""
    calls = 0

    def counted(*arguments: object, **options: object) -> object:
        nonlocal calls
        calls += 1
        return (last if calls == number else function)(*arguments, **options)

    return counted


def _half_a_request(client: HttpClient, *_: object, **__: object) -> NoReturn:
    """Headers that promise a thousand bytes, one of them, and death."""
    url = httpx.URL(client._root)
    with socket.create_connection((url.host, url.port)) as connection:
        connection.sendall(b"POST /hook HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{")
        _die()


def _prepare(stage: str) -> None:
    """Lay the trap of a stage; each is a module's own function, called as ever until then."""
    if stage == "planning":
        engine.make_plan = _die_after(engine.make_plan)
    elif stage == "planned":
        delivery.refused = _die
    elif stage == "before the second request":
        HttpClient.request = _at_call(2, HttpClient.request, _die)  # type: ignore[method-assign]
    elif stage == "request half written":
        HttpClient.request = _at_call(2, HttpClient.request, _half_a_request)  # type: ignore[method-assign]
    elif stage == "before the receipt":
        Sender.send = _die_after(Sender.send)  # type: ignore[method-assign]
    elif stage == "inside the receipt":
        original = receipts_module.record_rejects
        receipts_module.record_rejects = _at_call(2, original, _die)
    elif stage == "before the end":
        Receipts.close_run = _die  # type: ignore[method-assign]


def _run(folder: Path, stage: str, rows_per_receipt: int) -> None:
    webhook.ROWS_PER_RECEIPT = rows_per_receipt
    _prepare(stage)
    paths = Paths(tenant="test", root=folder)
    with Warehouse(paths.warehouse).connect() as connection:
        run_sync(
            connection,
            definition(destination="till"),
            paths=paths,
            run_id="killed",
            progress=_die if stage == "after the receipt" else None,
        )


if __name__ == "__main__":
    _run(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
