"""A TCP proxy that breaks the connection at a chosen moment, for tests of destinations.

Belongs here: passing bytes on to a real server on this machine until the test says stop. Does not
belong here: any protocol.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

# Time for the server to do what it was asked for, before the connection goes.
SERVER_NEEDS_S = 1.0
# What becomes of bytes of the client: passed on (None), the connection is broken without them
# (`before`), or with them, when the server has answered and nobody heard it (`after`).
Verdict = Literal["before", "after"] | None


@dataclass
class CutConnection:
    """The proxy: `port` to connect to; `rule` is asked about every piece that the client sends.

    A rule that cuts is asked no more: later connections pass. `cuts` counts them, `received` the
    bytes of clients that were passed on.
    """

    rule: Callable[[bytes], Verdict] | None = None
    port: int = 0
    cuts: int = 0
    received: int = 0
    _open: list[socket.socket] = field(default_factory=list)

    def _serve(self, listener: socket.socket, target: int) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", target))
            self._open += [client, server]
            pair = (client, server, threading.Event())
            threading.Thread(target=self._down, args=pair, daemon=True).start()
            threading.Thread(target=self._up, args=pair, daemon=True).start()

    def _up(self, client: socket.socket, server: socket.socket, is_over: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                verdict = self.rule(data) if self.rule is not None else None
                if verdict is not None:
                    self.rule = None
                    self.cuts += 1
                    if verdict == "after":
                        is_over.set()
                        client.settimeout(SERVER_NEEDS_S)
                        while data:  # what was asked for may come in pieces
                            server.sendall(data)
                            data = client.recv(65536)
                    break
                self.received += len(data)
                server.sendall(data)
        self._close(client, server)

    def _down(self, client: socket.socket, server: socket.socket, is_over: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                if not is_over.is_set():
                    client.sendall(data)
        self._close(client, server)

    @staticmethod
    def _close(*ends: socket.socket) -> None:
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@contextmanager
def cut_connection(target: int) -> Generator[CutConnection]:
    """A proxy in front of the server on port `target` of this machine."""
    proxy = CutConnection()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy.port = listener.getsockname()[1]
        threading.Thread(target=proxy._serve, args=(listener, target), daemon=True).start()
        yield proxy
        listener.close()
    proxy._close(*proxy._open)
