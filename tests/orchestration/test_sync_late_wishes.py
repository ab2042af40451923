"""Quiet hours and frequency that are asked for on the page hold for the very next batch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest

from orchestration.activation import SyncDefinition
from orchestration.activation.connectors.base import Record
from orchestration.preferences.journal import PREFERENCES, Journal
from tests.syncs import Brand, ScriptedDestination, definition, make_brand

NOW_QUIET = "11:00-13:00"  # runs begin at noon


@pytest.fixture
def brand(tmp_path: Path) -> Brand:
    """Three persons who agreed to e-mail, in a time zone without an offset."""
    brand = make_brand(tmp_path)
    for number in range(3):
        brand.profile(brand.person(number), timezone="UTC")
    return brand


def wish(brand: Brand, key: str, preference: str, value: str, *, day: int = 1) -> None:
    """What is said behind the link of an address, on a day of July."""
    row = {
        "id": f"{key}-{preference}-{day}-{value}",
        "position": 1,
        "occurred_at": datetime(2026, 7, day, 9).isoformat() + "Z",
        "identifier_type": "email_key",
        "identifier_key": key,
        "preference": preference,
        "value": value,
    }
    Journal.of(brand.paths).append(PREFERENCES, [row])


def mails(name: str = "mails") -> SyncDefinition:
    return definition(sync=name, mode="insert", is_message=True)


def test_a_wish_that_is_not_landed_holds(brand: Brand) -> None:
    wish(brand, "k0000", "quiet_hours", NOW_QUIET)
    wish(brand, "k0001", "frequency", "weekly")
    assert brand.run(mails("first")).blocked_reasons == {"quiet_hours": 1}
    assert brand.run(mails("second")).blocked_reasons == {
        "quiet_hours": 1,
        "frequency_cap:own": 1,
    }


def test_the_later_word_stands_wherever_it_was_said(brand: Brand) -> None:
    """Built wishes are of June 2026, or of the day that the test gives."""
    for person in ("p0000", "p0001"):
        brand.wish(person, quiet_from_minute=11 * 60, quiet_to_minute=13 * 60)
        brand.connection.execute(
            "insert into core.preferences_current "
            "values (?, 'quiet_hours', ?, timestamp '2026-06-01')",
            [person, NOW_QUIET],
        )
    wish(brand, "k0000", "quiet_hours", "none")
    wish(brand, "k0001", "quiet_hours", "none")
    brand.connection.execute(
        "update core.preferences_current set since = timestamp '2026-07-01 09:00:01' "
        "where person_id = 'p0001'"
    )
    report = brand.run(mails())
    assert (report.total.succeeded, report.blocked_reasons) == (2, {"quiet_hours": 1})


def test_of_two_words_on_the_page_the_later_stands(brand: Brand) -> None:
    wish(brand, "k0000", "quiet_hours", "none", day=2)
    wish(brand, "k0000", "quiet_hours", NOW_QUIET, day=1)
    assert brand.run(mails()).blocked_reasons == {}


def test_a_wish_that_is_landed_holds_when_its_file_has_left_landing(brand: Brand) -> None:
    brand.connection.execute(
        """
        create table raw.preference_center__preferences as
        select 'x' as id, 'k0000' as identifier_key, 'quiet_hours' as preference,
            '11:00-13:00' as value, timestamp '2026-07-01 09:00' as occurred_at
        """
    )
    assert brand.run(mails()).blocked_reasons == {"quiet_hours": 1}


def test_a_wish_between_two_batches_holds_for_the_second(brand: Brand) -> None:
    def ask(batch: Sequence[Record]) -> None:
        if batch[0].record_key == "p0000":
            wish(brand, "k0002", "quiet_hours", NOW_QUIET)

    destination = ScriptedDestination(before=ask).with_description(batch_size=2)
    report = brand.run(mails(), open_destination=destination.open)
    assert report.blocked_reasons == {"quiet_hours": 1}
    assert sorted(destination.members) == ["p0000", "p0001"]
