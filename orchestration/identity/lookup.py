"""From what a person types to rows of the graph: a person id, an identifier key, or type=value.

A clear value is looked up in schema `pii` and appears in no answer and in no message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb

PERSON_ID = re.compile("[0-9a-f]{32}")
IDENTIFIER_KEY = re.compile("[0-9a-f]{8,64}")  # or the beginning of one
SHOWN_OF_A_KEY = 8


class IdentityError(LookupError):
    """What was asked for is not in the graph; the message says what is, without clear values."""


@dataclass(frozen=True)
class Identifier:
    """An identifier of the graph; `person_id` is None where it links nobody."""

    number: int
    key: str
    kind: str
    scope: str
    person_id: str | None
    status: str

    @property
    def label(self) -> str:
        """Type and the beginning of the key."""
        return f"{self.kind} {self.key[:SHOWN_OF_A_KEY]}"


COLUMNS = "identifier_number, identifier_key, identifier_type, scope, person_id, status"


def find_identifier(connection: duckdb.DuckDBPyConnection, asked: str) -> Identifier:
    """The identifier of a key (or the beginning of one) or of `type=value`.

    Raises `IdentityError` where there is none, or several.
    """
    kind, equals, value = asked.partition("=")
    if equals:
        condition, values = (
            """identifier_key in (
                select identifier_key from pii.int_identity__values
                where ? in (identifier_type, source_identifier_type)
                    and (raw_value = ? or identifier_value = ? or compared_value = lower(trim(?)))
            )""",
            [kind, value, value, value],
        )
        what = f"{kind} with that value"
    elif IDENTIFIER_KEY.fullmatch(asked.lower()):
        condition, values = "starts_with(identifier_key, ?)", [asked.lower()]
        what = f"identifier with key {asked[:SHOWN_OF_A_KEY]}"
    else:
        raise IdentityError("give type=value, or a key of pii.identifiers (its first 8 digits do)")
    rows = connection.execute(
        f"select {COLUMNS} from intermediate.int_identity__identifiers where {condition} "
        "order by identifier_number",
        values,
    ).fetchall()
    found = [Identifier(*row) for row in rows]
    if not found:
        raise IdentityError(f"no record names an {what}")
    if len(found) > 1:
        keys = ", ".join(identifier.key for identifier in found[:5])
        raise IdentityError(f"there are {len(found)} of {what}, give one of the keys {keys}")
    return found[0]


def find_person(connection: duckdb.DuckDBPyConnection, asked: str) -> str:
    """The current person of a person id, also a given up one, or of an identifier."""
    if PERSON_ID.fullmatch(asked):
        rows = connection.execute(
            "select person_id from identity.persons where person_id = ? union all "
            "select person_id from identity.person_redirects where old_person_id = ?",
            [asked, asked],
        ).fetchall()
        if not rows:
            raise IdentityError(
                f"{asked} is no current person and leads to none; identity.person_ledger says "
                "what became of it, if it was one"
            )
        return rows[0][0]
    identifier = find_identifier(connection, asked)
    if identifier.person_id is None:
        raise IdentityError(f"{identifier.label} links nobody: it is {identifier.status}")
    return identifier.person_id
