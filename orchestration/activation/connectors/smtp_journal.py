"""What a run of mails has handed over: a mail server cannot be asked, so it is written down here.

    <outbox>/<sync>/<run id>.smtp.txt       lines of `begun <key>`, `taken <key>` or `refused <key>`

Belongs here: that file, and what it says of a mail after the process was killed. It holds
idempotency keys, no address. Does not belong here: the ledger, which the engine writes for many
mails at once.

`begun` is on disk before the final dot goes out. So a mail without it was not sent, one with it and
without an answer may have arrived, and a run whose file is lost is in doubt altogether.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from orchestration.private_files import sync_folder

Word = Literal["begun", "taken", "refused"]
Known = Literal["taken", "in doubt", "not sent"]


class Journal:
    """The file of one run; it comes into being with `open`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._handle: int | None = None

    def open(self) -> None:
        """Create the file, durably, before the first mail; nothing when it is open."""
        if self._handle is not None:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._handle = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.fsync(self._handle)
        sync_folder(self._file.parent)

    def write(self, word: Word, key: str) -> None:
        """Add a line; `begun` is on disk when this returns. Raises `OSError`."""
        self.open()
        assert self._handle is not None
        os.write(self._handle, f"{word} {key}\n".encode())
        if word == "begun":
            os.fsync(self._handle)

    def known(self, keys: Sequence[str]) -> list[Known]:
        """What became of mails, in order."""
        if not self._file.exists():
            return ["in doubt" for _ in keys]
        words = {}
        for line in self._file.read_text("utf-8").splitlines(keepends=True):
            word, _, key = line.partition(" ")
            if key.endswith("\n"):  # else cut off: the dot had not gone out
                words[key.strip()] = word
        meaning: dict[str | None, Known] = {"taken": "taken", "begun": "in doubt"}
        return [meaning.get(words.get(key), "not sent") for key in keys]

    def close(self) -> None:
        """Let the file go."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
