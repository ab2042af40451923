"""The landing gate's front door: land one source, or a whole tenant.

Belongs here: the order of the steps, the report, the progress lines; not how any of it is done.

A file that disappears from landing stays loaded. The same file again changes nothing; the same name
with other content replaces the rows that it brought before (a broken new version takes them out,
and says so); a changed declaration reads all files of its table again. So raw is a function of
landing, manifest and tombstones (`erased_loading.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb

from orchestration.ingestion.checks import validate_rules
from orchestration.ingestion.declarations import RawTable, read_declarations
from orchestration.ingestion.discovery import LandingFile, find_files
from orchestration.ingestion.hash_key import ensure_hash_keys, keep_hash_key
from orchestration.ingestion.in_place import land_table
from orchestration.ingestion.loading import batches, land_batch
from orchestration.ingestion.manifest import (
    FileRecord,
    ensure_quarantine,
    open_tasks,
    unbalanced_files,
)
from orchestration.ingestion.phones import keep_phone_numbers
from orchestration.ingestion.raw_tables import ensure_raw_table
from orchestration.ingestion.settings_row import land_settings
from orchestration.ingestion.tombstones import Tombstones, read_tombstones
from orchestration.ops_tables import ensure_ops_tables
from orchestration.preferences.journal import close_for_landing
from orchestration.settings import Paths, Source, TenantSettings

__all__ = [
    "LandingReport",
    "TableReport",
    "keep_hash_key",
    "keep_phone_numbers",
    "land_settings",
    "land_source",
    "land_tenant",
    "unbalanced_files",
]
_PROGRESS_ROWS = 1_000_000
_MESSAGES = 20


@dataclass(frozen=True)
class TableReport:
    """What one landing did with one raw table; rows are those of the files it read."""

    source: str
    table: str
    files_seen: int = 0
    files_new: int = 0
    files_replaced: int = 0
    files_reread: int = 0
    files_failed: int = 0
    files_empty: int = 0
    rows_in: int = 0
    rows_loaded: int = 0
    rows_quarantined: int = 0
    new_columns: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    seconds: float = 0.0

    def line(self) -> str:
        """One line for people."""
        read = self.files_new + self.files_replaced + self.files_reread
        text = f"{self.source}.{self.table}: {self.files_seen} files, {read} read"
        if read:
            text += f", {self.rows_loaded:,} rows loaded, {self.rows_quarantined:,} quarantined"
        if self.files_replaced:
            text += f", {self.files_replaced} files replaced"
        if self.files_failed:
            text += f", {self.files_failed} FILES FAILED"
        if self.new_columns:
            text += f", new columns {', '.join(self.new_columns)}"
        return f"{text} ({self.seconds:.1f} s)"


@dataclass(frozen=True)
class LandingReport:
    """What one landing did with one source."""

    source: str
    tables: tuple[TableReport, ...]
    notes: tuple[str, ...] = ()
    unbalanced: tuple[str, ...] = ()

    @property
    def messages(self) -> tuple[str, ...]:
        """Notes on the source, then what is to be said about its files."""
        return self.notes + tuple(text for table in self.tables for text in table.messages)

    @property
    def files_new(self) -> int:
        return sum(table.files_new for table in self.tables)

    @property
    def files_failed(self) -> int:
        return sum(table.files_failed for table in self.tables)

    @property
    def rows_in(self) -> int:
        return sum(table.rows_in for table in self.tables)

    @property
    def rows_loaded(self) -> int:
        return sum(table.rows_loaded for table in self.tables)

    @property
    def rows_quarantined(self) -> int:
        return sum(table.rows_quarantined for table in self.tables)

    @property
    def is_conserved(self) -> bool:
        """Rows in = rows loaded + rows quarantined, now and in the whole manifest."""
        return self.rows_in == self.rows_loaded + self.rows_quarantined and not self.unbalanced


def land_source(
    connection: duckdb.DuckDBPyConnection,
    *,
    tenant_paths: Paths,
    settings: TenantSettings,
    source: Source,
    progress: Callable[[str], None] = lambda line: None,
    now: datetime | None = None,
) -> LandingReport:
    """Bring the new and changed files of `source` into its raw tables.

    Every declared table exists afterwards, with or without files. `now` (UTC without zone) is the
    time of landing, by default the clock. Broken files and bad rows are in the report, the
    manifest and the quarantine; only wrong declarations (`DeclarationError`) and books that do
    not balance (`GateError`) raise.
    """
    now = now or datetime.now(UTC).replace(tzinfo=None)
    connection.execute("set timezone = 'UTC'")
    ensure_ops_tables(connection)
    ensure_quarantine(connection)
    ensure_hash_keys(connection)
    declared = read_declarations(tenant_paths, source.name)
    for table in declared:
        validate_rules(connection, table)
    if source.kind == "tables":
        reports = [_land_in_place(connection, source, table, now) for table in declared]
        for report in reports:
            _tell(report, progress, is_worth_a_line=bool(report.files_seen))
        return LandingReport(source.name, tuple(reports), (), _unbalanced(connection, source))
    close_for_landing(folder := tenant_paths.landing / source.name)
    files, strangers = find_files(folder, [table.name for table in declared])
    tombstones, messages = read_tombstones(connection, settings), []
    if strangers:
        messages.append(
            f"{source.name}: {len(strangers)} files belong to no declared table, for example "
            f"{strangers[0]} (expected <table>_<anything>.csv, .jsonl or .parquet, also .gz)"
        )
        progress(messages[0])
    reports = []
    for table in declared:
        own = [file for file in files if file.table == table.name]
        report = _land_files(connection, table, own, now, progress, tombstones)
        _tell(report, progress, is_worth_a_line=bool(own or report.messages))
        reports.append(report)
    return LandingReport(
        source.name, tuple(reports), tuple(messages), _unbalanced(connection, source)
    )


def _tell(report: TableReport, progress: Callable[[str], None], *, is_worth_a_line: bool) -> None:
    for line in (*[report.line()] * is_worth_a_line, *(f"  {text}" for text in report.messages)):
        progress(line)


def _unbalanced(connection: duckdb.DuckDBPyConnection, source: Source) -> tuple[str, ...]:
    return tuple(unbalanced_files(connection, source.name))


def _land_files(
    connection: duckdb.DuckDBPyConnection,
    table: RawTable,
    files: list[LandingFile],
    now: datetime,
    progress: Callable[[str], None],
    tombstones: Tombstones | None,
) -> TableReport:
    start = time.monotonic()
    ensure_raw_table(connection, table)
    tasks, messages = open_tasks(connection, table, files, now)
    records: list[FileRecord] = []
    for batch in batches(tasks):
        told = _PROGRESS_ROWS
        before = sum(record.row_count for record in records)

        def tell(rows: int, before: int = before) -> None:
            nonlocal told
            if rows >= told:
                told += _PROGRESS_ROWS
                progress(f"  {table.source}.{table.name}: {before + rows:,} rows so far")

        records += land_batch(
            connection, table, batch, now=now, on_chunk=tell, tombstones=tombstones
        )
    replaced = sum(task.is_replaced for task in tasks)
    reread = sum(task.is_redeclared for task in tasks)
    return TableReport(
        source=table.source,
        table=table.name,
        files_seen=len(files),
        files_new=len(tasks) - replaced - reread,
        files_replaced=replaced,
        files_reread=reread,
        **_counts(records),
        messages=(*messages, *_messages(connection, table, records)),
        seconds=time.monotonic() - start,
    )


def _messages(
    connection: duckdb.DuckDBPyConnection, table: RawTable, records: list[FileRecord]
) -> list[str]:
    """What is to be said about each file; quarantined rows of all files as one line."""
    told = [
        r.message for r in records if r.message and not (r.quarantined_count and r.loaded_count)
    ]
    told += [f"{r.file_name}: new columns kept: {r.new_columns}" for r in records
             if r.new_columns and r.quarantined_count and r.loaded_count]  # fmt: skip
    if len(told) > _MESSAGES:
        told[_MESSAGES:] = [f"and {len(told) - _MESSAGES} more files; see ops.landing_files"]
    if any(record.quarantined_count for record in records):
        rows = connection.execute(
            "select reason, count(*) from raw.quarantine where source = ? and table_name = ? "
            "and file_name in (select unnest(?)) group by reason order by count(*) desc, reason",
            [table.source, table.name, [record.file_name for record in records]],
        ).fetchall()
        reasons = ", ".join(f"{reason} ({count})" for reason, count in rows)
        told.append(f"{table.source}.{table.name} quarantined: {reasons}")
    return told


def _counts(records: list[FileRecord]) -> dict[str, Any]:
    new = {name for record in records for name in record.new_columns.split(",") if name}
    return {
        "files_failed": sum(record.status == "failed" for record in records),
        "files_empty": sum(record.status == "empty" for record in records),
        "rows_in": sum(record.row_count for record in records),
        "rows_loaded": sum(record.loaded_count for record in records),
        "rows_quarantined": sum(record.quarantined_count for record in records),
        "new_columns": tuple(sorted(new)),
    }


def _land_in_place(
    connection: duckdb.DuckDBPyConnection, source: Source, table: RawTable, now: datetime
) -> TableReport:
    start = time.monotonic()
    record, was_read = land_table(connection, source, table, now)
    return TableReport(
        source=table.source,
        table=table.name,
        files_seen=int(bool(record.byte_count)),
        files_new=int(was_read and bool(record.byte_count)),
        **_counts([record] if was_read else []),
        messages=(record.message,) if was_read and record.message else (),
        seconds=time.monotonic() - start,
    )


def land_tenant(
    connection: duckdb.DuckDBPyConnection,
    *,
    paths: Paths,
    settings: TenantSettings,
    progress: Callable[[str], None] = lambda line: None,
) -> list[LandingReport]:
    """The whole landing step: hash key, every source, phone numbers, the row of settings."""
    ensure_ops_tables(connection)
    keep_hash_key(connection, paths.env)
    reports = [
        land_source(
            connection,
            tenant_paths=paths,
            settings=settings,
            source=source,
            progress=progress,
        )
        for source in settings.sources
    ]
    added = keep_phone_numbers(connection, settings, paths)
    as_of = land_settings(connection, settings, paths)
    progress(f"{added:,} phone numbers normalised; as_of {as_of:%Y-%m-%d %H:%M}")
    return reports
