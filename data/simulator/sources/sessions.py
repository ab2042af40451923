"""Sessions of web and app, and their single hits: what both trackings share.

Belongs here: which sessions there are, what brought them, what happens in them.
Does not belong here: columns of the trackings (web.py, app.py).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from data.simulator import text
from data.simulator.arrow import pc
from data.simulator.calendar import ALWAYS_ON, SOCIAL_CAMPAIGN
from data.simulator.facts import SOURCE, SOURCES
from data.simulator.settings import DAY
from data.simulator.sources.block import Block, Rows, subset

PAID = ("paid_search", "paid_social", "display")
MEDIUM = {
    "paid_search": "cpc", "paid_social": "paid_social", "display": "display", "email": "email",
    "sms": "sms", "push": "push", "organic_social": "social", "referral": "referral",
}  # fmt: skip
REFERRER = {
    "organic_search": "https://www.google.com/", "paid_search": "https://www.google.com/",
    "paid_social": "https://www.instagram.com/", "organic_social": "https://www.instagram.com/",
    "display": "https://news.example/", "referral": "https://bergblog.example/",
}  # fmt: skip
PAGE, VIEW, SEARCH, ADD, CHECKOUT, IDENTIFY, REVIEW, FORM = range(8)
SIGN_UP, BUY, LATER, CRAWL = 12, 13, 14, 15  # session slots beside those of visits


def all_sessions(block: Block, *, in_app: bool) -> Rows | None:
    """Visits, purchases, sign-ups and reviews in app or web as rows of one shape; None if none."""
    parts = []
    if (visits := block.rows("visits")) is not None:
        parts.append({**visits, "kind": np.zeros(len(visits["who"]), dtype=np.int64)})
    if (orders := block.rows("orders")) is not None:
        bought = subset(orders, orders["place"] < 2)
        parts.append(_plain(bought, 2, True, bought["place"] == 1, BUY, -600))
        speaks = bought["place"] == 0
        speaks &= block.draws.uniform("review", block.base(bought)) < 0.05
        speaks &= bought["day"] + 5 < block.args.days
        review = subset(bought, speaks)
        parts.append(_plain({**review, "day": review["day"] + 5}, 1, False, False, LATER, 0))
    if (sign_ups := block.rows("sign_ups")) is not None:
        parts.append(_plain(sign_ups, 1, False, False, SIGN_UP, 0))
    if not parts:
        return None
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    rows = subset(rows, rows["in_app"] == in_app)
    return rows if len(rows["who"]) else None


def _plain(
    rows: Rows, hits: int, carts: bool, in_app: np.ndarray | bool, slot: int, shift: int
) -> Rows:
    """Sessions that follow from another fact; `shift` seconds from it."""
    count = len(rows["who"])
    return {
        "who": rows["who"], "day": rows["day"], "second": np.maximum(rows["second"] + shift, 0),
        "slot": np.full(count, slot), "source": np.full(count, SOURCE["direct"]),
        "hits": np.full(count, hits), "carts": np.full(count, carts),
        "in_app": np.broadcast_to(in_app, count).astype(bool), "campaign": np.full(count, -1),
        "message_slot": np.zeros(count, dtype=np.int64), "kind": np.full(count, slot),
    }  # fmt: skip


def session_campaigns(block: Block, rows: Rows) -> pa.Array:
    """Campaign id of a session, by its source; null for direct and organic ones."""
    source = rows["source"]
    outbound = np.isin(source, [SOURCE[name] for name in ("email", "sms", "push")])
    fixed = {SOURCE["organic_social"]: SOCIAL_CAMPAIGN}
    words = [fixed.get(number) for number in range(len(SOURCES))]
    for name in PAID:
        words[SOURCE[name]] = ALWAYS_ON[name][0][0]
    index = source.copy()
    generic = block.draws.uniform("generic search", block.base(rows)) < 0.55
    words.append(ALWAYS_ON["paid_search"][1][0])
    index[(source == SOURCE["paid_search"]) & generic] = len(words) - 1
    pull = text.pick(words, index)
    ours = text.only(block.campaign_ids(rows["campaign"]), outbound)
    return pc.coalesce(ours, pull)


def count_clicks(block: Block, rows: Rows) -> None:
    """Note paid clicks of sessions: ad spend follows from them."""
    paid = subset(rows, np.isin(rows["source"], [SOURCE[name] for name in PAID]))
    campaigns = session_campaigns(block, paid).to_pylist()
    block.clicks.update(zip(campaigns, paid["day"].tolist(), strict=True))


def session_messages(block: Block, rows: Rows) -> pa.Array:
    """Id of the message whose link was followed."""
    uid = block.message_uid(rows, "message_slot")
    index = np.select(
        [rows["source"] == SOURCE[n] for n in ("email", "sms", "push")], [0, 1, 2], -1
    )
    out = pa.nulls(len(uid), pa.string())
    for number, channel in enumerate(("email", "sms", "push")):
        if (index == number).any():
            out = pc.coalesce(text.only(block.message_id(channel, uid), index == number), out)
    return out


def expand(block: Block, rows: Rows) -> tuple[Rows, np.ndarray]:
    """Hits of sessions (hit, event, product, uid, session_uid, last), and each one's session."""
    draws = block.draws
    uid = block.base(rows) * 16 + rows["slot"]
    checkout = rows["carts"] & ((rows["kind"] == BUY) | (draws.uniform("checkout", uid) < 0.45))
    identifies = (rows["kind"] == SIGN_UP) | (rows["kind"] == BUY)
    count = rows["hits"] + rows["carts"] + checkout + identifies
    session = np.repeat(np.arange(len(uid)), count)
    hit = np.arange(len(session)) - np.repeat(np.cumsum(count) - count, count)
    late = hit - rows["hits"][session]
    cart, pays = rows["carts"][session], checkout[session]
    search = draws.uniform("searches", uid)[session] < 0.4
    event = np.select(
        [
            (rows["kind"][session] == LATER),
            (late < 0) & (hit == 0),
            (late < 0) & (hit == 1) & search,
            late < 0,
            cart & (late == 0),
            pays & (late == 1),
        ],
        [REVIEW, PAGE, SEARCH, VIEW, ADD, CHECKOUT],
        IDENTIFY,
    )
    pause = 20 + (draws.uniform("pause", uid) * 70).astype(np.int64)
    hits = subset(rows, session)
    hits["second"] = np.minimum(hits["second"] + hit * pause[session], DAY - 1)
    hits |= {
        "hit": hit, "event": event, "uid": uid[session] * 8 + hit,
        "product": draws.choose("viewed", block.products.popularity, uid[session], (hit + 1) // 2),
        "session_uid": uid[session], "last": count[session] - 1 == hit,
    }  # fmt: skip
    return hits, session


def session_logins(block: Block, rows: Rows, share: float) -> np.ndarray:
    """Sessions in which the person logs in; `share` of ordinary visits."""
    world = block.world
    sure = rows["kind"] == SIGN_UP
    share_by = np.where(rows["kind"] == BUY, 0.92, share)
    luck = block.draws.uniform("logs in", block.base(rows) * 16 + rows["slot"]) < share_by
    known = (world.kind[rows["who"]] == 2) & (world.known_day[rows["who"]] <= rows["day"])
    return known & (luck | sure)
