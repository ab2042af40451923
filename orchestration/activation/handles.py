"""What a destination may hold of a record, in the destination's own words.

An ad platform removes a member by the identifiers it was added with. When somebody leaves, the
payload model has no row of him any more, and after an erasure no table has: so a connector that
needs them gives the handles of each record (`HandleConnector`), and they are kept here.

Belongs here: `ops.activation_handles`. A handle is written before its batch goes and dropped when
the destination acknowledged another one, or that the record is gone; a run that was killed, or an
answer that was lost, leaves one more handle than needed, never one less. A record that has handles
and is neither in the model nor known to be held is removed too. Does not belong here: what a handle
is made of; it is text of the connector's (hashes of addresses), shown by no table and no report.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

import duckdb
import pyarrow as pa

from orchestration.activation.connectors.base import Connector, Record, RowResult
from orchestration.activation.doubts import unconfirmed_sql
from orchestration.activation.erased import erased_sql

_SCHEMA = pa.schema([("record_key", pa.string()), ("handle", pa.string())])


@runtime_checkable
class HandleConnector(Protocol):
    """A connector that must be told what it sent before."""

    def handles(self, record: Record) -> Sequence[str]:
        """What the destination will know this record by once it took it; empty when it cannot."""
        ...


def with_handles(
    connection: duckdb.DuckDBPyConnection,
    connector: Connector,
    sync: str,
    records: Sequence[Record],
) -> list[Record]:
    """The records with what the destination may hold of them; their new handles are written down.

    A handle that another record of the model goes on having (two spellings of one Gmail address,
    father and son of one name) is told apart: taking it away would take away the other too. Nothing
    is read or written for a connector that keeps no handles.
    """
    if not isinstance(connector, HandleConnector) or not records:
        return list(records)
    new = _new_handles(connector, records)
    batch = {record.record_key for record in records}
    held: dict[str, set[str]] = {}
    shared: dict[str, set[str]] = {}
    for record_key, handle, others in connection.execute(
        """
        select held.record_key, held.handle, list(others.record_key) as others
        from ops.activation_handles as held
        left join ops.activation_handles as others
            on
                held.sync = others.sync
                and held.handle = others.handle
                and held.record_key <> others.record_key
                and others.record_key in (select record_key from activation_records where is_wanted)
        where held.sync = $sync and held.record_key in (select unnest($keys))
        group by held.record_key, held.handle
        """,
        {"sync": sync, "keys": list(batch)},
    ).fetchall():
        held.setdefault(record_key, set()).add(handle)
        elsewhere = [other for other in others if other is not None and other not in batch]
        beside = [other for other in others if other in batch and handle in new.get(other, ())]
        if elsewhere or beside:
            shared.setdefault(record_key, set()).add(handle)
    _change(
        connection,
        """
        insert into ops.activation_handles (sync, record_key, handle)
        select $sync, record_key, handle from activation_new_handles as new
        where not exists (
            select 1 from ops.activation_handles as held
            where
                held.sync = $sync
                and held.record_key = new.record_key
                and held.handle = new.handle
        )
        """,
        sync,
        [(record_key, handle) for record_key, handles in new.items() for handle in handles],
    )
    return [
        replace(
            record,
            handles=tuple(sorted(held.get(record.record_key, ()))),
            shared_handles=frozenset(shared.get(record.record_key, ())),
        )
        for record in records
    ]


def settle_handles(
    connection: duckdb.DuckDBPyConnection,
    connector: Connector,
    sync: str,
    records: Sequence[Record],
    results: Sequence[RowResult | None],
) -> None:
    """Drop the handles that hold no longer, after the receipts of the batch are written.

    Acknowledged: the new handle alone stays, or none after a removal. Refused: the new handle goes,
    unless it was there before. Unknown: everything stays.
    """
    if not isinstance(connector, HandleConnector) or not records:
        return
    new = _new_handles(connector, records)
    stale: list[tuple[str, str]] = []
    for record, result in zip(records, results, strict=True):
        fresh = new.get(record.record_key, ())
        if result is None or result.outcome == "unknown":
            continue
        former, other = (
            (record.handles, fresh) if result.outcome == "succeeded" else (fresh, record.handles)
        )
        stale += [(record.record_key, handle) for handle in former if handle not in other]
    _change(
        connection,
        """
        delete from ops.activation_handles as held
        using activation_new_handles as stale
        where
            held.sync = $sync
            and held.record_key = stale.record_key
            and held.handle = stale.handle
        """,
        sync,
        stale,
    )


def plan_forgotten(
    connection: duckdb.DuckDBPyConnection, sync: str, *, is_mirror: bool, can_remove: bool
) -> None:
    """Add removals to `activation_records` for records that may be held and belong nowhere.

    Makes `activation_handled`, the keys of all records of this sync that have a handle, or may be
    there (`doubts.py`). Such a record was on its way when a run was killed, or its answer was lost,
    and it has left the model since; no state says that it is held, so nothing else would remove it
    before the doubt is closed. Taking away what never arrived does no harm. Outside a mirror only
    who is erased is removed.
    """
    connection.execute(
        f"""
        create or replace temp table activation_unconfirmed as
        select record_key, max_by(row_hash, sequence) as row_hash
        from ({unconfirmed_sql("sync = $sync")})
        group by record_key
        """,
        {"sync": sync},
    )
    connection.execute(
        """
        create or replace temp table activation_handled as
        select record_key from ops.activation_handles where sync = $sync
        union
        select record_key from activation_unconfirmed
        """,
        {"sync": sync},
    )
    handled = connection.execute("select 1 from activation_handled limit 1").fetchall()
    if not can_remove or not handled:
        return
    connection.execute(
        f"""
        insert into activation_records by name
        with

        hashed as (

            select record_key, sha256(string_agg(handle, chr(31) order by handle)) as row_hash
            from ops.activation_handles
            where sync = $sync
            group by record_key

        ),

        handled as (

            select
                handled.record_key,
                coalesce(hashed.row_hash, unconfirmed.row_hash) as row_hash
            from activation_handled as handled
            left join hashed on handled.record_key = hashed.record_key
            left join activation_unconfirmed as unconfirmed
                on handled.record_key = unconfirmed.record_key
            where handled.record_key not in (
                select record_key from activation_records
                where is_wanted or operation is not null
            )

        ),

        known as (

            select
                record_key,
                max_by(person_id, sequence) as person_id,
                max_by(identifier_key, sequence) as identifier_key
            from ops.activation_sync_rows
            where sync = $sync and record_key in (select record_key from handled)
            group by record_key

        )

        select
            handled.record_key,
            known.person_id,
            known.identifier_key,
            handled.row_hash,
            cast(null as varchar) as external_id,
            states.generation,
            false as is_wanted,
            false as is_uncertain,
            'remove' as operation
        from handled
        left join activation_states as states on handled.record_key = states.record_key
        left join known on handled.record_key = known.record_key
        where $is_mirror or {erased_sql("known")}
        """,
        {"sync": sync, "is_mirror": is_mirror},
    )


def _new_handles(connector: HandleConnector, records: Sequence[Record]) -> dict[str, Sequence[str]]:
    """Handles by record key of what is added, changed or affirmed."""
    return {
        record.record_key: connector.handles(record)
        for record in records
        if record.operation != "remove"
    }


def _change(
    connection: duckdb.DuckDBPyConnection, sql: str, sync: str, pairs: Sequence[tuple[str, str]]
) -> None:
    """Run a statement over pairs of record key and handle, as relation `activation_new_handles`."""
    if not pairs:
        return
    table = pa.Table.from_pylist(
        [{"record_key": key, "handle": handle} for key, handle in pairs], schema=_SCHEMA
    )
    connection.register("activation_new_handles", table)
    try:
        connection.execute(sql, {"sync": sync})
    finally:
        connection.unregister("activation_new_handles")
