"""Households by hand: who shares a home now, who did, and who only shares a switchboard."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.dbt.canonical_warehouse import CanonicalWarehouse

AS_OF = datetime(2026, 7, 1)
MARCH, MAY = datetime(2026, 3, 1), datetime(2026, 5, 1)
FIXED = {"044 555 02 02": "fixed_line", "044 555 09 09": "fixed_line"}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> CanonicalWarehouse:
    folder: Path = tmp_path_factory.mktemp("households") / "tenant"
    warehouse = CanonicalWarehouse(folder, as_of=AS_OF, phone_kinds=FIXED, feature_cutoff_count=1)

    def person(name: str, **others: str) -> None:
        for kind, value in {"customer_id": name, **others}.items():
            warehouse.add(
                "identifiers",
                source="crm",
                record_id=name,
                identifier_type=kind,
                identifier_value=value,
                observed_at=MARCH,
                loaded_at=MARCH + timedelta(hours=1),
                is_authenticated=kind == "customer_id",
            )

    def contact(name: str, surname: str, street: str, at: datetime = MARCH) -> None:
        warehouse.add(
            "contacts",
            source="crm",
            record_id=name,
            updated_at=at,
            loaded_at=at + timedelta(hours=1),
            last_name=surname,
            street=street,
            postal_code="8001",
        )

    # a family by its landline, and a son who is in it by the address only
    person("mother", phone="044 555 02 02")
    person("father", phone="044 555 02 02")
    contact("father", "Muster", "Seeweg 1")
    person("son")
    contact("son", "MUSTER ", "seeweg 1")
    # the same building, another name
    person("neighbour")
    contact("neighbour", "Keller", "Seeweg 1")
    # she moved in May: her flatmate of then stays behind
    person("mover")
    contact("mover", "Frei", "Altweg 2")
    contact("mover", "Frei", "Altweg 2", at=MARCH + timedelta(days=9))
    contact("mover", "Frei", "Neuweg 3", at=MAY)
    person("stayer")
    contact("stayer", "Frei", "Altweg 2")
    # a switchboard
    for number in range(12):
        person(f"clerk{number}", phone="044 555 09 09")
    # a scheme's own household, and one card that two proven customers use
    person("one", household_id="H1")
    person("other", household_id="H1")
    person("card1", payment_token="tok")
    person("card2", payment_token="tok")
    warehouse.write()
    warehouse.dbt("build", "--select", "+household_members", "+households", "+identifiers")
    return warehouse


@pytest.fixture(scope="module")
def homes(warehouse: CanonicalWarehouse) -> dict[str, list[tuple[object, ...]]]:
    """Per customer: (household, valid_from, valid_to, evidence), oldest first."""
    found: dict[str, list[tuple[object, ...]]] = {}
    for name, *home in warehouse.query(
        """
        select identifiers.identifier_value, household_id, valid_from, valid_to, evidence
        from pii.identifiers as identifiers
        left join identity.household_members using (person_id)
        where identifiers.identifier_type = 'customer_id'
        order by valid_from, valid_to
        """
    ):
        found.setdefault(name, []).append(tuple(home))
    return found


def test_a_landline_and_a_surname_at_an_address_make_a_home(homes) -> None:
    (mother,), (father,), (son,) = homes["mother"], homes["father"], homes["son"]
    assert mother[0] == father[0] == son[0] is not None
    assert (mother[3], father[3], son[3]) == ("landline", "address,landline", "address")
    assert homes["neighbour"][0][0] not in {None, mother[0]}


def test_who_moves_leaves_one_home_and_enters_another(homes) -> None:
    old, new = homes["mover"]
    assert old[:3] == (homes["stayer"][0][0], MARCH, MAY)
    assert new[1:3] == (MAY, None)
    assert new[0] != old[0]


def test_what_too_many_share_is_no_home(homes) -> None:
    assert {home[0][0] for name, home in homes.items() if name.startswith("clerk")} == {None}


def test_a_scheme_and_a_shared_card_say_so_too(homes) -> None:
    assert homes["one"][0][0] == homes["other"][0][0] is not None
    assert homes["card1"][0][0] == homes["card2"][0][0] is not None
    assert homes["card1"][0][3] == "payment_token"


def test_a_household_never_makes_one_person_of_two(warehouse: CanonicalWarehouse) -> None:
    assert warehouse.query(
        "select count(*), count(distinct person_id) from pii.identifiers "
        "where identifier_type = 'customer_id'"
    ) == [(22, 22)]


def test_members_are_counted(warehouse: CanonicalWarehouse) -> None:
    assert warehouse.query(
        "select member_count, current_member_count, count(*) from identity.households "
        "group by all order by all"
    ) == [(1, 1, 2), (2, 1, 1), (2, 2, 2), (3, 3, 1)]
