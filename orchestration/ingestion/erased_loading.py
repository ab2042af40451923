"""The landing gate and what was erased: a file that comes again brings nothing of it back.

Belongs here: emptying a chunk before it is loaded, and writing the landing files that held
something erased without it. Does not belong here: what is erased (`tombstones.py`), which rows that
means (`erased_rows.py`). Where nothing was ever erased, none of this runs.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256

import duckdb

from orchestration.ingestion.chunks import FileResult
from orchestration.ingestion.declarations import RawTable
from orchestration.ingestion.discovery import content_hash
from orchestration.ingestion.erased_files import UnwritableFile, rewrite_file
from orchestration.ingestion.erased_parquet import Mark
from orchestration.ingestion.erased_rows import empty_rows, mark_rows
from orchestration.ingestion.manifest import GateError, Task
from orchestration.ingestion.sql import quoted
from orchestration.ingestion.tombstones import Tombstones, remember_records


@dataclass
class ErasedRows:
    """What a batch held that is erased: marks by file (its index) and row number."""

    tombstones: Tombstones
    marks: dict[int, dict[int, Mark]] = field(default_factory=dict)

    def empty_chunk(
        self, connection: duckdb.DuckDBPyConnection, table: RawTable, new: list[str]
    ) -> None:
        """Empty the rows of `gate_rows` that hold something erased, and note where they stand.

        Of a quarantined one not even the hash of its value is kept.
        """
        columns = ["_i"]
        columns += [f"{quoted('_v_' + c.name)} as {quoted(c.name)}" for c in table.columns]
        columns += [f"{quoted('_x_' + name)} as {quoted(name)}" for name in new]
        relation = f"select {', '.join(columns)} from gate_rows"
        if not mark_rows(connection, self.tombstones, table, relation, tuple(new)):
            return
        remember_records(connection)
        for index, number, is_whole, names in connection.execute(
            "select _f, _n, is_whole, columns from erased_marks inner join gate_rows using (_i)"
        ).fetchall():
            self.marks.setdefault(index, {})[number] = Mark(is_whole, frozenset(names))
        new_columns = tuple((name, f"_x_{name}") for name in new)
        empty_rows(
            connection, table, "gate_rows", row_name="_i", prefix="_v_", new_columns=new_columns
        )
        connection.execute(
            "update gate_failures set value = null where _i in (select _i from erased_marks)"
        )

    def clean_files(
        self,
        connection: duckdb.DuckDBPyConnection,
        table: RawTable,
        tasks: list[Task],
        results: list[FileResult],
    ) -> list[Task]:
        """Write the files of the batch without what is erased; `tasks` with their new hashes.

        A file that failed is left as it is: its message says so already. Raises `GateError` where
        a row cannot be found in its file; nothing of the batch is kept then.
        """
        is_erased = address_test(connection)
        cleaned = []
        for index, (task, result) in enumerate(zip(tasks, results, strict=True)):
            marks = {} if result.failure else self.marks.get(index, {})
            try:
                changed = rewrite_file(task.file, table, marks, is_erased)
            except UnwritableFile as error:
                raise GateError(
                    f"{table.source}/{task.file.name} holds rows that were erased, and {error}: "
                    "take the file out of landing"
                ) from error
            if changed:
                sha256, size = content_hash(task.file.path)
                task = replace(task, content_sha256=sha256, byte_count=size)
                result.notes.append(f"{changed} rows without what was erased")
            cleaned.append(task)
        return cleaned


def address_test(connection: duckdb.DuckDBPyConnection) -> Callable[[str], bool]:
    """A function that knows an erased e-mail address.

    Hashed here, not in SQL: a file has as many addresses as rows, and a query costs half a
    millisecond.
    """
    rows = connection.execute(
        "select identifier_key from erased_keys where identifier_type = 'email'"
    ).fetchall()
    keys = {key for (key,) in rows}
    [(hash_key,)] = connection.execute(
        "select hash_key from pii.hash_keys order by key_version desc limit 1"
    ).fetchall()

    def is_erased(address: str) -> bool:
        text = unicodedata.normalize("NFC", address).lower()
        return sha256("\x1f".join((hash_key, "email", text)).encode()).hexdigest() in keys

    return is_erased if keys else lambda address: False
