"""Rows of a small brand, each with the day on which its file is delivered.

Belongs here: what happened and when it reached us: three hand-made customers, each a trap for
features that look into the future, and a random crowd. Does not belong here: landing and law.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

LAST_DAY = date(2026, 6, 30)
CUTOFF_DAY = date(2026, 5, 31)  # the last delivery before the cutoff of 1 June 00:00
# A delivery every five days; both last days are among them.
DELIVERIES = [LAST_DAY - timedelta(days=5 * step) for step in range(25)][::-1]

HEADERS = {
    "identifiers": "source,record_id,identifier_type,identifier_value,observed_at,is_authenticated",
    "touchpoints": "source,touchpoint_id,record_id,occurred_at,channel,source_channel,interaction,"
    "session_hint,campaign_id,message_id,is_automated",
    "orders": "source,order_id,record_id,ordered_at,channel,status,revenue_amount,"
    "related_order_id,discount_amount,currency",
    "feedback": "source,feedback_id,record_id,occurred_at,channel,kind,score",
    "offer_events": "source,offer_event_id,record_id,occurred_at,offer_id,event",
}


@dataclass(frozen=True)
class Delivered:
    """One row of `table`, delivered on `day`; `values` follow HEADERS[table]."""

    table: str
    day: date
    values: tuple[object, ...]


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def delivery_after(moment: datetime) -> date:
    """The first delivery that can hold what happened at `moment`."""
    return next(day for day in DELIVERIES if day >= moment.date())


def hand_made() -> list[Delivered]:
    """Karla's order is corrected after the cutoff, Livio's comes late, Mia's visits become hers."""
    early, late, later = date(2026, 5, 21), date(2026, 6, 5), date(2026, 6, 15)

    def identify(day: date, record: str, kind: str, value: str, at: str) -> Delivered:
        return Delivered("identifiers", day, ("test", record, kind, value, at, "true"))

    def order(day: date, number: str, at: str, amount: str, *more: str) -> Delivered:
        related, discount = more or ("", "")
        status = "refunded" if related else "completed"
        values = ("test", number, number, at, "web", status, amount, related, discount, "CHF")
        return Delivered("orders", day, values)

    return [
        # 100.00 with 25.00 off, said to have been 80.00 ten days after the cutoff
        identify(early, "k1", "customer_id", "karla", "2026-05-20T10:00:00Z"),
        order(early, "k1", "2026-05-20T10:00:00Z", "100.00", "", "25.00"),
        order(date(2026, 6, 10), "k1", "2026-05-20T10:00:00Z", "80.00", "", "25.00"),
        # a refund before the cutoff that names nobody but its order
        order(date(2026, 5, 31), "k2", "2026-05-28T10:00:00Z", "-30.00", "k1", ""),
        # of 25 May, delivered on 5 June: not known on 1 June
        identify(early, "l0", "customer_id", "livio", "2026-05-19T10:00:00Z"),
        identify(late, "l1", "customer_id", "livio", "2026-05-25T10:00:00Z"),
        order(late, "l1", "2026-05-25T10:00:00Z", "55.00"),
        # an anonymous visit of 15 May; the login that says whose it was comes on 14 June
        identify(early, "m0", "customer_id", "mia", "2026-05-10T10:00:00Z"),
        identify(early, "m1", "cookie_id", "mias-laptop", "2026-05-15T10:00:00Z"),
        Delivered("touchpoints", early, ("test", "m1", "m1", "2026-05-15T10:00:00Z", "web",
                  "organic_search", "product_view", "", "", "", "")),
        identify(later, "m2", "cookie_id", "mias-laptop", "2026-06-14T10:00:00Z"),
        identify(later, "m2", "customer_id", "mia", "2026-06-14T10:00:00Z"),
        identify(date(2026, 6, 20), "m3", "customer_id", "mia", "2026-06-20T10:00:00Z"),
        order(date(2026, 6, 20), "m3", "2026-06-20T10:00:00Z", "12.00"),
    ]  # fmt: skip


Make = Callable[[random.Random, str, str], tuple[object, ...]]


def _touchpoint(generator: random.Random, record: str, at: str) -> tuple[object, ...]:
    channel = generator.choice(["web", "app", "email", "call_center", "tv_show"])
    interaction = generator.choice(
        ["visit", "product_view", "add_to_cart", "send", "open", "click", "inbound_call"]
    )
    brought = generator.choice(["", "paid_search", "direct"])
    machine = generator.choice(["", "false", "true"])
    return ("test", record, record, at, channel, brought, interaction, "", "", "", machine)


def _order(generator: random.Random, record: str, at: str) -> tuple[object, ...]:
    channel = generator.choice(["web", "store"])
    status = generator.choice(["completed", "completed", "cancelled"])
    amount = f"{generator.randrange(100, 30_000) / 100:.2f}"
    discount = f"{generator.randrange(900) / 100:.2f}"
    currency = generator.choice(["CHF", "EUR"])
    return ("test", record, record, at, channel, status, amount, "", discount, currency)


def _answer(generator: random.Random, record: str, at: str) -> tuple[object, ...]:
    return ("test", record, record, at, "survey", "nps", generator.randint(0, 10))


def _offer_event(generator: random.Random, record: str, at: str) -> tuple[object, ...]:
    event = generator.choice(["granted", "redeemed"])
    return ("test", record, record, at, "offer-1", event)


def _identifier(kind: str, value: int) -> Make:
    text = f"p{value}@mail.ch" if kind == "email" else f"{kind}-{value}"

    def make(generator: random.Random, record: str, at: str) -> tuple[object, ...]:
        return ("test", record, kind, text, at, generator.choice(["true", "false"]))

    return make


FACTS: list[tuple[str, Make]] = [
    *[("touchpoints", _touchpoint)] * 6,
    *[("orders", _order)] * 4,
    ("feedback", _answer),
    ("offer_events", _offer_event),
]


def crowd(seed: int, events: int) -> list[Delivered]:
    """Random events of 40 people: a tenth late, a fifth delivered again with other values; now and
    then somebody uses another one's device, or types another one's address."""
    generator = random.Random(seed)
    rows: list[Delivered] = []
    for number in range(events):
        moment = datetime(2026, 3, 3) + timedelta(minutes=generator.randrange(60 * 24 * 119))
        who = generator.randrange(40)
        kinds = generator.sample(["customer_id", "email", "cookie_id", "device_id"], 2)
        said = [generator.choice(FACTS)]
        for kind in kinds:
            value = who if generator.random() < 0.95 else generator.randrange(40)
            said.append(("identifiers", _identifier(kind, value)))
        for table, make in said:
            first = DELIVERIES.index(delivery_after(moment))
            first += generator.randint(1, 8) if generator.random() < 0.1 else 0
            positions = [first]
            if generator.random() < 0.2:
                positions.append(first + generator.randint(1, 8))
            rows += [
                Delivered(table, DELIVERIES[position], make(generator, f"r{number}", _text(moment)))
                for position in positions
                if position < len(DELIVERIES)
            ]
    return rows
