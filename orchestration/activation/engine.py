"""The one send path: plan, guards, gate, send, receipt, finish.

Belongs here: the order of a run, and nothing that another module of this room does. Every outgoing
row passes `gate.refused` right before its batch is sent, retries and resumed runs too. No Dagster.

A run holds its sync (`running.py`) and one connection from plan to finish, so no other run of the
sync is beside it. It may be killed anywhere: `resume.py` closes it at the next start.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime

import duckdb

from orchestration.activation.connectors import open_connector
from orchestration.activation.connectors.base import FigureConnector
from orchestration.activation.definitions import SyncDefinition
from orchestration.activation.delivery import Progress, deliver, rehearse
from orchestration.activation.gate import GateError
from orchestration.activation.guards import check_guards
from orchestration.activation.opening import OpenConnector, Run, open_run
from orchestration.activation.plan import PlanFigures, make_plan
from orchestration.activation.report import LawBroken, OperationCounts, Status, SyncReport
from orchestration.activation.resume import close_open_runs
from orchestration.activation.running import claim
from orchestration.activation.unopened import record_failure
from orchestration.settings import Paths

_LOG = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The clock of sending: UTC without zone, as the warehouse has its times."""
    return datetime.now(UTC).replace(tzinfo=None)


def run_sync(
    connection: duckdb.DuckDBPyConnection,
    definition: SyncDefinition,
    *,
    paths: Paths,
    dry_run: bool = False,
    run_id: str | None = None,
    progress: Progress | None = None,
    accept_filled_destination: bool = False,
    open_destination: OpenConnector = open_connector,
    now: Callable[[], datetime] = utc_now,
    sleep: Callable[[float], None] = time.sleep,
) -> SyncReport:
    """Run one sync and return its report; `connection` is held for the whole run.

    `paths` gives environment and outbox. `dry_run` plans, checks the guards and asks the gate, and
    writes nothing at all. `progress(done, total)` is called after every batch. `run_id` is letters,
    digits, `-` and `_`; a second run of the same sync under the same id gets a number.

    A second run of a sync that is under way raises `SyncRunning`; a dry run may go beside it.
    A guard that stops, a destination that is down and rejected rows are in the report
    (`status`, `error`); a sync that cannot run as defined raises `SyncError`, `PlanError` or
    `MappingError` and leaves a failed run behind, and a lost row raises `LawBroken`.
    """
    with claim(paths, [] if dry_run else [definition.sync]):
        started_at = now()
        try:
            run = open_run(
                connection,
                definition,
                paths=paths,
                run_id=run_id,
                open_destination=open_destination,
                now=now,
                sleep=sleep,
            )
            resumed = [] if dry_run else _close_open_runs(run)
            figures, stop = _plan(
                run,
                started_at,
                accept_filled_destination=accept_filled_destination,
                is_rehearsal=dry_run,
            )
        except Exception as failure:
            if not dry_run:
                record_failure(
                    connection, definition, failure, run_id=run_id, started_at=started_at, at=now()
                )
            raise
        sample: list[dict[str, str]] = []
        if dry_run:
            counts, sample = rehearse(run, figures)
            status: Status = "stopped" if stop else "dry_run"
            error = stop
        else:
            counts, status, error = _carry_out(run, figures, stop, progress)
        report = SyncReport(
            sync=definition.sync,
            run_id=run.run_id,
            destination=definition.destination,
            status=status,
            is_dry_run=dry_run,
            started_at=started_at,
            finished_at=now(),
            operations=counts,
            source_rows=figures.source_rows,
            held_rows=figures.held_rows,
            waiting=figures.waiting,
            in_doubt=figures.in_doubt,
            uncertain=figures.uncertain,
            blocked_reasons=dict(sorted(run.blocked_reasons.items())),
            rejected_classes=dict(sorted(run.rejected_classes.items())),
            figures=dict(run.connector.figures())
            if isinstance(run.connector, FigureConnector)
            else {},
            error=error,
            sample=sample,
            resumed_runs=resumed,
        )
        report.assert_law()
        _LOG.info(report.line())
        return report


def _close_open_runs(run: Run) -> list[str]:
    """Settle what earlier runs of the sync left open; ids of those that had been killed."""
    return close_open_runs(
        run.connection,
        sync=run.definition.sync,
        receipts_of=run.earlier_receipts,
        connector_of=run.earlier_connector,
        may_ask=run.gate.may_leave,
        unknown_after_days=run.definition.on_reject.unknown_after_days,
        now=run.now,
    )


def _plan(
    run: Run, started_at: datetime, *, accept_filled_destination: bool, is_rehearsal: bool
) -> tuple[PlanFigures, str | None]:
    """Make the plan; its figures, and why a guard stops the run, or None."""
    figures = make_plan(
        run.connection,
        run.definition,
        model=run.model,
        mapping=run.mapping,
        operations=run.operations,
        hold_in_doubt=not run.description.is_idempotent,
        now=started_at,
    )
    run.gate = run.gate.with_plan(run.connection, run.run_id, is_rehearsal=is_rehearsal)
    stop = check_guards(
        run.definition.guards,
        figures,
        has_history=run.has_history,
        destination_holds_records=run.connector.holds_records() if run.gate.may_leave else None,
        accept_filled_destination=accept_filled_destination,
    )
    return figures, stop


def _carry_out(
    run: Run, figures: PlanFigures, stop: str | None, progress: Progress | None
) -> tuple[dict[str, OperationCounts], Status, str | None]:
    """Write the plan down, send it, and close the run with the counts of what was written."""
    run.receipts.open_run(run.operations, at=run.now())
    error = stop
    if stop is None:
        try:
            error = deliver(run, sum(figures.planned.values()), progress)
        except GateError as failure:
            error = str(failure)
    if error is not None:
        status: Status = "stopped" if stop else "failed"
    else:
        run.receipts.resolve_moot_rejects(at=run.now())
        status = "partial" if run.outcomes["rejected"] + run.outcomes["unknown"] else "succeeded"
    counts = run.receipts.close_run(status=status, error=error, at=run.now())
    for outcome in ("succeeded", "rejected", "unknown", "blocked"):
        written = sum(getattr(item, outcome) for item in counts.values())
        if written != run.outcomes[outcome]:
            raise LawBroken(
                f"{run.run_id}: {run.outcomes[outcome]} rows {outcome}, {written} written down"
            )
    return counts, status, error
