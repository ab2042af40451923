"""A process that delivers to an SFTP server and kills itself (SIGKILL) at a chosen moment.

    python -m tests.orchestration.sftp_killed <data folder> <stage>

Used by test_sync_sftp_kill.py only; stages are named in `STAGES`.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from orchestration.activation import run_sync
from orchestration.activation.connectors.base import ConnectorContext, Record, RowResult
from orchestration.activation.connectors.sftp import SftpConnector
from orchestration.activation.connectors.sftp_journal import Journal
from orchestration.activation.connectors.sftp_session import OpenSession
from orchestration.settings import Paths
from tests.orchestration.sync_killed import connect
from tests.syncs import definition

STAGES = (
    "half written", "before the journal", "before rename", "before the manifest", "before receipt",
)  # fmt: skip


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise SystemExit("unreachable")


class Doomed(SftpConnector):
    """The sftp destination; dies where the stage says so."""

    stage = ""

    def send(self, batch: Sequence[Record]) -> list[RowResult]:
        results = super().send(batch)
        if self.stage == "before receipt":
            _die()
        return results

    async def _write_temporary(self, session: OpenSession, name: str, content: bytes) -> None:
        if self.stage == "half written":
            await super()._write_temporary(session, name, content[: len(content) // 2])
            _die()
        await super()._write_temporary(session, name, content)
        if self.stage == "before the journal":
            _die()

    async def _rename(self, session: OpenSession, journal: Journal) -> None:
        if self.stage == "before rename":
            _die()
        await super()._rename(session, journal)

    async def _write_manifest(self, session: OpenSession, journal: Journal) -> None:
        if self.stage == "before the manifest":
            _die()
        await super()._write_manifest(session, journal)


def _run(folder: Path, stage: str) -> None:
    def doomed(destination: str, context: ConnectorContext) -> SftpConnector:
        connector = Doomed(context)
        connector.stage = stage
        return connector

    with connect(folder).connect() as connection:
        run_sync(
            connection,
            definition(destination="letters"),
            paths=Paths(tenant="test", root=folder),
            run_id="killed",
            open_destination=doomed,
        )


if __name__ == "__main__":
    _run(Path(sys.argv[1]), sys.argv[2])
