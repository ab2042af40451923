"""Web tracking (Segment-like JSON): hits of sessions, crawlers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from data.simulator import text
from data.simulator.arrow import pc
from data.simulator.facts import SOURCE, SOURCES
from data.simulator.names import SEARCH_WORDS
from data.simulator.settings import CURRENCY, DAY
from data.simulator.sources.block import Block, Rows
from data.simulator.sources.sessions import (
    ADD,
    CHECKOUT,
    CRAWL,
    FORM,
    IDENTIFY,
    MEDIUM,
    PAGE,
    PAID,
    REFERRER,
    REVIEW,
    SEARCH,
    SIGN_UP,
    VIEW,
    all_sessions,
    count_clicks,
    expand,
    session_campaigns,
    session_logins,
    session_messages,
)  # fmt: skip

_AGENTS = ("Mozilla/5.0 (Windows NT 10.0) Firefox/138.0", "Mozilla/5.0 (iPhone) Safari/605.1")
_BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
_WEB_EVENTS = (
    None, "Product Viewed", "Products Searched", "Product Added", "Checkout Started", None,
    "Product Reviewed", "Form Submitted",
)  # fmt: skip


def write_web(block: Block) -> None:
    """Hits of all web sessions of the block, and of crawlers; paid clicks are counted."""
    rows = all_sessions(block, in_app=False)
    if rows is not None:
        count_clicks(block, rows)
        _write_hits(block, rows)
    _write_crawlers(block)


def _write_hits(block: Block, rows: Rows) -> None:
    draws, ids, world = block.draws, block.ids, block.world
    hits, session = expand(block, rows)
    uid, event, who, day = hits["uid"], hits["event"], hits["who"], hits["day"]
    session_uid = block.base(rows) * 16 + rows["slot"]
    cookie, device = ids.cookie(rows["who"], rows["day"], "web", session_uid)
    allows = draws.uniform("cookie choice", world.person[rows["who"]]) >= 0.12
    at_login = (hits["hit"] >= 1) | hits["last"]
    user = text.only(
        ids.customer_no(rows["who"], rows["day"]), session_logins(block, rows, 0.35)
    ).take(pa.array(session))
    user = text.only(user, at_login)
    has_user = ~user.is_null().to_numpy(zero_copy_only=False)
    source_words = [MEDIUM.get(name) and name for name in SOURCES]
    paid = np.isin(rows["source"], [SOURCE[name] for name in PAID])
    campaign = session_campaigns(block, rows)
    content = text.only(block.content_ids(rows["campaign"], rows["who"]),
                        np.isin(rows["source"], [SOURCE["email"], SOURCE["sms"]]))  # fmt: skip
    utm = [
        {"paid_search": "google", "paid_social": "instagram", "display": "gdn",
         "organic_social": "instagram"}.get(word, word) for word in source_words
    ]  # fmt: skip
    click = text.only(text.strings(draws.hex("click id", 24, session_uid)), paid)
    referral = rows["source"] == SOURCE["referral"]
    code = text.join("REF", text.strings(draws.hex("referral", 6, world.person[rows["who"]])))
    shows = np.isin(event, (VIEW, ADD, CHECKOUT, REVIEW))
    product = text.pick(block.products.ids, np.where(shows, hits["product"], -1))
    category = text.pick(block.products.categories, hits["product"])
    path = text.join("/c/", category)
    path = pc.coalesce(text.join("/p/", product), path)
    price = block.products.price[hits["product"]]
    carted = np.isin(event, (ADD, CHECKOUT))
    form = (event == SEARCH) & (draws.uniform("form", uid) < 0.01) & (world.kind[who] > 0)
    form &= world.known_day[who] <= day
    form |= (event == IDENTIFY) & (hits["kind"] == SIGN_UP) & ~has_user  # newsletter, no account
    event = np.where(form, FORM, event)
    event = np.where((event == IDENTIFY) & ~has_user, PAGE, event)  # guests check out unnamed
    rating = 1 + draws.choose("stars", np.array([6, 6, 12, 34, 42]), uid)

    def spread(values: pa.Array) -> pa.Array:
        return values.take(pa.array(session))

    block.emit(
        "web", "events", hits, uid,
        {
            "message_id": text.strings(draws.uuid("web hit", uid)),
            "occurred_at": block.moment(hits) + (uid * 7919) % 1000,
            "type": text.pick(["page", *["track"] * 4, "identify", "track", "track"], event),
            "event": text.pick(_WEB_EVENTS, event),
            "anonymous_id": spread(text.only(cookie, allows)),
            "user_id": user,
            "session_id": text.strings(draws.hex("web session", 16, hits["session_uid"])),
            "is_session_start": text.pick(["false", "true"], (hits["hit"] == 0).astype(int)),
            "page_path": pc.coalesce(text.pick(["/", None], (event != PAGE).astype(int)), path),
            "page_referrer": spread(text.pick([REFERRER.get(n) for n in SOURCES], rows["source"])),
            "campaign_id": spread(campaign),
            "campaign_source": spread(text.pick(utm, rows["source"])),
            "campaign_medium": spread(text.pick([MEDIUM.get(n) for n in SOURCES], rows["source"])),
            "campaign_name": spread(campaign),
            "campaign_content": spread(content),
            "message_reference": spread(session_messages(block, rows)),
            "click_id": spread(click),
            "user_agent": spread(text.pick(_AGENTS, np.minimum(device, 1))),
            "device_type": spread(ids.device_types(device)),
            "consent": spread(text.pick(["denied", "granted"], allows.astype(int))),
            "email": text.only(ids.typed_email(who, day, "account", world.person[who]),
                               event == IDENTIFY),
            "product_id": product,
            "query": text.pick(SEARCH_WORDS, np.where(event == SEARCH, hits["product"] % 6, -1)),
            "value_amount": np.where(shows & (event != REVIEW), price, text.NULL),
            "currency": text.pick([CURRENCY], np.where(shows & (event != REVIEW), 0, -1)),
            "quantity": np.where(carted, 100, text.NULL),
            "cart_id": text.only(text.strings(draws.hex("cart", 12, hits["session_uid"])), carted),
            "form_email": text.only(ids.typed_email(who, day, "form", uid), form),
            "referral_code": spread(text.only(code, referral)),
            "rating": text.only(text.strings(rating), event == REVIEW),
            "review_text": text.only(
                text.pick(["poor", "so so", "fine", "good fit", "would buy again"], rating - 1),
                event == REVIEW,
            ),
        },
        record="message_id",
    )  # fmt: skip


def _write_crawlers(block: Block) -> None:
    """Search engines read the site too: nobody's hits."""
    args, draws, world = block.args, block.draws, block.world
    who = np.flatnonzero(draws.uniform("crawler", world.person) < 0.08 * args.noise)
    if not len(who):
        return
    day = draws.integers("crawler day", args.days, world.person[who])
    rows = {"who": who, "day": day, "second": draws.integers("crawler second", DAY, who * 0 + day)}
    uid = (block.base(rows) * 16 + CRAWL) * 8
    product = draws.integers("crawled", len(block.products.ids), uid)
    block.emit(
        "web", "events", rows, uid,
        {
            "message_id": text.strings(draws.uuid("web hit", uid)),
            "occurred_at": block.moment(rows),
            "type": "page",
            "anonymous_id": text.strings(draws.uuid("crawler cookie", uid)),
            "session_id": text.strings(draws.hex("web session", 16, uid)),
            "is_session_start": "true",
            "page_path": text.join("/p/", text.pick(block.products.ids, product)),
            "user_agent": _BOT,
            "device_type": "desktop",
        },
        record="message_id", nobody=True,
    )  # fmt: skip
