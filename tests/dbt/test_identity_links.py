"""The probabilistic pass through the project: contacts landed, built, linked, built again."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from orchestration.identity.links import LinkReport, drop_links, link_contacts
from tests.dbt.canonical_warehouse import CanonicalWarehouse
from tests.people import make_people

AS_OF = datetime(2026, 7, 1)
MODELS = "+persons +identifiers identity_levels"
PEOPLE = {contact.record: contact for contact in make_people()}
TEXTS = ("first_name", "last_name", "street", "postal_code")


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> CanonicalWarehouse:
    """Every contact is a row of a CRM; those with an account share an e-mail address."""
    warehouse = CanonicalWarehouse(
        tmp_path_factory.mktemp("links") / "tenant", as_of=AS_OF, feature_cutoff_count=1
    )
    for position, contact in enumerate(PEOPLE.values()):
        at = AS_OF - timedelta(days=60) + timedelta(minutes=position)
        told = {"source": "crm", "record_id": contact.record, "loaded_at": at}
        birth = contact.birth_date and datetime.strptime(contact.birth_date, "%Y-%m-%d").date()
        warehouse.add(
            "contacts", **told, updated_at=at, birth_date=birth,
            **{name: getattr(contact, name) for name in TEXTS},
        )  # fmt: skip
        email = contact.account and f"{contact.account}@mail.ch"
        identifiers = {"crm_contact_id": contact.record, "email": email}
        for kind, value in identifiers.items():
            if value:
                warehouse.add(
                    "identifiers", **told, identifier_type=kind, identifier_value=value,
                    observed_at=at, is_authenticated=False,
                )  # fmt: skip
    warehouse.write()
    warehouse.dbt("build", "--select", *MODELS.split())
    return warehouse


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scratch")


@pytest.fixture(scope="module")
def report(warehouse: CanonicalWarehouse, scratch: Path) -> LinkReport:
    with duckdb.connect(str(warehouse.path)) as connection:
        return link_contacts(connection, scratch=scratch)


def _pairs(warehouse: CanonicalWarehouse) -> tuple[float, float]:
    """Precision and recall over pairs of contacts."""
    persons = warehouse.query(
        "select identifier_value, person_id from pii.identifiers "
        "where identifier_type = 'crm_contact_id'"
    )
    assert len(persons) == len(PEOPLE)

    def count(names: list[object]) -> int:
        return sum(size * (size - 1) // 2 for size in Counter(names).values())

    found = count([person for _, person in persons])
    true = count([PEOPLE[record].person for record, _ in persons])
    right = count([(PEOPLE[record].person, person) for record, person in persons])
    return right / found, right / true


def test_links_are_written_without_clear_values(
    warehouse: CanonicalWarehouse, report: LinkReport, scratch: Path
) -> None:
    rows = warehouse.query("select * from ops.probabilistic_links")
    assert len(rows) == report.links == report.new > 50
    text = repr(rows).lower()
    for contact in PEOPLE.values():
        values = [contact.record, *(getattr(contact, name) for name in TEXTS[:3])]
        assert not [value for value in values if value and f"'{value.lower()}'" in text]
    assert list(scratch.iterdir()) == []  # what was spilled is gone


def test_the_next_build_finds_people_again(
    warehouse: CanonicalWarehouse, report: LinkReport
) -> None:
    precision, recall = _pairs(warehouse)
    assert precision == 1.0
    assert recall < 0.85
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute("update ops.settings set rules_fingerprint = 'with links'")
    warehouse.dbt("build", "--select", *MODELS.split())
    precision, recall = _pairs(warehouse)
    assert precision >= 0.99
    assert recall >= 0.95
    assert warehouse.query(
        "select count(*) from identity.persons where confidence = 'probabilistic' "
        "and confidence_score between 0.95 and 0.999"
    ) == [(report.links,)]


def test_a_second_pass_finds_the_same(warehouse: CanonicalWarehouse, scratch: Path) -> None:
    """What links have joined is compared again: a pass that left it out would undo itself."""
    before = warehouse.query("select * from ops.probabilistic_links order by all")
    with duckdb.connect(str(warehouse.path)) as connection:
        again = link_contacts(connection, scratch=scratch)
    assert (again.new, again.gone) == (0, 0)
    assert warehouse.query("select * from ops.probabilistic_links order by all") == before


def test_a_dry_run_keeps_nothing_and_links_can_be_forgotten(
    warehouse: CanonicalWarehouse, scratch: Path, tmp_path: Path
) -> None:
    copy = shutil.copy(warehouse.path, tmp_path / "copy.duckdb")
    with duckdb.connect(str(copy)) as connection:
        kept = drop_links(connection)
        assert kept > 50
        assert link_contacts(connection, scratch=scratch, dry_run=True).new == kept
        assert drop_links(connection) == 0
