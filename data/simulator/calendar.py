"""The brand's marketing plan over the simulated days: campaigns, contents, offers, events, spend.

Belongs here: what the brand plans, whoever it meets. Does not belong here: who receives it
(behaviour.py), how a source writes it (sources/).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from data.simulator import names
from data.simulator.settings import STORES, Arguments

WAVES = (8 * 3600, 12 * 3600, 18 * 3600)  # local seconds at which an e-mail wave leaves
OFFERS = {  # offer -> name, family, kind, value in CHF, value in percent, channels
    "OFF-MAIL10": ("10 % on everything", "basket", "percent", None, 10, "email|web|app"),
    "OFF-POST15": ("15 francs by post", "basket", "amount", 15, None, "direct_mail|web|app|store"),
    "OFF-TEXT12": ("12 % by text", "basket", "percent", None, 12, "sms|web|app"),
    "OFF-PUSHSHIP": ("Free delivery", "delivery", "free_shipping", 9, None, "push|web|app"),
    "OFF-POINTS5": ("5 francs for points", "reward", "points", 5, None, "store"),
}
OFFER_DAYS = 10  # an offer is open for as many days
ALWAYS_ON = {  # pull channel -> campaigns (id, platform, campaign type, utm source, cost per click)
    "paid_search": [
        ("CMP-SEM-BRAND", "google_ads", "SEARCH", "google", 0.45),
        ("CMP-SEM-GENERIC", "google_ads", "SEARCH", "google", 1.60),
    ],
    "paid_social": [("CMP-SOC-PROSPECT", "meta", "SOCIAL", "instagram", 0.95)],
    "display": [("CMP-DIS-RETARGET", "google_ads", "DISPLAY", "gdn", 0.60)],
}
CART_CAMPAIGN = "CMP-EM-CART"
SOCIAL_CAMPAIGN = "CMP-POSTS"


@dataclass(frozen=True)
class Campaign:
    """One outbound mailing on one day. `share` of the reachable receive it."""

    id: str
    channel: str
    day: int
    name: str
    share: float
    offer: str | None = None  # given to a random half of the receivers
    contents: tuple[str, ...] = ()


@dataclass(frozen=True)
class BrandEvent:
    """A running clinic or ski test in a town."""

    id: str
    name: str
    day: int
    store: int
    campaign: str


@dataclass(frozen=True)
class Plan:
    """Everything planned; `by_day[channel][day]` are indexes into `campaigns`."""

    campaigns: list[Campaign]
    events: list[BrandEvent]
    by_day: dict[str, dict[int, int]] = field(default_factory=dict)


def make_plan(args: Arguments) -> Plan:
    """Weekly newsletter (Tuesday), promotion every other Friday, texts, pushes, letters, events."""
    campaigns: list[Campaign] = []
    events: list[BrandEvent] = []
    for day in range(args.days):
        date = args.date(day)
        week = date.isocalendar().week
        stamp = date.strftime("%Y%m%d")
        if date.weekday() == 1:
            campaigns.append(_email(f"CMP-EM-NL-{stamp}", day, "Newsletter: " + _topic(week), 0.33))
        if date.weekday() == 4 and week % 2 == 0:
            campaigns.append(
                _email(f"CMP-EM-PROMO-{stamp}", day, "Promotion " + stamp, 0.42, "OFF-MAIL10")
            )
        if date.weekday() == 3 and date.day <= 7:
            name = f"CMP-SMS-{stamp}"
            campaigns.append(
                Campaign(name, "sms", day, "Text " + stamp, 0.5, "OFF-TEXT12", (name + "-T",))
            )
        if date.weekday() == 2 and week % 2 == 1:
            name = f"CMP-PUSH-{stamp}"
            campaigns.append(
                Campaign(name, "push", day, "Push " + stamp, 0.5, "OFF-PUSHSHIP", (name + "-P",))
            )
        if date.day == 5:
            name = f"CMP-DM-{stamp}"
            campaigns.append(
                Campaign(
                    name, "direct_mail", day, "Letter " + stamp, 0.4, "OFF-POST15", (name + "-L",)
                )
            )
        if date.weekday() == 5 and 8 <= date.day <= 14:
            store = date.month % STORES
            events.append(
                BrandEvent(
                    f"EVT-{stamp}", f"Running clinic {names.TOWNS[store][1]}", day, store,
                    f"CMP-EVT-{stamp}",
                )
            )  # fmt: skip
    by_day: dict[str, dict[int, int]] = {"email": {}, "sms": {}, "push": {}, "direct_mail": {}}
    for index, campaign in enumerate(campaigns):
        by_day[campaign.channel][campaign.day] = index
    return Plan(campaigns, events, by_day)


def _topic(week: int) -> str:
    return names.EMAIL_TOPICS[week % len(names.EMAIL_TOPICS)]


def _email(name: str, day: int, title: str, share: float, offer: str | None = None) -> Campaign:
    return Campaign(name, "email", day, title, share, offer, (name + "-A", name + "-B"))
