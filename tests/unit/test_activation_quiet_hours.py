"""Quiet windows against a wall clock, worked by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from orchestration.activation.quiet_hours import QuietWindow, is_quiet, own_windows

NIGHT = QuietWindow(22 * 60, 7 * 60)
SUNDAY = QuietWindow(0, 1_440, frozenset({6}))
FRIDAY_NIGHT = QuietWindow(20 * 60, 8 * 60, frozenset({4}))


@pytest.mark.parametrize(
    ("window", "local", "quiet"),
    [
        (NIGHT, "2026-07-01 21:59", False),
        (NIGHT, "2026-07-01 22:00", True),
        (NIGHT, "2026-07-02 00:00", True),
        (NIGHT, "2026-07-02 06:59", True),
        (NIGHT, "2026-07-02 07:00", False),
        (SUNDAY, "2026-07-04 23:59", False),  # a Saturday
        (SUNDAY, "2026-07-05 00:00", True),
        (SUNDAY, "2026-07-05 23:59", True),
        (SUNDAY, "2026-07-06 00:00", False),
        (FRIDAY_NIGHT, "2026-07-02 23:00", False),  # a Thursday
        (FRIDAY_NIGHT, "2026-07-03 07:00", False),  # no window began on Thursday
        (FRIDAY_NIGHT, "2026-07-03 20:00", True),
        (FRIDAY_NIGHT, "2026-07-04 07:59", True),  # it began on Friday
        (FRIDAY_NIGHT, "2026-07-04 20:00", False),
        (QuietWindow(9 * 60, 9 * 60), "2026-07-01 08:59", True),  # a whole day
        (QuietWindow(9 * 60, 9 * 60), "2026-07-01 09:00", True),
    ],
)
def test_windows(window: QuietWindow, local: str, quiet: bool) -> None:
    assert window.holds(datetime.fromisoformat(local)) is quiet


def test_the_hour_that_comes_twice_is_quiet_twice_and_the_one_that_is_skipped_never_comes() -> None:
    zurich = ZoneInfo("Europe/Zurich")
    until_half_past_two = QuietWindow(22 * 60, 2 * 60 + 30)

    def quiet(utc: str) -> bool:
        local = datetime.fromisoformat(utc).replace(tzinfo=UTC).astimezone(zurich)
        return is_quiet([until_half_past_two], local)

    # 25 October 2026: 03:00 summer time becomes 02:00; 02:15 is 00:15 and 01:15 UTC
    assert [quiet(f"2026-10-25 {time}") for time in ("00:15", "00:45", "01:15", "01:30")] == [
        True, False, True, False,
    ]  # fmt: skip
    # 29 March 2026: 01:59 is followed by 03:00
    assert [quiet(f"2026-03-29 {time}") for time in ("00:59", "01:00")] == [True, False]


def test_a_wish_is_a_window_of_every_day() -> None:
    assert own_windows(22 * 60, 7 * 60) == (NIGHT,)
    assert own_windows(None, None) == ()
