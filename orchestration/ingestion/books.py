"""The books of a batch: what was read against what is in raw and in the quarantine.

Belongs here: counting, and what the manifest says about a file. Does not belong here: loading.
"""

from __future__ import annotations

from datetime import datetime

import duckdb

from orchestration.ingestion.chunks import FileResult
from orchestration.ingestion.declarations import RawTable
from orchestration.ingestion.manifest import FileRecord, GateError, Task


def balanced_records(
    connection: duckdb.DuckDBPyConnection,
    table: RawTable,
    tasks: list[Task],
    results: list[FileResult],
    now: datetime,
) -> list[FileRecord]:
    """The manifest rows of a batch (temporary table `gate_files`), counted in the warehouse.

    Raises `GateError` when rows in are not rows loaded + rows quarantined for some file.
    """
    loaded = {
        name: (count, earliest)
        for name, count, earliest in connection.execute(
            f"select _file_name, count(*), min(_loaded_at) from {table.relation} "
            "where _file_name in (select file_name from gate_files) group by _file_name"
        ).fetchall()
    }
    reasons: dict[str, list[str]] = {}
    quarantined: dict[str, int] = {}
    for name, rows, reason, failures in connection.execute(
        """
        with failures as (
            select * from raw.quarantine where source = ? and table_name = ?
            and file_name in (select file_name from gate_files)
        ),
        totals as (
            select file_name, count(distinct row_number) as row_count
            from failures group by file_name
        )
        select file_name, row_count, reason, count(*) from failures
        inner join totals using (file_name)
        group by file_name, row_count, reason order by file_name, count(*) desc, reason
        """,
        [table.source, table.name],
    ).fetchall():
        quarantined[name] = rows
        reasons.setdefault(name, []).append(f"{reason} ({failures})")
    records = []
    for task, result in zip(tasks, results, strict=True):
        name = task.file.name
        rows_in = 0 if result.failure else result.rows_in
        good, earliest = loaded.get(name, (0, None))
        bad = quarantined.get(name, 0)
        if rows_in != good + bad:
            raise GateError(
                f"{table.source}/{name}: {rows_in} rows in, {good} loaded, {bad} quarantined; "
                "nothing of the batch was kept"
            )
        message = _message(task, result, bad, reasons.get(name, []))
        records.append(
            FileRecord(
                source=table.source,
                table_name=table.name,
                file_name=name,
                content_sha256=task.content_sha256,
                byte_count=task.byte_count,
                row_count=rows_in,
                loaded_count=good,
                quarantined_count=bad,
                loaded_at=task.loaded_at,
                first_landed_at=task.first_landed_at,
                landed_at=now,
                status="failed" if result.failure else "loaded" if rows_in else "empty",
                message=message,
                new_columns=",".join(sorted(result.new_columns)),
                declaration_hash=table.fingerprint,
                earliest_loaded_at=earliest,
            )
        )
    return records


def _message(task: Task, result: FileResult, quarantined: int, reasons: list[str]) -> str:
    if result.failure:
        text = f"{result.file.name} {result.failure}"
        if task.rows_before:
            text += f"; the {task.rows_before} rows of its earlier version were taken out"
        return text
    if not result.rows_in:
        what = "has a header and no rows" if result.has_header else "is empty"
        return f"{result.file.name} {what}"
    parts = []
    if quarantined:
        parts.append(f"{quarantined} rows quarantined: {', '.join(reasons)}")
    if result.new_columns:
        parts.append(f"new columns kept: {', '.join(sorted(result.new_columns))}")
    parts += result.notes
    return f"{result.file.name}: {'; '.join(parts)}" if parts else ""
