"""When and how often a person may get a message: what the gate asks after consent.

Belongs here: the rules of one run and the order of judging. Does not belong here: what a window or
a cap means (`quiet_hours.py`, `caps.py`), who is written to and what they got (`contacts.py`).

Only messages are held back (`GateContext.is_message`); a record of an audience or a file is none. A
row that is held back is planned again by the next run: nothing is lost.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb

from orchestration.activation.caps import SERVICE, Cap, Contact, Counter, own_cap
from orchestration.activation.contacts import (
    Recipient,
    earlier_contacts,
    read_people,
    recipients,
    rehearsed_contacts,
    remember_rehearsed,
)
from orchestration.activation.quiet_hours import QuietWindow, is_quiet, own_windows
from orchestration.contact_settings import WEEKDAYS, minute_of_day

QUIET = "quiet_hours"
CAPPED = "frequency_cap"  # followed by which one: frequency_cap:email_marketing_person_7d


@dataclass(frozen=True)
class ContactRules:
    """The rules of one run of messages. A person's wishes count for everything but service.

    `is_rehearsal`: nothing is written down, so what was let through is remembered here.
    """

    channel: str
    purpose: str
    run_id: str
    caps: tuple[Cap, ...]
    windows: tuple[QuietWindow, ...]
    is_rehearsal: bool = False

    @classmethod
    def of(
        cls,
        connection: duckdb.DuckDBPyConnection,
        *,
        channel: str,
        purpose: str,
        run_id: str,
        is_rehearsal: bool = False,
    ) -> ContactRules:
        """The brand's rules for a channel and purpose, with the people of `activation_plan` read.

        What is read here cannot change while the run goes.
        """
        caps = connection.execute(
            "select name, channel, purpose, per, message_count, days "
            "from ops.frequency_caps order by position"
        ).fetchall()
        windows = connection.execute(
            "select starts_at, ends_at, weekdays from ops.quiet_hours "
            "where channel in ('all', ?) and purpose in ('all', ?) order by position",
            [channel, purpose],
        ).fetchall()
        read_people(connection)
        return cls(
            channel=channel,
            purpose=purpose,
            run_id=run_id,
            caps=tuple(cap for row in caps if (cap := Cap(*row)).covers(channel, purpose)),
            windows=tuple(
                QuietWindow(
                    minute_of_day(starts),
                    minute_of_day(ends),
                    frozenset(WEEKDAYS.index(day) for day in days.split(",")),
                )
                for starts, ends, days in windows
            ),
            is_rehearsal=is_rehearsal,
        )

    def refused(
        self,
        connection: duckdb.DuckDBPyConnection,
        *,
        first: int,
        last: int,
        passed_over: Collection[int],
        at: datetime,
    ) -> dict[int, str]:
        """Reasons by position; rows of `passed_over` are refused already. `at` is now, in UTC.

        Rows are judged in the order of the plan; one that may go counts for those after it.
        """
        refusals: dict[int, str] = {}
        capped: list[tuple[Recipient, tuple[Cap, ...]]] = []
        for recipient in recipients(connection, first=first, last=last):
            if recipient.position in passed_over:
                continue
            if self._is_quiet(recipient, at):
                refusals[recipient.position] = QUIET
            elif caps := self._caps_of(recipient):
                capped.append((recipient, caps))
        if not capped:
            return refusals
        longest = max(cap.days for _, caps in capped for cap in caps)
        contacts = earlier_contacts(
            connection,
            first=first,
            last=last,
            # wherever the person lives, the window opens later than this
            since=at - timedelta(days=longest + 1),
            at=at,
            run_id=self.run_id,
        )
        if self.is_rehearsal:
            contacts += rehearsed_contacts(
                connection,
                first=first,
                last=last,
                channel=self.channel,
                purpose=self.purpose,
                at=at,
            )
        counter = Counter(contacts)
        for recipient, caps in capped:
            contact = Contact(
                recipient.person_id, recipient.household_id, self.channel, self.purpose, at
            )
            full = counter.exceeded(contact, caps, timezone=recipient.timezone)
            if full is None:
                counter.add(contact)
            else:
                refusals[recipient.position] = f"{CAPPED}:{full}"
        if self.is_rehearsal:
            passed = [item.position for item, _ in capped if item.position not in refusals]
            remember_rehearsed(connection, passed)
        return refusals

    def _is_quiet(self, recipient: Recipient, at: datetime) -> bool:
        own = (
            ()
            if self.purpose == SERVICE
            else own_windows(recipient.quiet_from_minute, recipient.quiet_to_minute)
        )
        if not self.windows and not own:
            return False
        local = at.replace(tzinfo=UTC).astimezone(ZoneInfo(recipient.timezone))
        return is_quiet((*self.windows, *own), local)

    def _caps_of(self, recipient: Recipient) -> tuple[Cap, ...]:
        own = own_cap(recipient.max_messages, recipient.period_days)
        if own is None or self.purpose == SERVICE:
            return self.caps
        return (*self.caps, own)
