"""Rows of which nobody knows whether they arrived: the one wording of it in SQL.

Belongs here: which rows of `ops.activation_sync_rows` are open, in doubt, or may be at their
destination. A row in doubt ended as `unknown` and was not closed (`outcomes.py`). What a killed run
was sending to a destination that takes a key twice for once is `aborted` and sent again; until then
it may be there all the same. Does not belong here: asking, holding, removing.
"""

from __future__ import annotations

from orchestration.activation.outcomes import NEVER_CONFIRMED, OVERTAKEN, RUN_KILLED

_CLOSED = f"('{NEVER_CONFIRMED}', '{OVERTAKEN}')"


def latest_sql(which: str) -> str:
    """SELECT of the latest event of every record of every run, for rows that fulfil `which`."""
    return f"""
        select
            sync,
            run_id,
            record_key,
            max_by(person_id, sequence) as person_id,
            max_by(identifier_key, sequence) as identifier_key,
            max_by(row_hash, sequence) as row_hash,
            max_by(idempotency_key, sequence) as idempotency_key,
            max_by(outcome, sequence) as outcome,
            max_by(coalesce(reason, ''), sequence) as reason,
            max(recorded_at) as recorded_at,
            max(sequence) as sequence
        from ops.activation_sync_rows
        where {which}
        group by sync, run_id, record_key
    """


def is_open(row: str, outcomes: tuple[str, ...]) -> str:
    """Condition: the latest event has one of these outcomes, and nobody closed it."""
    among = ", ".join(f"'{outcome}'" for outcome in outcomes)
    return f"({row}.outcome in ({among}) and {row}.reason not in {_CLOSED})"


def doubts_sql(which: str = "true") -> str:
    """SELECT of the rows in doubt, columns as in `latest_sql`."""
    return f"""
        select * from ({latest_sql(_ever(which, "outcome = 'unknown'"))}) as latest
        where {is_open("latest", ("unknown",))}
    """


def unconfirmed_sql(which: str = "true") -> str:
    """SELECT of what may be at its destination and was not heard of since, as in `latest_sql`."""
    killed = f"reason = '{RUN_KILLED}'"
    return f"""
        select latest.*
        from ({latest_sql(_ever(which, f"(outcome = 'unknown' or {killed})"))}) as latest
        where
            ({is_open("latest", ("unknown",))} or (outcome = 'aborted' and {killed}))
            and not exists (
                select 1 from ops.activation_sync_state as state
                where
                    state.sync = latest.sync
                    and state.record_key = latest.record_key
                    and state.sequence > latest.sequence
            )
    """


def _ever(which: str, event: str) -> str:
    """Rows of records that had such an event once: few, so the others need not be grouped."""
    return f"""
        {which}
        and (sync, run_id, record_key) in (
            select (sync, run_id, record_key) from ops.activation_sync_rows
            where {which} and {event}
        )
    """
