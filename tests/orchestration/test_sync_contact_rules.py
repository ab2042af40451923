"""Frequency caps and quiet hours in whole runs: who waits, who counts, and that nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from orchestration.activation import delivery
from orchestration.activation.connectors.base import Record, RowResult
from orchestration.activation.definitions import SyncDefinition
from tests.syncs import Brand, ScriptedDestination, definition, make_brand


@pytest.fixture
def brand(tmp_path: Path) -> Brand:
    """Three people with consent, p0000 to p0002; noon of a Wednesday in UTC."""
    brand = make_brand(tmp_path)
    for number in range(3):
        brand.person(number)
    return brand


def _mails(sync: str = "mails", **values: object) -> SyncDefinition:
    return definition(sync=sync, mode="insert", is_message=True, **values)


def _sent(destination: ScriptedDestination) -> list[str]:
    return [record.record_key for batch in destination.batches for record in batch]


def _ledger(brand: Brand, outcome: str) -> list[tuple]:
    return brand.rows(
        "select sync, record_key, reason from ops.activation_delivery_ledger "
        f"where outcome = '{outcome}' order by sequence, record_key"
    )


def test_a_cap_holds_over_syncs_and_what_waits_goes_when_there_is_room(brand: Brand) -> None:
    brand.cap(1, 2, channel="email")
    brand.run(_mails("first"))
    second = brand.run(_mails("second"))
    assert second.blocked_reasons == {"frequency_cap:email_marketing_person_2d": 3}
    assert (second.status, second.total.blocked) == ("succeeded", 3)
    # noon of 1 July: the window of two days is over at midnight of 3 July
    brand.clock = datetime(2026, 7, 2, 23, 50)
    assert brand.run(_mails("second")).total.blocked == 3
    brand.clock = datetime(2026, 7, 3, 0, 0)
    assert brand.run(_mails("second")).total.succeeded == 3
    assert _ledger(brand, "blocked")[0] == (
        "second", "p0000", "frequency_cap:email_marketing_person_2d",
    )  # fmt: skip


def test_a_cap_of_a_household_lets_the_first_of_it_through(brand: Brand) -> None:
    """Both rows are in one batch: nothing of either is in the ledger when they are judged."""
    brand.cap(1, 7, per="household")
    brand.profile("p0000", household="h1")
    brand.profile("p0002", household="h1")
    destination = ScriptedDestination()
    report = brand.run(_mails(), open_destination=destination.open)
    assert _sent(destination) == ["p0000", "p0001"]
    assert report.blocked_reasons == {"frequency_cap:all_marketing_household_7d": 1}


def test_a_rehearsal_counts_over_its_windows_what_a_run_would_send(
    brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It forgot after every window (10,000 rows; two here) whom it had let through."""
    monkeypatch.setattr(delivery, "WINDOW", 2)
    for number in range(3, 9):
        brand.person(number)
    for number in (0, 1, 3, 6, 8):
        brand.profile(f"p000{number}", household="h1")
    brand.cap(2, 7, per="household")
    brand.consent("k0003", "p0003", status="withdrawn")  # takes no room under the cap
    destination = ScriptedDestination().with_description(batch_size=1)
    rehearsed = brand.run(_mails(), open_destination=destination.open, dry_run=True)
    assert destination.batches == []
    again = brand.run(_mails(), open_destination=destination.open, dry_run=True)
    real = brand.run(_mails(), open_destination=destination.open)
    expected = {"consent_withdrawn": 1, "frequency_cap:all_marketing_household_7d": 2}
    assert rehearsed.blocked_reasons == again.blocked_reasons == real.blocked_reasons == expected
    assert (rehearsed.total.aborted, real.total.succeeded) == (6, 6)


def test_who_is_another_person_since_is_still_counted(brand: Brand) -> None:
    """Two persons that became one had got two messages, under an id that is gone."""
    brand.cap(1, 7)
    brand.run(_mails("first"))
    brand.connection.execute("delete from pii.people where person_id in ('p0001', 'p0002')")
    brand.connection.execute("delete from ops.activation_delivery_ledger where person_id = 'p0000'")
    assert brand.run(_mails("second")).total.succeeded == 1
    brand.connection.execute("insert into identity.person_redirects values ('p0001', 'p0000')")
    assert brand.run(_mails("third")).total.blocked == 1
    brand.connection.execute("delete from ops.activation_delivery_ledger where sync = 'second'")
    assert brand.run(_mails("third")).total.blocked == 1


def test_only_messages_are_held_back_and_counted(brand: Brand) -> None:
    brand.cap(1, 7)
    brand.quiet("00:00", "24:00")
    export = definition(sync="export", mode="mirror")
    assert brand.run(export).total.succeeded == 3
    brand.connection.execute("delete from ops.quiet_hours")
    assert brand.run(_mails()).total.succeeded == 3
    brand.connection.execute("delete from pii.people where person_id = 'p0000'")
    brand.quiet("00:00", "24:00")
    left = brand.run(export)
    assert left.operations["remove"].succeeded == 1
    # a mirror of messages removes at any time
    listed = definition(sync="listed", is_message=True)
    brand.connection.execute("delete from ops.quiet_hours")
    brand.connection.execute("delete from ops.frequency_caps")
    brand.run(listed)
    brand.quiet("00:00", "24:00")
    brand.connection.execute("delete from pii.people where person_id = 'p0001'")
    assert brand.run(listed).operations["remove"].succeeded == 1


def test_a_message_says_what_it_is_by_its_connector(brand: Brand) -> None:
    brand.quiet("00:00", "24:00")
    mail = ScriptedDestination().with_description(is_message=True)
    document = definition(sync="by_connector", mode="insert")
    assert brand.run(document, open_destination=mail.open).total.blocked == 3
    exempt = definition(sync="by_document", mode="insert", is_message=False)
    assert brand.run(exempt, open_destination=mail.open).total.succeeded == 3


def test_quiet_hours_are_on_the_clock_of_the_person(brand: Brand) -> None:
    """Noon in UTC: 14:00 in Zurich (the tenant), 21:00 in Tokyo, 05:00 in Los Angeles."""
    brand.connection.execute("update ops.settings set timezone = 'Europe/Zurich'")
    brand.quiet("20:00", "08:00", channel="email")
    brand.quiet("13:00", "15:00", channel="sms")
    brand.profile("p0000", timezone="Asia/Tokyo")
    brand.profile("p0001", timezone="America/Los_Angeles")
    brand.profile("p0002", timezone="Middle/Earth")  # no zone: the tenant's
    destination = ScriptedDestination()
    report = brand.run(_mails(), open_destination=destination.open)
    assert _sent(destination) == ["p0002"]
    assert report.blocked_reasons == {"quiet_hours": 2}
    brand.clock = datetime(2026, 7, 1, 15, 1)  # 08:01 in Los Angeles, midnight in Tokyo
    assert brand.run(_mails(), open_destination=destination.open).total.succeeded == 1
    brand.clock = datetime(2026, 7, 1, 23, 1)  # 08:01 in Tokyo
    assert brand.run(_mails(), open_destination=destination.open).total.succeeded == 1
    assert _sent(destination) == ["p0002", "p0001", "p0000"]


def test_a_wish_lowers_a_cap_and_never_raises_it(brand: Brand) -> None:
    brand.cap(2, 30)
    brand.wish("p0000", max_messages=1, period_days=7)
    brand.wish("p0001", max_messages=9, period_days=7)
    brand.wish("p0002", quiet_from_minute=660, quiet_to_minute=780)
    for number in range(3):
        report = brand.run(_mails(f"mail_{number}"))
        assert report.total.succeeded == (2, 1, 0)[number]
    assert report.blocked_reasons == {
        "frequency_cap:all_marketing_person_30d": 1,
        "frequency_cap:own": 1,
        "quiet_hours": 1,
    }
    # what a person is told about an order waits for no wish
    brand.connection.execute("update core.consent_by_identifier set purpose = 'service'")
    assert brand.run(_mails("order", purpose="service")).total.succeeded == 3


def test_who_is_refused_or_in_quiet_hours_takes_no_room_of_the_household(brand: Brand) -> None:
    brand.cap(1, 7, per="household")
    for person in ("p0000", "p0001", "p0002"):
        brand.profile(person, household="h1")
    brand.consent("k0000", "p0000", status="withdrawn")
    brand.wish("p0001", quiet_from_minute=660, quiet_to_minute=780)
    destination = ScriptedDestination()
    brand.run(_mails(), open_destination=destination.open)
    assert _sent(destination) == ["p0002"]


@pytest.mark.parametrize("is_found", [True, False])
def test_an_unknown_outcome_counts_until_it_is_known(brand: Brand, is_found: bool) -> None:
    """Nobody knows whether it arrived, so it may have: a second message could be one too many."""
    brand.cap(1, 7)
    down = ScriptedDestination(answer=lambda record: RowResult("unknown", error_class="timeout"))
    down.with_description(read_back="none")
    brand.run(_mails("first"), open_destination=down.open)
    assert brand.run(_mails("second")).total.blocked == 3
    down.answer = lambda record: RowResult("succeeded")
    down.with_description(read_back="complete")
    if is_found:
        for (key,) in brand.rows("select idempotency_key from ops.activation_sync_rows"):
            down.arrived[key] = 1
    # the run after settles what is unknown; what did not arrive goes now and counts for itself
    again = brand.run(_mails("first"), open_destination=down.open)
    assert again.total.succeeded == (0 if is_found else 3)
    assert brand.run(_mails("second")).total.blocked == 3
    assert brand.rows(
        "select count(*) from ops.activation_delivery_ledger where outcome = 'succeeded'"
    ) == [(3,)]


def test_what_another_run_is_sending_is_counted(brand: Brand) -> None:
    """A run that starts while another one waits for an answer may not send the same people more."""
    brand.cap(1, 7)
    inner = ScriptedDestination()
    other = Brand(brand.connection.cursor(), brand.paths, brand.clock)

    def start_another(batch: Sequence[Record]) -> None:
        if not inner.batches:
            report = other.run(_mails("inner"), open_destination=inner.open)
            assert report.blocked_reasons == {"frequency_cap:all_marketing_person_7d": 1}

    outer = ScriptedDestination(before=start_another).with_description(batch_size=1)
    report = brand.run(_mails("outer"), open_destination=outer.open)
    assert _sent(outer) == ["p0000"]
    assert _sent(inner) == ["p0001", "p0002"]
    assert report.total.blocked == 2
    assert brand.clock - other.clock < timedelta(minutes=1)
