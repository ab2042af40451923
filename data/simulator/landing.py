"""Rows into landing files: which file, in which order, with which bad rows; and who they belong to.

Belongs here: delivery (daily, weekly, late, corrected), spooling of blocks to disk so that memory
stays bounded, bad rows, the finished files. Files are sorted by (time, uid), so the size of the
blocks leaves no trace. Does not belong here: what rows say (sources/).
"""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from data.simulator import noise, text
from data.simulator.arrow import pc
from data.simulator.declarations import Table
from data.simulator.draws import Draws
from data.simulator.settings import DAY, Arguments
from data.simulator.truth import Truth

_HEADER = struct.Struct("<qqq")  # rows, raw bytes, packed bytes
_LATE_TABLES = {
    ("app", "events"),
    ("email", "events"),
    ("pos", "receipts"),
    ("pos", "receipt_lines"),
}
_NOT_LATE = 100_000


class Landing:
    """Collects the rows of all blocks and writes the files at the end."""

    def __init__(
        self, folder: Path, args: Arguments, tables: Mapping[tuple[str, str], Table], truth: Truth
    ) -> None:
        self.folder = folder
        self.args = args
        self.tables = tables
        self.clock = text.Clock(args)
        self.truth = truth
        self.draws = Draws(args.seed)
        self._spool = folder / ".spool"
        self._spool.mkdir(parents=True, exist_ok=True)
        self._codes: dict[tuple[str, str], set[int]] = {key: set() for key in tables}

    def emit(
        self,
        source: str,
        table: str,
        *,
        at: np.ndarray,
        uid: np.ndarray,
        values: Mapping[str, text.Values],
        person: np.ndarray | None = None,
        record: str | None = None,
        delivered: np.ndarray | None = None,
        late_id: np.ndarray | None = None,
    ) -> None:
        """Rows of one table.

        at: UTC epoch seconds, order within the file and (unless `delivered` gives simulated days)
        the day of delivery. uid: integers, unique per person and never shared by two persons.
        values: see text.column_texts. person, record: number of the true person per row (-1 =
        nobody's) and the column that is the record's native id; both or the row leaves no truth.
        """
        count = len(at)
        if not count:
            return
        shape = self.tables[source, table]
        at = at.astype(np.int64)
        texts = text.column_texts(shape, values, count, self.clock)
        code = self._file_codes(shape, at, delivered, uid if late_id is None else late_id)
        if person is not None and record is not None:
            self.truth.records(source, table, texts[record], person, at)
            self.truth.identifiers(source, table, texts, person, at)
        bad = noise.bad_rows(shape, texts, uid, self.draws, self.args)
        good_lines = text.lines(shape, texts)
        if bad is None:
            self._spool_rows(shape, code, at, uid, good_lines)
            return
        self.truth.bad_rows(
            source, table, [self._file_name(shape, c) for c in code[bad.rows]], bad.reasons,
            bad.columns, texts[shape.key[0]].take(pa.array(bad.rows)),
        )  # fmt: skip
        self._spool_rows(
            shape,
            np.concatenate([code, code[bad.rows]]),
            np.concatenate([at, at[bad.rows]]),
            np.concatenate([uid, uid[bad.rows]]),
            pa.concat_arrays([good_lines, text.lines(shape, bad.texts)]),
        )

    def _file_codes(
        self, table: Table, at: np.ndarray, delivered: np.ndarray | None, uid: np.ndarray
    ) -> np.ndarray:
        """Per row: day of delivery * 2 * _NOT_LATE + (event day of a late file, else _NOT_LATE)."""
        last = self.args.days - 1
        if delivered is None:
            local = any(column.local and column.is_event_time for column in table.columns)
            ahead = self.clock.offset(at) if local else 0
            event_day = (at + ahead - self.args.start_epoch) // DAY
        else:
            event_day = np.asarray(delivered)
        day = np.clip(event_day, 0, last)
        if table.period == "week":
            days = np.arange(self.args.days)
            sundays = np.array([6 - self.args.weekday(int(d)) for d in days]) + days
            day = np.where(event_day < 0, 0, np.minimum(sundays, last)[day])
        elif table.period == "month":
            ends = [self._month_end(int(d)) for d in range(self.args.days)]
            day = np.where(event_day < 0, 0, np.minimum(np.array(ends), last)[day])
        part = np.full(len(day), _NOT_LATE)
        if (table.source, table.name) in _LATE_TABLES and delivered is None:
            draws, stream = self.draws, f"late {table.source}"
            due = day + 1 + draws.integers(f"{stream} by", 4, day)
            late = (draws.uniform(f"{stream} day", day) < 0.04 * self.args.noise) & (
                draws.uniform(f"{stream} row", uid) < 0.3
            )
            late &= due <= last
            part = np.where(late, day, part)
            day = np.where(late, due, day)
        return day * (2 * _NOT_LATE) + part

    def _month_end(self, day: int) -> int:
        while self.args.date(day + 1).day != 1:
            day += 1
        return day

    def _file_name(self, table: Table, code: int) -> str:
        day, part = divmod(int(code), 2 * _NOT_LATE)
        late = "" if part == _NOT_LATE else f"{self.args.date(part)}_late_"
        return f"{table.name}_{late}{self.args.date(day)}.{table.extension}"

    def _spool_rows(
        self, table: Table, code: np.ndarray, at: np.ndarray, uid: np.ndarray, lines: pa.Array
    ) -> None:
        order = np.argsort(code, kind="stable")
        code, at, uid = code[order], at[order], uid[order].astype(np.int64)
        lines = text.join(lines.take(pa.array(order)), "\n")
        if isinstance(lines, pa.ChunkedArray):
            lines = lines.combine_chunks()
        offsets = np.frombuffer(lines.buffers()[1], dtype=np.int32)[
            lines.offset : lines.offset + len(lines) + 1
        ]
        data = memoryview(lines.buffers()[2])
        starts = np.flatnonzero(np.r_[True, code[1:] != code[:-1]])
        for begin, end in zip(starts, np.r_[starts[1:], len(code)], strict=True):
            raw = b"".join((
                at[begin:end].tobytes(), uid[begin:end].tobytes(),
                np.diff(offsets[begin : end + 1]).astype(np.int32).tobytes(),
                data[offsets[begin] : offsets[end]],
            ))  # fmt: skip
            packed = pa.compress(raw, codec="lz4", asbytes=True)
            path = self._spool / f"{table.source}.{table.name}.{code[begin]}"
            with path.open("ab") as file:
                file.write(_HEADER.pack(end - begin, len(raw), len(packed)))
                file.write(packed)
            self._codes[table.source, table.name].add(int(code[begin]))

    def finish(self, progress: Callable[[float], None]) -> int:
        """Sort and write every file; returns the number of rows. Spool files are removed."""
        total = sum(map(len, self._codes.values()))
        done = rows = 0
        for key, codes in self._codes.items():
            table = self.tables[key]
            target = self.folder / table.source
            target.mkdir(exist_ok=True)
            for code in sorted(codes):
                count, content = self._content(table, code)
                name = self._file_name(table, code)
                if table.extension.endswith(".gz"):
                    content = gzip.compress(content, compresslevel=4, mtime=0)
                _write_private(target / name, content)
                self.truth.file(table.source, table.name, name, count, len(content))
                rows += count
                done += 1
                progress(done / total)
        self._spool.rmdir()
        return rows

    def _content(self, table: Table, code: int) -> tuple[int, bytes]:
        path = self._spool / f"{table.source}.{table.name}.{code}"
        at, uid, lengths, data = [], [], [], []
        with path.open("rb") as file:
            while head := file.read(_HEADER.size):
                count, raw_size, packed_size = _HEADER.unpack(head)
                raw = pa.decompress(file.read(packed_size), raw_size, codec="lz4", asbytes=True)
                at.append(np.frombuffer(raw, np.int64, count))
                uid.append(np.frombuffer(raw, np.int64, count, 8 * count))
                lengths.append(np.frombuffer(raw, np.int32, count, 16 * count))
                data.append(memoryview(raw)[20 * count :])
        path.unlink()
        order = np.lexsort((np.concatenate(uid), np.concatenate(at)))
        offsets = np.concatenate([[0], np.cumsum(np.concatenate(lengths), dtype=np.int64)])
        lines = pa.LargeStringArray.from_buffers(
            len(order), pa.py_buffer(offsets.tobytes()), pa.py_buffer(b"".join(data))
        )
        ordered = pc.take(lines, pa.array(order))
        size = int(offsets[-1])
        head = text.header(table)
        first = b"" if head is None else head.encode() + b"\n"
        return len(order), first + memoryview(ordered.buffers()[2])[:size].tobytes()


def _write_private(path: Path, content: bytes) -> None:
    """Landing holds personal values: only the owner reads its files."""
    path.touch(mode=0o600)
    path.write_bytes(content)
