"""Ids of persons that stay: the naming against sequential greedy, and a history of one family.

Belongs here: who keeps which id, the ledger and the redirects. Does not belong here: who is who.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import duckdb
import pytest

from tests.dbt.canonical_warehouse import CanonicalWarehouse

AS_OF = datetime(2026, 7, 1)
IDENTIFIERS = 300
ROUNDS = 6


def _id(number: int, generation: int) -> str:
    """The id of a group by its anchor (key `k<number>`), as docs/identity.md words it."""
    text = "\x1f".join(("person", f"k{number}", str(generation)))
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _greedy(
    former: dict[int, str], left: dict[int, str], ever: set[str], groups: dict[int, int]
) -> dict[int, str]:
    """Id of every identifier: pairs of a person and a group, one by one.

    Former persons first, then those whose an identifier was last before (`left`), then ids that
    nobody ever had.
    """
    of_group: dict[int, str] = {}
    for owners in (former, left):
        strong: Counter[tuple[str, int]] = Counter()
        shared: Counter[tuple[str, int]] = Counter()
        for number, anchor in groups.items():
            if number in owners:
                shared[owners[number], anchor] += 1
                strong[owners[number], anchor] += _is_strong(number)
        for person, anchor in sorted(shared, key=lambda p: (-strong[p], -shared[p], *p)):
            if anchor not in of_group and person not in of_group.values():
                of_group[anchor] = person
    for anchor in set(groups.values()) - of_group.keys():
        of_group[anchor] = next(
            name for generation in count() if (name := _id(anchor, generation)) not in ever
        )
    return {number: of_group[anchor] for number, anchor in groups.items()}


def _is_strong(number: int) -> bool:
    return number % 3 == 0


def _shuffled(generator: random.Random, groups: dict[int, int]) -> dict[int, int]:
    """Other groups: some merged, some split, identifiers that come, go or change sides."""
    clusters: dict[int, set[int]] = {}
    for number, anchor in groups.items():
        clusters.setdefault(anchor, set()).add(number)
    parts = list(clusters.values())
    generator.shuffle(parts)
    for step in range(len(parts) // 4):
        parts.append(parts.pop() | parts.pop(0))
        if step % 3 == 0:
            largest = max(parts, key=lambda part: (len(part), min(part)))
            side = {number for number in largest if generator.random() < 0.5}
            parts.remove(largest)
            parts += [part for part in (side, largest - side) if part]
    new = set(range(IDENTIFIERS)) - groups.keys()
    for number in generator.sample(sorted(groups), len(groups) // 10):
        next(part for part in parts if number in part).discard(number)
        if generator.random() < 0.5:
            generator.choice(parts).add(number)
    for number in sorted(new):
        if generator.random() < 0.5:
            generator.choice(parts).add(number)
        else:
            parts.append({number})
    return {number: min(part) for part in parts if part for number in part}


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> CanonicalWarehouse:
    """A warehouse in which the tables that the naming reads are written by hand."""
    folder: Path = tmp_path_factory.mktemp("names") / "tenant"
    warehouse = CanonicalWarehouse(folder, as_of=AS_OF, feature_cutoff_count=1)
    warehouse.write()
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute("create schema intermediate")
        connection.execute(
            "create table intermediate.int_identity__keys as "
            "select i as identifier_number, 'k' || i as identifier_key "
            f"from range({IDENTIFIERS}) as numbers(i)"
        )
        connection.execute(
            "create table intermediate.int_identity__edges (number_a bigint, number_b bigint, "
            "edge_id varchar, status varchar, first_seen_at timestamp)"
        )
    return warehouse


def _write_groups(warehouse: CanonicalWarehouse, groups: dict[int, int]) -> None:
    rows = [
        (number, anchor, "person" if _is_strong(number) else "device", AS_OF, AS_OF)
        for number, anchor in groups.items()
    ]
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute(
            "create or replace table intermediate.int_identity__groups (identifier_number bigint, "
            "anchor_number bigint, scope varchar, first_seen_at timestamp, "
            "first_loaded_at timestamp)"
        )
        connection.executemany(
            "insert into intermediate.int_identity__groups values (?, ?, ?, ?, ?)", rows
        )


def test_names_are_those_of_sequential_greedy_and_the_ledger_says_so(
    bare: CanonicalWarehouse,
) -> None:
    generator = random.Random(7)
    groups = _shuffled(generator, {number: number for number in range(IDENTIFIERS) if number % 5})
    expected: dict[int, str] = {}
    left: dict[int, str] = {}
    ever: set[str] = set()
    came_back = 0
    for round_number in range(ROUNDS):
        _write_groups(bare, groups)
        refresh = ("--full-refresh",) if round_number == ROUNDS - 1 else ()
        selected = "person_ledger person_redirects the_ledger_replayed_gives_the_persons"
        selected += " every_redirect_leads_to_a_current_person a_person_is_one_group"
        bare.dbt("build", *refresh, "--select", "int_identity__names", *selected.split())
        before, expected = expected, _greedy(expected, left, ever, groups)
        came_back += len((set(expected.values()) - set(before.values())) & ever)
        names = dict(
            bare.query("select identifier_number, person_id from intermediate.int_identity__names")
        )
        assert names == expected, round_number
        ever |= set(names.values())
        left |= {number: person for number, person in before.items() if names.get(number) != person}
        gone = set(before.values()) - set(names.values())
        redirects = dict(
            bare.query("select old_person_id, person_id from identity.person_redirects")
        )
        # who is gone leads to somebody, unless nothing is left of it
        for person in gone:
            rest = {number for number, its in before.items() if its == person} & names.keys()
            assert (person in redirects) == bool(rest)
            if rest:
                assert redirects[person] in {names[number] for number in rest}
        groups = _shuffled(generator, groups)
    assert len(ever) > len(set(expected.values())), "nobody was ever merged"
    assert came_back, "no id ever came back"
    events = Counter(event for (event,) in bare.query("select event from identity.person_ledger"))
    assert min(events[kind] for kind in ("created", "split", "merged")) > 0, events


def test_a_gate_keeps_the_last_good_identity(bare: CanonicalWarehouse) -> None:
    """After the test above: everybody becomes one person."""
    names = "select * from intermediate.int_identity__names order by all"
    before, events = bare.query(names), bare.query("select count(*) from ops.person_events")
    _write_groups(bare, dict.fromkeys(range(IDENTIFIERS), 0))
    for column, limit, said in (
        ("identity_gone_share", 0.5, "would be merged or gone, more than the share 0.5"),
        ("identity_largest_person", 50, "the largest person would have 300 identifiers"),
    ):
        with duckdb.connect(str(bare.path)) as connection:
            connection.execute(
                "update ops.settings set identity_gone_share = null, identity_largest_person = null"
            )
            connection.execute(f"update ops.settings set {column} = {limit}")
        with pytest.raises(AssertionError, match=said):
            bare.dbt("build", "--select", "int_identity__names")
        assert bare.query(names) == before
        assert bare.query("select count(*) from ops.person_events") == events
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CROSSWEAVE_ACCEPT_IDENTITY", "1")
        bare.dbt("build", "--select", "int_identity__names")
    assert bare.query("select count(distinct person_id) from intermediate.int_identity__names") == [
        (1,)
    ]
    bare.dbt("build", "--select", "int_identity__names")  # as large as before is no news


# (record, day, identifiers): one family whose evidence comes day by day
HISTORY = [
    ("a1", 1, "email=ann cookie=ann"),
    ("b1", 1, "phone=+41791234567 device=bob push=bob"),
    ("c1", 1, "loyalty=C9"),
    ("a2", 2, "customer*=1 email=ann loyalty=A1"),
    ("b2", 2, "phone=+41791234567 loyalty=B1"),
    ("ab", 3, "email=ann phone=+41791234567"),
    ("ab-again", 4, "email=ann phone=+41791234567"),
]
TYPES = {
    "email": "email", "cookie": "cookie_id", "phone": "phone", "device": "device_id",
    "push": "push_token", "loyalty": "loyalty_id", "customer": "customer_id",
}  # fmt: skip


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> CanonicalWarehouse:
    folder: Path = tmp_path_factory.mktemp("family") / "tenant"
    warehouse = CanonicalWarehouse(folder, as_of=AS_OF, feature_cutoff_count=1)
    for record, day, told in HISTORY:
        at = AS_OF + timedelta(days=day, hours=-6)
        for word in told.split():
            kind, value = word.split("=")
            warehouse.add(
                "identifiers",
                source="test",
                record_id=record,
                identifier_type=TYPES[kind.rstrip("*")],
                identifier_value=f"{value}@mail.ch" if kind == "email" else value,
                observed_at=at,
                loaded_at=at + timedelta(hours=1),
                is_authenticated=kind.endswith("*"),
            )
    warehouse.write()
    return warehouse


def _build(warehouse: CanonicalWarehouse, day: int, *arguments: str) -> dict[str, str]:
    """Build as of a day; returns the person of every record known."""
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute("update ops.settings set as_of = ?", [AS_OF + timedelta(days=day)])
    warehouse.dbt(
        "build", *arguments, "--select", "+person_ledger", "+person_redirects", "+edges",
        "+int_identity__record_persons", "+int_identity__record_keys",
        "+identifier_person", "+identifiers",
        "the_ledger_replayed_gives_the_persons", "every_redirect_leads_to_a_current_person",
        "a_person_is_one_group",
    )  # fmt: skip
    return dict(
        warehouse.query(
            "select record_id, person_id from intermediate.int_identity__record_persons "
            "inner join intermediate.int_identity__record_keys using (record_key)"
        )
    )


def _rule(warehouse: CanonicalWarehouse, sql: str) -> None:
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute(sql)


def test_ids_stay_go_and_come_back(family: CanonicalWarehouse) -> None:
    first = _build(family, 1)
    ann, bob, card = first["a1"], first["b1"], first["c1"]
    assert len({ann, bob, card}) == 3

    # stronger identifiers: other anchors, the same persons
    second = _build(family, 2)
    assert second["a1"] == second["a2"] == ann
    assert second["b1"] == second["b2"] == bob
    assert family.query("select count(*) from identity.person_ledger") == [(3,)]

    # late merge: Ann has more strong identifiers, Bob's id leads to hers
    third = _build(family, 3)
    assert third["a1"] == third["b1"] == third["ab"] == ann
    assert family.query("select old_person_id, person_id from identity.person_redirects") == [
        (bob, ann)
    ]
    # what Bob's phone was known as before; the records of then keep it
    noon = AS_OF + timedelta(days=1, hours=-5)
    assert family.query(
        "select person_id, known_from, known_to, is_current from identity.identifier_person "
        "where identifier_type = 'phone' order by known_from"
    ) == [
        (bob, noon, AS_OF + timedelta(days=3), False),
        (ann, AS_OF + timedelta(days=3), None, True),
    ]
    assert family.query(
        "select record_id, person_id_as_known from intermediate.int_identity__record_persons "
        "inner join intermediate.int_identity__record_keys using (record_key) "
        "where record_id in ('ab', 'b1') order by record_id"
    ) == [("ab", ann), ("b1", bob)]
    assert family.query(
        "select event, person_id, other_person_id, effective_at, status "
        "from identity.person_ledger "
        "inner join identity.edges on edge_id = cause_edge_id "
    ) == [("merged", bob, ann, AS_OF + timedelta(days=3, hours=-6), "kept")]

    # a steward parts them: the id that was given up comes back, the redirect is gone
    keys = dict(family.query("select identifier_value, identifier_key from pii.identifiers"))
    _rule(
        family,
        "insert into seeds.manual_rules (rule_id, rule, identifier_key_a, identifier_key_b) values "
        f"('r1', 'never_merge', '{keys['ann@mail.ch']}', '{keys['+41791234567']}')",
    )
    fourth = _build(family, 3, "--full-refresh", "--exclude-resource-type", "seed")
    assert (fourth["a1"], fourth["b1"]) == (ann, bob)
    assert family.query("select * from identity.person_redirects") == []
    assert family.query(
        "select event, other_person_id from identity.person_ledger "
        f"where person_id = '{bob}' order by event"
    ) == [("created", None), ("merged", ann), ("split", ann)]

    # new evidence of what the steward parted changes nothing
    later = _build(family, 4, "--exclude-resource-type", "seed")
    assert later.pop("ab-again") in (ann, bob)
    assert later == fourth

    # the rule goes, and everything is as before; who was never touched has one event
    _rule(family, "delete from seeds.manual_rules")
    fifth = _build(family, 4, "--full-refresh", "--exclude-resource-type", "seed")
    assert fifth == {**third, "ab-again": ann}
    assert family.query(f"select event from identity.person_ledger where person_id = '{card}'") == [
        ("created",)
    ]


def test_a_second_build_of_the_same_writes_nothing(family: CanonicalWarehouse) -> None:
    before = family.query("select * from ops.person_events order by all")
    redirects = family.query("select * from ops.person_redirects order by all")
    _build(family, 4)
    assert family.query("select * from ops.person_events order by all") == before
    assert family.query("select * from ops.person_redirects order by all") == redirects
