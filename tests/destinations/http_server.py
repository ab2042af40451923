"""A real HTTP server for tests, that can be told to misbehave.

Belongs here: the socket work, and the faults that any HTTP destination has. Does not belong here:
what a destination stores and answers; that is a `Service` of its own, which every stand-in brings.

    with http_server(service) as server:
        server.faults.append(Fault(status=500, commits=True))   # the next request
        ...                                                     # server.url, server.requests

A fault happens to one request, in the order of the list; None lets a request through.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Request:
    """A request as it came; header names in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """An answer; `body` is bytes, or anything that JSON has."""

    status: int = 200
    body: object = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        """The body in bytes."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request.

    `commits`: the service took the request before it went wrong. Then one of these: `is_reset`, the
    connection breaks; `is_silent`, nothing is answered until the client gives up; `is_cut`, the
    connection ends in the middle of the answer; `is_truncated`, half of the body is sent as if it
    were whole; `status` with `body` and `headers` takes the place of the service's answer.
    """

    status: int | None = None
    commits: bool = False
    body: object = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    is_reset: bool = False
    is_silent: bool = False
    is_cut: bool = False
    is_truncated: bool = False


class Service(Protocol):
    """What is behind the server; asked by one thread at a time."""

    def answer(self, request: Request) -> Reply:
        """Take a request for good, and answer it."""
        ...


@dataclass
class Server:
    """A running server: where it is, what it was asked, what goes wrong next.

    `before` and `after` are called around the service, with every request.
    """

    url: str
    service: Service
    faults: deque[Fault | None] = field(default_factory=deque)
    requests: list[Request] = field(default_factory=list)
    keeps_requests: bool = True
    before: Callable[[Request], None] = lambda request: None
    after: Callable[[Request], None] = lambda request: None
    closing: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, request: Request) -> tuple[Fault | None, Reply]:
        """The fault of this request, and what the service says where it was let see it."""
        with self.lock:
            if self.keeps_requests:
                self.requests.append(request)
            fault = self.faults.popleft() if self.faults else None
            self.before(request)
            reply = Reply()
            if fault is None or fault.commits:
                reply = self.service.answer(request)
            self.after(request)
        if fault is not None and fault.status is not None:
            reply = Reply(fault.status, fault.body, fault.headers)
        return fault, reply


@contextmanager
def http_server(service: Service, *, port: int = 0) -> Generator[Server]:
    """Serve on this machine until the block ends; port 0 is any free one."""
    httpd = _Http(("127.0.0.1", port), _Handler)
    server = Server(f"http://127.0.0.1:{httpd.server_port}", service)
    httpd.server = server
    thread = threading.Thread(target=httpd.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        httpd.shutdown()
        httpd.server_close()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    server: Server


class _Handler(BaseHTTPRequestHandler):
    """HTTP/1.1 with connections that stay open; an answer leaves in one piece."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Http

    def _handle(self) -> None:
        server = self.server.server
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:  # the client died in the middle of its request
            self.close_connection = True
            return
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, parts.path, dict(parse_qsl(parts.query)), headers, body)
        fault, reply = server.take(request)
        if fault is not None and fault.is_reset:
            self._reset()
        elif fault is not None and fault.is_silent:
            server.closing.wait(timeout=30)
            self.close_connection = True
        else:
            self._answer(reply, fault or Fault())

    def _answer(self, reply: Reply, fault: Fault) -> None:
        content = reply.content
        if fault.is_truncated:
            content = content[: len(content) // 2]
        self.send_response(reply.status)
        for name, value in {"content-type": "application/json", **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        if fault.is_cut:
            content = content[: len(content) // 2]
            self.close_connection = True
        self.wfile.write(content)

    def _reset(self) -> None:
        """Close with RST instead of FIN: linger on, for zero seconds."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()
        self.close_connection = True

    do_POST = do_GET = do_DELETE = do_PUT = do_PATCH = _handle

    def finish(self) -> None:
        """Say goodbye, if there is anybody left."""
        try:
            super().finish()
        except (OSError, ValueError):
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
