"""Random histories of consent, and what they allow: an oracle in plain Python.

Belongs here: families of addresses with their words, drawn at random, their rows for the source
canonical, and whether an address may be written to, by docs/identity.md and docs/activation.md
alone. Does not belong here: dbt, SQL, the gate.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

AS_OF = datetime(2026, 7, 1)
FIRST = datetime(2026, 5, 1)
STATUSES = ["granted", "granted", "granted", "pending", "denied", "withdrawn", "objected"]
STRICTEST_FIRST = ["objected", "withdrawn", "denied", "pending", "granted"]


@dataclass(frozen=True)
class Word:
    """Somebody said something, on a record that names one address, or the customer alone (None)."""

    at: datetime
    status: str
    channel: str
    purpose: str
    address: str | None

    @property
    def is_refusal(self) -> bool:
        return self.status not in ("granted", "pending")


@dataclass
class Family:
    """A customer with one to three e-mail addresses and a number, which the next one may take over.

    `merged`: an address that was a person of its own until a record named it beside the first one.
    `moved_at`: when another customer (`<name>-next`) showed the number.
    """

    name: str
    emails: list[str]
    phone: str
    merged: str | None
    moved_at: datetime | None
    words: list[Word] = field(default_factory=list)

    @property
    def shown_at(self) -> datetime:
        """When the customer showed the number."""
        return FIRST + timedelta(days=10)

    def owner(self, address: str, at: datetime = AS_OF) -> str:
        """Who has an address at a time, by the customer's name."""
        has_moved = address == self.phone and self.moved_at is not None and at >= self.moved_at
        return f"{self.name}-next" if has_moved else self.name

    def counts(self, word: Word, address: str) -> bool:
        """Whether a word is one about this address, for who has it today."""
        owner = self.owner(address)
        if word.address is None:
            # the customer alone: a refusal reaches every address, a grant those seen beside it
            return owner == self.name and (word.is_refusal or address != self.merged)
        speaker = self.owner(word.address, word.at)
        if word.address == address:
            # what is refused since the owner of today has it binds too
            return speaker == owner
        return word.channel == "all" and word.is_refusal and speaker == owner

    def latest(self, address: str, channel: str, purpose: str = "marketing") -> str | None:
        """The last word about an address for its owner; of two at once the stricter."""
        said = [
            word
            for word in self.words
            if word.channel in (channel, "all")
            and word.purpose in (purpose, "all")
            and self.counts(word, address)
        ]
        last = max((word.at for word in said), default=None)
        return min(
            (word.status for word in said if word.at == last),
            key=STRICTEST_FIRST.index,
            default=None,
        )

    def addresses(self) -> Iterator[tuple[str, str]]:
        """(address, channel) of the family."""
        yield from ((email, "email") for email in self.emails)
        yield self.phone, "sms"

    def may_get(self, address: str, channel: str) -> bool:
        """A live grant of this address by its owner, who objected on none and did not leave."""
        owner = self.owner(address)
        owned = [(own, way) for own, way in self.addresses() if self.owner(own) == owner]
        return (
            self.latest(address, channel) == "granted"
            and all(self.latest(own, way) != "objected" for own, way in owned)
            and self.latest(address, channel, "service") not in ("withdrawn", "objected")
        )

    def was_never_refused(self, address: str, channel: str) -> bool:
        """The simplest of all: a grant for marketing stands, and nobody said anything else."""
        return self.may_get(address, channel) and all(w.status == "granted" for w in self.words)

    def records(self) -> Iterator[tuple[str, datetime, dict[str, str]]]:
        """(record, time, identifiers) of the family; a word's record has the word's number."""
        for number, email in enumerate(self.emails):
            with_whom = (
                {"email": email}
                if email == self.merged
                else {"customer_id": self.name, "email": email}
            )
            yield f"{self.name}-e{number}", FIRST + timedelta(days=number), with_whom
        yield f"{self.name}-p", self.shown_at, {"customer_id": self.name, "phone": self.phone}
        if self.moved_at is not None:
            taken = {"customer_id": f"{self.name}-next", "phone": self.phone}
            yield f"{self.name}-n", self.moved_at, taken
        for number, word in enumerate(self.words):
            kind = "email" if word.address in self.emails else "phone"
            named = {"customer_id": self.name} if word.address is None else {kind: word.address}
            yield f"{self.name}-w{number}", word.at, named


def merging_record(family: Family) -> tuple[str, datetime, list[str]] | None:
    """The record that names the first address and the merged one, after most words."""
    if family.merged is None:
        return None
    return f"{family.name}-m", AS_OF - timedelta(days=3), [family.emails[0], family.merged]


def families(count: int, seed: int) -> list[Family]:
    """Families with up to six words each."""
    dice = random.Random(seed)
    drawn = []
    for number in range(count):
        emails = [f"f{number}e{each}@mail.ch" for each in range(dice.randint(1, 3))]
        family = Family(
            name=f"f{number}",
            emails=emails,
            phone=f"+41795{number:06d}",
            merged=emails[-1] if len(emails) > 1 and dice.random() < 0.6 else None,
            moved_at=FIRST + timedelta(days=30) if dice.random() < 0.4 else None,
        )
        for _ in range(dice.randint(0, 6)):
            address = dice.choice([*emails, family.phone, None])
            own = "sms" if address == family.phone else "email"
            # in steps of six hours, so that two words meet at one instant now and then
            at = family.shown_at + timedelta(hours=6 * dice.randint(1, 180))
            family.words.append(
                Word(
                    at=at,
                    status=dice.choice(STATUSES),
                    channel="all" if own == "email" and address and dice.random() < 0.2 else own,
                    purpose="all" if dice.random() < 0.2 else "marketing",
                    address=address,
                )
            )
        drawn.append(family)
    return drawn
