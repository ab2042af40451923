"""SSH for the destination `sftp`: one session, and what its failures say about the batch.

Belongs here: connecting to a server whose key is known, a few operations on files, and the
translation of errors: the server refuses (`DestinationDown` for want of a right, else
`NotDelivered`), the connection breaks (`NotDelivered`; `OutcomeUnknown` during a rename). Does not
belong here: which files there are, and in what order they come.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import asyncssh
from pydantic import Field, SecretStr

from orchestration.activation.connectors.base import (
    ConnectorSettings,
    DestinationDown,
    NotDelivered,
    OutcomeUnknown,
)

logging.getLogger("asyncssh").setLevel(logging.WARNING)  # it writes users and names of files


class SftpSettings(ConnectorSettings):
    """Where the server is. Its key must stand in `known_hosts`, a file of the tenant's folder."""

    host: str
    port: int = 22
    user: str
    known_hosts: str = Field(description="as OpenSSH writes it; a server of another key is refused")
    folder: str = Field(default=".", description="on the server; each sync has one below it")
    timeout_s: float = Field(default=60, gt=0, le=3600, description="for each step")


@dataclass(frozen=True)
class OpenSession:
    """Operations on files; each within the time limit."""

    client: asyncssh.SFTPClient
    timeout_s: float

    async def make_folder(self, path: str) -> None:
        """Make a folder and those above it, where they are missing."""
        async with self._told("folder"):
            if not await self.client.isdir(path):
                await self.client.makedirs(path, exist_ok=True)

    async def write(self, path: str, content: bytes) -> None:
        """Write a new file and flush it to disk where the server can; its size is compared."""
        async with self._told("write"):
            async with self.client.open(path, "xb") as file:
                await file.write(content)
                with suppress(asyncssh.SFTPOpUnsupported):
                    await file.fsync()
            size = (await self.client.stat(path)).size
        if size != len(content):
            raise NotDelivered(f"{size} of {len(content)} bytes arrived")

    async def rename(self, path: str, target: str) -> None:
        """Rename. `OutcomeUnknown` where no answer came."""
        async with self._told("rename", is_uncertain=True):
            await self.client.rename(path, target)

    async def replace(self, path: str, target: str) -> None:
        """Rename over what may be there."""
        async with self._told("rename"):
            try:
                await self.client.posix_rename(path, target)
            except asyncssh.SFTPOpUnsupported:
                with suppress(asyncssh.SFTPNoSuchFile):
                    await self.client.remove(target)
                await self.client.rename(path, target)

    async def remove(self, path: str) -> bool:
        """Remove a file; False where there is none."""
        async with self._told("remove"):
            try:
                await self.client.remove(path)
            except asyncssh.SFTPNoSuchFile:
                return False
        return True

    async def names(self, path: str) -> set[str]:
        """Names in a folder; none where there is no folder."""
        async with self._told("list"):
            try:
                return {str(name) for name in await self.client.listdir(path)} - {".", ".."}
            except asyncssh.SFTPNoSuchFile:
                return set()

    async def read(self, path: str) -> bytes:
        """All of a file."""
        async with self._told("read"), self.client.open(path, "rb") as file:
            return bytes(await file.read())

    @asynccontextmanager
    async def _told(self, step: str, *, is_uncertain: bool = False) -> AsyncGenerator[None]:
        """Failures of the body in the words of `base.py`: the step and a code, no names."""
        try:
            async with asyncio.timeout(self.timeout_s):
                yield
        except (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection) as error:
            raise self._lost(step, is_uncertain) from error
        except asyncssh.SFTPPermissionDenied:
            raise DestinationDown(f"{step}: the server gives no right to it") from None
        except asyncssh.SFTPError as error:
            raise NotDelivered(f"{step}: refused with code {error.code}") from None
        except (asyncssh.Error, OSError, TimeoutError) as error:
            raise self._lost(step, is_uncertain) from error

    @staticmethod
    def _lost(step: str, is_uncertain: bool) -> OutcomeUnknown | NotDelivered:
        if is_uncertain:
            return OutcomeUnknown(f"{step}: no answer", error_class=f"{step}_unanswered")
        return NotDelivered(f"{step}: the connection broke")


Session = AbstractAsyncContextManager[OpenSession]


@asynccontextmanager
async def open_session(
    settings: SftpSettings, secrets: Mapping[str, SecretStr], folder: Path
) -> AsyncGenerator[OpenSession]:
    """Connect to the server, if it is the one that `known_hosts` (below `folder`) names.

    Neither the configuration nor the keys nor the agent of whoever runs this are used. Raises
    `DestinationDown` or `NotDelivered`.
    """
    known_hosts = folder / settings.known_hosts
    if not known_hosts.is_file():
        raise DestinationDown(f"known_hosts: {settings.known_hosts} is missing; ssh-keyscan it")
    if not {"password", "key"} & set(secrets):
        raise DestinationDown("neither the secret password nor the secret key is set")
    try:
        connection = await asyncssh.connect(
            settings.host,
            settings.port,
            username=settings.user,
            known_hosts=str(known_hosts),
            password=_value(secrets, "password"),
            client_keys=_keys(secrets),
            config=None,
            agent_path=None,
            connect_timeout=settings.timeout_s,
            login_timeout=settings.timeout_s,
            keepalive_interval=15,
        )
    except (asyncssh.HostKeyNotVerifiable, asyncssh.KeyExchangeFailed) as error:
        raise DestinationDown(f"the server is not the one that is known: {error.reason}") from None
    except asyncssh.PermissionDenied:
        raise DestinationDown("the server accepts neither password nor key") from None
    except (asyncssh.Error, OSError, TimeoutError):
        raise NotDelivered("the server takes no connection now") from None
    try:
        try:
            client = await asyncio.wait_for(connection.start_sftp_client(), settings.timeout_s)
        except asyncssh.ChannelOpenError:
            raise DestinationDown("the server offers no SFTP to this user") from None
        except (asyncssh.Error, OSError, TimeoutError):
            raise NotDelivered("the server takes no connection now") from None
        yield OpenSession(client, settings.timeout_s)
    finally:
        connection.abort()


def _value(secrets: Mapping[str, SecretStr], name: str) -> str | None:
    return secrets[name].get_secret_value() if name in secrets else None


def _keys(secrets: Mapping[str, SecretStr]) -> list[asyncssh.SSHKey] | None:
    text = _value(secrets, "key")
    if text is None:
        return None
    try:
        return [asyncssh.import_private_key(text, _value(secrets, "key_passphrase"))]
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError):
        raise DestinationDown(
            "the secret key is no private key, or its passphrase is wrong"
        ) from None
