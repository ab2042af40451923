"""What the brand itself states, once for all persons: catalogues, media spend, other costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from data.simulator import text
from data.simulator.calendar import ALWAYS_ON, CART_CAMPAIGN, OFFERS, SOCIAL_CAMPAIGN, Plan
from data.simulator.landing import Landing
from data.simulator.names import PRODUCT_WORDS, TOWNS
from data.simulator.settings import (
    CURRENCY,
    DAY,
    EXPERIMENT_HOLDOUT,
    EXPERIMENT_VARIANT,
    HOLDOUT_SHARE,
    STORES,
)
from data.simulator.sources.block import Catalogue

Row = Mapping[str, str | int | None]


def write_brand(landing: Landing, plan: Plan, products: Catalogue, clicks: Counter) -> None:
    """Catalogues on the first day and on every first of a month; spend week by week."""
    args = landing.args
    firsts = [day for day in range(args.days) if day == 0 or args.date(day).day == 1]
    for day in firsts:
        known = [c for c in plan.campaigns if c.day <= day + 45]
        _write(landing, "shop", "products", day, _products(products))
        _write(landing, "pos", "stores", day, _places())
        _write(landing, "offers", "catalogue", day, _offers(landing))
        _write(landing, "experiments", "catalogue", day, _experiments(landing))
        _write(landing, "marketing", "campaigns", day, _campaigns(landing, known, plan))
        _write(landing, "marketing", "contents", day, _contents(known))
    _spend(landing, clicks)
    _costs(landing, plan)


def _write(landing: Landing, source: str, table: str, day: int, rows: list[Row]) -> None:
    values = {
        name: pa.array([None if r[name] is None else str(r[name]) for r in rows], pa.string())
        for name in rows[0]
    }
    landing.emit(
        source, table, at=np.full(len(rows), landing.args.start_epoch + day * DAY),
        uid=np.arange(len(rows)), values=values, delivered=np.full(len(rows), day),
    )  # fmt: skip


def _francs(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _products(products: Catalogue) -> list[Row]:
    return [
        {
            "sku": sku,
            "name": f"{PRODUCT_WORDS[n % 10]} {category[:-1] if category[-1] == 's' else category}",
            "brand": "Alpina" if n % 3 else "Firn",
            "category": category,
            "subcategory": f"{category} {'light' if n % 2 else 'classic'}",
            "price_amount": _francs(int(products.price[n])),
            "currency": CURRENCY,
            "cost_amount": _francs(int(products.cost[n])),
        }
        for n, (sku, category) in enumerate(zip(products.ids, products.categories, strict=True))
    ]


def _places() -> list[Row]:
    rows = [
        (f"ST{n + 1:02d}", f"Alpina {TOWNS[n][1]}", "store", TOWNS[n][1]) for n in range(STORES)
    ]
    rows += [
        (f"KIOSK-{n + 1}", f"Kiosk {n + 1}", "kiosk", TOWNS[n // 2][1]) for n in range(STORES * 2)
    ]
    rows += [
        (f"VEN{n + 1:02d}", f"Park {TOWNS[n][1]}", "event venue", TOWNS[n][1])
        for n in range(STORES)
    ]
    rows.append(("CC01", "Service centre", "call centre", "Bern"))
    return [
        {"store_no": i, "name": name, "kind": kind, "city": city, "country_code": "CH",
         "timezone": "Europe/Zurich"}
        for i, name, kind, city in rows
    ]  # fmt: skip


def _offers(landing: Landing) -> list[Row]:
    return [
        {
            "offer_id": offer, "name": name, "offer_family": family, "kind": kind, "tier": None,
            "value_amount": None if amount is None else f"{amount}.00", "value_pct": percent,
            "currency": CURRENCY, "valid_from": str(landing.args.start),
            "valid_to": str(landing.args.end), "budget_amount": "50000.00",
            "max_per_person": 12, "eligible_channels": channels,
        }
        for offer, (name, family, kind, amount, percent, channels) in OFFERS.items()
    ]  # fmt: skip


def _experiments(landing: Landing) -> list[Row]:
    started = f"{landing.args.start}T00:00:00Z"
    return [
        {
            "id": EXPERIMENT_VARIANT, "name": "E-mail creative",
            "hypothesis": "People outdoors (B) bring more purchases than products (A)",
            "primary_metric": "orders_per_person", "owner": "crm", "started_at": started,
            "ended_at": None, "arms": '[{"variant":"A","weight":0.5},{"variant":"B","weight":0.5}]',
        },
        {
            "id": EXPERIMENT_HOLDOUT, "name": "Universal holdout",
            "hypothesis": "Outbound marketing as a whole brings purchases",
            "primary_metric": "orders_per_person", "owner": "analytics", "started_at": started,
            "ended_at": None,
            "arms": f'[{{"variant":"contactable","weight":{1 - HOLDOUT_SHARE:.2f}}},'
                    f'{{"variant":"holdout","weight":{HOLDOUT_SHARE:.2f}}}]',
        },
    ]  # fmt: skip


def _campaigns(landing: Landing, known: list, plan: Plan) -> list[Row]:
    args = landing.args

    def row(
        name: str, title: str, channel: str | None, start: int, end: int | None, budget: int
    ) -> Row:
        return {
            "campaign_id": name, "name": title, "channel": channel,
            "objective": "activation" if channel in ("email", "sms", "push") else "acquisition",
            "start_date": str(args.date(start)),
            "end_date": None if end is None else str(args.date(end)),
            "budget_amount": f"{budget}.00", "currency": CURRENCY, "core_message_id": "MSG-OUT",
        }  # fmt: skip

    rows = [row(c.id, c.name, c.channel, c.day, c.day + 10, 2000) for c in known]
    for channel, entries in ALWAYS_ON.items():
        rows += [row(entry[0], entry[0].title(), channel, 0, None, 40_000) for entry in entries]
    rows.append(row(CART_CAMPAIGN, "Abandoned cart", "email", 0, None, 0))
    rows.append(row(SOCIAL_CAMPAIGN, "Posts", "organic_social", 0, None, 0))
    rows += [row(e.campaign, e.name, "event", e.day - 30, e.day, 3000) for e in plan.events]
    return rows


def _contents(known: list) -> list[Row]:
    rows: list[Row] = []
    creatives = [(c, content) for c in known for content in dict.fromkeys(c.contents)]
    for campaign, content in creatives:
        rows.append(_content(content, campaign.channel, campaign.name, campaign.offer,
                             campaign.contents[0] if content.endswith("-B") else None))  # fmt: skip
    for suffix in "AB":
        parent = f"{CART_CAMPAIGN}-A" if suffix == "B" else None
        rows.append(_content(f"{CART_CAMPAIGN}-{suffix}", "email", "Abandoned cart", None, parent))
    for channel, entries in ALWAYS_ON.items():
        rows += [
            _content(f"{entry[0]}-AD", channel, entry[0].title(), None, None) for entry in entries
        ]
    return rows


def _content(content: str, channel: str, name: str, offer: str | None, parent: str | None) -> Row:
    return {
        "content_id": content, "version": "1", "name": name, "parent_content_id": parent,
        "channel": channel, "language_code": "de", "market": "CH", "status": "live",
        "core_message_id": "MSG-OUT", "offer_id": offer,
    }  # fmt: skip


def _spend(landing: Landing, clicks: Counter) -> None:
    """Platforms count more clicks than arrive; the last three days of a week are restated."""
    args, draws = landing.args, landing.draws
    entries = [entry for campaigns in ALWAYS_ON.values() for entry in campaigns]
    number = np.repeat(np.arange(len(entries)), args.days)
    day = np.tile(np.arange(args.days), len(entries))
    uid = number * 4096 + day
    seen = np.array([clicks[entries[n][0], int(d)] for n, d in zip(number, day, strict=True)])
    paid = np.ceil(seen * (1.1 + 0.3 * draws.uniform("unseen clicks", uid))).astype(np.int64)
    price = np.array([entry[4] for entry in entries])[number]
    price = price * (0.85 + 0.3 * draws.uniform("click price", uid))
    cost = (paid * price * 1e6).astype(np.int64)
    views = paid * (25 + 250 * (number == 3)) + draws.integers("views", 200, uid)
    for version, where in ((0, np.ones(len(uid), dtype=bool)), (1, _restated(landing, day))):
        part = np.flatnonzero(where)
        d, n = day[part], number[part]
        delivered = d if not version else d + 7
        landing.emit(
            "ads",
            "spend",
            at=args.utc(d, 12 * 3600),
            uid=uid[part] * 2 + version,
            delivered=delivered,
            values={
                "platform": text.pick([entry[1] for entry in entries], n),
                "day": pa.array(landing.clock.date_text(d)).cast(pa.string()),
                "campaign_type": text.pick([entry[2] for entry in entries], n),
                "campaign_id": text.pick([entry[0] for entry in entries], n),
                "ad_id": text.pick([entry[0] + "-AD" for entry in entries], n),
                "currency_code": CURRENCY,
                "cost_micros": cost[part] * (100 + 2 * version) // 100,
                "impressions": views[part],
                "clicks": paid[part],
                "reach": views[part] * 6 // 10,
            },
        )


def _restated(landing: Landing, day: np.ndarray) -> np.ndarray:
    weekday = np.array([landing.args.weekday(int(d)) for d in day])
    return (weekday >= 4) & (day + 7 < landing.args.days) & (landing.args.noise > 0)


def _costs(landing: Landing, plan: Plan) -> None:
    """Production of campaigns, and what the platforms cost per month."""
    args = landing.args
    cost = {"email": 600, "sms": 150, "push": 100, "direct_mail": 2400}
    rows: list[tuple[int, str, str | None, str | None, str, int]] = [
        (c.day, c.channel, c.id, c.contents[0], "production", cost[c.channel])
        for c in plan.campaigns
    ]
    rows += [(e.day, "event", e.campaign, None, "production", 2800) for e in plan.events]
    rows += [
        (day, channel, None, None, "platform", fee)
        for day in range(args.days)
        if args.date(day).day == 1
        for channel, fee in (
            ("email", 900),
            ("call_center", 12_000),
            ("kiosk", 1500),
            ("chat", 700),
        )
    ]
    days = np.array([row[0] for row in rows])
    landing.emit(
        "marketing", "costs", at=args.utc(days, 12 * 3600), uid=np.arange(len(rows)),
        delivered=days,
        values={
            "cost_date": pa.array(landing.clock.date_text(days)).cast(pa.string()),
            "channel": pa.array([row[1] for row in rows]),
            "campaign_id": pa.array([row[2] for row in rows], pa.string()),
            "content_id": pa.array([row[3] for row in rows], pa.string()),
            "cost_type": pa.array([row[4] for row in rows]),
            "amount": np.array([row[5] for row in rows]) * 100,
            "currency": CURRENCY,
        },
    )  # fmt: skip
