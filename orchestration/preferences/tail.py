"""Reading the journal as it grows: every whole line once, under whatever name its file has now.

Belongs here: what of which file was read. Does not belong here: what a line says, and writing.
"""

from __future__ import annotations

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
    _done: set[Path] = field(default_factory=set, init=False)  # closed: nothing is added any more

    def new_lines(self) -> Iterator[bytes]:
        """Blocks of whole lines that were not given before; raises `OSError`.

        Where nothing is new that costs a look at the folder and at the open file.
        """
        while True:
            try:
                for path in self.journal.files(self.table):
                    yield from self._of_file(path)
                return
            except FileNotFoundError:  # closed since the folder was listed: it has a new name
                continue

    def _of_file(self, path: Path) -> Iterator[bytes]:
        if path in self._done:
            return
        with path.open("rb") as stream:
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
            if path != self.journal.open_file(self.table):
                self._done.add(path)
