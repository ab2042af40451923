"""Clusters keep the limits, and are those of taking edges one by one, best first (an oracle here).

Random records in which values are shared by chance, stars of unlimited identifiers, and a steward's
never_merge. Hubs are the business of other tests: their limits lie above what happens here.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from tests.dbt.canonical_warehouse import CanonicalWarehouse

AS_OF = datetime(2026, 7, 1)
# of the seed identifier_types; of customer_id only proven values count
LIMITS = {"customer_id": 1, "email": 10, "phone": 5, "payment_token": 20, "social_handle": 10}
MODELS = "+int_identity__record_persons +edges +identifiers"


def _text(kind: str, scenario: str, value: int) -> str:
    if kind == "email":
        return f"{scenario}-{value}@mail.ch"
    if kind == "phone":
        return f"079 {sum(scenario.encode()) % 900 + 100} {value:04d}"
    return f"{scenario}-{value}"


def _records() -> list[tuple[str, list[tuple[str, str, bool]]]]:
    """(record, identifiers as type, value, proven) of all scenarios."""
    records: list[tuple[str, list[tuple[str, str, bool]]]] = []
    for seed in range(5):
        generator = random.Random(seed)
        kinds = ["customer_id", "crm_contact_id", "email", "phone", "payment_token"]
        for number in range(90):
            told = []
            for kind in generator.sample(kinds, generator.randint(2, 3)):
                value = generator.randrange(30 if kind in {"customer_id", "email"} else 60)
                told.append((kind, _text(kind, f"random{seed}", value), generator.random() < 0.6))
            records.append((f"random{seed}:{number}", told))
    # a star of 1,500 unlimited identifiers around a customer who shares one of them with another
    records += [
        (f"star:{n}", [("customer_id", "star-a", True), ("crm_contact_id", f"star-{n}", False)])
        for n in range(1500)
    ]
    records.append(
        ("star:b", [("customer_id", "star-b", True), ("crm_contact_id", "star-0", False)])
    )
    # one customer with more phones than a person has: the last seen ones stay
    records += [
        (f"phones:{n}", [("customer_id", "many", True), ("phone", f"079 222 00 {n:02d}", False)])
        for n in range(8)
    ]
    # a pair alone, without limits
    records.append(("pair:0", [("crm_contact_id", "p", False), ("loyalty_id", "q", False)]))
    return records


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> CanonicalWarehouse:
    folder: Path = tmp_path_factory.mktemp("limits") / "tenant"
    warehouse = CanonicalWarehouse(folder, as_of=AS_OF, feature_cutoff_count=1)
    generator = random.Random(3)
    for position, (record, told) in enumerate(_records()):
        at = AS_OF - timedelta(days=90) + timedelta(minutes=position * 3 + generator.randrange(3))
        for kind, value, proven in told:
            warehouse.add(
                "identifiers",
                source=record.split(":")[0],
                record_id=record,
                identifier_type=kind,
                identifier_value=value,
                observed_at=at,
                loaded_at=at + timedelta(hours=1),
                is_authenticated=proven,
            )
    warehouse.write()
    warehouse.dbt("build", "--select", *MODELS.split())
    return warehouse


def _clusters(warehouse: CanonicalWarehouse) -> dict[int, int]:
    return dict(
        warehouse.query(
            "select identifier_number, cluster_id from intermediate.int_identity__clusters "
            "where scope = 'person'"
        )
    )


def _greedy(
    warehouse: CanonicalWarehouse, never: list[tuple[int, int]] = ()
) -> dict[int, frozenset[int]]:
    """Members of every vertex's cluster, by sequential greedy over the warehouse's edges."""
    limits: dict[int, dict[str, int]] = defaultdict(dict)
    of: dict[int, frozenset[int]] = {}
    for number, kind, proven in warehouse.query(
        "select identifier_number, identifier_type, is_proven "
        "from intermediate.int_identity__vertices where scope = 'person'"
    ):
        of[number] = frozenset([number])
        if kind in LIMITS and (kind != "customer_id" or proven):
            limits[number][kind] = LIMITS[kind]
    for position, pair in enumerate(never):
        for number in pair:
            limits[number][f"rule {position}"] = 1
    edges = warehouse.query(
        "select number_a, number_b from intermediate.int_identity__edges "
        "where status in ('kept', 'manual') and scope_a = 'person' and scope_b = 'person' "
        "order by status = 'manual' desc, weaker_rank, last_seen_at desc, evidence_count desc, "
        "edge_number"
    )
    for a, b in edges:
        united = of[a] | of[b]
        held = Counter(name for number in united for name in limits[number])
        allowed = {name: most for number in united for name, most in limits[number].items()}
        if all(count <= allowed[name] for name, count in held.items()):
            for number in united:
                of[number] = united
    return of


def _as_sets(clusters: dict[int, int]) -> dict[int, frozenset[int]]:
    members: dict[int, set[int]] = defaultdict(set)
    for number, cluster in clusters.items():
        members[cluster].add(number)
    return {number: frozenset(members[cluster]) for number, cluster in clusters.items()}


def test_clusters_are_those_of_sequential_greedy(warehouse: CanonicalWarehouse) -> None:
    clusters = _clusters(warehouse)
    assert _as_sets(clusters) == _greedy(warehouse)
    # named by the smallest member
    assert all(
        cluster == min(group)
        for (_, cluster), group in zip(clusters.items(), _as_sets(clusters).values(), strict=True)
    )


def test_limits_were_needed(warehouse: CanonicalWarehouse) -> None:
    ((refused,),) = warehouse.query("select count(*) from identity.edges where status = 'limit'")
    ((limited,),) = warehouse.query("select count(*) from intermediate.int_identity__limited")
    assert refused > 20
    assert limited > 1500


def test_a_star_of_unlimited_identifiers_stays_whole(warehouse: CanonicalWarehouse) -> None:
    counts = warehouse.query(
        "select count(*) from pii.identifiers where identifier_value like 'star-%' "
        "group by person_id order by 1"
    )
    # what both were seen with belongs to whom it was seen with last
    assert counts == [(2,), (1500,)]


def test_the_phones_seen_last_stay(warehouse: CanonicalWarehouse) -> None:
    phones = warehouse.query(
        "select identifier_value from pii.identifiers "
        "where identifier_type = 'phone' and person_id = "
        "(select person_id from pii.identifiers where identifier_value = 'many') order by 1"
    )
    assert [phone for (phone,) in phones] == [f"+417922200{n:02d}" for n in range(3, 8)]


def test_the_forest_holds_every_cluster_together(warehouse: CanonicalWarehouse) -> None:
    """Within a scope: vertices minus tree edges are clusters, and tree edges stay inside one."""
    assert warehouse.query(
        """
        select count(*) - count(edge_number) - count(distinct cluster_id)
        from intermediate.int_identity__clusters
        """
    ) == [(0,)]
    assert warehouse.query(
        """
        select count(*)
        from intermediate.int_identity__clusters as clusters
        inner join intermediate.int_identity__edges as edges using (edge_number)
        inner join intermediate.int_identity__clusters as one
            on one.identifier_number = edges.number_a
        inner join intermediate.int_identity__clusters as other
            on other.identifier_number = edges.number_b
        where one.cluster_id <> clusters.cluster_id or other.cluster_id <> clusters.cluster_id
        """
    ) == [(0,)]


def test_a_steward_parts_two_that_the_evidence_joins(warehouse: CanonicalWarehouse) -> None:
    keys = dict(warehouse.query("select identifier_value, identifier_key from pii.identifiers"))
    numbers = dict(
        warehouse.query(
            "select identifier_key, identifier_number from intermediate.int_identity__keys"
        )
    )
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute(
            "insert into seeds.manual_rules (rule_id, rule, identifier_key_a, identifier_key_b) "
            "values ('n1', 'never_merge', ?, ?)",
            [keys["p"], keys["Q"]],
        )
    try:
        warehouse.dbt("run", "--select", *MODELS.split())
        clusters = _as_sets(_clusters(warehouse))
        assert clusters == _greedy(warehouse, never=[(numbers[keys["p"]], numbers[keys["Q"]])])
        assert len(clusters[numbers[keys["p"]]]) == 1
    finally:
        with duckdb.connect(str(warehouse.path)) as connection:
            connection.execute("delete from seeds.manual_rules where rule_id = 'n1'")
    # evidence is untouched: without the rule they are one again, under the same id
    warehouse.dbt("run", "--select", *MODELS.split())
    assert len(_as_sets(_clusters(warehouse))[numbers[keys["p"]]]) == 2
