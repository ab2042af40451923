"""The plan of a run: rows of the payload model against what the destination holds, in SQL.

Belongs here: the temporary relations that a run reads (`activation_states` while it is planned,
`activation_records`, `activation_plan`); they carry ids and hashes, never a payload. Does not
belong here: whether the plan may be carried out (`guards.py`), and for whom (`gate.py`).

The row hash is keyed (`pii.hash_keys`), so that nobody can guess an address from it, and covers the
mapping's version: another mapping is another record. Nothing is written to the ledgers here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from orchestration.activation.connectors.base import Operation
from orchestration.activation.definitions import SyncDefinition
from orchestration.activation.difference import read_records, read_states
from orchestration.activation.doubts import doubts_sql
from orchestration.activation.erased import erased_sql
from orchestration.activation.handles import plan_forgotten
from orchestration.activation.mapping import LEDGER_COLUMNS, FieldMapping
from orchestration.activation.source import Model, ledger_columns

OPERATIONS_OF_MODE: dict[str, tuple[Operation, ...]] = {
    "mirror": ("add", "change", "remove", "refresh"),
    "upsert": ("add", "change", "refresh"),
    "insert": ("add",),
}


@dataclass(frozen=True)
class PlanFigures:
    """What the guards look at.

    `held_rows`: records that the destination holds, or may hold (`handles.py`);
    `waiting`: rejects that are not due or parked; `in_doubt`: rows whose outcome is unknown;
    `uncertain`: rows of the model whose person is not certain enough for the sync; `erased`:
    removes of `planned` that an erasure asks for.
    """

    source_rows: int
    held_rows: int
    planned: dict[Operation, int]
    waiting: int
    in_doubt: int
    uncertain: int = 0
    erased: int = 0


_MAY_BE_HELD = """(
    select record_key from activation_states where not is_removed
    union all
    select handled.record_key
    from activation_handled as handled
    left join activation_states as states on handled.record_key = states.record_key
    where coalesce(states.is_removed, true)
)"""


def make_plan(
    connection: duckdb.DuckDBPyConnection,
    definition: SyncDefinition,
    *,
    model: Model,
    mapping: FieldMapping,
    operations: tuple[Operation, ...],
    hold_in_doubt: bool,
    now: datetime,
) -> PlanFigures:
    """Fill the temporary tables of the run and return their figures.

    `activation_plan` has one row per record to send, numbered by `position` from 1: removes first,
    then adds, changes and refreshes, each by key. `hold_in_doubt`: rows whose last outcome is
    unknown are not sent again. Raises `PlanError` on null or double keys.
    """
    read_states(connection, definition.sync)
    read_records(
        connection, definition, model=model, mapping=mapping, operations=operations, now=now
    )
    plan_forgotten(
        connection,
        definition.sync,
        is_mirror=definition.mode == "mirror",
        can_remove="remove" in operations,
    )
    _hold_waiting(connection, definition.sync, now=now)
    if hold_in_doubt:
        _hold_in_doubt(connection, definition.sync, is_insert=definition.mode == "insert")
    _number_the_plan(connection, definition.sync, ledger=ledger_columns(model))
    planned = dict(
        connection.execute(
            "select operation, count(*) from activation_plan group by operation"
        ).fetchall()
    )
    figures = PlanFigures(
        source_rows=_count(connection, "activation_records where is_wanted"),
        held_rows=_count(connection, _MAY_BE_HELD),
        planned={operation: planned.get(operation, 0) for operation in operations},
        waiting=_count(connection, "activation_records where hold = 'waiting'"),
        in_doubt=_count(connection, "activation_records where hold = 'in_doubt'"),
        uncertain=_count(connection, "activation_records where is_uncertain"),
        erased=_count(
            connection,
            f"activation_plan where operation = 'remove' and {erased_sql('activation_plan')}",
        ),
    )
    connection.execute("drop view activation_states")  # receipts move what it shows
    return figures


def _hold_waiting(connection: duckdb.DuckDBPyConnection, sync: str, *, now: datetime) -> None:
    """Hold back rejects that are not due or parked, as long as their data is the same."""
    connection.execute(
        """
        update activation_records set hold = 'waiting'
        from (
            select
                record_key,
                max_by(
                    struct_pack(
                        operation := operation,
                        row_hash := row_hash,
                        next_try_at := next_try_at,
                        is_terminal := is_terminal,
                        is_resolved := is_resolved
                    ),
                    sequence
                ) as reject
            from ops.activation_rejects
            where sync = $sync
            group by record_key
        ) as rejects
        where
            rejects.record_key = activation_records.record_key
            and not reject.is_resolved
            and reject.operation = activation_records.operation
            and reject.row_hash = activation_records.row_hash
            and (reject.is_terminal or reject.next_try_at > $now)
        """,
        {"sync": sync, "now": now},
    )


def _hold_in_doubt(connection: duckdb.DuckDBPyConnection, sync: str, *, is_insert: bool) -> None:
    """Hold back rows of which nobody knows whether they arrived: never sent again blindly.

    `resume.py` has asked the destination before; what is still unknown stays held, until it is
    closed after `on_reject.unknown_after_days`. Of what is only ever added (a message) the record
    is held whatever its data are now.
    """
    connection.execute(
        f"""
        create or replace temp table activation_doubts as
        select idempotency_key, record_key from ({doubts_sql("sync = $sync")})
        """,
        {"sync": sync},
    )
    connection.execute(
        f"""
        update activation_records set hold = 'in_doubt'
        where
            record_key in (select record_key from activation_doubts)
            and operation is not null
            and (
                {_idempotency_key(sync)} in (select idempotency_key from activation_doubts)
                or ($is_insert and operation = 'add')
            )
        """,
        {"is_insert": is_insert},
    )


def _idempotency_key(sync: str) -> str:
    """SQL of a row's key: the same as long as nothing of the record was acknowledged in between.

    Without the `generation`, who leaves and comes back, or is affirmed again, would have a key that
    the destination has seen, and one that ignores known keys would not take it.
    """
    return f"sha256(concat_ws(chr(31), '{sync}', record_key, operation, row_hash, generation))"


def _number_the_plan(
    connection: duckdb.DuckDBPyConnection, sync: str, *, ledger: tuple[str, ...]
) -> None:
    """Order the plan: keys are sorted alone, whole rows are fetched by their place after.

    What follows from a row (its idempotency key, ledger columns that the model lacks) is worked out
    where a window of rows is read; writing it for millions of rows would take as long as the rest.
    """
    connection.execute(
        """
        create or replace temp table activation_order as
        select rowid as record
        from activation_records
        where operation is not null and hold is null
        order by
            case operation when 'remove' then 1 when 'add' then 2 when 'change' then 3 else 4 end,
            record_key
        """
    )
    connection.execute(
        f"""
        create or replace temp table activation_numbered as
        select
            numbered.rowid + 1 as position,
            records.operation,
            records.record_key,
            records.person_id,
            records.identifier_key,
            records.row_hash,
            records.external_id,
            records.generation
            {"".join(f", records.{column}" for column in ledger)}
        from activation_order as numbered
        inner join activation_records as records on numbered.record = records.rowid
        """
    )
    absent = "".join(
        f", cast(null as {kind}) as {column}"
        for column, kind in LEDGER_COLUMNS.items()
        if column not in ledger
    )
    connection.execute(
        f"""
        create or replace temp view activation_plan as
        select *, {_idempotency_key(sync)} as idempotency_key{absent} from activation_numbered
        """
    )


def _count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    return int(connection.execute(f"select count(*) from {relation}").fetchall()[0][0])
