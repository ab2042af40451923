"""The memory of sending: runs, rows, ledger and state, append-only.

Belongs here: every write to `ops.activation_*`, each in one transaction that DuckDB flushes to disk
when it commits. Does not belong here: deciding anything.

The tables only grow. Every write carries a `sequence` that is higher than all before it; the latest
event of a key is its current state (the dbt models `activation.*` show that). A row of a run goes
`planned` -> `sending` -> an outcome, so that a killed run tells exactly which rows are in doubt.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import duckdb

from orchestration.activation.mapping import LEDGER_COLUMNS, RENDERED_COLUMNS
from orchestration.activation.outcomes import NEVER_CONFIRMED, Outcome, outcome_table
from orchestration.activation.rejects import record_rejects, resolve_moot_rejects
from orchestration.activation.report import OperationCounts

_SEQUENCED = (
    "activation_sync_runs", "activation_sync_rows", "activation_rejects",
    "activation_delivery_ledger", "activation_sync_state",
)  # fmt: skip
# The highest number that any write has; the next one is higher.
HIGHEST_SEQUENCE = "select coalesce(max(sequence), 0) from ({})".format(
    " union all ".join(f"select max(sequence) as sequence from ops.{t}" for t in _SEQUENCED)
)
_IDS = "record_key, person_id, identifier_key, operation, row_hash, idempotency_key"
_LEDGER = ", ".join(LEDGER_COLUMNS)
_RENDERED = ", ".join(
    f"coalesce(activation_outcomes.{column}, activation_plan.{column})"
    if column in RENDERED_COLUMNS
    else f"activation_plan.{column}"
    for column in LEDGER_COLUMNS
)


@dataclass
class Receipts:
    """Writes the memory of one run. `activation_plan` must hold the rows that it talks about."""

    connection: duckdb.DuckDBPyConnection
    sync: str
    destination: str
    channel: str
    purpose: str
    is_message: bool
    run_id: str
    mapping_version: str
    max_attempts: int
    _sequence: int | None = field(default=None, init=False)

    def open_run(self, operations: Sequence[str], *, at: datetime) -> None:
        """Write the plan down: a `running` row per operation and a `planned` row per record."""
        with self._transaction() as sequence:
            self.connection.execute(
                """
                insert into ops.activation_sync_runs
                    (run_id, sync, destination, mapping_version, operation, planned, is_dry_run,
                    started_at, status, sequence, channel, purpose, is_message)
                select
                    $run_id, $sync, $destination, $mapping_version, operations.operation,
                    count(plan.record_key), false, $at, 'running', $sequence, $channel, $purpose,
                    $is_message
                from (select unnest($operations) as operation) as operations
                left join activation_plan as plan on operations.operation = plan.operation
                group by operations.operation
                """,
                {
                    **self._run,
                    **self._contact,
                    "mapping_version": self.mapping_version,
                    "operations": list(operations),
                    "at": at,
                    "sequence": sequence,
                },
            )
            self.connection.execute(
                f"""
                insert into ops.activation_sync_rows
                    (run_id, sync, {_IDS}, outcome, recorded_at, sequence, {_LEDGER})
                select $run_id, $sync, {_IDS}, 'planned', $at, $sequence, {_LEDGER}
                from activation_plan
                """,
                {**self._run, "at": at, "sequence": sequence},
            )

    def record(self, outcomes: Sequence[Outcome], *, at: datetime) -> None:
        """Commit outcomes: rows and ledger, rejects, and state for what was acknowledged (or is
        taken for delivered).

        `sending` and `aborted` are remembered as rows alone: nothing has an outcome yet.
        """
        if not outcomes:
            return
        self.connection.register("activation_outcomes", outcome_table(outcomes))
        try:
            with self._transaction() as sequence:
                self._record(at, sequence)
        finally:
            self.connection.unregister("activation_outcomes")

    def _record(self, at: datetime, sequence: int) -> None:
        run = {**self._run, "at": at, "sequence": sequence}
        self.connection.execute(
            f"""
            insert into ops.activation_sync_rows
                (run_id, sync, {_IDS}, outcome, reason, recorded_at, sequence)
            select $run_id, $sync, {_IDS}, outcome, reason, $at, $sequence
            from activation_outcomes
            inner join activation_plan using (position)
            """,
            run,
        )
        self.connection.execute(
            f"""
            insert into ops.activation_delivery_ledger
                (run_id, sync, {_IDS}, destination, channel, purpose, is_message, outcome, reason,
                external_id, sent_at, sequence, {_LEDGER})
            select
                $run_id, $sync, {_IDS}, $destination, $channel, $purpose, $is_message, outcome,
                reason, activation_outcomes.external_id, $at, $sequence, {_RENDERED}
            from activation_outcomes
            inner join activation_plan using (position)
            where outcome in ('succeeded', 'rejected', 'unknown', 'blocked')
            """,
            {**run, **self._contact},
        )
        self.connection.execute(
            """
            insert into ops.activation_sync_state
                (sync, record_key, person_id, identifier_key, row_hash, mapping_version,
                external_id, last_succeeded_at, is_removed, run_id, sequence)
            select
                $sync, record_key, person_id, identifier_key, row_hash, $mapping_version,
                coalesce(activation_outcomes.external_id, activation_plan.external_id), $at,
                operation = 'remove', $run_id, $sequence
            from activation_outcomes
            inner join activation_plan using (position)
            where
                outcome = 'succeeded'
                or (outcome = 'unknown' and reason = $assumed and operation <> 'remove')
            """,
            {**run, "mapping_version": self.mapping_version, "assumed": NEVER_CONFIRMED},
        )
        record_rejects(
            self.connection,
            sync=self.sync,
            run_id=self.run_id,
            max_attempts=self.max_attempts,
            at=at,
            sequence=sequence,
        )

    def resolve_moot_rejects(self, *, at: datetime) -> None:
        """Close the rejects of records that nobody wants to send any more."""
        with self._transaction() as sequence:
            resolve_moot_rejects(
                self.connection, sync=self.sync, run_id=self.run_id, at=at, sequence=sequence
            )

    def close_run(
        self, *, status: str, error: str | None, at: datetime
    ) -> dict[str, OperationCounts]:
        """End a run: what was never handed over is aborted, counts are taken from the rows.

        Returns the counts per operation. Also corrects a run that was closed with unknown rows
        which have been found since.
        """
        with self._transaction() as sequence:
            run = {**self._run, "at": at, "sequence": sequence}
            self.connection.execute(
                f"""
                insert into ops.activation_sync_rows
                    (run_id, sync, {_IDS}, outcome, recorded_at, sequence)
                with

                latest as (

                    select
                        *,
                        row_number() over (partition by record_key order by sequence desc)
                            as recency
                    from ops.activation_sync_rows
                    where run_id = $run_id and sync = $sync

                )

                select $run_id, $sync, {_IDS}, 'aborted', $at, $sequence
                from latest
                where recency = 1 and outcome = 'planned'
                """,
                run,
            )
            self.connection.execute(
                """
                insert into ops.activation_sync_runs
                    (run_id, sync, destination, mapping_version, operation, planned, attempted,
                    succeeded, rejected, blocked, unknown, aborted, is_dry_run, started_at,
                    finished_at, status, error, sequence)
                with

                opened as (

                    select * from ops.activation_sync_runs
                    where run_id = $run_id and sync = $sync and status = 'running'

                ),

                latest as (

                    select record_key, operation, max_by(outcome, sequence) as outcome
                    from ops.activation_sync_rows
                    where run_id = $run_id and sync = $sync
                    group by record_key, operation

                ),

                counted as (

                    select
                        operation,
                        count(*) filter (outcome = 'succeeded') as succeeded,
                        count(*) filter (outcome = 'rejected') as rejected,
                        count(*) filter (outcome = 'blocked') as blocked,
                        count(*) filter (outcome = 'unknown') as unknown,
                        count(*) filter (outcome = 'aborted') as aborted
                    from latest
                    group by operation

                )

                select
                    opened.run_id, opened.sync, opened.destination, opened.mapping_version,
                    opened.operation, opened.planned,
                    coalesce(counted.succeeded + counted.rejected + counted.unknown, 0),
                    coalesce(counted.succeeded, 0), coalesce(counted.rejected, 0),
                    coalesce(counted.blocked, 0), coalesce(counted.unknown, 0),
                    coalesce(counted.aborted, 0), opened.is_dry_run, opened.started_at, $at,
                    $status, $error, $sequence
                from opened
                left join counted on opened.operation = counted.operation
                """,
                {**run, "status": status, "error": error},
            )
            rows = self.connection.execute(
                """
                select
                    operation, planned, attempted, succeeded, rejected, blocked, unknown, aborted
                from ops.activation_sync_runs
                where run_id = $run_id and sync = $sync and sequence = $sequence
                order by operation
                """,
                {**self._run, "sequence": sequence},
            ).fetchall()
        return {operation: OperationCounts(*counts) for operation, *counts in rows}

    @property
    def _run(self) -> dict[str, object]:
        return {"run_id": self.run_id, "sync": self.sync}

    @property
    def _contact(self) -> dict[str, object]:
        """What the gate needs to know of a record when it counts contacts."""
        return {
            "destination": self.destination,
            "channel": self.channel,
            "purpose": self.purpose,
            "is_message": self.is_message,
        }

    @contextmanager
    def _transaction(self) -> Generator[int]:
        """A transaction with its own sequence number; committed (and flushed) at the end."""
        if self._sequence is None:
            self._sequence = int(self.connection.execute(HIGHEST_SEQUENCE).fetchall()[0][0])
        self._sequence += 1
        self.connection.execute("begin transaction")
        try:
            yield self._sequence
        except BaseException:
            self.connection.execute("rollback")
            raise
        self.connection.execute("commit")
