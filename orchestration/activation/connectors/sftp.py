"""The `sftp` destination: a file per batch in a folder of a server that somebody picks up.

Belongs here: the order in which a file comes to be, so that nobody sees half of one and a killed
run knows what it delivered. Does not belong here: the wire (`sftp_session.py`), the lines of a file
(`lines.py`).

    .<run id>.csv.<chance>.tmp    written, flushed to disk where the server can, its size compared
    <run id>.csv                  renamed: this is the moment of delivery
    <run id>.manifest.json        rows, bytes and sha256 of it, last of all: the sign to begin

Right before the rename a journal is written here, in the outbox: the idempotency keys of the file.
A key without a journal was never delivered. With one, the temporary file decides: who can remove it
has stopped the delivery; where it is gone the file was renamed, though somebody may have picked it
up and taken it away since.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import secrets
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Literal

from pydantic import Field

from orchestration.activation.connectors.base import (
    OPERATIONS,
    ConnectorContext,
    ConnectorType,
    Description,
    DestinationDown,
    NotDelivered,
    OutcomeUnknown,
    Record,
    RowResult,
    SendError,
    SyncOptions,
)
from orchestration.activation.connectors.lines import (
    Line,
    csv_text,
    jsonl_text,
    lines_of,
    read_csv,
    read_jsonl,
    run_of,
)
from orchestration.activation.connectors.network import is_loopback
from orchestration.activation.connectors.sftp_journal import Journal, Journals
from orchestration.activation.connectors.sftp_session import (
    OpenSession,
    Session,
    SftpSettings,
    open_session,
)

BATCH_SIZE = 10_000


class SftpOptions(SyncOptions):
    """Where the files of a sync go, and what they look like."""

    folder: str | None = Field(
        default=None, description="below the folder of the destination; default: the sync's name"
    )
    format: Literal["csv", "jsonl"] = "csv"


class SftpConnector:
    """A folder of a server, opened for one run of one sync."""

    def __init__(self, context: ConnectorContext) -> None:
        assert isinstance(context.settings, SftpSettings)
        assert isinstance(context.options, SftpOptions)
        self._context = context
        self._settings = context.settings
        self._format = context.options.format
        self._folder = f"{self._settings.folder}/{context.options.folder or context.sync}"
        self._journals = Journals(context.outbox / context.sync, context.run_id)

    def describe(self) -> Description:
        """Complete read-back by journal and folder; local where the server is this machine."""
        return Description(
            destination="sftp",
            channel=None,
            batch_size=BATCH_SIZE,
            operations=OPERATIONS,
            is_local=is_loopback(self._settings.host),
            is_idempotent=False,
            read_back="complete",
            takes_mixture=True,
        )

    def send(self, batch: Sequence[Record]) -> list[RowResult]:
        """Write the batch as the run's next file: all of it, or an error of `base.py`."""
        if not batch:
            return []
        stem = self._journals.next_stem()
        name = asyncio.run(self._deliver(stem, batch))
        return [RowResult("succeeded", external_id=name) for _ in batch]

    def read_back(self, idempotency_keys: Sequence[str]) -> list[RowResult | None]:
        """Settle every file of this run, then look the keys up."""
        found = asyncio.run(self._settle())
        return [
            RowResult("succeeded", external_id=found[key]) if key in found else None
            for key in idempotency_keys
        ]

    def holds_records(self) -> bool | None:
        """True when a file lies there; an empty folder tells nothing, files are picked up."""

        async def look() -> bool:
            async with self._session() as session:
                return bool(await self._files(session))

        try:
            return asyncio.run(look()) or None
        except SendError:
            return None

    def _session(self) -> Session:
        return open_session(self._settings, self._context.secrets, self._context.tenant_folder)

    async def _deliver(self, stem: str, batch: Sequence[Record]) -> str:
        content = self._text(lines_of(batch)).encode()
        temporary = f".{stem}.{self._format}.{secrets.token_hex(4)}.tmp"
        journal = Journal(
            stem=stem,
            temporary=temporary,
            manifest=self._manifest(stem, content, Counter(r.operation for r in batch)),
            keys=[record.idempotency_key for record in batch],
        )
        async with self._session() as session:
            await session.make_folder(self._folder)
            await self._take_out(session, {r.record_key for r in batch if r.is_erasure})
            try:
                await self._write_temporary(session, temporary, content)
            except SendError:
                with suppress(SendError):
                    await session.remove(self._path(temporary))
                raise
            self._journals.remember(journal)
            try:
                await self._rename(session, journal)
            except (NotDelivered, DestinationDown):  # the server said no
                if not await self._is_surely_withdrawn(session, journal):
                    raise OutcomeUnknown(
                        "rename: refused, and the file cannot be found", error_class="file_missing"
                    ) from None
                raise
            await self._write_manifest(session, journal)
        return f"{stem}.{self._format}"

    async def _write_temporary(self, session: OpenSession, name: str, content: bytes) -> None:
        await session.write(self._path(name), content)

    async def _rename(self, session: OpenSession, journal: Journal) -> None:
        name = f"{journal.stem}.{self._format}"
        await session.rename(self._path(journal.temporary), self._path(name))

    async def _write_manifest(self, session: OpenSession, journal: Journal) -> None:
        """Raises `OutcomeUnknown` when it cannot: asking back writes it, the file is there."""
        name = f"{journal.stem}.manifest.json"
        text = json.dumps(journal.manifest, indent=2) + "\n"
        aside = self._path(f".{name}.{secrets.token_hex(4)}.tmp")
        try:
            await session.write(aside, text.encode())
            await session.replace(aside, self._path(name))
        except SendError as error:
            raise OutcomeUnknown(f"no manifest: {error}", error_class="manifest_missing") from None

    async def _settle(self) -> dict[str, str]:
        """File name by idempotency key, of what this run delivered; clears away what it did not."""
        found: dict[str, str] = {}
        async with self._session() as session:
            there = await session.names(self._folder)
            for journal in self._journals.known():
                name = f"{journal.stem}.{self._format}"
                if name not in there and await self._is_withdrawn(session, journal):
                    continue
                found |= dict.fromkeys(journal.keys, name)
                if name in there and f"{journal.stem}.manifest.json" not in there:
                    await self._write_manifest(session, journal)
            journaled = {journal.stem for journal in self._journals.known()}
            for name in sorted(there):
                stem, is_temporary = _named(name, self._format)
                if stem is None or run_of(stem) != self._context.run_id or stem in journaled:
                    continue
                if is_temporary:  # killed before the journal
                    await session.remove(self._path(name))
                else:  # the outbox was lost
                    for line in self._read(await session.read(self._path(name))):
                        found[str(line["idempotency_key"])] = name
        return found

    async def _is_withdrawn(self, session: OpenSession, journal: Journal) -> bool:
        """Remove the temporary file and forget it; False where it is gone: it was renamed."""
        if not await session.remove(self._path(journal.temporary)):
            return False
        self._journals.forget(journal.stem)
        return True

    async def _is_surely_withdrawn(self, session: OpenSession, journal: Journal) -> bool:
        try:
            return await self._is_withdrawn(session, journal)
        except SendError:
            return False

    async def _take_out(self, session: OpenSession, gone: set[str]) -> None:
        """Rewrite the files that have one of these records; a remove keeps its line, a mere key."""
        for name in await self._files(session) if gone else []:
            lines = self._read(await session.read(self._path(name)))
            kept = [
                line
                for line in lines
                if line["operation"] == "remove" or str(line.get(self._context.key)) not in gone
            ]
            if len(kept) == len(lines):
                continue
            stem = name.removesuffix(f".{self._format}")
            content = self._text(kept).encode()
            operations = Counter(str(line["operation"]) for line in kept)
            aside = self._path(f".{name}.{secrets.token_hex(4)}.tmp")
            await session.write(aside, content)
            await session.replace(aside, self._path(name))
            manifest = self._manifest(stem, content, operations)
            await self._write_manifest(session, Journal(stem, "", manifest, []))

    async def _files(self, session: OpenSession) -> list[str]:
        """Delivered files that still lie there, of all runs."""
        suffix = f".{self._format}"
        names = await session.names(self._folder)
        return sorted(n for n in names if n.endswith(suffix) and not n.startswith("."))

    def _manifest(self, stem: str, content: bytes, operations: Counter[str]) -> dict[str, object]:
        return {
            "file": f"{stem}.{self._format}",
            "sync": self._context.sync,
            "run_id": self._context.run_id,
            "rows": operations.total(),
            "operations": dict(sorted(operations.items())),
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }

    def _text(self, lines: Sequence[Line]) -> str:
        if self._format == "jsonl":
            return jsonl_text(lines)
        return csv_text(lines, self._context.fields)

    def _read(self, content: bytes) -> list[Line]:
        text = io.StringIO(content.decode(), newline="")
        return list(read_jsonl(text) if self._format == "jsonl" else read_csv(text))

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name}"


def _named(name: str, suffix: str) -> tuple[str | None, bool]:
    """(stem, is temporary) of a data file; no stem for other files."""
    if name.startswith(".") and name.endswith(".tmp"):
        stem, _, rest = name[1:].partition(f".{suffix}.")
        return (stem if rest else None), True
    if not name.startswith(".") and name.endswith(f".{suffix}"):
        return name.removesuffix(f".{suffix}"), False
    return None, False


CONNECTOR = ConnectorType(
    SftpConnector,
    settings=SftpSettings,
    options=SftpOptions,
    optional_secrets=("password", "key", "key_passphrase"),
)
