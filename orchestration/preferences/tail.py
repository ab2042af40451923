"""Reading the journal as it grows: every whole line once, under whatever name its file has now.

Belongs here: what of which file was read. Does not belong here: what a line says, and writing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.preferences.journal import Journal

_BLOCK = 1 << 24


@dataclass
class Tail:
    """A reader of one table of a journal, which remembers how far it has come."""

    journal: Journal
    table: str
    # by the first line of a file, which has an id of its own: an inode is given again
    _read: dict[bytes, int] = field(default_factory=dict, init=False)  # bytes that were read
    _seen: dict[Path, tuple[int, int, int]] = field(default_factory=dict, init=False)

    def new_lines(self) -> Iterator[bytes]:
        """Blocks of whole lines that were not given before; raises `OSError`.

        A file that was written anew (an erasure does that) is given again. Where nothing is new
        that costs a look at the folder.
        """
        while True:
            try:
                for path in self.journal.files(self.table):
                    yield from self._of_file(path)
                return
            except FileNotFoundError:  # closed since the folder was listed: it has a new name
                continue

    def _of_file(self, path: Path) -> Iterator[bytes]:
        if self._seen.get(path) == _look(path.stat()):
            return
        with path.open("rb") as stream:
            look = _look(os.fstat(stream.fileno()))
            first = stream.readline()
            if not first.endswith(b"\n"):
                return
            done = self._read.get(first, 0)
            stream.seek(done)
            rest = b""
            while block := stream.read(_BLOCK):
                whole, newline, rest = (rest + block).rpartition(b"\n")
                if newline:
                    yield whole + newline
                    done += len(whole) + 1
            self._read[first] = done
            self._seen[path] = look


def _look(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_size, status.st_mtime_ns
