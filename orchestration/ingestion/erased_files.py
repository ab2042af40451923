"""Landing files without what was erased: rewritten in place, all other bytes as they arrived.

Belongs here: CSV, JSON lines and Parquet files (also gzipped) and the cells of a row in them. Does
not belong here: which rows are meant (`erased_rows.py`).

A file is written aside and renamed, so a reader sees the old one or the new one. Rows keep their
number: none is taken out. Of a row that is erased whole only the columns stay that the declaration
lists as `none`; undeclared ones, also inside JSON objects, go.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any, cast

import pyarrow.parquet as pq

from orchestration.ingestion.declarations import Dialect, RawTable
from orchestration.ingestion.discovery import LandingFile
from orchestration.ingestion.erased_parquet import Mark, emptied_table, snake
from orchestration.ingestion.erased_rows import EMAILS
from orchestration.ingestion.json_paths import get, put, steps_of
from orchestration.ingestion.personal import ERASED

_EMAILS = re.compile(EMAILS.replace("''", "'"))
_NUMBER = re.compile(r'"\\u0000(-?[0-9.eE+-]+)\\u0000"')
IsErased = Callable[[str], bool]


class UnwritableFile(RuntimeError):
    """A file in which the rows to erase cannot be found again; the message quotes no value."""


def rewrite_file(
    file: LandingFile, table: RawTable, marks: Mapping[int, Mark], is_erased: IsErased
) -> int:
    """Write `file` without what `marks` (by row number) say; return how many rows changed.

    Erased e-mail addresses (`is_erased` knows one) go wherever they stand in a text file, also in
    rows that the gate could not read. Raises `UnwritableFile`, and then leaves the file as it is.
    """
    if file.format == "parquet":
        return _rewrite_parquet(file, table, marks)
    if not marks and not _has_address(file, is_erased):
        return 0
    changed = 0
    lines = _csv_lines if file.format == "csv" else _json_lines
    with _opened(file) as stream, _replacing(file) as target:
        for before, after in lines(stream, table, marks):
            told = _without_addresses(after, is_erased)
            changed += told != before
            target.write(told)
    return changed


def _opened(file: LandingFile) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(file.path)) if file.is_gzip else file.path.open("rb")


@contextmanager
def _replacing(file: LandingFile) -> Generator[IO[bytes]]:
    """A stream to a file aside that takes the place of `file` when all went well."""
    aside = file.path.with_name(f".{file.path.name}.erased")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            if file.is_gzip:
                with gzip.GzipFile(fileobj=stream, mode="wb", mtime=0) as packed:
                    yield cast(IO[bytes], packed)
            else:
                yield stream
            stream.flush()
            os.fsync(stream.fileno())
        aside.rename(file.path)
    finally:
        aside.unlink(missing_ok=True)


def _has_address(file: LandingFile, is_erased: IsErased) -> bool:
    with _opened(file) as stream:
        return any(_without_addresses(line, is_erased) != line for line in stream)


def _without_addresses(line: bytes, is_erased: IsErased) -> bytes:
    if b"@" not in line:
        return line
    text = line.decode("utf-8", "surrogateescape")
    told = _EMAILS.sub(lambda found: ERASED if is_erased(found[0].rstrip(".")) else found[0], text)
    return told.encode("utf-8", "surrogateescape") if told != text else line


def _csv_lines(
    stream: IO[bytes], table: RawTable, marks: Mapping[int, Mark]
) -> Iterator[tuple[bytes, bytes]]:
    """(before, after) of every record of a CSV file, header and blank lines included."""
    dialect = table.dialect
    names: list[str] | None = None
    kept: set[int] = set()
    places: dict[str, int] = {}
    number = seen = 0
    for record in _records(stream, dialect):
        body = record.rstrip(b"\r\n")
        if not body:
            yield record, record
            continue
        if names is None:
            header = body.removeprefix(b"\xef\xbb\xbf").decode()
            names = [_plain(field, dialect).strip().lower() for field in _fields(header, dialect)]
            places = {column.name: names.index(column.path.lower()) for column in table.columns
                      if column.path.lower() in names}  # fmt: skip
            kept = {places[name] for name in table.personal.none if name in places}
            yield record, record
            continue
        number += 1
        mark = marks.get(number)
        if mark is None:
            yield record, record
            continue
        fields = _fields(body.decode(), dialect)
        if len(fields) != len(names):
            raise UnwritableFile(f"row {number} is not where the gate read it")
        seen += 1
        gone = {places[name] for name in mark.columns if name in places}
        if mark.is_whole:
            gone = set(range(len(fields))) - kept
        texts = _texts(table, places)
        told = [
            texts.get(place, "") if place in gone and field else field
            for place, field in enumerate(fields)
        ]
        yield record, dialect.delimiter.join(told).encode() + record[len(body) :]
    if seen != len(marks):
        raise UnwritableFile(f"{len(marks) - seen} rows are not where the gate read them")


def _texts(table: RawTable, places: Mapping[str, int]) -> dict[int, str]:
    """What stands for an erased value that may not be missing, by place."""
    return {
        places[column.name]: column.erased_text
        for column in table.columns
        if column.erased_text is not None and column.name in places
    }


def _records(stream: IO[bytes], dialect: Dialect) -> Iterator[bytes]:
    """Records with their line ends: a quoted field may hold some."""
    quote = dialect.quote.encode()
    pending = b""
    for line in stream:
        # a line that is one of old Macs, which end in a carriage return alone
        ends = re.split(rb"(?<=\r)(?!\n|$)", line) if b"\r" in line[:-2] else [line]
        for part in ends:
            pending += part
            if quote and quote in pending and _is_open(pending, dialect):
                continue
            yield pending
            pending = b""
    if pending:
        yield pending


def _is_open(record: bytes, dialect: Dialect) -> bool:
    fields = _fields(record.decode("utf-8", "surrogateescape"), dialect)
    return any(
        field.startswith(dialect.quote) and field.replace(dialect.quote * 2, "").count(
            dialect.quote) % 2
        for field in fields
    )  # fmt: skip


def _fields(text: str, dialect: Dialect) -> list[str]:
    """Fields of a record as they are written, quotes and all; a quote opens at a field's start."""
    delimiter, quote = re.escape(dialect.delimiter), re.escape(dialect.quote)
    quoted = f"(?:{quote}(?:[^{quote}]|{quote}{quote})*(?:{quote}|$))?" if quote else ""
    pattern = re.compile(f"{quoted}[^{delimiter}]*")
    fields, position = [], 0
    while True:
        found = pattern.match(text, position)
        assert found is not None, "the pattern takes an empty field too"
        fields.append(found[0])
        position = found.end() + 1
        if position > len(text):
            return fields


def _plain(field: str, dialect: Dialect) -> str:
    quote = dialect.quote
    if quote and field.startswith(quote):
        return field[1:].removesuffix(quote).replace(quote * 2, quote)
    return field


def _json_lines(
    stream: IO[bytes], table: RawTable, marks: Mapping[int, Mark]
) -> Iterator[tuple[bytes, bytes]]:
    """(before, after) of every line of a JSON-lines file."""
    paths = {column.name: steps_of(column.path) for column in table.columns}
    columns = {column.name: column for column in table.columns}
    for number, line in enumerate(stream, start=1):
        mark = marks.get(number)
        if mark is None:
            yield line, line
            continue
        # Numbers keep their digits: 1.10 is not 1.1 for money.
        given = json.loads(
            line.decode().removeprefix("\ufeff"), parse_float=lambda text: f"\0{text}\0"
        )
        if mark.is_whole:
            told: Any = {}
            for name in table.personal.none:
                put(told, paths[name], get(given, paths[name]))
        else:
            told = given
        for name in table.personal.erasable if mark.is_whole else mark.columns:
            if name not in paths:  # an undeclared key, by the name that it has in raw
                for key in [k for k in told if snake(k) == name]:
                    told[key] = None
            elif get(given, paths[name]) is not None:
                text = columns[name].erased_text
                put(told, paths[name], {} if text == "{}" else text)
        after = _NUMBER.sub(r"\1", json.dumps(told, ensure_ascii=False))
        yield line, after.encode() + (b"\n" if line.endswith(b"\n") else b"")


def _rewrite_parquet(file: LandingFile, table: RawTable, marks: Mapping[int, Mark]) -> int:
    if not marks:
        return 0
    with _opened(file) as stream:
        stored = pq.ParquetFile(io.BytesIO(stream.read()))
    rows = emptied_table(stored.read(), table, marks)
    codec = stored.metadata.row_group(0).column(0).compression
    with _replacing(file) as target:
        pq.write_table(rows, target, compression="NONE" if codec == "UNCOMPRESSED" else codec)
    return len(marks)
