"""Quiet hours: whether a wall clock stands in a window in which nothing is sent.

Belongs here: the windows of a brand and of a person, and asking a clock. Pure: no SQL, no clock of
its own. Does not belong here: whose clock it is, and what waits (`contact_rules.py`).

Windows are wall-clock time: on the night when an hour comes twice, both are quiet.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

EVERY_DAY = frozenset(range(7))


@dataclass(frozen=True)
class QuietWindow:
    """From minute `starts` of the days (0 = Monday) on which it begins, to before minute `ends`.

    A window that does not end later than it starts ends on the next day.
    """

    starts: int
    ends: int
    weekdays: frozenset[int] = EVERY_DAY

    def holds(self, local: datetime) -> bool:
        """Whether it is quiet at this wall-clock time."""
        minute, weekday = local.hour * 60 + local.minute, local.weekday()
        if self.starts < self.ends:
            return weekday in self.weekdays and self.starts <= minute < self.ends
        began_today = weekday in self.weekdays and minute >= self.starts
        began_yesterday = (weekday - 1) % 7 in self.weekdays and minute < self.ends
        return began_today or began_yesterday


def is_quiet(windows: Iterable[QuietWindow], local: datetime) -> bool:
    """Whether any window holds."""
    return any(window.holds(local) for window in windows)


def own_windows(from_minute: int | None, to_minute: int | None) -> tuple[QuietWindow, ...]:
    """The window that a person asked for, every day, or none."""
    if from_minute is None or to_minute is None:
        return ()
    return (QuietWindow(from_minute, to_minute),)
