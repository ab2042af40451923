"""Pieces of many files to chunks of bounded size, one table of Arrow columns each.

Belongs here: which column of a file is which declared column, what is new, required columns that a
file lacks, joining small files and cutting large ones. Does not belong here: SQL.

Small files are joined because a validation and a load cost the same for ten rows as for ten
thousand; large ones are cut so that memory stays bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from orchestration.ingestion.declarations import TECHNICAL_COLUMNS, RawTable
from orchestration.ingestion.discovery import LandingFile
from orchestration.ingestion.nested import NestedColumns
from orchestration.ingestion.reading import LINE, Piece, read_pieces
from orchestration.ingestion.utf8_stream import UnreadableFile

CHUNK_ROWS = 1_000_000
CHUNK_BYTES = 256 << 20
MAX_NEW_COLUMNS = 256
DECLARED = "c_"
NEW = "x_"


@dataclass
class FileResult:
    """What became of one file: rows read so far, new columns, and why it failed, if it did."""

    file: LandingFile
    rows_in: int = 0
    has_header: bool = False
    new_columns: set[str] = field(default_factory=set)
    failure: str | None = None
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Chunk:
    """Rows of one or more files.

    `table` has `_i` (position), `_f` (index of the file), `_n` (row number) and either `line` or
    `c_<declared column>` and `x_<new column>`. `malformed` has `_f`, `_n`, `value`.
    """

    table: pa.Table
    malformed: pa.Table

    @property
    def is_lines(self) -> bool:
        return LINE in self.table.column_names


def read_chunks(table: RawTable, results: list[FileResult]) -> Iterator[Chunk]:
    """Yield all rows of the files of `results`; a file that fails is noted there and left.

    Rows of a failed file that an earlier chunk had already are for the caller to take back.
    """
    buffer = _Buffer()
    for index, result in enumerate(results):
        try:
            for piece in read_pieces(result.file, table.dialect):
                result.has_header = True
                result.rows_in += len(piece.row_numbers) + len(piece.malformed)
                shaped = _shaped(table, piece, result)
                if not buffer.fits(shaped):
                    yield buffer.chunk()
                for part in _parts(shaped, piece.row_numbers, index):
                    buffer.add(part)
                    if buffer.rows >= CHUNK_ROWS or buffer.bytes >= CHUNK_BYTES:
                        yield buffer.chunk()
                buffer.malformed += [(index, number, text) for number, text in piece.malformed]
        except UnreadableFile as error:
            result.failure = str(error)
            buffer.drop(index)
    if buffer.rows or buffer.malformed:
        yield buffer.chunk()


def _parts(table: pa.Table, numbers: np.ndarray, index: int) -> Iterator[pa.Table]:
    files = pa.array(np.full(len(numbers), index, np.int32))
    table = table.append_column("_f", files).append_column("_n", pa.array(numbers))
    for start in range(0, table.num_rows, CHUNK_ROWS):
        yield table.slice(start, CHUNK_ROWS)


class _Buffer:
    """Tables on their way into one chunk."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self.tables: list[pa.Table] = []
        self.types: dict[str, pa.DataType] = {}
        self.malformed: list[tuple[int, int, str]] = []
        self.rows = 0
        self.bytes = 0

    def fits(self, table: pa.Table) -> bool:
        """False when a column has another type than before, or lines meet columns."""
        if self.types and (LINE in self.types) != (LINE in table.column_names):
            return False
        return all(self.types.get(field.name, field.type) == field.type for field in table.schema)

    def add(self, table: pa.Table) -> None:
        self.tables.append(table)
        self.types |= {column.name: column.type for column in table.schema}
        self.rows += table.num_rows
        self.bytes += table.nbytes

    def drop(self, index: int) -> None:
        self.tables = [t for t in self.tables if t.num_rows and t["_f"][0].as_py() != index]
        self.malformed = [item for item in self.malformed if item[0] != index]
        self.rows = sum(table.num_rows for table in self.tables)

    def chunk(self) -> Chunk:
        tables = self.tables or [pa.table({"_f": pa.array([], pa.int32())})]
        table = pa.concat_tables(tables, promote_options="default")
        table = table.append_column("_i", pa.array(np.arange(table.num_rows)))
        files, numbers, texts = zip(*self.malformed, strict=True) if self.malformed else ([],) * 3
        malformed = pa.table(
            {
                "_f": pa.array(files, pa.int32()),
                "_n": pa.array(numbers, pa.int64()),
                "value": pa.array(texts, pa.string()),
            }
        )
        self._clear()
        return Chunk(table, malformed)


def _shaped(table: RawTable, piece: Piece, result: FileResult) -> pa.Table:
    """`piece` under the names of the declaration; raises `UnreadableFile` if a column is missing.

    A name that differs only in case is the declared one.
    """
    names = piece.table.column_names
    if names == [LINE] and result.file.format == "jsonl":
        return piece.table
    nested = NestedColumns(piece.table)
    columns, used = {}, set()
    missing = []
    for column in table.columns:
        values = nested.value(column)
        if values is None:
            if not column.optional:
                missing.append(column.path)
            continue
        used.add(nested.top(column.path))
        columns[DECLARED + column.name] = values
    if missing:
        raise UnreadableFile(
            f"has no column {', '.join(missing)} (it has {len(names)} columns, separated by "
            f"{table.dialect.delimiter!r} if it is CSV); deliver it, or declare it optional"
        )
    rest = [name for name in names if name not in used]
    for name, new in new_names(table, rest).items():
        columns[NEW + new] = piece.table[name]
        result.new_columns.add(new)
    return pa.table(columns)


def new_names(table: RawTable, names: list[str]) -> dict[str, str]:
    """Names in raw for undeclared columns: snake_case, apart from all declared and technical ones.

    Raises `UnreadableFile` for more than `MAX_NEW_COLUMNS`: keys that are data, not columns.
    """
    if len(names) > MAX_NEW_COLUMNS:
        raise UnreadableFile(
            f"has {len(names)} undeclared columns, more than {MAX_NEW_COLUMNS}; if its keys are "
            "data, declare the object that holds them as one json column"
        )
    taken = {column.name for column in table.columns} | set(TECHNICAL_COLUMNS)
    result: dict[str, str] = {}
    for name in names:
        base = snake(name)
        new, number = base, 2
        while new in taken:
            new, number = f"{base}_{number}", number + 1
        taken.add(new)
        result[name] = new
    return result


def snake(name: str) -> str:
    """The name that an undeclared column has in raw, where no other has it already."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return re.sub(r"\W+", "_", words).strip("_").lower()[:60] or "column"
