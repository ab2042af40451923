"""From what a person types to rows of the graph: a person id, an identifier key, or type=value.

A clear value is looked up in schema `pii` and appears in no answer and in no message.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

PERSON_ID_LENGTH = 32
IDENTIFIER_KEY_LENGTH = 64
SHOWN_OF_A_KEY = 8


class IdentityError(LookupError):
    """What was asked for is not in the graph; the message says what is, without clear values."""


@dataclass(frozen=True)
class Identifier:
    """An identifier of the graph; `person_id` is None where it links nobody."""

    number: int
    key: str
    kind: str
    person_id: str | None
    status: str

    @property
    def label(self) -> str:
        """Type and the beginning of the key."""
        return f"{self.kind} {self.key[:SHOWN_OF_A_KEY]}"


def find_identifier(connection: duckdb.DuckDBPyConnection, asked: str) -> Identifier:
    """The identifier of a key or of `type=value`; raises `IdentityError`."""
    kind, equals, value = asked.partition("=")
    if equals:
        keys = connection.execute(
            """
            select distinct identifier_key from pii.int_identity__values
            where ? in (identifier_type, source_identifier_type)
                and (raw_value = ? or identifier_value = ? or compared_value = lower(trim(?)))
            """,
            [kind, value, value, value],
        ).fetchall()
        what = f"{kind} with that value"
    else:
        keys, what = [(asked.lower(),)], f"identifier with key {asked[:SHOWN_OF_A_KEY]}"
    found = [
        Identifier(*row)
        for (key,) in keys
        for row in connection.execute(
            "select identifier_number, identifier_key, identifier_type, person_id, status "
            "from intermediate.int_identity__identifiers where identifier_key = ?",
            [key],
        ).fetchall()
    ]
    if not found:
        raise IdentityError(
            f"no record names an {what}; give type=value, or a key of pii.identifiers"
        )
    if len(found) > 1:
        keys = ", ".join(identifier.key for identifier in found)
        raise IdentityError(f"there are {len(found)} of {what}, give one of the keys {keys}")
    return found[0]


def find_person(connection: duckdb.DuckDBPyConnection, asked: str) -> str:
    """The current person of a person id, also a given up one, or of an identifier."""
    if len(asked) == PERSON_ID_LENGTH and "=" not in asked:
        rows = connection.execute(
            "select person_id from identity.persons where person_id = ? union all "
            "select person_id from identity.person_redirects where old_person_id = ?",
            [asked, asked],
        ).fetchall()
        if not rows:
            raise IdentityError(f"{asked} is no person, and no id that was given up leads from it")
        return rows[0][0]
    identifier = find_identifier(connection, asked)
    if identifier.person_id is None:
        raise IdentityError(f"{identifier.label} links nobody: it is {identifier.status}")
    return identifier.person_id
