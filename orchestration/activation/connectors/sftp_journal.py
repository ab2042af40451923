"""What is known here of files on their way to an SFTP server: one journal per file, in the outbox.

Belongs here: writing, finding and forgetting journals. They hold idempotency keys, counts and a
hash, no payload. Does not belong here: what a journal means for a delivery (`sftp.py`).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from orchestration.activation.connectors.lines import number_of, run_of, stem_of
from orchestration.private_files import write_private

SUFFIX = ".sftp.json"


@dataclass(frozen=True)
class Journal:
    """One file. `temporary` is its name before the rename, `manifest` what is told of it."""

    stem: str
    temporary: str
    manifest: dict[str, object]
    keys: list[str]


@dataclass(frozen=True)
class Journals:
    """The journals of one run, below `folder`."""

    folder: Path
    run_id: str

    def known(self) -> list[Journal]:
        """All of the run, in the order of their numbers."""
        files = self.folder.glob(f"{self.run_id}*{SUFFIX}")
        journals = [Journal(**json.loads(file.read_text(encoding="utf-8"))) for file in files]
        own = [journal for journal in journals if run_of(journal.stem) == self.run_id]
        return sorted(own, key=lambda journal: number_of(journal.stem))

    def next_stem(self) -> str:
        """A name that no file of the run has had."""
        numbers = [number_of(journal.stem) for journal in self.known()]
        return stem_of(self.run_id, max(numbers, default=0) + 1)

    def remember(self, journal: Journal) -> None:
        """Write a journal down; flushed to disk when this returns."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(self._file(journal.stem), json.dumps(asdict(journal)))

    def forget(self, stem: str) -> None:
        """Drop the journal of a file that was not delivered."""
        self._file(stem).unlink()

    def _file(self, stem: str) -> Path:
        return self.folder / f"{stem}{SUFFIX}"
