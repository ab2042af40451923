"""Decisions of a steward: rules that survive every rebuild (`ops.manual_rules`, part of the state).

They take effect with the next build: the rules' fingerprint changes, so the graph is built in full,
and ids follow by overlap. Rules name identifiers by key; the reason is kept as it was typed.
"""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass
from datetime import UTC, datetime

import duckdb

from orchestration.identity.lookup import (
    SHOWN_OF_A_KEY,
    Identifier,
    IdentityError,
    find_identifier,
)


@dataclass(frozen=True)
class Rule:
    """A row of `ops.manual_rules`; `identifier_key_b` is None for block_value."""

    rule_id: str
    rule: str
    identifier_key_a: str
    identifier_key_b: str | None
    reason: str
    author: str
    created_at: datetime

    def line(self) -> str:
        """One line for a terminal."""
        named = (self.identifier_key_a, self.identifier_key_b)
        keys = ", ".join(key[:SHOWN_OF_A_KEY] for key in named if key)
        told = f"{self.rule_id}  {self.rule} {keys}, {self.created_at:%Y-%m-%d}"
        return f"{told}, by {self.author or 'unknown'}: {self.reason or 'no reason given'}"


def make_rule(
    connection: duckdb.DuckDBPyConnection,
    rule: str,
    one: str,
    other: str | None = None,
    *,
    reason: str = "",
    author: str = "",
) -> Rule:
    """The rule `always_merge`, `never_merge` or `block_value` about identifiers (key, type=value).

    Raises `IdentityError` where it would change nothing: two who are one already or never were, an
    identifier that links nobody, a device (it follows its person), or against an opposite rule.
    """
    first = find_identifier(connection, one)
    second = find_identifier(connection, other) if other else None
    _check(connection, rule, first, second)
    keys = sorted(identifier.key for identifier in (first, second) if identifier)
    name = hashlib.sha256("|".join((rule, *keys)).encode()).hexdigest()[:8]
    second_key = keys[1] if len(keys) > 1 else None
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    return Rule(f"steward-{name}", rule, keys[0], second_key, reason, author, now)


def _check(
    connection: duckdb.DuckDBPyConnection, rule: str, first: Identifier, second: Identifier | None
) -> None:
    if second is None:
        return
    for identifier in (first, second):
        if identifier.status != "linking":
            raise IdentityError(f"{identifier.label} links nobody: it is {identifier.status}")
        if identifier.scope != "person":
            raise IdentityError(
                f"{identifier.label} is a {identifier.scope}'s and follows the person whom it was "
                "seen with; block it to take it out of the graph"
            )
    opposite = {"never_merge": "always_merge", "always_merge": "never_merge"}[rule]
    standing = connection.execute(
        "select rule_id from intermediate.int_identity__manual_rules where rule = $1 "
        "and list_sort([identifier_key_a, identifier_key_b]) = list_sort([$2, $3])",
        [opposite, first.key, second.key],
    ).fetchall()
    if standing:
        raise IdentityError(f"rule {standing[0][0]} says the opposite; withdraw it first")
    if first.number == second.number:
        raise IdentityError(
            f"{first.label} is one identifier: there is nothing to part or to merge"
        )
    are_one = first.person_id is not None and first.person_id == second.person_id
    if rule == "never_merge" and not are_one:
        raise IdentityError(f"{first.label} and {second.label} are no person together")
    if rule == "always_merge" and are_one:
        raise IdentityError(f"{first.label} and {second.label} are one person already")


def keep_rule(connection: duckdb.DuckDBPyConnection, rule: Rule) -> None:
    """Write a rule down, in place of an equal one."""
    connection.execute("delete from ops.manual_rules where rule_id = ?", [rule.rule_id])
    connection.execute(
        "insert into ops.manual_rules values (?, ?, ?, ?, ?, ?, ?)", list(astuple(rule))
    )


def kept_rules(connection: duckdb.DuckDBPyConnection) -> list[Rule]:
    """Rules made by command, oldest first."""
    rows = connection.execute(
        "select rule_id, rule, identifier_key_a, identifier_key_b, reason, author, created_at "
        "from ops.manual_rules order by created_at, rule_id"
    ).fetchall()
    return [Rule(*row) for row in rows]


def withdraw_rule(connection: duckdb.DuckDBPyConnection, rule_id: str) -> Rule:
    """Take a rule back; raises `IdentityError` where there is none of that name."""
    rule = named_rule(connection, rule_id)
    connection.execute("delete from ops.manual_rules where rule_id = ?", [rule_id])
    return rule


def named_rule(connection: duckdb.DuckDBPyConnection, rule_id: str) -> Rule:
    """The rule of that name; raises `IdentityError` where none was made by command."""
    for rule in kept_rules(connection):
        if rule.rule_id == rule_id:
            return rule
    known = ", ".join(rule.rule_id for rule in kept_rules(connection)) or "none"
    raise IdentityError(f"no rule {rule_id!r} was made by command; there are: {known}")
