"""Who is to be erased: from what was asked to identifier keys, person ids and clear values.

Clear values stay in memory: they are what the proof searches for, and are in no message.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import duckdb

from orchestration.identity.lookup import (
    IDENTIFIER_KEY,
    PERSON_ID,
    IdentityError,
    find_identifier,
    find_person,
)
from orchestration.ingestion.tombstones import (
    FORMER,
    RECORD,
    NewTombstone,
    add_keys,
    read_tombstones,
)
from orchestration.settings import TenantSettings

Scope = Literal["identifier", "person"]
# Of these the spelling tells who it is wherever it stands; a customer number may be any number.
SEARCHED = ("email", "phone", "social_handle", "payment_token", "push_token", "device_id",
            "cookie_id", "loyalty_id", "landline")  # fmt: skip
SHORTEST = 6


@dataclass(frozen=True)
class Target:
    """What one erasure is about.

    `keys`: identifier key and type. `person_ids`: persons who are erased with them, `former_ids`:
    ids that were given up and lead to one of them. `values`: clear spellings to search for, `known`
    is False where they are gone already (an erasure that was killed and goes on).
    """

    erasure_id: str
    scope: Scope
    keys: tuple[tuple[str, str], ...]
    person_ids: tuple[str, ...]
    former_ids: tuple[str, ...] = ()
    values: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def tombstones(self) -> list[NewTombstone]:
        """Its tombstones, as the gate wants them."""
        return [
            NewTombstone(key, kind, self.scope == "person", self.erasure_id)
            for key, kind in self.keys
        ]

    @property
    def ids(self) -> list[str]:
        """All person ids, present and former."""
        return [*self.person_ids, *self.former_ids]


def find_target(
    connection: duckdb.DuckDBPyConnection,
    asked: Sequence[str],
    *,
    scope: Scope,
    settings: TenantSettings,
) -> Target:
    """The target of what was asked: person ids, identifier keys, `type=value`.

    `person` means every identifier of the persons; `identifier` just the ones given. An erasure
    that has begun, or was done, is found again by its tombstones. Raises `IdentityError`.
    """
    keys: dict[str, str] = {}
    persons: set[str] = set()
    begun: set[str] = set()
    for item in asked:
        earlier = _earlier(connection, item, settings)
        if earlier:
            begun |= earlier
            continue
        if PERSON_ID.fullmatch(item):
            if scope != "person":
                raise IdentityError("a person id is erased with scope person")
            persons.add(find_person(connection, item))
            continue
        identifier = find_identifier(connection, item)
        keys[identifier.key] = identifier.kind
        if scope == "person":
            if identifier.person_id is None:
                raise IdentityError(
                    f"{identifier.label} is no person's: it is {identifier.status}; erase it "
                    "with scope identifier"
                )
            persons.add(identifier.person_id)
    if begun and (keys or persons or len(begun) > 1):
        raise IdentityError(
            "some of it is erased already: ask for that apart, to go on or to prove"
        )
    if begun:
        return _begun(connection, begun.pop(), _typed(asked))
    if scope == "person":
        keys |= _identifiers_of(connection, persons)
    ended = persons | _left_without(connection, keys)
    name = hashlib.sha256("|".join([scope, *sorted(keys), *sorted(persons)]).encode())
    (lifted,) = connection.execute(
        "select count(distinct erasure_id) from ops.erasures where lifted_at is not null"
    ).fetchall()[0]
    return Target(
        erasure_id=f"erasure-{name.hexdigest()[:8]}-{lifted + 1}",
        scope=scope,
        keys=tuple(sorted(keys.items())),
        person_ids=tuple(sorted(ended)),
        former_ids=_former(connection, ended),
        values=_values(connection, {**keys, **_of_nobody_else(connection, ended)}),
    )


def key_of(
    connection: duckdb.DuckDBPyConnection, kind: str, value: str, settings: TenantSettings
) -> str | None:
    """The key of `type=value`, also of one that no record names any more."""
    nobody = NewTombstone("", kind, False, "")
    if read_tombstones(connection, settings, [nobody]) is None:
        return None
    connection.execute(
        "create or replace temp table erased_asked as select $1 as kind, $2 as value, $3 as region",
        [kind, value, settings.country_code],
    )
    add_keys(connection, "erased_asked", "erased_keyed")
    return connection.execute("select identifier_key from erased_keyed").fetchall()[0][0]


def _earlier(
    connection: duckdb.DuckDBPyConnection, item: str, settings: TenantSettings
) -> set[str]:
    """Erasures in force that have this person or identifier."""
    kind, equals, value = item.partition("=")
    if equals:
        item = key_of(connection, kind, value, settings) or item
    elif not IDENTIFIER_KEY.fullmatch(item.lower()):
        return set()
    rows = connection.execute(
        "select distinct erasure_id from ops.erasures where lifted_at is null "
        "and (starts_with(identifier_key, $1) or person_id = $1) and identifier_type <> $2",
        [item, RECORD],
    ).fetchall()
    return {name for (name,) in rows}


def _typed(asked: Sequence[str]) -> frozenset[str]:
    """Values that were typed: all that can be searched for once the warehouse has forgotten."""
    parts = [item.partition("=") for item in asked]
    return frozenset(
        value.strip() for kind, _, value in parts if kind in SEARCHED and len(value) >= SHORTEST
    )


def _begun(connection: duckdb.DuckDBPyConnection, erasure_id: str, typed: frozenset[str]) -> Target:
    rows = connection.execute(
        "select identifier_key, identifier_type, scope, person_id from ops.erasures "
        "where erasure_id = ? and identifier_type <> ? order by all",
        [erasure_id, RECORD],
    ).fetchall()
    keys = {key: kind for key, kind, *_ in rows if kind != FORMER}
    former = {key for key, kind, *_ in rows if kind == FORMER}
    persons = {person for *_, person in rows if person} - former
    return Target(
        erasure_id=erasure_id,
        scope=rows[0][2],
        keys=tuple(keys.items()),
        person_ids=tuple(sorted(persons)),
        former_ids=tuple(sorted(former)),
        values=_values(connection, keys) | typed,
    )


def _identifiers_of(connection: duckdb.DuckDBPyConnection, persons: set[str]) -> dict[str, str]:
    rows = connection.execute(
        "select identifier_key, identifier_type from intermediate.int_identity__identifiers "
        "where person_id in (select unnest(?))",
        [sorted(persons)],
    ).fetchall()
    return dict(rows)


def _of_nobody_else(connection: duckdb.DuckDBPyConnection, persons: set[str]) -> dict[str, str]:
    """Identifiers that link nobody (a landline, say) and stand in records of `persons` only."""
    rows = connection.execute(
        """
        with

        records as (
            select record_key from intermediate.int_identity__record_persons
            where person_id in (select unnest($1::varchar[]))
        ),

        theirs as (
            select distinct identifier_number from intermediate.int_identity__observations
            where record_key in (select record_key from records)
        ),

        shared as (
            select distinct identifier_number from intermediate.int_identity__observations
            where identifier_number in (select identifier_number from theirs)
                and record_key not in (select record_key from records)
        )

        select identifier_key, identifier_type
        from intermediate.int_identity__keys
        where identifier_number in (select identifier_number from theirs)
            and identifier_number not in (select identifier_number from shared)
        """,
        [sorted(persons)],
    ).fetchall()
    return dict(rows)


def _left_without(connection: duckdb.DuckDBPyConnection, keys: dict[str, str]) -> set[str]:
    """Persons all of whose identifiers are among `keys`."""
    rows = connection.execute(
        "select person_id from intermediate.int_identity__identifiers where person_id is not null "
        "group by person_id having bool_and(identifier_key in (select unnest($1::varchar[])))",
        [list(keys)],
    ).fetchall()
    return {person for (person,) in rows}


def _former(connection: duckdb.DuckDBPyConnection, persons: set[str]) -> tuple[str, ...]:
    rows = connection.execute(
        "select old_person_id from identity.person_redirects "
        "where person_id in (select unnest($1::varchar[])) order by 1",
        [sorted(persons)],
    ).fetchall()
    return tuple(person for (person,) in rows)


def _values(connection: duckdb.DuckDBPyConnection, keys: dict[str, str]) -> frozenset[str]:
    """Clear spellings that are long enough to mean nothing else, from schema pii."""
    rows = connection.execute(
        "select source_identifier_type, raw_value, identifier_value from pii.int_identity__values "
        "where identifier_key in (select unnest($1::varchar[])) and identifier_value <> '(erased)'",
        [list(keys)],
    ).fetchall()
    found = set()
    for kind, raw, value in rows:
        if kind in SEARCHED:
            parts = {raw.strip(), value}
            if kind == "social_handle":  # staging puts the network before it
                parts = {text.partition(":")[2] or text for text in parts}
            found |= {text for text in parts if len(text) >= SHORTEST}
    return frozenset(found)
