"""Links of the probabilistic pass join whole clusters, best first, and break no limit.

The links are written by hand here, as `orchestration/identity/links.py` leaves them; whether it
finds the right ones is the business of other tests.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from tests.dbt.canonical_warehouse import CanonicalWarehouse

AS_OF = datetime(2026, 7, 1)
SEEN = datetime(2026, 3, 1)
MODELS = "+identifiers +edges +persons +identifier_person +int_identity__clusters_at_cutoff"

# (record, identifiers): what records say
RECORDS = {
    "pair-a": ["crm_contact_id:pa", "email:pa@mail.ch"],
    "pair-b": ["crm_contact_id:pb", "email:pb@mail.ch"],
    # two proven customers
    "proven-a": ["customer_id!:c1", "email:c1@mail.ch"],
    "proven-b": ["customer_id!:c2", "email:c2@mail.ch"],
    # a steward keeps them apart
    "ruled-a": ["crm_contact_id:ra"],
    "ruled-b": ["crm_contact_id:rb"],
    # one person already
    "known-a": ["crm_contact_id:ka", "email:k@mail.ch"],
    "known-b": ["crm_contact_id:kb", "email:k@mail.ch"],
    # three that are linked in a triangle, and met by one device
    "three-a": ["crm_contact_id:ta"],
    "three-b": ["crm_contact_id:tb"],
    "three-c": ["crm_contact_id:tc"],
    "device-a": ["crm_contact_id:ta", "device_id:d1"],
    "device-b": ["crm_contact_id:tb", "device_id:d1"],
    # six and four e-mail addresses are as many as a person has: the eleventh is one too many
    **{f"six-{n}": ["crm_contact_id:six", f"email:six{n}@mail.ch"] for n in range(6)},
    **{f"four-{n}": ["crm_contact_id:four", f"email:four{n}@mail.ch"] for n in range(4)},
    "one": ["crm_contact_id:one", "email:one@mail.ch"],
    # linked, but a contact is known from its later version on
    "late-a": ["crm_contact_id:la"],
    "late-b": ["crm_contact_id:lb"],
}
LINKS = [
    ("pa", "pb", 0.99),
    ("c1", "c2", 0.999),
    ("ra", "rb", 0.999),
    ("ka", "kb", 0.96),
    ("ta", "tb", 0.99),
    ("tb", "tc", 0.96),
    ("ta", "tc", 0.97),
    ("six", "four", 0.99),
    ("four", "one", 0.98),
    ("la", "lb", 0.99),
]
LATE = {"la"}


def _person(warehouse: CanonicalWarehouse, value: str) -> str:
    ((person,),) = warehouse.query(
        f"select person_id from pii.identifiers where identifier_value = '{value}'"
    )
    return person


def _set_links(warehouse: CanonicalWarehouse, links: list[tuple[str, str, float]]) -> None:
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute("delete from ops.probabilistic_links")
        for one, other, score in links:
            known_from = AS_OF - timedelta(days=1) if one in LATE else SEEN
            connection.execute(
                "insert into ops.probabilistic_links "
                "select least(a.identifier_key, b.identifier_key), "
                "greatest(a.identifier_key, b.identifier_key), ?, 'by hand', ?, ? "
                "from pii.identifiers as a, pii.identifiers as b "
                "where a.identifier_value = ? and b.identifier_value = ?",
                [score, known_from, AS_OF, one, other],
            )
        ((count,),) = connection.execute("select count(*) from ops.probabilistic_links").fetchall()
        assert count == len(links)
        # what `make dbt` and landing do where links changed (orchestration/rules.py)
        connection.execute("update ops.settings set rules_fingerprint = ?", [f"{links}"])


def _partition(warehouse: Linked) -> set[frozenset[str]]:
    rows = warehouse.query(
        "select list(identifier_key) from identity.identifier_person where is_current "
        "group by person_id"
    )
    return {frozenset(keys) for (keys,) in rows}


@dataclass
class Linked(CanonicalWarehouse):
    """A warehouse with links, and its partition before it had any."""

    before: set[frozenset[str]] = field(default_factory=set)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Linked:
    folder: Path = tmp_path_factory.mktemp("probable") / "tenant"
    warehouse = Linked(folder, as_of=AS_OF, feature_cutoff_count=2)
    for position, (record, told) in enumerate(RECORDS.items()):
        at = SEEN + timedelta(hours=position)
        for text in told:
            kind, _, value = text.partition(":")
            warehouse.add(
                "identifiers",
                source="crm",
                record_id=record,
                identifier_type=kind.rstrip("!"),
                identifier_value=value,
                observed_at=at,
                loaded_at=at + timedelta(hours=1),
                is_authenticated=kind.endswith("!"),
            )
    warehouse.write()
    warehouse.dbt("build", "--select", *MODELS.split())
    warehouse.before = _partition(warehouse)
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute(
            "insert into ops.manual_rules select 'apart', 'never_merge', a.identifier_key, "
            "b.identifier_key, '', '', null from pii.identifiers as a, pii.identifiers as b "
            "where a.identifier_value = 'ra' and b.identifier_value = 'rb'"
        )
    _set_links(warehouse, LINKS)
    warehouse.dbt("build", "--select", *MODELS.split())
    return warehouse


def test_two_contacts_become_one_person_with_the_score_of_the_link(
    warehouse: Linked,
) -> None:
    person = _person(warehouse, "pa")
    assert person == _person(warehouse, "pb") == _person(warehouse, "pb@mail.ch")
    assert warehouse.query(
        f"select confidence, confidence_score from identity.persons where person_id = '{person}'"
    ) == [("probabilistic", 0.99)]
    assert warehouse.query(
        "select status, edge_type, score, is_tree_edge, sources from identity.edges "
        "where score is not null and identifier_a in (select identifier_key from pii.identifiers "
        "where identifier_value in ('pa', 'pb'))"
    ) == [("kept", "probabilistic", 0.99, True, "probabilistic_links")]


@pytest.mark.parametrize(("one", "other"), [("c1", "c2"), ("ra", "rb"), ("four", "one")])
def test_no_limit_is_broken(warehouse: Linked, one: str, other: str) -> None:
    """Two proven customers, two that a steward parted, an eleventh e-mail address."""
    assert _person(warehouse, one) != _person(warehouse, other)
    assert warehouse.query(
        "select distinct edges.status, edges.status_reason from identity.edges as edges "
        "inner join pii.identifiers as a on a.identifier_key = edges.identifier_a "
        "inner join pii.identifiers as b on b.identifier_key = edges.identifier_b "
        f"where a.identifier_value in ('{one}', '{other}') "
        f"and b.identifier_value in ('{one}', '{other}')"
    ) == [("limit", "together they would break a limit")]


def test_clusters_that_fit_together_are_joined_before_a_worse_link(
    warehouse: Linked,
) -> None:
    assert _person(warehouse, "six") == _person(warehouse, "four")


def test_who_is_one_person_by_identifiers_alone_stays_certain(
    warehouse: Linked,
) -> None:
    assert warehouse.query(
        "select confidence, confidence_score from identity.persons "
        f"where person_id = '{_person(warehouse, 'ka')}'"
    ) == [("deterministic", 1.0)]


def test_a_person_is_as_certain_as_its_weakest_needed_link(warehouse: Linked) -> None:
    """Of a triangle the two best links hold it together: 0.99 and 0.97, not 0.96."""
    person = _person(warehouse, "ta")
    assert person == _person(warehouse, "tb") == _person(warehouse, "tc")
    assert warehouse.query(
        f"select confidence_score from identity.persons where person_id = '{person}'"
    ) == [(0.97,)]


def test_a_device_that_two_contacts_used_is_theirs_once_they_are_one(
    warehouse: Linked,
) -> None:
    assert _person(warehouse, "d1") == _person(warehouse, "ta")


def test_a_past_cutoff_has_the_links_that_were_known_then(warehouse: Linked) -> None:
    groups = warehouse.query(
        "select clusters.cutoff_at, identifiers.identifier_value in ('la', 'lb') as is_late, "
        "count(distinct clusters.person_number) "
        "from intermediate.int_identity__clusters_at_cutoff as clusters "
        "inner join intermediate.int_identity__keys as keys using (identifier_number) "
        "inner join pii.identifiers as identifiers using (identifier_key) "
        "where identifiers.identifier_value in ('la', 'lb', 'pa', 'pb') "
        "group by all order by all"
    )
    assert len(groups) >= 2
    assert {is_late: persons for _, is_late, persons in groups} == {False: 1, True: 2}
    assert {cutoff for cutoff, *_ in groups} < {AS_OF - timedelta(days=n) for n in range(1, 90)}
    assert _person(warehouse, "la") == _person(warehouse, "lb")


def test_without_links_everything_is_as_before(warehouse: Linked) -> None:
    """Runs last: takes the links away."""
    assert _partition(warehouse) != warehouse.before
    _set_links(warehouse, [])
    warehouse.dbt("build", "--select", *MODELS.split())
    assert _partition(warehouse) == warehouse.before
    assert warehouse.query("select count(*) from identity.edges where score is not null") == [(0,)]
    assert warehouse.query("select distinct confidence_score from identity.persons") == [(1.0,)]
