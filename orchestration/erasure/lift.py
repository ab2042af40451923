"""Taking an erasure back: an address that subscribes again, of its own will.

Belongs here: tombstones that no longer hold. Nothing comes back by lifting one: what was erased is
gone. Only what is delivered afterwards is taken in again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import duckdb

from orchestration.erasure.target import key_of
from orchestration.identity.lookup import IdentityError
from orchestration.ingestion.tombstones import FORMER
from orchestration.settings import TenantSettings


def find_keys(
    connection: duckdb.DuckDBPyConnection, asked: Sequence[str], settings: TenantSettings
) -> list[str]:
    """Identifier keys of `type=value`; keys and names of erasures as they are."""
    keys = []
    for item in asked:
        kind, equals, value = item.partition("=")
        keys.append((key_of(connection, kind, value, settings) or "") if equals else item)
    return keys


def lift(
    connection: duckdb.DuckDBPyConnection, keys: Sequence[str], *, reason: str
) -> tuple[int, list[str]]:
    """Lift the tombstones of identifiers (keys, or an erasure as a whole): they may come again.

    Nothing comes back by it: only what is delivered afterwards is taken. Returns how many
    identifiers, and their erasures. Raises `IdentityError` where there are none.
    """
    rows = connection.execute(
        "update ops.erasures set lifted_at = $3, lift_reason = $4 "
        "where lifted_at is null and identifier_type <> $2 "
        "and (identifier_key in (select unnest($1::varchar[])) "
        "or erasure_id in (select unnest($1::varchar[]))) returning erasure_id",
        [list(keys), FORMER, datetime.now(UTC).replace(tzinfo=None, microsecond=0), reason],
    ).fetchall()
    if not rows:
        raise IdentityError("no tombstone of that name is in force")
    return len(rows), sorted({name for (name,) in rows})
