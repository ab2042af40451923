"""`ops.landing_files`: what the gate remembers of every file, and `raw.quarantine`.

Belongs here: the two tables' rows, which files are new or changed, the law "rows in = rows loaded
+ rows quarantined". Does not belong here: reading or loading rows.

The manifest is state: it is kept when the warehouse is not. So a file counts as landed only when
its rows are really in the warehouse.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb
import pyarrow as pa

from orchestration.ingestion.declarations import RawTable
from orchestration.ingestion.discovery import LandingFile, content_hash
from orchestration.ingestion.sql import row

QUARANTINE = """
    source varchar, table_name varchar, file_name varchar, row_number bigint, column_name varchar,
    value_hash varchar, reason varchar, message varchar, loaded_at timestamp"""


class GateError(RuntimeError):
    """The gate's own books do not balance; nothing of the batch was kept."""


@dataclass(frozen=True)
class FileRecord:
    """One row of the manifest. Times are UTC; `new_columns` is a comma list.

    `earliest_loaded_at` is that of the rows (a declaration may name a column of their own); None
    where a file brought none.
    """

    source: str
    table_name: str
    file_name: str
    content_sha256: str
    byte_count: int
    row_count: int
    loaded_count: int
    quarantined_count: int
    loaded_at: datetime
    first_landed_at: datetime
    landed_at: datetime
    status: str
    message: str
    new_columns: str
    declaration_hash: str
    earliest_loaded_at: datetime | None = None


@dataclass(frozen=True)
class Task:
    """A file that has to be read: its hash, its time, and whether it was here before."""

    file: LandingFile
    content_sha256: str
    byte_count: int
    loaded_at: datetime
    first_landed_at: datetime
    is_replaced: bool
    is_redeclared: bool
    rows_before: int = 0


def ensure_quarantine(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `raw.quarantine` if it does not exist."""
    connection.execute("create schema if not exists raw")
    connection.execute(f"create table if not exists raw.quarantine ({QUARANTINE})")


def records_of(connection: duckdb.DuckDBPyConnection, table: RawTable) -> dict[str, FileRecord]:
    """The manifest rows of one raw table by file name."""
    columns = ", ".join(FileRecord.__dataclass_fields__)
    rows = connection.execute(
        f"select {columns} from ops.landing_files where source = ? and table_name = ?",
        [table.source, table.name],
    ).fetchall()
    records = [FileRecord(*values) for values in rows]
    return {record.file_name: record for record in records}


def open_tasks(
    connection: duckdb.DuckDBPyConnection,
    table: RawTable,
    files: list[LandingFile],
    now: datetime,
) -> tuple[list[Task], list[str]]:
    """Return the files of `table` that have to be read, and messages about lost ones.

    A file is read when its content or its declaration is new, or when the warehouse has not the
    rows that the manifest says (a warehouse that came back from state).
    """
    records = records_of(connection, table)
    present = _rows_present(connection, table) if records else {}
    tasks = []
    for file in files:
        sha256, size = content_hash(file.path)
        record = records.pop(file.name, None)
        same_content = record is not None and record.content_sha256 == sha256
        same_rules = record is not None and record.declaration_hash == table.fingerprint
        is_known = same_content and same_rules and record.status != "restored"
        if record and is_known and _is_present(record, present):
            continue
        first = record.first_landed_at if record else now
        tasks.append(
            Task(
                file=file,
                content_sha256=sha256,
                byte_count=size,
                loaded_at=file.dated_at or first,
                first_landed_at=first,
                is_replaced=record is not None and not same_content,
                is_redeclared=same_content,
                rows_before=record.loaded_count if record else 0,
            )
        )
    lost = [name for name, record in records.items() if not _is_present(record, present)]
    messages = []
    if lost:
        messages.append(
            f"{len(lost)} files of the manifest are neither in landing nor in the warehouse, "
            f"for example {lost[0]}; bring them back to landing"
        )
    return tasks, messages


def _rows_present(
    connection: duckdb.DuckDBPyConnection, table: RawTable
) -> dict[str, tuple[int, int]]:
    rows = connection.execute(
        f"""
        select file_name, sum(loaded), sum(quarantined) from (
            select _file_name as file_name, count(*) as loaded, 0 as quarantined
            from {table.relation} group by _file_name
            union all
            select file_name, 0, count(distinct row_number)
            from raw.quarantine where source = ? and table_name = ? group by file_name
        ) as counted
        group by file_name
        """,
        [table.source, table.name],
    ).fetchall()
    return {name: (int(loaded), int(quarantined)) for name, loaded, quarantined in rows}


def _is_present(record: FileRecord, present: dict[str, tuple[int, int]]) -> bool:
    return present.get(record.file_name, (0, 0)) == (
        record.loaded_count,
        record.quarantined_count,
    )


def write_records(connection: duckdb.DuckDBPyConnection, records: list[FileRecord]) -> None:
    """Replace the manifest rows of the files of `records`; the caller holds the transaction."""
    names = list(FileRecord.__dataclass_fields__)
    rows = pa.table({name: [getattr(record, name) for record in records] for name in names})
    connection.register("gate_records", rows)
    try:
        (number,) = row(
            connection, "select coalesce(max(landing_number), 0) + 1 from ops.landing_files"
        )
        connection.execute(
            "delete from ops.landing_files as kept using gate_records as fresh "
            "where kept.source = fresh.source and kept.table_name = fresh.table_name "
            "and kept.file_name = fresh.file_name"
        )
        connection.execute(
            "insert into ops.landing_files by name select *, ? as landing_number from gate_records",
            [number],
        )
    finally:
        connection.unregister("gate_records")


def unbalanced_files(connection: duckdb.DuckDBPyConnection, source: str) -> list[str]:
    """Names of files of `source` whose rows in are not rows loaded + rows quarantined."""
    rows = connection.execute(
        """
        select table_name || ': ' || file_name from ops.landing_files
        where source = ? and row_count <> loaded_count + quarantined_count
        order by 1
        """,
        [source],
    ).fetchall()
    return [name for (name,) in rows]
