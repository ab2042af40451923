"""A batch of files into one raw table and its quarantine, in one transaction.

Belongs here: replacing what a file brought before, loading good rows, quarantining bad ones,
duplicates within a delivery. Does not belong here: which files are new
(`manifest.py`), whether the books balance (`books.py`).

Quarantine rows name file, row, column and reason; of the value they keep a keyed hash only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

import duckdb
import pyarrow as pa

from orchestration.ingestion.books import balanced_records
from orchestration.ingestion.checks import check_rows
from orchestration.ingestion.chunks import FileResult, read_chunks
from orchestration.ingestion.declarations import RawTable
from orchestration.ingestion.erased_loading import ErasedRows
from orchestration.ingestion.manifest import FileRecord, Task, write_records
from orchestration.ingestion.sql import literal, quoted, row, types_of
from orchestration.ingestion.tombstones import Tombstones
from orchestration.ingestion.typed_rows import type_rows

BATCH_BYTES = 1 << 30
# A gzip or Parquet file is about that much larger in memory.
PACKED_FACTOR = 8
VALUE_HASH = (
    "left(sha256(coalesce((select hash_key from pii.hash_keys order by key_version desc limit 1), "
    "'') || {value}), 16)"
)
# Errors that come from what a file holds, as against a full disk or an interrupt.
_DATA_ERRORS = (
    duckdb.ConversionException,
    duckdb.InvalidInputException,
    duckdb.NotImplementedException,
    duckdb.OutOfRangeException,
    pa.ArrowException,
)


class _NewColumns(Exception):
    """New columns were found after rows were deleted: DuckDB cannot commit both together."""


def batches(tasks: list[Task]) -> Iterator[list[Task]]:
    """`tasks` in groups that are loaded in one transaction each, whole files only."""
    batch: list[Task] = []
    size = 0
    for task in tasks:
        is_packed = task.file.is_gzip or task.file.format == "parquet"
        weight = task.byte_count * (PACKED_FACTOR if is_packed else 1)
        if batch and size + weight > BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(task)
        size += weight
    if batch:
        yield batch


def land_batch(
    connection: duckdb.DuckDBPyConnection,
    table: RawTable,
    tasks: list[Task],
    *,
    now: datetime,
    on_chunk: Callable[[int], None] = lambda rows: None,
    tombstones: Tombstones | None = None,
) -> list[FileRecord]:
    """Load `tasks` in one transaction and return their manifest rows.

    When the content of some file breaks the batch, the batch is halved until that file is alone;
    it fails and the others load. `on_chunk` is told how many rows were read so far. What
    `tombstones` say is emptied, here and in the files. Raises `GateError` when rows in are not
    rows loaded + rows quarantined.
    """
    try:
        return _transaction(connection, table, tasks, now, on_chunk, None, tombstones)
    except _NewColumns as found:
        # The batch was rolled back. A column that stays empty for a moment harms nobody.
        _add_columns(connection, table, found.args)
        return land_batch(
            connection, table, tasks, now=now, on_chunk=on_chunk, tombstones=tombstones
        )
    except _DATA_ERRORS as error:
        if len(tasks) == 1:
            # The message of such an error quotes values: only its kind is kept.
            failure = f"cannot be read ({type(error).__name__}); check the file's format"
            return _transaction(connection, table, tasks, now, on_chunk, failure, tombstones)
        middle = len(tasks) // 2
        parts = (tasks[:middle], tasks[middle:])
        return [
            record
            for part in parts
            for record in land_batch(
                connection, table, part, now=now, on_chunk=on_chunk, tombstones=tombstones
            )
        ]


def _transaction(
    connection: duckdb.DuckDBPyConnection,
    table: RawTable,
    tasks: list[Task],
    now: datetime,
    on_chunk: Callable[[int], None],
    failure: str | None,
    tombstones: Tombstones | None,
) -> list[FileRecord]:
    connection.execute("begin transaction")
    try:
        records = _load(connection, table, tasks, now, on_chunk, failure, tombstones)
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise
    return records


def _load(
    connection: duckdb.DuckDBPyConnection,
    table: RawTable,
    tasks: list[Task],
    now: datetime,
    on_chunk: Callable[[int], None],
    failure: str | None,
    tombstones: Tombstones | None,
) -> list[FileRecord]:
    results = [FileResult(task.file, failure=failure) for task in tasks]
    erased = ErasedRows(tombstones) if tombstones else None
    connection.register(
        "gate_tasks",
        pa.table(
            {
                "_f": pa.array(range(len(tasks)), pa.int32()),
                "file_name": [task.file.name for task in tasks],
                "loaded_at": pa.array([task.loaded_at for task in tasks], pa.timestamp("us")),
            }
        ),
    )
    connection.execute("create or replace temp table gate_files as select * from gate_tasks")
    connection.unregister("gate_tasks")
    has_deleted = _take_out(connection, table, "select file_name from gate_files")
    known = set(types_of(connection, table.relation))
    if failure is None:
        for chunk in read_chunks(table, results):
            columns, new = type_rows(connection, table, chunk, results)
            check_rows(connection, table, columns, new)
            if erased:
                erased.empty_chunk(connection, table, new)
            missing = [name for name in new if name not in known]
            if missing and has_deleted:
                raise _NewColumns(*missing)
            _add_columns(connection, table, missing)
            known.update(missing)
            _append(connection, table, new)
            on_chunk(sum(result.rows_in for result in results))
    failed = [literal(result.file.name) for result in results if result.failure]
    if failed:
        _take_out(connection, table, ", ".join(failed))
    if table.key:
        _quarantine_duplicates(connection, table)
    if erased:
        tasks = erased.clean_files(connection, table, tasks, results)
    records = balanced_records(connection, table, tasks, results, now)
    write_records(connection, records)
    return records


def _take_out(connection: duckdb.DuckDBPyConnection, table: RawTable, names: str) -> bool:
    """Delete what the files `names` (SQL) brought; True when raw had rows of them."""
    condition = f"_file_name in ({names})"
    (count,) = row(connection, f"select count(*) from {table.relation} where {condition}")
    if count:
        connection.execute(f"delete from {table.relation} where {condition}")
    connection.execute(
        f"delete from raw.quarantine where source = {literal(table.source)} "
        f"and table_name = {literal(table.name)} and file_name in ({names})"
    )
    return bool(count)


def _add_columns(
    connection: duckdb.DuckDBPyConnection, table: RawTable, names: Iterable[str]
) -> None:
    for name in names:
        connection.execute(f"alter table {table.relation} add column {quoted(name)} varchar")


def _append(connection: duckdb.DuckDBPyConnection, table: RawTable, new: list[str]) -> None:
    """The good rows of `gate_rows` to raw, the others to the quarantine."""
    selected = [f"{quoted('_v_' + c.name)} as {quoted(c.name)}" for c in table.columns]
    selected += [f"{quoted('_x_' + name)} as {quoted(name)}" for name in new]
    connection.execute(
        f"""
        insert into {table.relation} by name
        select {", ".join(selected)}, file_name as _file_name, _n as _row_number, _loaded_at
        from gate_rows
        inner join gate_files on gate_files._f = gate_rows._f
        where _i not in (select _i from gate_failures where _i is not null)
        """
    )
    quarantine_failures(connection, table)


def quarantine_failures(connection: duckdb.DuckDBPyConnection, table: RawTable) -> None:
    """Append `gate_failures` to `raw.quarantine`."""
    connection.execute(
        f"""
        insert into raw.quarantine
        select {literal(table.source)}, {literal(table.name)}, file_name, _n, column_name,
            {VALUE_HASH.format(value="value")}, reason,
            concat({literal(table.source + "/")}, file_name, ' row ', _n,
                coalesce(', column ' || column_name, ''), ': ', reason,
                coalesce(' (' || nullif(detail, '') || ')', '')),
            gate_failures.loaded_at
        from gate_failures
        inner join gate_files on gate_files._f = gate_failures._f
        """
    )


def _quarantine_duplicates(connection: duckdb.DuckDBPyConnection, table: RawTable) -> None:
    """Of rows with one key in one delivery the last one stays, the others go to quarantine.

    A delivery is a file; where rows carry their own loaded_at, it is one time of one file. Rows
    whose whole key is null have none. Hashes first: 20 million keys fit in memory as hashes only.
    """
    keys = [quoted(name) for name in table.key]
    parts = ["_file_name", *(["_loaded_at"] if table.loaded_at else []), *keys]
    group = ", ".join(parts)
    of_batch = "_file_name in (select file_name from gate_files)"
    of_batch += f" and coalesce({', '.join(f'cast({key} as varchar)' for key in keys)}) is not null"
    text = " || '|' || ".join(f"coalesce(cast({key} as varchar), '')" for key in keys)
    connection.execute(
        f"""
        create or replace temp table gate_duplicates as
        with repeated as (
            select hash({group}) as key_hash from {table.relation}
            where {of_batch} group by key_hash having count(*) > 1
        ),
        ranked as (
            select _file_name, _row_number, _loaded_at, {text} as value,
                row_number() over (partition by {group} order by _row_number desc) as place
            from {table.relation}
            where {of_batch} and hash({group}) in (select key_hash from repeated)
        )
        select * from ranked where place > 1
        """
    )
    name = ", ".join(table.key)
    connection.execute(
        f"""
        insert into raw.quarantine
        select {literal(table.source)}, {literal(table.name)}, _file_name, _row_number,
            {literal(name)}, {VALUE_HASH.format(value="value")}, 'duplicate',
            concat({literal(table.source + "/")}, _file_name, ' row ', _row_number, ', column ',
                {literal(name)}, ': duplicate (a later row of this delivery has the same key)'),
            _loaded_at
        from gate_duplicates
        """
    )
    connection.execute(
        f"delete from {table.relation} as kept using gate_duplicates as extra "
        "where kept._file_name = extra._file_name and kept._row_number = extra._row_number"
    )
