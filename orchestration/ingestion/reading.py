"""Landing files to pieces of Arrow columns with row numbers.

Belongs here: CSV, JSON lines and Parquet (also gzipped) as bytes: encodings, line endings, ragged
rows, truncation. Does not belong here: what a value means (`casting.py`) or whether it is allowed.

Memory is bounded by blocks, whatever the size of the file. Messages never quote a value.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from orchestration.ingestion import utf8_stream
from orchestration.ingestion.declarations import Dialect
from orchestration.ingestion.discovery import LandingFile
from orchestration.ingestion.utf8_stream import UnreadableFile, Utf8Stream

PARQUET_ROWS = 250_000
LINE = "line"


@dataclass(frozen=True)
class Piece:
    """Consecutive rows of one file.

    `table` has text columns under their names in the file (CSV), one column `line` (JSON lines)
    or typed columns (Parquet). `row_numbers` has the 1-based number of each of its rows (CSV and
    Parquet: of the data row; JSON lines: of the line); `malformed` is (row number, text) of rows
    that have another number of fields than the header.
    """

    table: pa.Table
    row_numbers: np.ndarray
    malformed: list[tuple[int, str]] = field(default_factory=list)


def read_pieces(file: LandingFile, dialect: Dialect) -> Iterator[Piece]:
    """Yield the rows of `file`; a header without rows gives one empty piece, no bytes give none.

    Raises `UnreadableFile`, possibly after some pieces (the caller takes those back).
    """
    try:
        with _opened(file) as stream:
            if file.format == "parquet":
                yield from _read_parquet(stream)
            elif file.format == "csv":
                yield from _read_csv(Utf8Stream(stream), dialect, file)
            else:
                yield from _read_lines(Utf8Stream(stream))
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UnreadableFile("the gzip ends early or is damaged; deliver it again") from error
    except OSError as error:
        raise UnreadableFile(f"cannot be read: {error.strerror or type(error).__name__}") from error


@contextmanager
def _opened(file: LandingFile) -> Generator[Any]:
    with file.path.open("rb") as raw:
        if not file.is_gzip:
            yield raw
            return
        with gzip.GzipFile(fileobj=raw) as unzipped:
            # Parquet is read from its end: it needs a stream that can seek.
            yield io.BytesIO(unzipped.read()) if file.format == "parquet" else unzipped


def _read_csv(text: Utf8Stream, dialect: Dialect, file: LandingFile) -> Iterator[Piece]:
    first = text.start(dialect.quote, skip_blank=True)
    if not first.strip():
        return
    names = _header(first, dialect)
    bad: list[tuple[int, str]] = []

    def keep_bad(row: pa_csv.InvalidRow) -> str:
        # The header is row 1 of the parser.
        bad.append((row.number - 1, row.text))
        return "skip"

    def options(block_size: int) -> dict[str, Any]:
        return {
            "read_options": pa_csv.ReadOptions(
                use_threads=False,
                block_size=block_size,
                column_names=names,
                skip_rows_after_names=1,
            ),
            "parse_options": pa_csv.ParseOptions(
                delimiter=dialect.delimiter,
                quote_char=dialect.quote or False,
                newlines_in_values=True,
                invalid_row_handler=keep_bad,
            ),
            # All columns are text, and only an unquoted empty field is null.
            "convert_options": pa_csv.ConvertOptions(
                check_utf8=False,
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                null_values=[""],
                column_types={name: pa.string() for name in names},
            ),
        }

    try:
        if text.is_whole():
            data = first if first.endswith(b"\n") else first + b"\n"
            tables = iter([pa_csv.read_csv(pa.py_buffer(data), **options(len(data) + 1))])
        else:
            batches = pa_csv.open_csv(text, **options(utf8_stream.BLOCK_BYTES))
            tables = (pa.Table.from_batches([batch]) for batch in batches)
        next_row = 1
        for table in tables:
            numbers, next_row, used = _numbers(table.num_rows, next_row, list(bad))
            yield Piece(table, numbers, bad[:used])
            del bad[:used]
        if bad:
            empty = pa.table({name: pa.array([], pa.string()) for name in names})
            yield Piece(empty, np.empty(0, np.int64), list(bad))
    except pa.ArrowInvalid as error:
        reason = "cannot be parsed as CSV; check the delimiter and the quotes"
        if "straddling" in str(error):
            reason = f"has a row longer than {utf8_stream.BLOCK_BYTES >> 20} MiB; check the quotes"
        raise UnreadableFile(reason) from None
    if text.quote_count % 2:
        _refuse_open_quote(file, dialect)


def _numbers(count: int, start: int, bad: list[tuple[int, str]]) -> tuple[np.ndarray, int, int]:
    """Numbers of `count` good rows from `start` on, the next number, how many bad ones they pass.

    The parser reads ahead: bad rows behind the last good one belong to the next piece.
    """
    taken = np.array([number for number, _ in bad], np.int64)
    numbers = np.arange(start, start + count + len(bad), dtype=np.int64)
    numbers = numbers[~np.isin(numbers, taken)][:count] if len(bad) else numbers
    end = int(numbers[-1]) + 1 if count else start
    return numbers, end, int((taken < end).sum()) if count else 0


def _header(first: bytes, dialect: Dialect) -> list[str]:
    text = io.StringIO(first[: 1 << 20].decode("utf-8", "ignore"), newline="")
    cells = next(csv.reader(text, **_python_dialect(dialect)), [])
    names = [cell.strip() or f"column_{index}" for index, cell in enumerate(cells, 1)]
    repeated = [str(index) for index, name in enumerate(names, 1) if names.count(name) > 1]
    if repeated:
        # Positions, not names: in a file without a header the "names" are somebody's values.
        raise UnreadableFile(
            f"has one name for several columns of its header (columns {', '.join(repeated)})"
        )
    return names


def _python_dialect(dialect: Dialect) -> dict[str, Any]:
    if not dialect.quote:
        return {"delimiter": dialect.delimiter, "quoting": csv.QUOTE_NONE}
    return {"delimiter": dialect.delimiter, "quotechar": dialect.quote}


def _refuse_open_quote(file: LandingFile, dialect: Dialect) -> None:
    """Arrow reads an open quote to the end of the file as one field: rows would vanish in it."""
    csv.field_size_limit(1 << 30)
    number = 0
    with _opened(file) as stream, io.TextIOWrapper(stream, "utf-8-sig", newline="") as text:
        try:
            for _ in csv.reader(text, strict=True, **_python_dialect(dialect)):
                number += 1
        except csv.Error:
            raise UnreadableFile(
                f"has a quoted field that is not closed (opened in data row {max(number, 1)} or "
                "just after); the file is cut off, or a quote is not doubled"
            ) from None


def _read_lines(text: Utf8Stream) -> Iterator[Piece]:
    if not text.start().strip():
        return
    carry, line = b"", 1
    while block := text.read():
        data = carry + block
        cut = data.rfind(b"\n") + 1
        carry = data[cut:]
        if cut:
            yield _lines(data[:cut], line)
            line += data.count(b"\n", 0, cut)
    if carry:
        yield _lines(carry + b"\n", line)


def _lines(data: bytes, first_line: int) -> Piece:
    """`data` (whole lines) as one column of lines, blank ones left out."""
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == 10) + 1
    offsets = np.concatenate([[0], ends]).astype(np.int32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    array = pa.StringArray.from_buffers(len(ends), *buffers[1:])
    lengths = np.diff(offsets)
    filled = lengths > 2
    for index in np.flatnonzero(~filled):
        filled[index] = bool(data[offsets[index] : offsets[index + 1]].strip())
    numbers = first_line + np.arange(len(ends), dtype=np.int64)
    if not filled.all():
        array, numbers = array.filter(pa.array(filled)), numbers[filled]
    return Piece(pa.table({LINE: array}), numbers)


def _read_parquet(stream: IO[bytes]) -> Iterator[Piece]:
    if not stream.read(1):
        return
    stream.seek(0)
    try:
        file = pq.ParquetFile(stream)
        names = file.schema_arrow.names
        if len(set(names)) < len(names):
            raise UnreadableFile("has two columns of one name")
        start, is_empty = 1, True
        for batch in file.iter_batches(batch_size=PARQUET_ROWS):
            table = plain(pa.Table.from_batches([batch]))
            yield Piece(table, np.arange(start, start + batch.num_rows, dtype=np.int64))
            start, is_empty = start + batch.num_rows, False
        if is_empty:
            table = plain(file.schema_arrow.empty_table())
            yield Piece(table, np.empty(0, np.int64))
    except (pa.ArrowException, OSError):
        raise UnreadableFile(
            "is no whole Parquet file (cut off, damaged or of another format); deliver it again"
        ) from None


def plain(table: pa.Table) -> pa.Table:
    """`table` without dictionary and binary columns (binary ones must be UTF-8 text)."""
    for index, column in enumerate(table.schema):
        wanted = column.type
        if pa.types.is_dictionary(wanted):
            wanted = wanted.value_type
        if pa.types.is_binary(wanted) or pa.types.is_large_binary(wanted):
            wanted = pa.string()
        if wanted != column.type:
            try:
                values = table.column(index).cast(wanted)
            except pa.ArrowInvalid:
                raise UnreadableFile(f"column {column.name} is binary and no UTF-8") from None
            table = table.set_column(index, column.name, values)
    return table
