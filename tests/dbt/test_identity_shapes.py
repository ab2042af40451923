"""Shapes of evidence by name, each worked by hand: who is one person, and who must never be.

Belongs here: shapes of one build. Ids over several builds are in test_identity_stable_ids.py,
shared devices, placeholders and spellings in test_identity_scenarios.py.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.dbt.canonical_warehouse import CanonicalWarehouse

AS_OF = datetime(2026, 7, 1)
CHAIN = 12
NUMBER = "+41795550101"

# (record, identifiers), one hour apart in this order; * = the person proved it
RECORDS = [
    # chain: every record ties two that no other record ties
    *[(f"chain-{i}", f"loyalty_id=K{i} loyalty_id=K{i + 1}") for i in range(CHAIN)],
    # the same from its end to its beginning
    *[(f"back-{i}", f"loyalty_id=B{i} loyalty_id=B{i + 1}") for i in reversed(range(CHAIN))],
    # diamond: two ways from top to bottom
    ("diamond-1", "loyalty_id=D0 email=left@d.ch"),
    ("diamond-2", "loyalty_id=D0 email=right@d.ch"),
    ("diamond-3", "crm_contact_id=D9 email=left@d.ch"),
    ("diamond-4", "crm_contact_id=D9 email=right@d.ch"),
    # fan-in: six cookies of one e-mail
    *[(f"fan-{i}", f"email=fan@f.ch cookie_id=fan{i}") for i in range(6)],
    # two proven customers who share an e-mail and a card
    ("twins-1", "customer_id*=T1 email=home@t.ch"),
    ("twins-2", "customer_id*=T2 email=home@t.ch"),
    ("twins-3", "customer_id*=T1 loyalty_id=T"),
    ("twins-4", "customer_id*=T2 loyalty_id=T"),
    # a number that moves: first one customer's, then another's
    ("phone-1", f"customer_id*=P1 phone={NUMBER}"),
    ("phone-2", f"customer_id*=P1 phone={NUMBER}"),
    ("phone-3", f"customer_id*=P2 phone={NUMBER}"),
    ("phone-4", f"phone={NUMBER}"),
    # a pair of a value with itself, and a record told twice
    ("self", "email=self@s.ch email=SELF@s.ch"),
    ("self", "email=self@s.ch"),
]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> CanonicalWarehouse:
    folder = tmp_path_factory.mktemp("shapes") / "tenant"
    warehouse = CanonicalWarehouse(folder, as_of=AS_OF, feature_cutoff_count=1)
    for position, (record, told) in enumerate(RECORDS):
        at = AS_OF - timedelta(hours=len(RECORDS) + 1 - position)
        for word in told.split():
            kind, value = word.split("=")
            warehouse.add(
                "identifiers",
                source="test",
                record_id=record,
                identifier_type=kind.rstrip("*"),
                identifier_value=value,
                observed_at=at,
                loaded_at=at,
                is_authenticated=kind.endswith("*"),
            )
    warehouse.write()
    warehouse.dbt(
        "build", "--select", "+persons", "+identifiers", "+edges", "+int_identity__record_persons",
        "+int_identity__record_keys",
    )  # fmt: skip
    return warehouse


@pytest.fixture(scope="module")
def person_of(warehouse: CanonicalWarehouse) -> dict[str, str]:
    return dict(
        warehouse.query(
            "select record_id, person_id from intermediate.int_identity__record_persons "
            "inner join intermediate.int_identity__record_keys using (record_key)"
        )
    )


@pytest.mark.parametrize(
    ("shape", "identifiers"),
    [("chain", CHAIN + 1), ("back", CHAIN + 1), ("diamond", 4), ("fan", 7), ("self", 1)],
)
def test_one_person(
    warehouse: CanonicalWarehouse, person_of: dict[str, str], shape: str, identifiers: int
) -> None:
    (person,) = {found for record, found in person_of.items() if record.split("-")[0] == shape}
    assert warehouse.query(
        f"select identifier_count from identity.persons where person_id = '{person}'"
    ) == [(identifiers,)]


def test_two_proven_customers_are_never_one_person(
    warehouse: CanonicalWarehouse, person_of: dict[str, str]
) -> None:
    """What they share stays with one of them; the edge to the other one says why."""
    assert person_of["twins-1"] == person_of["twins-3"]
    assert person_of["twins-2"] == person_of["twins-4"]
    assert person_of["twins-1"] != person_of["twins-2"]
    assert warehouse.query(
        "select count(*), min(status_reason) from identity.edges "
        "inner join pii.identifiers on identifiers.identifier_key = edges.identifier_b "
        "where identifier_value in ('home@t.ch', 'T') and edges.status = 'limit'"
    ) == [(2, "together they would break a limit")]


def test_a_number_that_moved_is_the_later_customers(person_of: dict[str, str]) -> None:
    assert person_of["phone-1"] == person_of["phone-2"] != person_of["phone-3"]
    assert person_of["phone-4"] == person_of["phone-3"]
