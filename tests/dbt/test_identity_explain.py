"""Explanations of the scenario graph: the chain of records, and what stands between two persons."""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime

import duckdb
import pytest

from orchestration.identity.explain import explain_pair, explain_person
from orchestration.identity.lookup import IdentityError, find_identifier, find_person
from orchestration.identity.steward import make_rule
from tests.dbt.canonical_warehouse import CanonicalWarehouse

AS_OF = datetime(2026, 7, 1)
RECORDS = [
    ("web-1", "cookie_id=c1 email=ann@mail.ch"),
    ("web-2", "cookie_id=c1 email=ann@mail.ch"),
    ("shop-1", "email=ann@mail.ch loyalty_id=L1"),
    ("shop-2", "loyalty_id=L1 phone=+41791234567"),
    ("tablet-1", "cookie_id=tablet loyalty_id=L1"),
    ("tablet-2", "cookie_id=tablet loyalty_id=L2"),
    ("desk", "email=test@test.com loyalty_id=L2"),
    ("far", "loyalty_id=L9"),
]


@pytest.fixture(scope="module")
def connection(
    tmp_path_factory: pytest.TempPathFactory,
) -> Generator[duckdb.DuckDBPyConnection]:
    warehouse = CanonicalWarehouse(
        tmp_path_factory.mktemp("explain") / "tenant", as_of=AS_OF, feature_cutoff_count=1
    )
    for number, (record, told) in enumerate(RECORDS):
        at = AS_OF.replace(month=6, day=number + 1)
        for word in told.split():
            kind, value = word.split("=")
            warehouse.add(
                "identifiers",
                source=record.split("-")[0],
                record_id=record,
                identifier_type=kind,
                identifier_value=value,
                observed_at=at,
                loaded_at=at,
                is_authenticated=False,
            )
    warehouse.write()
    warehouse.dbt("build", "--select", "+identifiers", "+edges", "+person_redirects", "+persons")
    with duckdb.connect(str(warehouse.path)) as connection:
        yield connection


def test_the_chain_of_records_between_two_identifiers(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    found = explain_pair(connection, "cookie_id=c1", "phone=+41791234567")
    assert [(step.one.kind, step.other.kind, step.evidence_count) for step in found.steps] == [
        ("email", "cookie_id", 2),
        ("loyalty_id", "email", 1),
        ("loyalty_id", "phone", 1),
    ]
    assert [[record.record_id for record in step.records] for step in found.steps] == [
        ["web-1", "web-2"],
        ["shop-1"],
        ["shop-2"],
    ]
    assert "one person" not in found.sentence
    assert "tied by 3 steps" in found.sentence


def test_no_clear_value_in_any_answer(connection: duckdb.DuckDBPyConnection) -> None:
    found = explain_pair(connection, "email=Ann@Mail.ch ", "phone=+41791234567")
    for text in (found.text(), found.mermaid()):
        assert "ann@mail.ch" not in text.lower()
        assert "41791234567" not in text
    for asked in ("email=ann.nobody@mail.ch", "ann.nobody@mail.ch", "+41791234567"):
        with pytest.raises(IdentityError) as error:
            explain_pair(connection, asked, "cookie_id=c1")
        assert "ann" not in str(error.value)
        assert "4179" not in str(error.value)


def test_a_person_is_its_forest(connection: duckdb.DuckDBPyConnection) -> None:
    person = find_person(connection, "loyalty_id=L1")
    found = explain_person(connection, person)
    assert len(found.nodes) == len(found.steps) + 1 == 4
    assert found.mermaid().count("---") == 3
    assert explain_person(connection, find_person(connection, person)) == found


def test_what_stands_between_two_persons(connection: duckdb.DuckDBPyConnection) -> None:
    found = explain_pair(connection, "loyalty_id=L1", "loyalty_id=L2")
    assert "two persons" in found.sentence
    assert {step.status for step in found.steps} == {"pending"}
    assert {record.record_id for step in found.steps for record in step.records} == {
        "tablet-1",
        "tablet-2",
    }
    assert "-.-" in found.mermaid()
    apart = explain_pair(connection, "loyalty_id=L1", "loyalty_id=L9")
    assert apart.steps == ()
    assert "no record ties the two" in apart.sentence


def test_what_links_nobody_says_so(connection: duckdb.DuckDBPyConnection) -> None:
    found = explain_pair(connection, "email=test@test.com", "loyalty_id=L2")
    assert "links nobody: it is blocked" in found.sentence
    key = find_identifier(connection, "loyalty_id=L9").key
    assert find_identifier(connection, key) == find_identifier(connection, key[:8])
    with pytest.raises(IdentityError, match="is no current person"):
        find_person(connection, "0" * 32)


@pytest.mark.parametrize(
    ("rule", "one", "other", "why"),
    [
        ("never_merge", "cookie_id=c1", "email=ann@mail.ch", "follows the person"),
        ("always_merge", "email=ann@mail.ch", "loyalty_id=L1", "are one person already"),
        ("never_merge", "loyalty_id=L1", "loyalty_id=L2", "are no person together"),
        ("always_merge", "email=test@test.com", "loyalty_id=L2", "links nobody: it is blocked"),
        ("never_merge", "loyalty_id=L1", "loyalty_id=L1", "is one identifier"),
    ],
)
def test_a_rule_that_would_do_nothing_is_refused(
    connection: duckdb.DuckDBPyConnection, rule: str, one: str, other: str, why: str
) -> None:
    with pytest.raises(IdentityError, match=why):
        make_rule(connection, rule, one, other)


def test_a_rule_names_identifiers_by_key(connection: duckdb.DuckDBPyConnection) -> None:
    rule = make_rule(connection, "never_merge", "email=ann@mail.ch", "phone=+41791234567")
    keys = {find_identifier(connection, asked).key for asked in ("loyalty_id=L1", "loyalty_id=L2")}
    assert {len(rule.identifier_key_a), len(rule.identifier_key_b or "")} == {64}
    assert {rule.identifier_key_a, rule.identifier_key_b}.isdisjoint(keys)
    again = make_rule(connection, "never_merge", "phone=+41791234567", "email=ann@mail.ch")
    assert again.rule_id == rule.rule_id
