"""App tracking (Amplitude-like JSON): events of sessions."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from data.simulator import text
from data.simulator.facts import SOURCE, SOURCES
from data.simulator.names import SEARCH_WORDS
from data.simulator.settings import CURRENCY
from data.simulator.sources.block import Block, subset
from data.simulator.sources.sessions import (
    ADD,
    CHECKOUT,
    MEDIUM,
    PAGE,
    SEARCH,
    VIEW,
    all_sessions,
    count_clicks,
    expand,
    session_campaigns,
    session_logins,
    session_messages,
)  # fmt: skip

_APP_EVENTS = ("app_open", "view_product", "search", "add_to_cart", "begin_checkout")


def write_app(block: Block) -> None:
    """Events of all app sessions of the block; paid clicks are counted."""
    rows = all_sessions(block, in_app=True)
    if rows is None:
        return
    count_clicks(block, rows)
    draws, ids, world = block.draws, block.ids, block.world
    hits, session = expand(block, rows)
    keep = hits["event"] <= CHECKOUT
    hits, session = subset(hits, keep), session[keep]
    uid, event, who, day = hits["uid"], hits["event"], hits["who"], hits["day"]
    device, token, ios = ids.device(who, day)
    user = text.only(ids.customer_no(who, day), session_logins(block, rows, 0.9)[session])
    named = ~user.is_null().to_numpy(zero_copy_only=False)
    campaign = session_campaigns(block, rows).take(pa.array(session))
    shows = np.isin(event, (VIEW, ADD, CHECKOUT))
    carted = np.isin(event, (ADD, CHECKOUT))
    pushed = np.isin(rows["source"], [SOURCE["email"], SOURCE["sms"], SOURCE["push"]])
    content = text.only(block.content_ids(rows["campaign"], rows["who"]), pushed)
    block.emit(
        "app", "events", hits, uid,
        {
            "insert_id": text.strings(draws.uuid("app hit", uid)),
            "occurred_at": block.moment(hits) + (uid * 7919) % 1000,
            "event_type": text.pick(_APP_EVENTS, event),
            "device_id": device,
            "user_id": user,
            "session_id": text.strings(draws.hex("app session", 16, hits["session_uid"])),
            "platform": text.pick(["android", "ios"], ios.astype(int)),
            "push_token": text.only(token, world.consents["push"][who]),
            "email": text.only(ids.typed_email(who, day, "account", world.person[who]),
                               named & (event == PAGE)),
            "consent": text.pick(
                ["denied", "granted"],
                (draws.uniform("app tracking", world.person[who]) >= 0.15).astype(int),
            ),
            "screen": text.pick(["home", "product", "search", "cart", "checkout"], event),
            "utm_source": text.only(
                text.pick([MEDIUM.get(n) and n for n in SOURCES], hits["source"]),
                pushed[session]),
            "utm_medium": text.pick([MEDIUM.get(n) for n in SOURCES], hits["source"]),
            "utm_campaign": campaign,
            "campaign_id": campaign,
            "content_id": content.take(pa.array(session)),
            "message_id": session_messages(block, rows).take(pa.array(session)),
            "product_id": text.pick(block.products.ids, np.where(shows, hits["product"], -1)),
            "query": text.pick(SEARCH_WORDS, np.where(event == SEARCH, hits["product"] % 6, -1)),
            "price_amount": np.where(shows, block.products.price[hits["product"]], text.NULL),
            "currency": text.pick([CURRENCY], np.where(shows, 0, -1)),
            "quantity": np.where(carted, 100, text.NULL),
            "cart_id": text.only(text.strings(draws.hex("cart", 12, hits["session_uid"])), carted),
        },
        record="insert_id", late_id=hits["session_uid"],
    )  # fmt: skip
