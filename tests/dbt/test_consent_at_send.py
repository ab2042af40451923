"""Consent from the words of people to the message: random histories, built once, sent many times.

Nobody is left out before the gate: every address is planned with everybody who has, or had, it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.activation.connectors.base import Record
from orchestration.settings import Paths
from tests.dbt.canonical_warehouse import CanonicalWarehouse
from tests.dbt.consent_families import AS_OF, Family, families, merging_record
from tests.syncs import Brand, ScriptedDestination, definition

FAMILIES = families(150, seed=6)
CHANNELS = {"email": "email", "sms": "phone"}
BUILT = """
    create schema if not exists segments;
    create schema if not exists activation;
    create table segments.membership (
        segment varchar, person_id varchar, exited_at timestamp, is_holdout boolean
    );
    create or replace table seeds.identity_levels as
        select 'default' as identity_level, 0.0 as min_confidence;
    create view activation.act_test__people as
    select distinct
        concat(owners.person_id, ':', identifiers.identifier_key) as row_key,
        owners.person_id,
        identifiers.identifier_key,
        identifiers.identifier_type,
        identifiers.identifier_value as address
    from pii.identifiers as identifiers
    inner join identity.identifier_person as owners using (identifier_key);
    create view activation.act_test__email as
        select * from activation.act_test__people where identifier_type = 'email';
    create view activation.act_test__sms as
        select * from activation.act_test__people where identifier_type = 'phone';
    create table words_as_built as from core.consent_by_identifier;
    update ops.settings set universal_holdout_pct = 0;
"""
REWIND = """
    delete from ops.activation_sync_runs;
    delete from ops.activation_sync_rows;
    delete from ops.activation_rejects;
    delete from ops.activation_delivery_ledger;
    delete from ops.activation_sync_state;
    delete from core.consent_by_identifier;
    insert into core.consent_by_identifier from words_as_built;
"""


@dataclass
class Sent:
    """What arrived, in batches of (address, person of the row)."""

    batches: list[list[tuple[str, str]]]

    @property
    def rows(self) -> set[tuple[str, str]]:
        return {row for batch in self.batches for row in batch}


@pytest.fixture(scope="module")
def brand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brand]:
    folder: Path = tmp_path_factory.mktemp("consent_at_send")
    warehouse = CanonicalWarehouse(folder / "tenant", as_of=AS_OF, feature_cutoff_count=1)
    for family in FAMILIES:
        rows = [
            (record, at, kind, value)
            for record, at, identifiers in family.records()
            for kind, value in identifiers.items()
        ]
        if merging := merging_record(family):
            record, at, emails = merging
            rows += [(record, at, "email", email) for email in emails]
        for record, at, kind, value in rows:
            warehouse.add(
                "identifiers", source="test", record_id=record, identifier_type=kind,
                identifier_value=value, observed_at=at, loaded_at=at + timedelta(hours=1),
                is_authenticated=kind == "customer_id",
            )  # fmt: skip
        for number, word in enumerate(family.words):
            warehouse.add(
                "consents", source="test", record_id=f"{family.name}-w{number}",
                occurred_at=word.at, loaded_at=word.at + timedelta(hours=1), channel=word.channel,
                purpose=word.purpose, status=word.status,
            )  # fmt: skip
    warehouse.write()
    warehouse.dbt(
        "build", "--select", "+consent_by_identifier", "+consent_current", "+suppressions",
        "+identifier_person", "+identifiers",
        "consent_is_never_wider_for_a_person_than_for_an_address",
    )  # fmt: skip
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute(BUILT)
        yield Brand(connection, Paths(tenant="test", env="dev", root=folder), AS_OF)


def _send(
    brand: Brand,
    channel: str,
    *,
    batch_size: int = 50,
    after_the_first_batch: str | None = None,
    is_local: bool = True,
) -> Sent:
    brand.connection.execute(REWIND)
    sent = Sent([])

    def before(batch: Sequence[Record]) -> None:
        if after_the_first_batch and not sent.batches:
            brand.connection.execute(after_the_first_batch)
        sent.batches.append(
            [(str(record.payload["address"]), str(record.payload["person_id"])) for record in batch]
        )

    destination = ScriptedDestination(before=before).with_description(
        channel=channel, batch_size=batch_size, is_local=is_local
    )
    document = definition(
        model=f"act_test__{channel}", key="row_key", mode="insert", channel=channel
    )
    report = brand.run(document, open_destination=destination.open)
    assert report.is_accounted
    return sent


def _customers(brand: Brand) -> dict[str, str]:
    """Person of every customer."""
    return dict(
        brand.rows(
            "select identifier_value, person_id from pii.identifiers "
            "where identifier_type = 'customer_id'"
        )
    )


def _of_channel(channel: str) -> Iterator[tuple[Family, str]]:
    for family in FAMILIES:
        for address, way in family.addresses():
            if way == channel:
                yield family, address


@pytest.mark.parametrize("channel", CHANNELS)
def test_no_delivery_without_a_live_grant_of_the_address_by_its_owner(
    brand: Brand, channel: str
) -> None:
    person_of = _customers(brand)
    delivered = _send(brand, channel).rows
    allowed = {
        (address, person_of[family.owner(address)])
        for family, address in _of_channel(channel)
        if family.may_get(address, channel)
    }
    assert delivered <= allowed, sorted(delivered - allowed)
    # the gate is no wall: where nobody ever refused anything, the message arrives
    simple = {
        (address, person_of[family.owner(address)])
        for family, address in _of_channel(channel)
        if family.was_never_refused(address, channel)
    }
    assert simple <= delivered
    assert len(delivered) >= 10
    assert len({address for _, address in _of_channel(channel)}) > 2 * len(delivered)


def test_who_opted_out_one_of_two_addresses_is_never_mailed_there(brand: Brand) -> None:
    delivered = {address for address, _ in _send(brand, "email").rows}
    halves = 0
    for family in FAMILIES:
        out = {mail for mail in family.emails if family.latest(mail, "email") == "withdrawn"}
        assert not out & delivered
        halves += bool(out and set(family.emails) & delivered)
    assert halves


def test_a_number_that_moved_takes_no_grant_along(brand: Brand) -> None:
    """The former owner's grant stands in the table for that person: no row may ride on it."""
    person_of = _customers(brand)
    delivered = _send(brand, "sms").rows
    moved = [family for family in FAMILIES if family.moved_at]
    assert not {(family.phone, person_of[family.name]) for family in moved} & delivered
    assert {(family.phone, person_of[f"{family.name}-next"]) for family in moved} & delivered


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    channel=st.sampled_from(sorted(CHANNELS)),
    batch_size=st.integers(5, 25),
    status=st.sampled_from(["withdrawn", "objected", "denied", "pending"]),
    every=st.integers(1, 3),
)
def test_an_opt_out_between_plan_and_send_is_honoured(
    brand: Brand, channel: str, batch_size: int, status: str, every: int
) -> None:
    would = sorted({address for address, _ in _send(brand, channel).rows})
    leaving = set(would[::every])
    values = ", ".join(f"'{address}'" for address in sorted(leaving))
    sent = _send(
        brand,
        channel,
        batch_size=batch_size,
        after_the_first_batch=f"""
            update core.consent_by_identifier set status = '{status}'
            where channel = '{channel}' and purpose = 'marketing' and identifier_key in (
                select identifier_key from pii.identifiers where identifier_value in ({values})
            )
        """,
    )
    assert sent.batches
    after = {address for batch in sent.batches[1:] for address, _ in batch}
    assert not after & leaving


@pytest.mark.parametrize("channel", CHANNELS)
def test_outside_prod_nothing_but_local_destinations_is_reached(brand: Brand, channel: str) -> None:
    assert _send(brand, channel, is_local=False).batches == []
    assert brand.rows("select distinct outcome, reason from ops.activation_delivery_ledger") == [
        ("blocked", "environment")
    ]
