"""A real SSH server with SFTP on this machine, and the ways in which it can fail.

Belongs here: a server on a free port with a fresh host key, whose files lie in a folder of the
test, in a thread of its own. Does not belong here: expectations.
"""

from __future__ import annotations

import asyncio
import errno
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh

USER, PASSWORD = "letters", "open sesame"


@dataclass
class Faults:
    """What goes wrong: `disk_bytes` is what fits on the disk, the others are refused while set."""

    disk_bytes: int | None = None
    refuses_rename: bool = False
    gives_no_right: bool = False
    cannot_flush: bool = False
    written: int = 0
    flushed: list[str] = field(default_factory=list)


@dataclass
class SftpServer:
    """A running server: `folder` is its root, `key` the private key that its user may use."""

    folder: Path
    faults: Faults = field(default_factory=Faults)
    port: int = 0
    host_key: str = ""
    key: str = ""

    def known_hosts(self, port: int | None = None) -> str:
        """What `ssh-keyscan` writes of it (of the proxy on `port` before it)."""
        return f"[127.0.0.1]:{port or self.port} {self.host_key}"


def _files(faults: Faults, folder: Path) -> type[asyncssh.SFTPServer]:
    class Files(asyncssh.SFTPServer):
        def __init__(self, channel: asyncssh.SSHServerChannel) -> None:
            super().__init__(channel, chroot=str(folder))

        def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
            if faults.gives_no_right and pflags & asyncssh.FXF_WRITE:
                raise asyncssh.SFTPPermissionDenied("not yours")
            return super().open(path, pflags, attrs)

        def write(self, file_obj: object, offset: int, data: bytes) -> object:
            faults.written += len(data)
            if faults.disk_bytes is not None and faults.written > faults.disk_bytes:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(file_obj, offset, data)

        def fsync(self, file_obj: object) -> object:
            if faults.cannot_flush:
                raise asyncssh.SFTPOpUnsupported("no fsync here")
            faults.flushed.append(Path(file_obj.name.decode()).name)  # type: ignore[attr-defined]
            return super().fsync(file_obj)

        def rename(self, oldpath: bytes, newpath: bytes) -> object:
            if faults.refuses_rename:
                raise asyncssh.SFTPFailure("no")
            return super().rename(oldpath, newpath)

    return Files


@contextmanager
def sftp_server(folder: Path) -> Generator[SftpServer]:
    """Start a server over `folder`, which is made; stop it at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    server = SftpServer(folder)
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    user_key = asyncssh.generate_private_key("ssh-ed25519")
    server.host_key = host_key.export_public_key().decode()
    server.key = user_key.export_private_key().decode()
    allowed = asyncssh.import_authorized_keys(user_key.export_public_key().decode())

    class Login(asyncssh.SSHServer):
        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == (USER, PASSWORD)

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def listen() -> asyncssh.SSHAcceptor:
        return await asyncssh.create_server(
            Login,
            "127.0.0.1",
            0,
            server_host_keys=[host_key],
            authorized_client_keys=allowed,
            sftp_factory=_files(server.faults, folder),
        )

    async def stop(acceptor: asyncssh.SSHAcceptor) -> None:
        acceptor.close()
        await acceptor.wait_closed()

    acceptor = asyncio.run_coroutine_threadsafe(listen(), loop).result(10)
    server.port = acceptor.get_port()
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(stop(acceptor), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
