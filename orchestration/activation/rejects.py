"""Rejects: how often a record was refused with the same data, and when it is tried again.

Belongs here: the writes to `ops.activation_rejects`. Both functions run inside the caller's
transaction and read the temporary tables of the run. Does not belong here: holding rows back
(`plan.py` does, from what is written here).
"""

from __future__ import annotations

from datetime import datetime

import duckdb

FIRST_RETRY_MINUTES = 5
LAST_RETRY_MINUTES = 1_440
_COLUMNS = """
    (sync, record_key, person_id, operation, row_hash, run_id, error_class, message, attempts,
    next_try_at, is_terminal, is_resolved, recorded_at, sequence)
"""
_LATEST = """
    select
        *,
        row_number() over (partition by record_key order by sequence desc) as recency
    from ops.activation_rejects
    where sync = $sync
"""


def record_rejects(
    connection: duckdb.DuckDBPyConnection,
    *,
    sync: str,
    run_id: str,
    max_attempts: int,
    at: datetime,
    sequence: int,
) -> None:
    """Count the rejected rows of `activation_outcomes`; a success closes an open reject.

    The wait doubles from 5 minutes to a day. `max_attempts` with unchanged data, or a terminal
    answer, park the record until its data changes.
    """
    connection.execute(
        f"""
        insert into ops.activation_rejects {_COLUMNS}
        with

        latest as (

            {_LATEST}

        ),

        open_rejects as (

            select * from latest where recency = 1 and not is_resolved

        ),

        counted as (

            select
                plan.record_key,
                plan.person_id,
                plan.operation,
                plan.row_hash,
                outcomes.outcome,
                outcomes.reason,
                outcomes.message,
                outcomes.is_terminal,
                case
                    when
                        open_rejects.operation = plan.operation
                        and open_rejects.row_hash = plan.row_hash
                        then open_rejects.attempts
                    else 0
                end + cast(outcomes.outcome = 'rejected' as integer) as attempts
            from activation_outcomes as outcomes
            inner join activation_plan as plan on outcomes.position = plan.position
            left join open_rejects on plan.record_key = open_rejects.record_key
            where
                outcomes.outcome = 'rejected'
                or (outcomes.outcome = 'succeeded' and open_rejects.record_key is not null)

        )

        select
            $sync, record_key, person_id, operation, row_hash, $run_id, reason, message, attempts,
            $at + to_minutes(cast(least(
                {LAST_RETRY_MINUTES}, {FIRST_RETRY_MINUTES} * power(2, greatest(attempts, 1) - 1)
            ) as integer)),
            is_terminal or attempts >= $max_attempts, outcome = 'succeeded', $at, $sequence
        from counted
        """,
        {
            "sync": sync,
            "run_id": run_id,
            "max_attempts": max_attempts,
            "at": at,
            "sequence": sequence,
        },
    )


def resolve_moot_rejects(
    connection: duckdb.DuckDBPyConnection, *, sync: str, run_id: str, at: datetime, sequence: int
) -> None:
    """Close the rejects of records with which nothing is to be done any more."""
    connection.execute(
        f"""
        insert into ops.activation_rejects {_COLUMNS}
        select
            sync, record_key, person_id, operation, row_hash, $run_id, error_class, message,
            attempts, next_try_at, is_terminal, true, $at, $sequence
        from ({_LATEST})
        where
            recency = 1
            and not is_resolved
            and record_key not in (
                select record_key from activation_records where operation is not null
            )
        """,
        {"sync": sync, "run_id": run_id, "at": at, "sequence": sequence},
    )
