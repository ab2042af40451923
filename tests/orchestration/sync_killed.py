"""A process that runs a sync and kills itself (SIGKILL) at a chosen moment.

    python -m tests.orchestration.sync_killed <data folder> <stage>

Used by test_sync_kill.py only. Batches have four records; stages are named in `STAGES`.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from orchestration.activation import receipts as receipts_module
from orchestration.activation import run_sync
from orchestration.activation.connectors.base import (
    ConnectorContext,
    Description,
    Record,
    RowResult,
)
from orchestration.activation.connectors.file import FileConnector
from orchestration.settings import Paths
from orchestration.warehouse import Warehouse
from tests.syncs import definition

STAGES = (
    "planned", "half written", "before rename", "csv missing", "before receipt",
    "inside the receipt", "after receipt",
)  # fmt: skip
BATCH = 4


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise SystemExit("unreachable")


class Doomed(FileConnector):
    """The file destination in batches of four; dies in the second batch where the stage says so."""

    stage = ""
    sent = 0

    def describe(self) -> Description:
        return replace(super().describe(), batch_size=BATCH)

    def send(self, batch: Sequence[Record]) -> list[RowResult]:
        if self.stage == "planned":
            _die()
        results = super().send(batch)
        self.sent += 1
        if self.sent == 2 and self.stage == "before receipt":
            _die()
        return results

    def _write(self, target: Path, text: str) -> None:
        is_second = ".2." in target.name
        if is_second and self.stage == "half written":
            target.with_name(f".{target.name}.tmp").write_text(text[: len(text) // 2])
            _die()
        if is_second and self.stage == "before rename":
            target.with_name(f".{target.name}.tmp").write_text(text)
            _die()
        if is_second and target.suffix == ".csv" and self.stage == "csv missing":
            _die()
        super()._write(target, text)


def connect(folder: Path) -> Warehouse:
    """The warehouse of the tests under a data folder."""
    return Warehouse(Paths(tenant="test", root=folder).warehouse)


def open_in_fours(destination: str, context: ConnectorContext) -> FileConnector:
    """The file destination in batches of four, for the runs before and after."""
    return Doomed(context)


def _run(folder: Path, stage: str) -> None:
    done = 0

    def progress(rows: int, total: int) -> None:
        if stage == "after receipt" and rows == 2 * BATCH:
            _die()

    def doomed(destination: str, context: ConnectorContext) -> FileConnector:
        connector = Doomed(context)
        connector.stage = stage
        return connector

    if stage == "inside the receipt":
        original = receipts_module.record_rejects

        def die_uncommitted(*arguments: object, **options: object) -> None:
            nonlocal done
            done += 1
            if done == 4:  # sending, receipt, sending, receipt of the second batch
                _die()
            original(*arguments, **options)  # type: ignore[arg-type]

        receipts_module.record_rejects = die_uncommitted  # type: ignore[assignment]
    with connect(folder).connect() as connection:
        run_sync(
            connection,
            definition(),
            paths=Paths(tenant="test", root=folder),
            run_id="killed",
            progress=progress,
            open_destination=doomed,
        )


if __name__ == "__main__":
    _run(Path(sys.argv[1]), sys.argv[2])
