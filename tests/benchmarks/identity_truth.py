"""How well the identity graph finds the simulated people again, against the simulator's truth.

Belongs here: comparing a built warehouse with `landing/<tenant>/_truth/`, which nothing but tests
and benchmarks may read. Run: `python -m tests.benchmarks.identity_truth` (tenant and environment as
for every command: CROSSWEAVE_TENANT, CROSSWEAVE_ENV).

Pairwise figures: of all pairs of identifiers (or records) that the graph gives to one person, the
share that are one person in truth (precision); of all pairs that are one person in truth, the share
that the graph gives to one person (recall). Identifiers that truly belonged to several people (a
family tablet, a phone number that moved) and those that the graph leaves to nobody do not count.

Two rows of a CRM about one person that share no identifier cannot be joined by identifiers at all:
`linkable person identifiers` counts, of the true pairs, those that a path of records joins.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from orchestration.settings import current_paths

PERSON_TYPES = [
    "customer_id", "crm_contact_id", "loyalty_id", "email", "phone", "payment_token",
    "social_handle",
]  # fmt: skip

_IDENTIFIERS = """
    select
        truth.identifier_type as kind,
        identifiers.identifier_key,
        min(truth.true_person_id) as true_person,
        max(identifiers.person_id) as found_person
    from read_parquet($identifiers) as truth
    inner join pii.identifiers
        on identifiers.identifier_type = truth.identifier_type
        and identifiers.identifier_value = truth.identifier_value
    where identifiers.person_id is not null
    group by truth.identifier_type, identifiers.identifier_key
    having count(distinct truth.true_person_id) = 1
"""

_KEYS = f"""
    select identifier_key, true_person, found_person
    from ({_IDENTIFIERS}) as items
    where list_contains($kinds, kind)
"""

# pairs that some record shows together, of one true person
_TRUE_EDGES = f"""
    with items as ({_KEYS})
    select edges.identifier_a, edges.identifier_b
    from identity.edges as edges
    inner join items as one on one.identifier_key = edges.identifier_a
    inner join items as other on other.identifier_key = edges.identifier_b
    where one.true_person = other.true_person
"""

_RECORDS = """
    select distinct
        truth.source as kind,
        truth.record_id,
        truth.true_person_id as true_person,
        record_persons.person_id as found_person
    from read_parquet($records) as truth
    inner join intermediate.int_identity__record_keys as record_keys
        on record_keys.source = truth.source
        and record_keys.record_id = truth.record_id
    inner join intermediate.int_identity__record_persons as record_persons
        on record_persons.record_key = record_keys.record_key
    where truth.true_person_id is not null and record_persons.person_id is not null
"""

# Visits that name nobody, on devices that several persons used: given to somebody, and to whom.
_TURNS = f"""
    with items as ({_KEYS}),
    names as (
        select found_person, arg_max(true_person, (size, true_person)) as true_person
        from (
            select found_person, true_person, count(*) as size from items
            group by found_person, true_person
        ) as sized
        group by found_person
    ),
    visits as (
        select truth.true_person_id, record_persons.person_id
        from read_parquet($records) as truth
        inner join intermediate.int_identity__record_keys as record_keys
            on record_keys.source = truth.source
            and record_keys.record_id = truth.record_id
        inner join intermediate.int_identity__record_persons as record_persons
            on record_persons.record_key = record_keys.record_key
        inner join intermediate.int_identity__clusters as clusters
            on clusters.identifier_number = record_persons.identifier_number
        where clusters.scope = 'device' and clusters.met_person_count > 1
            and truth.true_person_id is not null
    )
    select
        count(*),
        count(names.true_person),
        count(*) filter (where names.true_person = visits.true_person_id)
    from visits
    left join names on names.found_person = visits.person_id
"""

_PAIRS = """
    with items as ({items}),
    cells as (
        select true_person, found_person, count(*) as size
        from items
        where $kinds is null or list_contains($kinds, kind)
        group by true_person, found_person
    ),
    found as (select sum(size) as size from cells group by found_person),
    true_ones as (select sum(size) as size from cells group by true_person)
    select
        (select coalesce(sum(size * (size - 1)), 0) from cells) / 2,
        (select coalesce(sum(size * (size - 1)), 0) from found) / 2,
        (select coalesce(sum(size * (size - 1)), 0) from true_ones) / 2
"""


@dataclass(frozen=True)
class Pairs:
    """Counts of pairs: right ones, those the graph makes, those that truth has."""

    right: float
    found: float
    true: float

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.true if self.true else 1.0


def linkable_pairs(connection: duckdb.DuckDBPyConnection, truth: Path) -> Pairs:
    """Pairs of person identifiers that a path of records of their own true person joins."""
    asked = {"identifiers": str(truth / "identifiers.parquet"), "kinds": PERSON_TYPES}
    items = connection.execute(_KEYS, asked).fetchall()
    position = {key: number for number, (key, _, _) in enumerate(items)}
    edges = np.array(
        [
            (position[one], position[other])
            for one, other in connection.execute(_TRUE_EDGES, asked).fetchall()
        ]
    ).reshape(-1, 2)
    graph = coo_matrix((np.ones(len(edges)), edges.T), shape=(len(items), len(items)))
    _, labels = connected_components(graph, directed=False)
    found = [person for _, _, person in items]
    return Pairs(
        right=_pairs_within(zip(labels, found, strict=True)),
        found=_pairs_within(found),
        true=_pairs_within(labels),
    )


def _pairs_within(groups: Iterable[object]) -> float:
    return sum(size * (size - 1) / 2 for size in Counter(groups).values())


def compare(connection: duckdb.DuckDBPyConnection, truth: Path) -> dict[str, Pairs]:
    """Pairwise counts for all identifiers, for those of scope person, rows of the CRM, records.

    `truth` is the tenant's `_truth` folder. Raises `duckdb.Error` when the warehouse is not built.
    """
    files = {
        "identifiers": str(truth / "identifiers.parquet"),
        "records": str(truth / "records.parquet"),
    }

    def pairs(items: str, file: str, kinds: list[str] | None) -> Pairs:
        row = connection.execute(
            _PAIRS.format(items=items), {file: files[file], "kinds": kinds}
        ).fetchall()[0]
        return Pairs(*(float(value) for value in row))

    return {
        "identifiers": pairs(_IDENTIFIERS, "identifiers", None),
        "person identifiers": pairs(_IDENTIFIERS, "identifiers", PERSON_TYPES),
        # of whom a person may have several: what the probabilistic pass is for
        "rows of the CRM": pairs(_IDENTIFIERS, "identifiers", ["crm_contact_id"]),
        "records": pairs(_RECORDS, "records", None),
    }


def turns(connection: duckdb.DuckDBPyConnection, truth: Path) -> tuple[int, int, int]:
    """Visits without a name on shared devices; of them given to a person; to the right one."""
    found = connection.execute(
        _TURNS,
        {
            "identifiers": str(truth / "identifiers.parquet"),
            "records": str(truth / "records.parquet"),
            "kinds": PERSON_TYPES,
        },
    ).fetchall()[0]
    return found[0], found[1], found[2]


def main() -> None:
    """Print precision and recall of the tenant's warehouse, one line per level."""
    paths = current_paths()
    with duckdb.connect(str(paths.warehouse), read_only=True) as connection:
        truth = paths.landing / "_truth"
        for level, pairs in compare(connection, truth).items():
            print(f"{level:27} precision {pairs.precision:.4f}  recall {pairs.recall:.4f}")
        recall = linkable_pairs(connection, truth).recall
        print(f"linkable person identifiers{'':19}recall {recall:.4f}")
        visits, given, right = turns(connection, truth)
        print(
            f"{visits} visits of nobody on shared devices: {given} given to a person, "
            f"{right} of them rightly ({right / max(given, 1):.3f})"
        )


if __name__ == "__main__":
    main()
