"""Sources of kind `tables`: checked in place, never copied.

Each declared table becomes a typed view `raw.<source>__<table>`, so that everything after it reads
files and tables alike.

How bad rows stay out: the same checks as for files run over the table in chunks. The hash of the
content of each row that fails goes to `raw.rejected_rows`, and the view leaves rows of that content
out. So a verdict binds the row that was judged, wherever the table keeps it; a row that arrives
after the check is judged at the next landing. Views without rejected rows pay nothing. A table
has no row order, so of rows with one key and one loaded_at the view takes the first in the order
of all columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import duckdb
import numpy as np
import pyarrow as pa

from orchestration.ingestion.casting import as_text
from orchestration.ingestion.checks import check_rows
from orchestration.ingestion.chunks import CHUNK_ROWS, DECLARED, NEW, Chunk, new_names
from orchestration.ingestion.declarations import TECHNICAL_COLUMNS, RawTable
from orchestration.ingestion.discovery import date_in_name
from orchestration.ingestion.loading import VALUE_HASH, quarantine_failures
from orchestration.ingestion.manifest import FileRecord, GateError, records_of, write_records
from orchestration.ingestion.raw_tables import is_view
from orchestration.ingestion.reading import plain
from orchestration.ingestion.sql import literal, quoted, row, types_of
from orchestration.ingestion.tables import fingerprint, relation_of, source_path
from orchestration.ingestion.typed_rows import type_rows, typed_columns
from orchestration.ingestion.utf8_stream import UnreadableFile
from orchestration.settings import Source

REJECTED = "source varchar, table_name varchar, row_hash varchar"


def land_table(
    connection: duckdb.DuckDBPyConnection, source: Source, table: RawTable, now: datetime
) -> tuple[FileRecord, bool]:
    """Check one table in place and (re)make its view; return its manifest row and if it was read.

    A table that lacks a declared column fails alone: its view is empty, its message says why. A
    table that is not there is empty.
    """
    relation, files = relation_of(connection, source, table)
    name = f"{source_path(source).name}:{table.name}"
    sha256, size = fingerprint(files)
    known = records_of(connection, table).get(name)
    is_same = known and known.content_sha256 == sha256
    is_same = is_same and known.declaration_hash == table.fingerprint
    if known and is_same and is_view(connection, table):
        return known, False
    first = known.first_landed_at if known else now
    loaded_at = (date_in_name(files[-1].name) if files else None) or first
    empty = FileRecord(
        source=table.source, table_name=table.name, file_name=name, content_sha256=sha256,
        byte_count=size, row_count=0, loaded_count=0, quarantined_count=0, loaded_at=loaded_at,
        first_landed_at=first, landed_at=now, status="empty", message="", new_columns="",
        declaration_hash=table.fingerprint,
    )  # fmt: skip
    connection.execute("begin transaction")
    try:
        record = _check(connection, table, relation, empty)
        write_records(connection, [record])
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise
    return record, True


def _check(
    connection: duckdb.DuckDBPyConnection,
    table: RawTable,
    relation: str | None,
    empty: FileRecord,
) -> FileRecord:
    owner = f"source = {literal(table.source)} and table_name = {literal(table.name)}"
    connection.execute(f"create table if not exists raw.rejected_rows ({REJECTED})")
    connection.execute(f"delete from raw.rejected_rows where {owner}")
    connection.execute(f"delete from raw.quarantine where {owner}")
    if not is_view(connection, table):
        connection.execute(f"drop table if exists {table.relation}")
    if relation is None:
        # As with files: what is not there is empty, not broken.
        _empty_view(connection, table)
        return replace(empty, message=f"{empty.file_name} is not there")
    try:
        names = _names(connection, table, relation)
    except UnreadableFile as error:
        _empty_view(connection, table)
        return replace(empty, status="failed", message=f"{empty.file_name} {error}")
    renamed = ", ".join(f"{quoted(old)} as {quoted(new)}" for new, old in names.items())
    rows = f"(select {renamed} from {relation})"
    types = types_of(connection, rows)
    row_hash = _row_hash(types)
    row_count, rejected = _reject(connection, table, rows, row_hash, empty)
    view = _view(table, rows, types, empty.loaded_at, row_hash if rejected else None)
    connection.execute(f"create or replace view {table.relation} as {view}")
    extra = _duplicates(connection, table, view)
    (kept,) = row(connection, f"select count(*) from {table.relation}")
    if row_count != kept + rejected + extra:
        raise GateError(
            f"{empty.file_name}: {row_count} rows in, {kept} loaded, {rejected + extra} "
            "quarantined; the table changed while it was read, or has rows that cannot be told "
            "apart: land again"
        )
    message = f"{rejected + extra} rows quarantined" if rejected + extra else ""
    return replace(
        empty,
        status="loaded" if row_count else "empty",
        row_count=row_count,
        loaded_count=kept,
        quarantined_count=rejected + extra,
        message=message,
        new_columns=",".join(sorted(n.removeprefix(NEW) for n in names if n.startswith(NEW))),
    )


def _empty_view(connection: duckdb.DuckDBPyConnection, table: RawTable) -> None:
    columns = {column.name: column.sql_type for column in table.columns} | TECHNICAL_COLUMNS
    nulls = [f"cast(null as {sql_type}) as {quoted(name)}" for name, sql_type in columns.items()]
    connection.execute(
        f"create or replace view {table.relation} as select {', '.join(nulls)} where false"
    )


def _names(connection: duckdb.DuckDBPyConnection, table: RawTable, relation: str) -> dict[str, str]:
    """`c_<declared>` and `x_<new>` to the table's own column names."""
    present = list(types_of(connection, relation))
    by_case = {name.lower(): name for name in reversed(present)}
    names, missing = {}, []
    for column in table.columns:
        name = column.path if column.path in present else by_case.get(column.path.lower())
        if name is not None:
            names[DECLARED + column.name] = name
        elif not column.optional:
            missing.append(column.path)
    if missing:
        raise UnreadableFile(f"has no column {', '.join(missing)}; correct it, or the declaration")
    rest = [name for name in present if name not in names.values()]
    return names | {NEW + new: old for old, new in new_names(table, rest).items()}


def _row_hash(types: dict[str, str]) -> str:
    texts = [
        f"coalesce({as_text(quoted(name), sql_type)}, chr(30))" for name, sql_type in types.items()
    ]
    return f"md5(concat_ws(chr(31), {', '.join(texts)}))"


def _reject(
    connection: duckdb.DuckDBPyConnection,
    table: RawTable,
    rows: str,
    row_hash: str,
    record: FileRecord,
) -> tuple[int, int]:
    """Check all rows; note the failing ones. Returns rows in and rows rejected."""
    connection.execute(
        "create or replace temp table gate_files as "
        "select cast(0 as integer) as _f, cast($1 as varchar) as file_name, "
        "cast($2 as timestamp) as loaded_at",
        [record.file_name, record.loaded_at],
    )
    row_count = rejected = 0
    for chunk in _chunks(connection, rows, row_hash):
        row_count += chunk.table.num_rows
        hashes = chunk.table.select(["_i", "_row_hash"])
        part = Chunk(chunk.table.drop_columns(["_row_hash"]), chunk.malformed)
        columns, new = type_rows(connection, table, part, [])
        check_rows(connection, table, columns, new)
        connection.register("gate_hashes", hashes)
        connection.execute(
            f"insert into raw.rejected_rows select distinct {literal(table.source)}, "
            f"{literal(table.name)}, _row_hash from gate_hashes "
            "where _i in (select _i from gate_failures)"
        )
        connection.unregister("gate_hashes")
        (failed,) = row(connection, "select count(distinct _i) from gate_failures")
        rejected += failed
        quarantine_failures(connection, table)
    return row_count, rejected


def _chunks(connection: duckdb.DuckDBPyConnection, rows: str, row_hash: str) -> Iterator[Chunk]:
    # A cursor of its own: a result that is still being read cannot share the connection.
    cursor = connection.cursor()
    cursor.execute("set timezone = 'UTC'")
    cursor.execute(f"select *, {row_hash} as _row_hash from {rows}")
    nothing = pa.table({"_f": pa.array([], pa.int32()), "_n": pa.array([], pa.int64()),
                        "value": pa.array([], pa.string())})  # fmt: skip
    start = 0
    for batch in cursor.to_arrow_reader(CHUNK_ROWS):
        table = plain(pa.Table.from_batches([batch]))
        positions = np.arange(table.num_rows)
        table = table.append_column("_i", pa.array(positions))
        table = table.append_column("_f", pa.array(np.zeros(len(positions), np.int32)))
        table = table.append_column("_n", pa.array(positions + start + 1))
        start += table.num_rows
        if table.num_rows:
            yield Chunk(table, nothing)
    cursor.close()


def _view(
    table: RawTable,
    rows: str,
    types: dict[str, str],
    loaded_at: datetime,
    row_hash: str | None,
) -> str:
    columns = typed_columns(table, types)
    parts = [f"{item.value} as {quoted(item.column.name)}" for item in columns]
    parts += [
        f"{as_text(quoted(name), sql_type)} as {quoted(name.removeprefix(NEW))}"
        for name, sql_type in types.items()
        if name.startswith(NEW)
    ]
    own = {item.column.name: item.value for item in columns}.get(table.loaded_at or "")
    default = f"cast({literal(loaded_at.isoformat(sep=' '))} as timestamp)"
    parts += ["cast(null as varchar) as _file_name", "cast(null as bigint) as _row_number"]
    parts += [f"{f'coalesce({own}, {default})' if own else default} as _loaded_at"]
    where = ""
    if row_hash:
        where = (
            f" where {row_hash} not in (select row_hash from raw.rejected_rows "
            f"where source = {literal(table.source)} and table_name = {literal(table.name)})"
        )
    return f"select {', '.join(parts)} from {rows} as source_rows{where}"


def _duplicates(connection: duckdb.DuckDBPyConnection, table: RawTable, view: str) -> int:
    """Quarantine rows that repeat a key and loaded_at; the view is remade without them."""
    if not table.key:
        return 0
    keys = [quoted(name) for name in table.key]
    group = ", ".join([*keys, "_loaded_at"])
    given = f"coalesce({', '.join(f'cast({key} as varchar)' for key in keys)}) is not null"
    (extra,) = row(
        connection,
        f"select coalesce(sum(rows - 1), 0) from (select count(*) as rows from {table.relation} "
        f"where {given} group by hash({group}) having count(*) > 1) as repeated",
    )
    if not extra:
        return 0
    order = ", ".join(quoted(column.name) for column in table.columns)
    ranked = (
        f"select *, row_number() over (partition by {group} order by {order}) as _place "
        f"from ({view}) as typed_rows"
    )
    text = " || '|' || ".join(f"coalesce(cast({key} as varchar), '')" for key in keys)
    connection.execute(
        f"""
        insert into raw.quarantine
        select {literal(table.source)}, {literal(table.name)}, file_name, null,
            {literal(", ".join(table.key))}, {VALUE_HASH.format(value=text)}, 'duplicate',
            concat({literal(table.source + "/")}, file_name, ': duplicate of another row''s key'),
            _loaded_at
        from ({ranked}) as ranked cross join gate_files where _place > 1 and {given}
        """
    )
    (extra,) = row(
        connection, f"select count(*) from ({ranked}) as ranked where _place > 1 and {given}"
    )
    connection.execute(
        f"create or replace view {table.relation} as select * exclude (_place) "
        f"from ({ranked}) as ranked where _place = 1 or not ({given})"
    )
    return int(extra)
