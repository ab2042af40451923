"""The ledgers without events that a later one has overtaken.

Belongs here: which events of `ops.activation_*` may go. The tables only grow; what they say is the
latest event of a key. Of runs that are settled for long the way to the outcome goes and the outcome
stays, so the models `activation.*`, the next plan and every count are the same before and after.
The delivery ledger is left alone: caps and proofs read its events. Does not belong here: forgetting
a person (`erasure`), giving space on disk back.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb

from orchestration.activation.settled import RUN_ENDS

# Per table: the key whose latest event counts, and which other events may go.
_SETTLED = "(events.sync, events.run_id) in (select (sync, run_id) from activation_settled)"
_OVERTAKEN = {
    "activation_sync_rows": ("run_id, sync, record_key", _SETTLED),
    "activation_sync_runs": ("run_id, sync, operation", _SETTLED),
    "activation_rejects": ("sync, record_key", "true"),
    "activation_sync_state": ("sync, record_key", "true"),
}


def compact_ledgers(
    connection: duckdb.DuckDBPyConnection, *, keep_days: int, now: datetime
) -> dict[str, int]:
    """Drop overtaken events, in one transaction; returns how many per table.

    Runs that ended less than `keep_days` days before `now` (UTC) keep theirs, and so does every
    run that is not settled.
    """
    dropped = {}
    connection.begin()
    try:
        connection.execute(
            f"""
            create or replace temp table activation_settled as
            select sync, run_id from ({RUN_ENDS}) where ended_at < $limit
            """,
            {"limit": now - timedelta(days=keep_days)},
        )
        for table, (key, may_go) in _OVERTAKEN.items():
            rows = connection.execute(
                f"""
                delete from ops.{table} as events
                using (
                    select {key}, max(sequence) as latest from ops.{table} group by {key}
                ) as kept
                where
                    {_equal("events", "kept", key)}
                    and events.sequence < kept.latest
                    and {may_go}
                """
            ).fetchall()
            dropped[table] = int(rows[0][0])
        # a reject that was resolved stands for nothing: the record begins anew
        rows = connection.execute(
            "delete from ops.activation_rejects where is_resolved and sequence < "
            "(select max(sequence) from ops.activation_sync_runs)"
        ).fetchall()
        dropped["activation_rejects"] += int(rows[0][0])
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
    return dropped


def _equal(one: str, other: str, key: str) -> str:
    return " and ".join(f"{one}.{column} = {other}.{column}" for column in key.split(", "))
