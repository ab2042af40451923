"""Runs that failed before anything was planned: they leave a row too, so that somebody is told.

Belongs here: that row of `ops.activation_sync_runs`, with nothing planned, and what of an error may
stand in it. An error of ours names settings, columns and tables; any other is told by its class
alone, for its text may quote a value. Does not belong here: runs that began (`receipts.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

import duckdb

from orchestration.activation.definitions import SyncDefinition
from orchestration.activation.destinations import DestinationError
from orchestration.activation.gate import GateError
from orchestration.activation.mapping import MappingError
from orchestration.activation.opening import RUN_ID, SyncError, free_run_id
from orchestration.activation.plan import OPERATIONS_OF_MODE
from orchestration.activation.receipts import HIGHEST_SEQUENCE
from orchestration.activation.send import clean
from orchestration.activation.source import PlanError
from orchestration.ops_tables import ensure_ops_tables

_OURS = (DestinationError, GateError, MappingError, PlanError, SyncError)
_OF_THE_SCHEMA = (duckdb.CatalogException, duckdb.BinderException)
BAD_DOCUMENTS = (
    "a sync document or destinations.yml is wrong, so no sync ran; what is wrong: "
    "python -m orchestration.activation --check"
)


def record_failure(
    connection: duckdb.DuckDBPyConnection,
    definition: SyncDefinition,
    error: Exception,
    *,
    run_id: str | None,
    started_at: datetime,
    at: datetime,
) -> None:
    """Leave a failed run of a sync that could not begin; where that fails too, nothing is left.

    `run_id`: as it was asked for, or None.
    """
    with suppress(duckdb.Error):
        ensure_ops_tables(connection)
        _insert(
            connection,
            sync=definition.sync,
            destination=definition.destination,
            operations=OPERATIONS_OF_MODE[definition.mode],
            run_id=run_id if run_id is not None and RUN_ID.fullmatch(run_id) else None,
            error=_told(error),
            started_at=started_at,
            at=at,
        )


def record_bad_documents(
    connection: duckdb.DuckDBPyConnection, *, only: str | None, at: datetime
) -> list[str]:
    """Leave a failed run of every sync that ran before (or of `only`); their names."""
    known = connection.execute(
        """
        select sync, max_by(destination, sequence), list(distinct operation order by operation)
        from ops.activation_sync_runs
        where $only is null or sync = $only
        group by sync
        order by sync
        """,
        {"only": only},
    ).fetchall()
    for sync, destination, operations in known:
        _insert(
            connection,
            sync=sync,
            destination=destination,
            operations=operations,
            run_id=None,
            error=BAD_DOCUMENTS,
            started_at=at,
            at=at,
        )
    return [sync for sync, *_ in known]


def _told(error: Exception) -> str:
    name = type(error).__name__
    if isinstance(error, _OURS):
        return clean(f"{name}: {error}")
    if isinstance(error, _OF_THE_SCHEMA):
        return clean(f"{name}: {str(error).partition(chr(10))[0]}")
    return f"{name}; the log of the run says more"


def _insert(
    connection: duckdb.DuckDBPyConnection,
    *,
    sync: str,
    destination: str,
    operations: Sequence[str],
    run_id: str | None,
    error: str,
    started_at: datetime,
    at: datetime,
) -> None:
    connection.execute(
        f"""
        insert into ops.activation_sync_runs
            (run_id, sync, destination, operation, planned, attempted, succeeded, rejected, blocked,
            unknown, aborted, is_dry_run, started_at, finished_at, status, error, sequence)
        select
            $run_id, $sync, $destination, unnest($operations), 0, 0, 0, 0, 0, 0, 0, false,
            $started_at, $at, 'failed', $error, ({HIGHEST_SEQUENCE}) + 1
        """,
        {
            "run_id": free_run_id(connection, sync, run_id, at),
            "sync": sync,
            "destination": destination,
            "operations": list(operations),
            "started_at": started_at,
            "at": at,
            "error": error,
        },
    )
