"""Bytes that have to be UTF-8, checked block by block while they are read.

Belongs here: encodings and byte-order marks. Does not belong here: CSV and JSON (`reading.py`).
"""

from __future__ import annotations

import codecs
import io
from typing import IO

BLOCK_BYTES = 32 << 20
_BOM = b"\xef\xbb\xbf"


class UnreadableFile(Exception):
    """The file as a whole cannot be read; the message says why, without any value of it."""


class Utf8Stream(io.RawIOBase):
    """A byte stream that is checked to be UTF-8 while it is read, without its BOM."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__()
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._line = 1
        self.ends_in_newline = True
        self.quote = b""
        self.quote_count = 0
        self.first = b""
        self._pending = b""

    def start(self, quote: str = "", *, skip_blank: bool = False) -> bytes:
        """Read and return the first block (it will be read again), blank lines before it left out
        if asked for."""
        self.quote = quote.encode()
        block = self._checked(self._stream.read(BLOCK_BYTES))
        if block.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise UnreadableFile("is UTF-16, not UTF-8; export it as UTF-8")
        block = block.removeprefix(_BOM)
        self.first = self._pending = block.lstrip(b"\r\n") if skip_blank else block
        return self.first

    def is_whole(self) -> bool:
        """True when the first block was everything."""
        more = self._checked(self._stream.read(BLOCK_BYTES))
        self._pending += more
        return not more

    def _checked(self, block: bytes) -> bytes:
        if self.quote:
            self.quote_count += block.count(self.quote)
        try:
            self._decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            if block.startswith((b"\xff\xfe", b"\xfe\xff")) and self._line == 1:
                raise UnreadableFile("is UTF-16, not UTF-8; export it as UTF-8") from None
            line = self._line + block.count(b"\n", 0, error.start)
            raise UnreadableFile(
                f"is not UTF-8 (line {line}); export it as UTF-8 and deliver it again"
            ) from None
        self._line += block.count(b"\n")
        return block

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        """At most `size` bytes; a newline is added at the end where the file has none."""
        if not self._pending:
            block = self._checked(self._stream.read(BLOCK_BYTES))
            if not block and not self.ends_in_newline:
                block = b"\n"
            self._pending = block
        size = len(self._pending) if size is None or size < 0 else size
        block, self._pending = self._pending[:size], self._pending[size:]
        if block:
            self.ends_in_newline = block.endswith(b"\n")
        return block
