"""Which destinations have what of a person, as far as the ledgers know.

Belongs here: the list in the proof. Does not belong here: removing, which the next run of each sync
does (`activation/plan.py`).
"""

from __future__ import annotations

import duckdb

from orchestration.activation import DestinationError, load_destinations, unconfirmed_sql
from orchestration.erasure.proof import Delivery
from orchestration.erasure.target import Target
from orchestration.settings import Paths

REMOVED, QUEUED, GONE_OUT = "removed", "removal queued", "nothing to remove there"


def deliveries_of(
    connection: duckdb.DuckDBPyConnection, target: Target, paths: Paths
) -> list[Delivery]:
    """Every sync whose destination holds the person, did, or may, and what becomes of it.

    A record of which nobody knows whether it arrived counts as held. From some destinations nothing
    can be taken back (a mail that was sent).
    """
    rows = connection.execute(
        f"""
        with

        unconfirmed as ({unconfirmed_sql()}),

        events as (

            select sync, record_key, person_id, identifier_key, is_removed, sequence
            from ops.activation_sync_state
            union all
            select sync, record_key, person_id, identifier_key, false as is_removed, sequence
            from unconfirmed

        ),

        latest as (

            select
                sync,
                record_key,
                max_by(is_removed, sequence) as is_removed,
                max_by(person_id, sequence) as person_id,
                max_by(identifier_key, sequence) as identifier_key
            from events
            group by sync, record_key

        ),

        ledger as (

            select sync, max_by(destination, sequence) as destination
            from ops.activation_delivery_ledger
            group by sync

        )

        select latest.sync, coalesce(ledger.destination, ''), is_removed, count(*)
        from latest
        left join ledger on latest.sync = ledger.sync
        where person_id in (select unnest($1::varchar[]))
            or identifier_key in (select unnest($2::varchar[]))
        group by all order by all
        """,
        [target.ids, [key for key, _ in target.keys]],
    ).fetchall()
    final = _final_destinations(paths)
    return [
        Delivery(
            sync,
            destination,
            count,
            REMOVED if is_removed else GONE_OUT if destination in final else QUEUED,
        )
        for sync, destination, is_removed, count in rows
    ]


def _final_destinations(paths: Paths) -> set[str]:
    """Destinations that give nothing back."""
    try:
        destinations = load_destinations(paths)
    except DestinationError:  # a mistake in that file holds no erasure up
        return set()
    return {name for name, found in destinations.items() if not found.type.can_remove}
