"""What the model wants against what the destination holds, record by record.

Belongs here: the latest state of every record, and the operation that makes it what the model
wants. Does not belong here: which of them are held back, and their order; `plan.py` has that.
"""

from __future__ import annotations

from datetime import datetime

import duckdb

from orchestration.activation.connectors.base import Operation
from orchestration.activation.definitions import SyncDefinition
from orchestration.activation.erased import erased_sql
from orchestration.activation.mapping import FieldMapping
from orchestration.activation.source import (
    Model,
    PlanError,
    hash_key,
    ledger_columns,
    min_confidence,
    source_sql,
)


def read_states(connection: duckdb.DuckDBPyConnection, sync: str) -> None:
    """The last acknowledged state of every record that the destination ever held.

    A view, for it is as large as the source and read once. Most records have one state; only the
    others need the latest, which makes this four times as fast as an aggregate of whole rows.
    """
    connection.execute(
        """
        create or replace temp table activation_latest as
        select record_key, max(sequence) as sequence
        from ops.activation_sync_state
        where sync = $sync
        group by record_key
        having count(*) > 1
        """,
        {"sync": sync},
    )
    connection.execute(
        f"""
        create or replace temp view activation_states as
        select
            state.record_key,
            state.sequence as generation,
            state.person_id,
            state.identifier_key,
            state.row_hash,
            state.mapping_version,
            state.external_id,
            state.last_succeeded_at,
            state.is_removed
        from ops.activation_sync_state as state
        left join activation_latest as latest on state.record_key = latest.record_key
        where state.sync = '{sync}' and state.sequence = coalesce(latest.sequence, state.sequence)
        """
    )


def read_records(
    connection: duckdb.DuckDBPyConnection,
    definition: SyncDefinition,
    *,
    model: Model,
    mapping: FieldMapping,
    operations: tuple[Operation, ...],
    now: datetime,
) -> None:
    """Fill `activation_records`: every record that is wanted or held, with what is to be done.

    `is_wanted`: the model has it, of somebody who is certain enough; `operation` is null where
    nothing is to be done. This is the only copy of the model's rows, written once: at millions of
    rows the writing costs more than the comparing. `generation` is the state that is compared with:
    it is part of the idempotency key. Raises `PlanError` on null or double keys.
    """
    columns = ledger_columns(model)
    connection.execute(
        f"""
        create or replace temp table activation_records as
        with

        source as ({source_sql(model, mapping)}),

        compared as (

            select
                coalesce(source.record_key, held.record_key) as record_key,
                coalesce(
                    case when source.is_certain then source.person_id end, held.person_id
                ) as person_id,
                coalesce(
                    case when source.is_certain then source.identifier_key end, held.identifier_key
                ) as identifier_key,
                case when source.is_certain then source.row_hash else held.row_hash end as row_hash,
                case when not held.is_removed then held.external_id end as external_id,
                held.generation,
                coalesce(source.is_certain, false) as is_wanted,
                source.is_certain is false as is_uncertain,
                case
                    when is_wanted and coalesce(held.is_removed, true) then 'add'
                    when coalesce(held.is_removed, true) then null
                    when not is_wanted then 'remove'
                    when source.row_hash is distinct from held.row_hash then 'change'
                    when $mapping_version is distinct from held.mapping_version then 'change'
                    when source.identifier_key is distinct from held.identifier_key then 'change'
                    when
                        held.last_succeeded_at
                        < $now - to_days(cast($refresh_after_days as integer))
                        then 'refresh'
                end as operation
                {"".join(f", source.{column}" for column in columns)}
            from source
            full outer join activation_states as held on source.record_key = held.record_key

        )

        select
            * replace (
                case
                    when not list_contains($operations, operation) then null
                    when operation <> 'remove' or $is_mirror then operation
                    when {erased_sql("compared")} then operation
                end as operation
            ),
            cast(null as varchar) as hold
        from compared
        """,
        {
            "hash_key": hash_key(connection),
            "min_confidence": min_confidence(connection, definition.identity),
            "is_mirror": definition.mode == "mirror",
            "mapping_version": mapping.version,
            "refresh_after_days": definition.refresh_after_days,
            "now": now,
            "operations": list(operations),
        },
    )
    _assert_keys(connection, model, mapping)


def _assert_keys(
    connection: duckdb.DuckDBPyConnection, model: Model, mapping: FieldMapping
) -> None:
    """Raises `PlanError` on null or double keys.

    Keys whose hashes all differ do not repeat; they are counted themselves only where they may.
    """
    nulls, alike = connection.execute(
        """
        select count(*) - count(record_key), count(record_key) - count(distinct hash(record_key))
        from activation_records
        """
    ).fetchall()[0]
    doubles = 0
    if alike:
        (doubles,) = connection.execute(
            "select count(record_key) - count(distinct record_key) from activation_records"
        ).fetchall()[0]
    if nulls or doubles:
        raise PlanError(
            f"{model.name}: {nulls} rows without {mapping.key}, {doubles} rows whose "
            f"{mapping.key} is there already; a payload model has one row per record"
        )
