"""Words on their way to landing: appended durably, then closed into files that landing takes.

Belongs here: the files of the source `preference_center`, who may write to them when, and what is
left of a write that was cut off. Does not belong here: what a word says.

What is being written lies in a hidden folder that landing passes over; closing renames it to
`<table>_<date>_<time>_<number>.jsonl`, so landing sees a file complete or not at all. Every write
and every close holds one lock (of the operating system: it dies with its holder), so any number of
services may write, and anybody may close. `append` comes back when the rows are on the disk.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from orchestration.private_files import sync_folder
from orchestration.settings import Paths

SOURCE = "preference_center"
CONSENTS = "consent_events"
PREFERENCES = "preferences"
TABLES = (CONSENTS, PREFERENCES)
OPEN_FOLDER = ".open"
_BLOCK = 4096


class NotKept(RuntimeError):
    """Rows could not be written to disk: whoever said them must not be told that they were."""


def utc_now() -> datetime:
    """The clock of words, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Journal:
    """The files of one tenant's preference centre, in `folder` of its landing."""

    folder: Path
    now: Callable[[], datetime] = utc_now

    @staticmethod
    def of(paths: Paths) -> Journal:
        """The journal of a tenant."""
        return Journal(paths.landing / SOURCE)

    def open_file(self, table: str) -> Path:
        """Where the rows of a table are appended until the file is closed."""
        return self.folder / OPEN_FOLDER / f"{table}.jsonl"

    def append(self, table: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Write rows, all or none; they are on the disk when this returns.

        Raises `NotKept` where they are not.
        """
        data = b"".join(
            json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            for row in rows
        )
        path = self.open_file(table)
        try:
            with self._locked():
                is_new = not path.exists()
                with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b", 0) as handle:
                    start = _cut_torn_end(handle.fileno())
                    _write(handle.fileno(), data, start)
                if is_new:
                    sync_folder(path.parent)
        except OSError as error:
            raise NotKept(f"{path.name}: {error.strerror or type(error).__name__}") from error

    def close(self) -> list[Path]:
        """Hand what was written to landing; returns the new files (none where nothing waits)."""
        if not (self.folder / OPEN_FOLDER).is_dir():
            return []
        closed = []
        with self._locked():
            for table in TABLES:
                path = self.open_file(table)
                if not path.exists():
                    continue
                with path.open("r+b", 0) as handle:
                    size = _cut_torn_end(handle.fileno())
                if size == 0:
                    path.unlink()
                    continue
                target = self._free_name(table)
                path.rename(target)
                closed.append(target)
            if closed:
                sync_folder(self.folder)
                sync_folder(self.folder / OPEN_FOLDER)
        return closed

    def files(self, table: str) -> list[Path]:
        """All files with rows of a table.

        The open one is looked for first: one that is closed meanwhile is found under its new name.
        """
        path = self.open_file(table)
        is_open = path.exists()
        closed = sorted(self.folder.glob(f"{table}_*.jsonl"))
        return [path, *closed] if is_open else closed

    def _free_name(self, table: str) -> Path:
        stamp = self.now().strftime("%Y-%m-%d_%H%M%S")
        number = 1
        while (path := self.folder / f"{table}_{stamp}_{number:03d}.jsonl").exists():
            number += 1
        return path

    @contextmanager
    def _locked(self) -> Generator[None]:
        folder = self.folder / OPEN_FOLDER
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            sync_folder(self.folder)
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def close_for_landing(folder: Path) -> None:
    """Before a source's folder is landed: what was said up to now lands with it."""
    if folder.name == SOURCE:
        Journal(folder).close()


def _write(handle: int, data: bytes, start: int) -> None:
    """Write all of `data` at `start` and wait for the disk; on an error the file is as before."""
    try:
        view = memoryview(data)
        while view:
            view = view[os.pwrite(handle, view, start + len(data) - len(view)) :]
        os.fsync(handle)
    except OSError:
        os.ftruncate(handle, start)
        raise


def _cut_torn_end(handle: int) -> int:
    """Cut what follows the last line end, and return the size that is left.

    Only a write that was killed leaves a piece of a line, and nobody was told that it was kept.
    """
    size = end = os.fstat(handle).st_size
    while end > 0:
        start = max(0, end - _BLOCK)
        found = os.pread(handle, end - start, start).rfind(b"\n")
        if found >= 0:
            end = start + found + 1
            break
        end = start
    if end != size:
        os.ftruncate(handle, end)
    return end
