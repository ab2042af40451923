"""The proof's own eyes: a search for clear values in every file and in every table.

It knows nothing of what was erased where: whatever it finds is a failure. Values are searched as
they were spelt, between characters that are no letters or digits (so that `L-100` is not found in
`L-1001`). gzip and Parquet are opened; the warehouse file is searched as bytes and, as its blocks
are compressed, as tables.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.ingestion.sql import literal, quoted

BLOCK = 8 << 20
_GZIP = b"\x1f\x8b"
_PARQUET = b"PAR1"
_DUCKDB = b"DUCK"


@dataclass(frozen=True)
class Found:
    """What was searched, how much of it (bytes of a file, rows of a table), and the hits."""

    name: str
    size: int
    hits: int


def search_files(folders: Iterable[Path], values: Iterable[str], root: Path) -> list[Found]:
    """Every file below `folders`, named by its path below `root` where it lies there."""
    pattern = byte_pattern(values)
    results = []
    for file in _files(folders):
        name = str(file.relative_to(root)) if file.is_relative_to(root) else str(file)
        try:
            size = file.stat().st_size
            results.append(Found(name, size, _hits(file, pattern) if pattern else 0))
        except FileNotFoundError:  # a temporary file of a tool that works beside
            continue
    return results


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    seen = set()
    for folder in folders:
        found = sorted(folder.rglob("*")) if folder.is_dir() else [folder]
        for file in found:
            if file.is_file() and not file.is_symlink() and file not in seen:
                seen.add(file)
                yield file


def byte_pattern(values: Iterable[str]) -> re.Pattern[bytes] | None:
    """One pattern for all values, also as JSON writes them; None where there are none."""
    spellings = {
        text.encode() for value in values for text in (value, json.dumps(value)[1:-1]) if value
    }
    if not spellings:
        return None
    parts = b"|".join(re.escape(text) for text in sorted(spellings))
    return re.compile(rb"(?<![0-9A-Za-z])(?:" + parts + rb")(?![0-9A-Za-z])", re.IGNORECASE)


def _hits(file: Path, pattern: re.Pattern[bytes]) -> int:
    with file.open("rb") as stream:
        start = stream.read(12)
        if start.startswith(_PARQUET):
            return _parquet_hits(file, pattern)
        stream.seek(0)
        if start.startswith(_GZIP):
            with gzip.open(stream) as unpacked:
                data = unpacked.read() if ".parquet" in file.name else None
                if data is not None:
                    return _table_hits(pq.read_table(pa.BufferReader(data)), pattern)
                return _stream_hits(cast(IO[bytes], unpacked), pattern)
        return _stream_hits(stream, pattern)


def _stream_hits(stream: IO[bytes], pattern: re.Pattern[bytes]) -> int:
    """Matches in blocks that overlap by more than any value is long, each counted once.

    One that touches the edge of what was read may be a part of a longer word: it is looked at in
    the block that has it whole.
    """
    overlap, offset, data = 1024, 0, b""
    found: set[int] = set()
    while True:
        block = stream.read(BLOCK)
        data += block
        is_last = len(block) < BLOCK
        found |= {
            offset + match.start()
            for match in pattern.finditer(data)
            if (is_last or match.end() < len(data)) and (not offset or match.start() > 0)
        }
        if is_last:
            return len(found)
        offset += len(data) - overlap
        data = data[-overlap:]


def _parquet_hits(file: Path, pattern: re.Pattern[bytes]) -> int:
    hits = 0
    for batch in pq.ParquetFile(file).iter_batches():
        hits += _table_hits(pa.Table.from_batches([batch]), pattern)
    return hits


def _table_hits(table: pa.Table, pattern: re.Pattern[bytes]) -> int:
    hits = 0
    for column in table.columns:
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            text = "\n".join(value for value in column.unique().to_pylist() if value)
            hits += len(pattern.findall(text.encode()))
        elif pa.types.is_nested(column.type):
            hits += len(pattern.findall(json.dumps(column.to_pylist(), default=str).encode()))
    return hits


def search_tables(connection: duckdb.DuckDBPyConnection, values: Collection[str]) -> list[Found]:
    """Every table of the warehouse, all columns that hold text."""
    columns: dict[tuple[str, str], list[str]] = {}
    for schema, table, column, kind in connection.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns() "
        "inner join duckdb_tables() using (database_name, schema_name, table_name) "
        "where database_name = current_database() and not duckdb_columns.internal "
        "and not temporary order by all"
    ).fetchall():
        texts = columns.setdefault((schema, table), [])
        if "VARCHAR" in kind or kind == "JSON":
            texts.append(column)
    pattern = "|".join(re.escape(value) for value in sorted(values))
    pattern = rf"(?i)(^|[^0-9A-Za-z])({pattern})([^0-9A-Za-z]|$)"
    results = []
    for (schema, table), texts in columns.items():
        name = f"{quoted(schema)}.{quoted(table)}"
        found = [
            f"regexp_matches(cast({quoted(column)} as varchar), {literal(pattern)})"
            for column in texts
        ]
        condition = " or ".join(found) if found and values else "false"
        size, hits = connection.execute(
            f"select count(*), count(*) filter (where {condition}) from {name}"
        ).fetchall()[0]
        results.append(Found(f"{schema}.{table}", size, hits))
    return results
