"""Why identifiers are one person: the records that tie them together, along the spanning forest.

Every step is an edge of `int_identity__edges` that resolution used, with records in which both ends
stand. Between identifiers of two persons the answer is what stands between them: edges that would
tie the two, and why they do not. Keys, ids and times only, no clear value.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime

import duckdb

from orchestration.identity.lookup import (
    COLUMNS,
    SHOWN_OF_A_KEY,
    Identifier,
    IdentityError,
    find_identifier,
)

RECORDS_PER_STEP = 3
MOST_STEPS = 200  # of a person's picture: the largest persons do not fit on a screen


@dataclass(frozen=True)
class Record:
    """A record that names both ends of a step."""

    source: str
    record_id: str
    observed_at: datetime


@dataclass(frozen=True)
class Step:
    """An edge: two identifiers seen together in so many records, from `first_seen_at` (UTC) on."""

    number: int
    one: Identifier
    other: Identifier
    evidence_count: int
    first_seen_at: datetime
    status: str
    reason: str | None
    score: float | None
    records: tuple[Record, ...] = ()

    @property
    def evidence(self) -> str:
        """What says so: records, or the probabilistic pass with its score."""
        if self.score is None:
            return f"{self.evidence_count} records, first {self.first_seen_at:%Y-%m-%d %H:%M}"
        return f"alike by name, birth date and address, score {self.score}"


@dataclass(frozen=True)
class Explanation:
    """An answer: a sentence, and the steps that it rests on, in order of the path."""

    sentence: str
    steps: tuple[Step, ...]
    left_out: int = 0
    nodes: tuple[Identifier, ...] = field(default=())

    def text(self) -> str:
        """Lines for a terminal."""
        lines = [self.sentence]
        for step in self.steps:
            told = "" if step.status == "kept" else f", {step.status}"
            told += f" ({step.reason})" if step.reason else ""
            lines.append(f"  {step.one.label} ── {step.other.label}   {step.evidence}{told}")
            lines += [
                f"      {record.source} {record.record_id}, {record.observed_at:%Y-%m-%d %H:%M}"
                for record in step.records
            ]
        if self.left_out:
            lines.append(f"  and {self.left_out} more")
        return "\n".join(lines)

    def mermaid(self) -> str:
        """The same as a Mermaid picture; an edge that links nobody is dotted."""
        numbers = {step.one.number: step.one for step in self.steps}
        numbers |= {step.other.number: step.other for step in self.steps}
        numbers |= {node.number: node for node in self.nodes}
        names = {number: f"i{place}" for place, number in enumerate(sorted(numbers))}
        lines = ["graph LR"]
        lines += [
            f'  {names[n]}["{numbers[n].kind}<br/>{numbers[n].key[:SHOWN_OF_A_KEY]}"]'
            for n in sorted(numbers)
        ]
        for step in self.steps:
            records = step.records[:1]
            told = step.status if step.score is None else f"alike {step.score}"
            if records:
                told = f"{records[0].source} {records[0].observed_at:%Y-%m-%d}"
            line = "---" if step.status in {"kept", "manual"} else "-.-"
            lines.append(f'  {names[step.one.number]} {line}|"{told}"| {names[step.other.number]}')
        return "\n".join(lines)


def explain_person(connection: duckdb.DuckDBPyConnection, person_id: str) -> Explanation:
    """All identifiers of a person, and the forest that holds them together."""
    steps = _tree(connection, person_id)
    nodes = _identifiers(connection, "person_id = ?", [person_id])
    shown = _with_records(connection, steps[:MOST_STEPS])
    sentence = f"Person {person_id} is {len(nodes)} identifiers, tied by {len(steps)} steps:"
    return Explanation(sentence, tuple(shown), len(steps) - len(shown), tuple(nodes[:MOST_STEPS]))


def explain_pair(connection: duckdb.DuckDBPyConnection, one: str, other: str) -> Explanation:
    """Why two identifiers (keys, or type=value) are one person, or why they are not.

    Raises `IdentityError` where one of them is in no record.
    """
    first, last = find_identifier(connection, one), find_identifier(connection, other)
    for identifier in (first, last):
        if identifier.person_id is None:
            return Explanation(f"{identifier.label} links nobody: it is {identifier.status}", ())
    names = f"{first.label} and {last.label}"
    if first.number == last.number:
        return Explanation(f"{first.label} is one identifier, of person {first.person_id}", ())
    if first.person_id != last.person_id:
        steps = _between(connection, first.person_id or "", last.person_id or "")
        told = "these edges link nobody" if steps else "no record ties the two"
        sentence = f"{names} are two persons, {first.person_id} and {last.person_id}: {told}"
        return Explanation(sentence, tuple(_with_records(connection, steps)))
    path = _path(_tree(connection, first.person_id or ""), first.number, last.number)
    sentence = f"{names} are person {first.person_id}, tied by {len(path)} steps:"
    return Explanation(sentence, tuple(_with_records(connection, path)))


def _identifiers(
    connection: duckdb.DuckDBPyConnection, condition: str, values: list[object]
) -> list[Identifier]:
    rows = connection.execute(
        f"select {COLUMNS} from intermediate.int_identity__identifiers where {condition} "
        "order by identifier_number",
        values,
    ).fetchall()
    return [Identifier(*row) for row in rows]


_STEP_COLUMNS = """
    edges.edge_number, edges.number_a, edges.number_b, edges.evidence_count, edges.first_seen_at,
    marts.status, marts.status_reason, marts.score
"""


def _steps(connection: duckdb.DuckDBPyConnection, sql: str, values: list[object]) -> list[Step]:
    rows = connection.execute(sql, values).fetchall()
    numbers = sorted({number for row in rows for number in row[1:3]})
    known = {}
    if numbers:
        listed = ", ".join(str(number) for number in numbers)
        found = _identifiers(connection, f"identifier_number in ({listed})", [])
        known = {identifier.number: identifier for identifier in found}
    return [Step(row[0], known[row[1]], known[row[2]], *row[3:]) for row in rows]


def _tree(connection: duckdb.DuckDBPyConnection, person_id: str) -> list[Step]:
    """The edges that hold a person together, oldest first."""
    return _steps(
        connection,
        f"""
        with tree as (
            select edge_number from intermediate.int_identity__clusters where person_id = $1
            union
            select owner_edge_number from intermediate.int_identity__clusters where person_id = $1
        )
        select {_STEP_COLUMNS}
        from intermediate.int_identity__edges as edges
        inner join tree on tree.edge_number = edges.edge_number
        inner join identity.edges as marts on marts.edge_id = edges.edge_id
        order by edges.first_seen_at, edges.edge_number
        """,
        [person_id],
    )


def _between(connection: duckdb.DuckDBPyConnection, one: str, other: str) -> list[Step]:
    """Edges with one end in each of two persons, or at a shared value that links nobody."""
    return _steps(
        connection,
        f"""
        with ends as (
            select identifier_number, person_id from intermediate.int_identity__identifiers
            where person_id in ($1, $2)
        ),
        seen as (
            select edges.edge_number, edges.number_b as met, ends.person_id
            from intermediate.int_identity__edges as edges
            inner join ends on ends.identifier_number = edges.number_a
            union
            select edges.edge_number, edges.number_a as met, ends.person_id
            from intermediate.int_identity__edges as edges
            inner join ends on ends.identifier_number = edges.number_b
        ),
        shared as (select met from seen group by met having count(distinct person_id) = 2),
        wanted as (
            select edge_number from seen group by edge_number having count(distinct person_id) = 2
            union
            select edge_number from seen where met in (select met from shared)
        )
        select {_STEP_COLUMNS}
        from intermediate.int_identity__edges as edges
        inner join wanted on wanted.edge_number = edges.edge_number
        inner join identity.edges as marts on marts.edge_id = edges.edge_id
        where marts.status not in ('kept', 'manual')
        order by edges.first_seen_at, edges.edge_number
        limit {MOST_STEPS}
        """,
        [one, other],
    )


def _path(steps: list[Step], start: int, end: int) -> list[Step]:
    """The steps from one identifier to another; the forest has exactly one way."""
    ways: dict[int, list[tuple[int, Step]]] = {}
    for step in steps:
        ways.setdefault(step.one.number, []).append((step.other.number, step))
        ways.setdefault(step.other.number, []).append((step.one.number, step))
    came: dict[int, tuple[int, Step] | None] = {start: None}
    queue = deque([start])
    while queue and end not in came:
        here = queue.popleft()
        for there, step in ways.get(here, []):
            if there not in came:
                came[there] = (here, step)
                queue.append(there)
    if end not in came:
        raise IdentityError(f"no path in the forest; is the warehouse whole? ({len(steps)} steps)")
    path = []
    while (before := came[end]) is not None:
        end, step = before
        path.append(step)
    return path[::-1]


def _with_records(connection: duckdb.DuckDBPyConnection, steps: list[Step]) -> list[Step]:
    """The steps, each with its first records."""
    if not steps:
        return []
    pairs = ", ".join(f"({step.number}, {step.one.number}, {step.other.number})" for step in steps)
    # by time and file first: the names of the records are in the raw tables, which are large
    connection.execute(
        f"""
        create or replace temp table explained as
        select pairs.edge_number, one.record_key, min(one.observed_at) as observed_at,
            min(one.loaded_at) as loaded_at
        from (values {pairs}) as pairs(edge_number, number_a, number_b)
        inner join intermediate.int_identity__observations as one
            on one.identifier_number = pairs.number_a
        inner join intermediate.int_identity__observations as other
            on other.identifier_number = pairs.number_b and other.record_key = one.record_key
        group by pairs.edge_number, one.record_key
        qualify row_number() over (
            partition by pairs.edge_number order by min(one.observed_at), one.record_key
        ) <= {RECORDS_PER_STEP}
        """
    )
    times = connection.execute("select distinct loaded_at from explained").fetchall()
    listed = ", ".join(f"timestamp '{time}'" for (time,) in times) or "null"
    rows = connection.execute(
        f"""
        with names as (
            select distinct record_key, source, record_id
            from pii.int_contracts__identifiers where loaded_at in ({listed})
        )
        select edge_number, source, record_id, observed_at
        from explained inner join names using (record_key)
        order by edge_number, observed_at, source, record_id
        """
    ).fetchall()
    connection.execute("drop table explained")
    found: dict[int, list[Record]] = {}
    for number, *values in rows:
        found.setdefault(number, []).append(Record(*values))
    return [replace(step, records=tuple(found.get(step.number, ()))) for step in steps]
