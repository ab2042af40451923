"""What a proof says of the destinations that received somebody, or may have."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from orchestration.activation.connectors.base import OutcomeUnknown, RowResult
from orchestration.erasure.deliveries import deliveries_of
from orchestration.erasure.target import Target
from tests.syncs import Brand, ScriptedDestination, definition, make_brand

MAIL = """
news:
  connector: smtp
  settings: {host: 127.0.0.1, sender: a@example.com, links_url: "https://example.com"}
"""


@pytest.fixture
def brand(tmp_path: Path) -> Brand:
    """A brand with two persons."""
    brand = make_brand(tmp_path)
    brand.person(1)
    brand.person(2)
    return brand


def _states(brand: Brand, person: str = "p0001") -> list[tuple[str, str, int, str]]:
    target = Target("e1", "person", (), (person,))
    found = deliveries_of(brand.connection, target, brand.paths)
    return [(item.sync, item.destination, item.records, item.state) for item in found]


def _erase(brand: Brand) -> None:
    brand.connection.execute(
        "insert into ops.erasures (erasure_id, identifier_key, identifier_type, scope, person_id) "
        "values ('e1', 'k0001', 'email', 'person', 'p0001')"
    )
    brand.connection.execute("delete from pii.people where person_id = 'p0001'")


def test_a_removal_is_queued_and_then_done(brand: Brand) -> None:
    assert _states(brand) == []
    brand.run()
    assert _states(brand) == [("people", "file", 1, "removal queued")]
    _erase(brand)
    brand.run()
    assert _states(brand) == [("people", "file", 1, "removed")]
    assert _states(brand, "p0002") == [("people", "file", 1, "removal queued")]


def test_who_may_have_arrived_is_told_of_too(brand: Brand) -> None:
    """The proof was silent on rows in doubt: the state has nobody whose answer was lost."""

    def no_answer(batch: object) -> None:
        raise OutcomeUnknown("time-out")

    destination = ScriptedDestination(after=no_answer).with_description(read_back="none")
    brand.run(open_destination=destination.open)
    assert _states(brand) == [("people", "file", 1, "removal queued")]
    destination.after = lambda batch: None
    _erase(brand)
    brand.run(open_destination=destination.open)
    assert _states(brand) == [("people", "file", 1, "removed")]


def test_a_doubt_that_a_removal_overtook_says_removed_when_it_is_closed_too(brand: Brand) -> None:
    """Closing it, weeks later, was the latest event: the proof said "removal queued" for ever."""

    def no_answer(batch: object) -> None:
        raise OutcomeUnknown("time-out")

    destination = ScriptedDestination(after=no_answer).with_description(read_back="none")
    brand.run(open_destination=destination.open)
    destination.after = lambda batch: None
    brand.connection.execute("delete from pii.people where person_id = 'p0001'")
    brand.run(open_destination=destination.open)
    brand.clock += timedelta(days=20)
    brand.run(open_destination=destination.open)
    assert brand.rows(
        "select count(*) from ops.activation_sync_rows "
        "where person_id = 'p0001' and reason = 'overtaken'"
    ) == [(1,)]
    assert _states(brand) == [("people", "file", 1, "removed")]


def test_who_was_refused_is_nowhere(brand: Brand) -> None:
    destination = ScriptedDestination(answer=lambda record: RowResult("rejected"))
    brand.run(open_destination=destination.open)
    assert _states(brand) == []


def test_a_mail_cannot_be_taken_back(brand: Brand) -> None:
    destination = ScriptedDestination()
    brand.run(definition(mode="insert"), open_destination=destination.open)
    brand.connection.execute("update ops.activation_delivery_ledger set destination = 'news'")
    brand.paths.tenant_folder.mkdir(parents=True)
    (brand.paths.tenant_folder / "destinations.yml").write_text(MAIL, encoding="utf-8")
    assert _states(brand) == [("people", "news", 1, "nothing to remove there")]
