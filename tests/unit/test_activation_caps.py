"""Caps: windows of local days, wishes, and counting, worked by hand."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from orchestration.activation.caps import Cap, Contact, Counter, own_cap, window_start

WEEK = Cap("week", "email", "marketing", "person", 2, 7)


def _contact(at: str, **values: str) -> Contact:
    who = {"person_id": "p", "household_id": "h", "channel": "email", "purpose": "marketing"}
    return Contact(**{**who, **values}, at=datetime.fromisoformat(at))


@pytest.mark.parametrize(
    ("zone", "days", "today", "utc"),
    [
        ("Europe/Zurich", 1, "2026-07-01", "2026-06-30 22:00"),
        ("Europe/Zurich", 7, "2026-07-01", "2026-06-24 22:00"),
        # the days of the change: the window opens an hour apart from where hours would put it
        ("Europe/Zurich", 1, "2026-03-30", "2026-03-29 22:00"),
        ("Europe/Zurich", 2, "2026-03-30", "2026-03-28 23:00"),
        ("Europe/Zurich", 2, "2026-10-26", "2026-10-24 22:00"),
        # a day that begins at 01:00, because the clock skips its midnight
        ("Africa/Cairo", 1, "2026-04-24", "2026-04-23 22:00"),
        ("Pacific/Kiritimati", 1, "2026-07-01", "2026-06-30 10:00"),
    ],
)
def test_a_window_opens_at_a_local_midnight(zone: str, days: int, today: str, utc: str) -> None:
    opens = window_start(zone, days, datetime.fromisoformat(today))
    assert opens == datetime.fromisoformat(utc)


def test_a_cap_counts_its_channel_its_purpose_and_its_window() -> None:
    counter = Counter(
        [
            _contact("2026-06-24 21:59"),  # a minute before the window opens
            _contact("2026-06-24 22:00"),
            _contact("2026-06-30 12:00", channel="sms"),
            _contact("2026-06-30 12:00", purpose="service"),
            _contact("2026-06-30 12:00", person_id="other"),
        ]
    )
    now = _contact("2026-07-01 12:00")
    assert counter.exceeded(now, [WEEK], timezone="Europe/Zurich") is None
    counter.add(now)
    assert counter.exceeded(now, [WEEK], timezone="Europe/Zurich") == "week"
    # in New York it is still 1 July, and the window opens on 25 June: only the one of noon counts
    tomorrow = _contact("2026-07-02 03:59")
    assert counter.exceeded(tomorrow, [WEEK], timezone="America/New_York") is None
    everything = Cap("all", "all", "all", "household", 5, 30)
    assert counter.exceeded(now, [everything], timezone="Europe/Zurich") == "all"
    sms = _contact("2026-07-01 12:00", channel="sms")
    assert counter.exceeded(sms, [WEEK], timezone="Europe/Zurich") is None


def test_the_midnight_of_the_person_opens_the_next_day() -> None:
    once_a_day = Cap("day", "all", "all", "person", 1, 1)
    counter = Counter([_contact("2026-06-30 21:59")])  # 23:59 in Zurich, 06:59 in Tokyo
    for minutes, zurich, tokyo in [(0, "day", "day"), (1, None, "day"), (17 * 60 + 1, None, None)]:
        at = datetime(2026, 6, 30, 21, 59) + timedelta(minutes=minutes)
        now = Contact("p", "h", "email", "marketing", at)
        assert counter.exceeded(now, [once_a_day], timezone="Europe/Zurich") == zurich
        assert counter.exceeded(now, [once_a_day], timezone="Asia/Tokyo") == tokyo


def test_who_asked_for_no_message_gets_none() -> None:
    never = own_cap(0, 1)
    assert never
    now = _contact("2026-07-01 12:00")
    assert Counter([]).exceeded(now, [never], timezone="UTC") == "own"
    assert own_cap(None, None) is None


def test_a_wish_holds_back_everything_but_service() -> None:
    weekly = own_cap(1, 7)
    assert weekly
    counter = Counter([_contact("2026-06-30 12:00", purpose="personalisation")])
    now = _contact("2026-07-01 12:00")
    assert counter.exceeded(now, [weekly], timezone="UTC") == "own"
    service = _contact("2026-07-01 12:00", purpose="service")
    assert counter.exceeded(service, [weekly], timezone="UTC") is None
