"""Frequency caps: how many messages somebody may still get in a window of days.

Belongs here: caps of a brand and of a person, the window of a cap, and counting. Pure: no SQL, no
clock of its own. Does not belong here: where earlier contacts are read (`contact_rules.py`).

A window of seven days is today and the six days before in the person's time zone: it opens at a
local midnight, however long the days between are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

SERVICE = "service"  # a message of this purpose answers the person; wishes do not hold it back


@dataclass(frozen=True)
class Cap:
    """At most `count` messages in `days`; `own` is the person's wish: everything but service."""

    name: str
    channel: str
    purpose: str
    per: Literal["person", "household"]
    count: int
    days: int
    own: bool = False

    def covers(self, channel: str, purpose: str) -> bool:
        """Whether a message of this channel and purpose counts, and is limited."""
        if self.own:
            return purpose != SERVICE
        return self.channel in ("all", channel) and self.purpose in ("all", purpose)


def own_cap(max_messages: int | None, period_days: int | None) -> Cap | None:
    """The cap that a person asked for, if any; 0 messages: none at all."""
    if max_messages is None or period_days is None:
        return None
    return Cap("own", "all", "all", "person", max_messages, period_days, own=True)


@lru_cache(maxsize=4_096)
def window_start(timezone: str, days: int, today: datetime) -> datetime:
    """The UTC instant at which the window opens; `today` is a wall-clock time of that zone."""
    first = datetime.combine(today.date() - timedelta(days=days - 1), time(), ZoneInfo(timezone))
    return first.astimezone(UTC).replace(tzinfo=None)


@dataclass(frozen=True)
class Contact:
    """A message that somebody got, may have got, or is about to get; `at` in UTC without zone."""

    person_id: str
    household_id: str
    channel: str
    purpose: str
    at: datetime


@dataclass
class Counter:
    """Contacts by person and household; what passes is added, so that the next one sees it."""

    contacts: Iterable[Contact]
    _of: dict[tuple[str, str], list[Contact]] = field(init=False)

    def __post_init__(self) -> None:
        self._of = defaultdict(list)
        for contact in self.contacts:
            self.add(contact)

    def add(self, contact: Contact) -> None:
        """Count one more contact, for the person and for the household."""
        self._of["person", contact.person_id].append(contact)
        self._of["household", contact.household_id].append(contact)

    def exceeded(self, contact: Contact, caps: Sequence[Cap], *, timezone: str) -> str | None:
        """Name of the first cap that has no room for this contact; None: it may be sent."""
        local = contact.at.replace(tzinfo=UTC).astimezone(ZoneInfo(timezone))
        today = datetime.combine(local.date(), time())
        for cap in caps:
            if not cap.covers(contact.channel, contact.purpose):
                continue
            subject = contact.person_id if cap.per == "person" else contact.household_id
            earlier = self._of.get((cap.per, subject), ())
            if len(earlier) < cap.count:
                continue
            opens = window_start(timezone, cap.days, today)
            held = sum(1 for e in earlier if e.at >= opens and cap.covers(e.channel, e.purpose))
            if held >= cap.count:
                return cap.name
        return None
