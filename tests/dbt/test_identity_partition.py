"""The partition into persons equals an independent oracle (scipy) on random and adversarial graphs.

All scenario graphs are disjoint and lie in one landing, so that one dbt run resolves them all.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from tests.dbt.canonical_warehouse import CanonicalWarehouse

AS_OF = datetime(2026, 7, 1)
FIRST_DAY = datetime(2026, 3, 1)
IDENTITY_MODELS = "+int_identity__record_persons +int_identity__identifiers"


def chain(length: int) -> Iterator[list[int]]:
    """Records of two consecutive identifiers each."""
    yield from ([i, i + 1] for i in range(length - 1))


def shuffled_chain(length: int, seed: int) -> Iterator[list[int]]:
    """A chain whose vertices are named in no order, the worst case for label passing."""
    names = list(range(length))
    random.Random(seed).shuffle(names)
    yield from ([names[i], names[i + 1]] for i in range(length - 1))


def star(leaves: int, centre: int) -> Iterator[list[int]]:
    """Every other vertex beside the centre."""
    yield from ([centre, leaf] for leaf in range(leaves + 1) if leaf != centre)


def clique(size: int) -> Iterator[list[int]]:
    """One record for every pair."""
    yield from ([a, b] for a in range(size) for b in range(a))


def random_records(vertices: int, records: int, seed: int) -> Iterator[list[int]]:
    """Records of one to four identifiers, repeats inside a record included."""
    generator = random.Random(seed)
    for _ in range(records):
        yield [generator.randrange(vertices) for _ in range(generator.randint(1, 4))]


SCENARIOS: dict[str, list[list[int]]] = {
    "chain": list(chain(2000)),
    "shuffled_chain": list(shuffled_chain(700, seed=1)),
    "cycle": [*chain(50), [49, 0]],
    "star_of_the_first": list(star(300, centre=0)),
    "star_of_the_last": list(star(300, centre=300)),
    "clique": list(clique(25)),
    "duplicates": [[0, 1]] * 20 + [[1, 0]] * 20,
    "self_pairs": [[i, i] for i in range(20)] + [[0, 1]],
    "single_identifier_records": [[i] for i in range(50)],
    "one_wide_record": [list(range(200))],
    "zigzag": [[i, 499 - i] for i in range(250)] + [[499 - i, i + 1] for i in range(249)],
    **{f"random_{seed}": list(random_records(160, 100, seed)) for seed in range(6)},
}
# Types without a hub limit: what is tested here is the graph, not the rules about it.
PERSON_TYPE, DEVICE_TYPE = "crm_contact_id", "cookie_id"


def partition_by_scipy(records: Iterable[list[int]]) -> set[frozenset[int]]:
    """Sets of vertices that records connect, by scipy."""
    listed = list(records)
    vertices = sorted({vertex for record in listed for vertex in record})
    position = {vertex: i for i, vertex in enumerate(vertices)}
    pairs = np.array(
        [(position[record[0]], position[other]) for record in listed for other in record]
    )
    graph = coo_matrix((np.ones(len(pairs)), pairs.T), shape=(len(vertices), len(vertices)))
    _, labels = connected_components(graph, directed=False)
    members: dict[int, set[int]] = defaultdict(set)
    for vertex, label in zip(vertices, labels, strict=True):
        members[label].add(vertex)
    return {frozenset(group) for group in members.values()}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> CanonicalWarehouse:
    """All scenarios, once as person identifiers and once as device identifiers, resolved."""
    folder: Path = tmp_path_factory.mktemp("partition") / "tenant"
    warehouse = CanonicalWarehouse(folder, as_of=AS_OF, feature_cutoff_count=1)
    generator = random.Random(7)
    for identifier_type in (PERSON_TYPE, DEVICE_TYPE):
        for scenario, records in SCENARIOS.items():
            for number, record in enumerate(records):
                at = FIRST_DAY + timedelta(seconds=generator.randrange(86400 * 90))
                for vertex in dict.fromkeys(record):
                    warehouse.add(
                        "identifiers",
                        source=f"{scenario}:{identifier_type}",
                        record_id=f"{scenario}:{number}",
                        identifier_type=identifier_type,
                        identifier_value=f"{scenario}:{vertex}",
                        observed_at=at,
                        loaded_at=at + timedelta(hours=1),
                        is_authenticated=False,
                    )
    warehouse.write()
    warehouse.dbt("build", "--select", IDENTITY_MODELS)
    return warehouse


@pytest.fixture(scope="module")
def persons_of(warehouse: CanonicalWarehouse) -> dict[tuple[str, str], set[frozenset[int]]]:
    """Partition per (identifier_type, scenario) as the warehouse made it."""
    members: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    for identifier_type, raw_value, person_id in warehouse.query(
        """
        select identifiers.identifier_type, identifier_values.raw_value, identifiers.person_id
        from intermediate.int_identity__identifiers as identifiers
        inner join pii.int_identity__values as identifier_values
            on identifier_values.identifier_key = identifiers.identifier_key
        """
    ):
        scenario, vertex = raw_value.split(":")
        members[identifier_type, scenario, person_id].add(int(vertex))
    partitions: dict[tuple[str, str], set[frozenset[int]]] = defaultdict(set)
    for (identifier_type, scenario, _), group in members.items():
        partitions[identifier_type, scenario].add(frozenset(group))
    return partitions


@pytest.mark.parametrize("identifier_type", [PERSON_TYPE, DEVICE_TYPE])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_partition_equals_scipy(
    persons_of: dict[tuple[str, str], set[frozenset[int]]], scenario: str, identifier_type: str
) -> None:
    assert persons_of[identifier_type, scenario] == partition_by_scipy(SCENARIOS[scenario])


def test_the_forest_spans_every_component_without_a_cycle(warehouse: CanonicalWarehouse) -> None:
    """Vertices minus tree edges = components, and the tree edges alone connect as much."""
    edges = warehouse.query(
        """
        select edges.vertex_a, edges.vertex_b
        from intermediate.int_identity__components as components
        inner join (
            select edges.edge_number, a.vertex_id as vertex_a, b.vertex_id as vertex_b
            from intermediate.int_identity__edges as edges
            inner join intermediate.int_identity__vertices as a
                on a.identifier_number = edges.number_a
            inner join intermediate.int_identity__vertices as b
                on b.identifier_number = edges.number_b
        ) as edges on edges.edge_number = components.edge_number
        """
    )
    components = warehouse.query(
        "select vertex_id, component_id from intermediate.int_identity__components"
    )
    assert len(components) - len(edges) == len({component for _, component in components})
    by_forest = {group for group in partition_by_scipy([list(edge) for edge in edges])}
    groups: dict[int, set[int]] = defaultdict(set)
    for vertex, component in components:
        groups[component].add(vertex)
    assert by_forest == {frozenset(group) for group in groups.values()}


def test_the_smallest_vertex_names_the_component(warehouse: CanonicalWarehouse) -> None:
    """Whatever hooked to what."""
    assert warehouse.query(
        """
        select count(*)
        from (
            select component_id, min(vertex_id) as smallest
            from intermediate.int_identity__components
            group by component_id
        ) as components
        where component_id <> smallest
        """
    ) == [(0,)]
