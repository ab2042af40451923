"""The gate: who may be sent to, at which address, now."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from orchestration.activation.gate import GateContext, GateError, refused
from tests.syncs import NOON, Brand, make_brand

EMAIL = GateContext(channel="email", purpose="marketing", may_leave=True)


@pytest.fixture
def brand(tmp_path: Path) -> Brand:
    """Somebody with a plan: each row (person, address) is to be added."""
    brand = make_brand(tmp_path)
    brand.connection.execute(
        "create temp table activation_plan "
        "(position bigint, operation varchar, person_id varchar, identifier_key varchar)"
    )
    return brand


def _ask(
    brand: Brand,
    *rows: tuple[str, str | None],
    operation: str = "add",
    context: GateContext = EMAIL,
) -> list[str | None]:
    brand.connection.execute("delete from activation_plan")
    for position, (person, key) in enumerate(rows, start=1):
        brand.connection.execute(
            "insert into activation_plan values (?, ?, ?, ?)", [position, operation, person, key]
        )
    reasons = refused(brand.connection, context, first=1, last=len(rows), at=NOON)
    return [reasons.get(position) for position in range(1, len(rows) + 1)]


@pytest.mark.parametrize("status", ["pending", "denied", "withdrawn", "objected"])
def test_only_granted_is_a_grant(brand: Brand, status: str) -> None:
    brand.consent("k1", "p1", status="granted")
    brand.consent("k2", "p2", status=status)
    assert _ask(brand, ("p1", "k1"), ("p2", "k2"), ("p3", "k3")) == [
        None, f"consent_{status}", "consent_missing",
    ]  # fmt: skip


def test_consent_binds_its_address(brand: Brand) -> None:
    """Two addresses of one person, one opted out: the other may be used, this one never."""
    brand.consent("k1", "p1", status="granted")
    brand.consent("k2", "p1", status="withdrawn")
    assert _ask(brand, ("p1", "k1"), ("p1", "k2")) == [None, "consent_withdrawn"]


def test_an_objection_on_any_address_stops_its_owner(brand: Brand) -> None:
    brand.consent("k1", "p1", status="granted")
    brand.consent("k2", "p1", status="objected", channel="sms")
    brand.consent("k3", "p3", status="granted")
    assert _ask(brand, ("p1", "k1"), ("p3", "k3")) == ["owner_objected", None]


def test_an_address_that_changed_hands_takes_no_consent_along(brand: Brand) -> None:
    brand.consent("k1", "former owner", status="granted")
    assert _ask(brand, ("p1", "k1")) == ["consent_missing"]


def test_a_row_may_not_ride_on_the_grant_of_a_former_owner(brand: Brand) -> None:
    """A number that moved has a row per owner in the table of consents, the former one's too."""
    brand.consent("k1", "former owner", status="granted")
    brand.consent("k1", "p1", status="granted")
    brand.connection.execute(
        "insert into identity.identifier_person values "
        "('k1', 'former owner', false), ('k1', 'p1', true)"
    )
    assert _ask(brand, ("former owner", "k1"), ("p1", "k1")) == ["owner_changed", None]


def test_consent_is_for_a_channel_and_a_purpose(brand: Brand) -> None:
    brand.consent("k1", "p1", status="granted", channel="sms")
    brand.connection.execute(
        "insert into core.consent_by_identifier "
        "values ('k2', 'p2', 'email', 'service', 'granted', timestamp '2026-06-01')"
    )
    assert _ask(brand, ("p1", "k1"), ("p2", "k2")) == ["consent_missing", "consent_missing"]


def test_suppressed_addresses_holdouts_and_missing_addresses(brand: Brand) -> None:
    for number in range(1, 5):
        brand.consent(f"k{number}", f"p{number}", status="granted")
    brand.connection.execute(
        "insert into core.suppressions values ('k1', 'all', 'bounce', timestamp '2026-06-01'), "
        "('k2', 'sms', 'stop', timestamp '2026-06-01')"
    )
    brand.connection.execute(
        "insert into segments.membership values ('x', 'p3', null, true), "
        "('x', 'p4', timestamp '2026-06-01', true)"
    )
    assert _ask(brand, ("p1", "k1"), ("p2", "k2"), ("p3", "k3"), ("p4", "k4"), ("p1", None)) == [
        "suppressed", None, "holdout", None, "address_missing",
    ]  # fmt: skip


def test_the_universal_holdout_holds_without_any_membership(brand: Brand) -> None:
    """The bucket is worked with hashlib here, and has the same value in the dbt unit test."""

    def bucket(person: str) -> int:
        digest = hashlib.sha256(f"salt{chr(31)}{person}".encode()).hexdigest()
        return int(digest[:8], 16) % 10_000

    assert (bucket("p7"), bucket("p1")) == (225, 685)
    brand.connection.execute("update ops.settings set universal_holdout_pct = 5")
    persons = [f"p{number}" for number in range(1, 60)]
    for person in persons:
        brand.consent(f"k-{person}", person, status="granted")
    reasons = _ask(brand, *[(person, f"k-{person}") for person in persons])
    assert [person for person, reason in zip(persons, reasons, strict=True) if reason] == [
        person for person in persons if bucket(person) < 500
    ]


def test_the_universal_holdout_is_that_of_the_models_to_the_bucket(brand: Brand) -> None:
    """Bucket 68 (p999) is not in 0.68 %. As 0.68 * 10000 / 100 it was, in binary fractions; the
    models said 0.68 * 100."""
    brand.connection.execute("update ops.settings set universal_holdout_pct = 0.68")
    brand.consent("k999", "p999", status="granted")
    assert _ask(brand, ("p999", "k999")) == [None]


def test_an_erased_address_stays_erased(brand: Brand) -> None:
    brand.consent("k1", "p1", status="granted")
    brand.consent("k2", "p2", status="granted")
    brand.consent("k3", "p3", status="granted")
    brand.connection.execute(
        "insert into ops.erasures (identifier_key, person_id, lifted_at) values "
        "('k1', null, null), ('k9', 'p2', null), ('k3', 'p3', timestamp '2026-06-01')"
    )
    # the address; another address of an erased person; a tombstone that was lifted
    asked = [("p1", "k1"), ("p2", "k2"), ("p3", "k3")]
    assert _ask(brand, *asked) == ["erased", "erased", None]


def test_removing_needs_no_consent_but_stays_in_its_environment(brand: Brand) -> None:
    assert _ask(brand, ("p1", None), operation="remove") == [None]
    outside = GateContext(channel="email", purpose="marketing", may_leave=False)
    assert _ask(brand, ("p1", None), operation="remove", context=outside) == ["environment"]


def test_a_gate_that_cannot_look_lets_nobody_through(brand: Brand) -> None:
    brand.connection.execute("drop table core.suppressions")
    with pytest.raises(GateError, match="nothing is sent"):
        _ask(brand, ("p1", "k1"))
