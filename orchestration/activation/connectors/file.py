"""The `file` destination: an outbox folder with one JSON-lines and one CSV file per batch.

Belongs here: writing batches so that a reader never sees half a file, and finding again what was
written. Does not belong here: what may be sent, and to whom.

    <outbox>/<sync>/<run id>.jsonl  and  <run id>.csv        the first batch, mostly the only one
    <outbox>/<sync>/<run id>.2.jsonl and <run id>.2.csv      the second, and so on

Both files of a batch are written under a hidden temporary name, flushed to disk and renamed. The
JSON-lines rename is the moment of delivery: a killed run has delivered what is in `*.jsonl`, and
nothing else; a CSV file that is missing beside it is made from it. The folder is mode 0700, the
files 0600: payloads are clear.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from orchestration.activation.connectors.base import (
    OPERATIONS,
    ConnectorContext,
    ConnectorType,
    Description,
    Record,
    RowResult,
)
from orchestration.activation.connectors.lines import (
    Line,
    csv_text,
    jsonl_text,
    lines_of,
    read_jsonl,
    run_of,
    stem_of,
)
from orchestration.private_files import write_private

BATCH_SIZE = 10_000


class FileConnector:
    """Outbox folder of one sync, opened for one run."""

    def __init__(self, context: ConnectorContext) -> None:
        self._context = context
        self._folder = context.outbox / context.sync

    def describe(self) -> Description:
        """Local, complete read-back; a key is written once per run."""
        return Description(
            destination="file",
            channel=None,
            batch_size=BATCH_SIZE,
            operations=OPERATIONS,
            is_local=True,
            is_idempotent=False,
            read_back="complete",
            takes_mixture=True,
        )

    def send(self, batch: Sequence[Record]) -> list[RowResult]:
        """Write the batch as the run's next pair of files: all succeed, or `OSError`."""
        if not batch:
            return []
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder.chmod(0o700)
        stem = self._next_stem()
        lines = lines_of(batch)
        self._write(self._folder / f"{stem}.jsonl", jsonl_text(lines))
        self._write(self._folder / f"{stem}.csv", self._csv_text(lines))
        return [RowResult("succeeded", external_id=f"{stem}.jsonl") for _ in batch]

    def read_back(self, idempotency_keys: Sequence[str]) -> list[RowResult | None]:
        """Look the keys up in this run's files; finishes what a killed run left half done."""
        self._repair()
        found = {
            str(line["idempotency_key"]): file.name
            for file in self._files(self._context.run_id)
            for line in _read_lines(file)
        }
        return [
            RowResult("succeeded", external_id=found[key]) if key in found else None
            for key in idempotency_keys
        ]

    def holds_records(self) -> bool:
        """Whether any delivered file of this sync has a line."""
        return any(file.stat().st_size > 0 for file in self._files())

    def _files(self, run_id: str | None = None) -> list[Path]:
        """Delivered JSON-lines files, of one run or of all, by name."""
        if not self._folder.is_dir():
            return []
        return sorted(
            file
            for file in self._folder.glob("*.jsonl")
            if not file.name.startswith(".") and (run_id is None or run_of(file.stem) == run_id)
        )

    def _next_stem(self) -> str:
        run_id = self._context.run_id
        return stem_of(run_id, len(self._files(run_id)) + 1)

    def _repair(self) -> None:
        """Remove temporary files of this run and make the CSV files that are missing."""
        if not self._folder.is_dir():
            return
        for leftover in self._folder.glob(f".{self._context.run_id}*.tmp"):
            leftover.unlink()
        for file in self._files(self._context.run_id):
            if not file.with_suffix(".csv").exists():
                self._write(file.with_suffix(".csv"), self._csv_text(list(_read_lines(file))))

    def _write(self, target: Path, text: str) -> None:
        write_private(target, text)

    def _csv_text(self, lines: Sequence[Line]) -> str:
        return csv_text(lines, self._context.fields)


CONNECTOR = ConnectorType(FileConnector)


def _read_lines(file: Path) -> Iterator[dict[str, object]]:
    with file.open(encoding="utf-8") as handle:
        yield from read_jsonl(handle)
