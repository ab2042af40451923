"""What the model wants against what the destination holds, record by record.

Belongs here: the latest state of every record, and the candidates of a plan with their operations
and idempotency keys. Does not belong here: which of them are held back, and their order; `plan.py`
has that.
"""

from __future__ import annotations

from datetime import datetime

import duckdb

from orchestration.activation.connectors.base import Operation
from orchestration.activation.definitions import SyncDefinition
from orchestration.activation.erased import erased_sql
from orchestration.activation.mapping import LEDGER_COLUMNS, FieldMapping


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


def read_candidates(
    connection: duckdb.DuckDBPyConnection,
    definition: SyncDefinition,
    *,
    mapping: FieldMapping,
    operations: tuple[Operation, ...],
    now: datetime,
) -> None:
    """The difference of source and held, with idempotency key and ledger columns of each row.

    The key is the same as long as nothing of the record was acknowledged in between. Without that
    `generation`, who leaves and comes back, or is affirmed again, would have a key that the
    destination has seen, and one that ignores known keys would not take it.
    """
    ledger = ", ".join(f"source.{column}" for column in LEDGER_COLUMNS)
    connection.execute(
        f"""
        create or replace temp table activation_candidates as
        with

        compared as (

            select
                coalesce(source.record_key, held.record_key) as record_key,
                coalesce(source.person_id, held.person_id) as person_id,
                coalesce(source.identifier_key, held.identifier_key) as identifier_key,
                coalesce(source.row_hash, held.row_hash) as row_hash,
                case when not held.is_removed then held.external_id end as external_id,
                held.generation,
                case
                    when held.record_key is null then 'add'
                    when held.is_removed and source.record_key is not null then 'add'
                    when held.is_removed then null
                    when source.record_key is null then 'remove'
                    when source.row_hash is distinct from held.row_hash then 'change'
                    when $mapping_version is distinct from held.mapping_version then 'change'
                    when source.identifier_key is distinct from held.identifier_key then 'change'
                    when
                        held.last_succeeded_at
                        < $now - to_days(cast($refresh_after_days as integer))
                        then 'refresh'
                end as operation,
                {ledger}
            from activation_source as source
            full outer join activation_states as held on source.record_key = held.record_key

        )

        select
            *,
            sha256(
                concat_ws(chr(31), $sync, record_key, operation, row_hash, generation)
            ) as idempotency_key,
            cast(null as varchar) as hold
        from compared
        where list_contains($operations, operation)
            and (operation <> 'remove' or $is_mirror or {erased_sql("compared")})
        """,
        {
            "sync": definition.sync,
            "is_mirror": definition.mode == "mirror",
            "mapping_version": mapping.version,
            "refresh_after_days": definition.refresh_after_days,
            "now": now,
            "operations": list(operations),
        },
    )
