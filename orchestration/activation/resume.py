"""Runs that did not end: a killed process, or rows whose answer was lost.

Belongs here: closing them before a new plan is made, so that nothing is lost and nothing is sent
twice. The rows in doubt are those that were `sending`, or ended as `unknown`; the destination is
asked for their idempotency keys. What it has is acknowledged now (ledger and state move), what it
surely has not will be planned again, and what nobody knows stays `unknown` and is held.

After `unknown_after_days` such a row is closed with what is known, in the safe direction: it counts
as delivered, so it is not sent again and is removed when the person leaves; a removal counts as not
carried out, and is sent again. Of who is erased this happens at once.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import duckdb

from orchestration.activation.connectors.base import Connector
from orchestration.activation.doubts import doubts_sql, is_open, latest_sql
from orchestration.activation.erased import erased_sql
from orchestration.activation.mapping import LEDGER_COLUMNS
from orchestration.activation.outcomes import NEVER_CONFIRMED, OVERTAKEN, RUN_KILLED, Outcome
from orchestration.activation.receipts import Receipts
from orchestration.activation.send import read_back

CHUNK = 10_000


def close_open_runs(
    connection: duckdb.DuckDBPyConnection,
    *,
    sync: str,
    receipts_of: Callable[[str, str], Receipts],
    connector_of: Callable[[str], Connector],
    may_ask: bool,
    unknown_after_days: int,
    now: Callable[[], datetime],
) -> list[str]:
    """Reconcile every unfinished run and every unknown row of a sync; ids of the killed runs.

    `receipts_of(run_id, mapping_version)` and `connector_of(run_id)` open the memory and the
    destination of an earlier run; `may_ask`: it may be reached from here, else nobody asks it.
    Uses `activation_plan` for its own rows.
    """
    killed = []
    for run_id, mapping_version, status, error in _open_runs(connection, sync):
        receipts = receipts_of(run_id, mapping_version)
        changed = _settle(
            connection,
            receipts,
            connector_of(run_id),
            is_killed=status == "running",
            may_ask=may_ask,
            unknown_after_days=unknown_after_days,
            now=now,
        )
        if status == "running":
            killed.append(run_id)
            receipts.close_run(
                status="interrupted", error="the run was killed; a later run closed it", at=now()
            )
        elif changed:
            counts = receipts.close_run(status=status, error=error, at=now())
            if status == "partial" and not any(c.unknown + c.rejected for c in counts.values()):
                receipts.close_run(status="succeeded", error=error, at=now())
    return killed


def _open_runs(
    connection: duckdb.DuckDBPyConnection, sync: str
) -> list[tuple[str, str, str, str | None]]:
    """Runs without an end, and runs with rows whose outcome is unknown, oldest first."""
    return connection.execute(
        f"""
        with

        latest_runs as (

            select
                run_id,
                max(mapping_version) as mapping_version,
                max_by(status, sequence) as status,
                max_by(error, sequence) as error,
                min(sequence) as opened
            from ops.activation_sync_runs
            where sync = $sync
            group by run_id

        ),

        doubts as ({doubts_sql("sync = $sync")})

        select run_id, mapping_version, status, error
        from latest_runs
        where status = 'running' or run_id in (select run_id from doubts)
        order by opened
        """,
        {"sync": sync},
    ).fetchall()


def _settle(
    connection: duckdb.DuckDBPyConnection,
    receipts: Receipts,
    connector: Connector,
    *,
    is_killed: bool,
    may_ask: bool,
    unknown_after_days: int,
    now: Callable[[], datetime],
) -> bool:
    """Ask the destination for the rows in doubt of one run; True when an outcome changed."""
    total = _read_doubts(connection, receipts, since=now() - timedelta(days=unknown_after_days))
    description = connector.describe()
    if not may_ask:
        description = replace(description, read_back="none")
    elif is_killed:
        with suppress(Exception):  # if it cannot be asked, its rows end as unknown below
            connector.read_back([])  # lets it clear away what is half written
    changed = False
    for first in range(1, total + 1, CHUNK):
        rows = connection.execute(
            """
            select position, idempotency_key, doubt, closing from activation_plan
            where position between ? and ? order by position
            """,
            [first, first + CHUNK - 1],
        ).fetchall()
        answers = read_back(
            connector, description, [key for _, key, *_ in rows], error_class=RUN_KILLED
        )
        outcomes = []
        for (position, _, doubt, closing), answer in zip(rows, answers, strict=True):
            outcome = answer.outcome
            if answer.error_class == "not_delivered" or (
                outcome == "unknown" and doubt == "sending" and description.is_idempotent
            ):
                outcome = "aborted"
            if outcome == doubt and closing is None:
                continue
            reason = answer.error_class if outcome != "succeeded" else "read_back"
            if outcome == "unknown" and closing is not None:
                reason = closing
            outcomes.append(
                Outcome(position, outcome, reason=reason, external_id=answer.external_id)
            )
        receipts.record(outcomes, at=now())
        changed = changed or bool(outcomes)
    return changed


def _read_doubts(
    connection: duckdb.DuckDBPyConnection, receipts: Receipts, *, since: datetime
) -> int:
    """Fill `activation_plan` with the rows in doubt of a run; their number.

    `closing` is the reason with which one is closed that stays unknown: in doubt before `since`,
    or of somebody who is erased.
    """
    ledger = ", ".join(f"planned.{column}" for column in LEDGER_COLUMNS)
    connection.execute(
        f"""
        create or replace temp table activation_doubted as
        with

        latest as ({latest_sql("run_id = $run_id and sync = $sync")}),

        states as (

            select record_key, max(sequence) as sequence
            from ops.activation_sync_state
            where sync = $sync
            group by record_key

        )

        select
            row_number() over (order by planned.record_key) as position,
            planned.operation,
            planned.record_key,
            planned.person_id,
            planned.identifier_key,
            planned.row_hash,
            cast(null as varchar) as external_id,
            planned.idempotency_key,
            latest.outcome as doubt,
            case
                when latest.recorded_at >= $since and {erased_sql("planned")} is not true
                    then null
                when states.sequence > latest.sequence then $overtaken
                else $assumed
            end as closing,
            {ledger}
        from ops.activation_sync_rows as planned
        inner join latest on planned.record_key = latest.record_key
        left join states on planned.record_key = states.record_key
        where
            planned.run_id = $run_id
            and planned.sync = $sync
            and planned.outcome = 'planned'
            and {is_open("latest", ("sending", "unknown"))}
        """,
        {
            "run_id": receipts.run_id,
            "sync": receipts.sync,
            "since": since,
            "assumed": NEVER_CONFIRMED,
            "overtaken": OVERTAKEN,
        },
    )
    connection.execute(
        "create or replace temp view activation_plan as select * from activation_doubted"
    )
    return int(connection.execute("select count(*) from activation_plan").fetchall()[0][0])
