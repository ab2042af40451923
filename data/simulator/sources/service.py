"""Talking and meeting: kiosks, brand events, call centre, chat, social networks, surveys."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from data.simulator import text
from data.simulator.arrow import pc
from data.simulator.calendar import SOCIAL_CAMPAIGN
from data.simulator.names import CALL_TOPICS
from data.simulator.sources.block import Block, Rows, subset
from data.simulator.world import ANONYMOUS

_COMMENTS = ("", "quick answer", "friendly", "had to ask twice", "still waiting", "perfect")


def write_service(block: Block) -> None:
    """All contacts of the block that are neither browsing, messages nor sales."""
    for table, write in (
        ("kiosk", _kiosk), ("event", _events), ("call_center", _calls), ("chat", _chats),
        ("social", _social), ("orders", _surveys),
    ):  # fmt: skip
        rows = block.rows(table)
        if rows is not None:
            write(block, rows)


def _mood(block: Block, rows: Rows, stream: str, uid: np.ndarray) -> np.ndarray:
    """Satisfaction 1 to 5: those who are likely to leave are less content."""
    leaning = -0.5 * np.log(block.world.churn_rate[rows["who"]] / 0.0016)
    level = 3.9 + leaning + 0.8 * block.draws.normal(f"{stream} mood", uid)
    return np.clip(np.rint(level), 1, 5).astype(np.int64)


def _kiosk(block: Block, rows: Rows) -> None:
    draws, ids = block.draws, block.ids
    who, day, uid = rows["who"], rows["day"], block.base(rows)
    store = block.world.store[who]
    looked = 1 + draws.integers("kiosk looks", 3, uid)
    seconds = 30 + draws.integers("kiosk stays", 400, uid)
    skus = {
        f"sku_{place}": text.pick(
            block.products.ids,
            np.where(looked >= place, draws.integers(f"kiosk sku {place}", 120, uid), -1),
        )
        for place in (1, 2, 3)
    }
    kiosk = text.join("KIOSK-", text.strings(store * 2 + uid % 2 + 1))
    email = ids.typed_email(who, day, "kiosk", uid)
    email = ids.with_placeholder(email, "kiosk", uid, 0.10)
    block.emit(
        "kiosk", "sessions", rows, uid,
        {
            "session_no": text.join("KS", text.strings(draws.hex("kiosk", 12, uid))),
            "kiosk_id": kiosk,
            "store_no": text.join("ST", pc.utf8_lpad(text.strings(store + 1), 2, "0")),
            "started_at": block.moment(rows),
            "ended_at": block.moment(rows) + seconds * 1000,
            "loyalty_card_no": text.only(
                ids.card_no(who, day), draws.uniform("kiosk card", uid) < 0.5
            ),
            "typed_email": text.only(
                email,
                (draws.uniform("kiosk types", uid) < 0.18) & (block.world.known_day[who] <= day),
            ),
            **skus,
        },
        record="session_no",
    )  # fmt: skip


def _events(block: Block, rows: Rows) -> None:
    draws, ids, args = block.draws, block.ids, block.args
    who, day = rows["who"], rows["day"]
    uid = block.base(rows)
    signed = np.maximum(day - 3 - draws.integers("event sign up", 9, uid), 0)
    early = {**rows, "day": signed, "second": np.full(len(uid), 20 * 3600) + uid % 3600}
    index = np.searchsorted([event.day for event in block.plan.events], day)
    events = block.plan.events
    first, last = ids.typed_names(who, "event", uid)
    came = args.utc(day, 9 * 3600 + 2700) * 1000 + (uid % 1800) * 1000
    values = {
        "registration_id": text.join("E", text.strings(draws.hex("event", 12, uid))),
        "event_id": text.pick([event.id for event in events], index),
        "event_name": text.pick([event.name for event in events], index),
        "venue_id": text.pick([f"VEN{event.store + 1:02d}" for event in events], index),
        "email": ids.typed_email(who, day, "event", uid),
        "phone": text.only(
            ids.typed_phone(who, day, "event", uid), draws.uniform("event phone", uid) < 0.5
        ),
        "first_name": first,
        "last_name": last,
        "registered_at": block.moment(early),
        "campaign_id": text.pick([event.campaign for event in events], index),
    }
    block.emit("events", "attendees", early, uid * 2, values, record="registration_id")
    comes = np.flatnonzero(rows["comes"])
    if len(comes):
        again = {
            k: v.take(pa.array(comes)) if isinstance(v, pa.Array) else v[comes]
            for k, v in values.items()
        }
        again["checked_in_at"] = came[comes]
        part = subset(rows, comes)
        block.emit(
            "events", "attendees", part, uid[comes] * 2 + 1, again, record="registration_id",
            delivered=_next_week(block, signed[comes], day[comes]),
        )  # fmt: skip


def _next_week(block: Block, signed: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Delivery of the check-in: its day, but never in the weekly file of the registration."""
    weekday = np.array([block.args.weekday(int(d)) for d in signed])
    return np.minimum(np.maximum(day, signed + 7 - weekday), block.args.days - 1)


def _calls(block: Block, rows: Rows) -> None:
    draws, ids = block.draws, block.ids
    who, day, uid = rows["who"], rows["day"], block.base(rows)
    known = block.world.known_day[who] <= day
    phone = ids.phone(who, day)
    withheld = draws.uniform("call withheld", uid) < 0.08
    answered = draws.uniform("call answered", uid) < 0.93
    looked_up = known & answered & (draws.uniform("call lookup", uid) < 0.5)
    topic = draws.choose("call topic", np.array([30, 20, 25, 12, 8, 5]), uid)
    asked = answered & (draws.uniform("call csat", uid) < 0.3)
    mood = _mood(block, rows, "call", uid)
    length = 40 + draws.integers("call length", 700, uid)
    number = pc.if_else(
        pa.array(draws.uniform("call placeholder", uid) < 0.02 * block.args.noise),
        pa.scalar("0000000000"), phone,
    )  # fmt: skip
    customer = text.only(ids.customer_no(who, day), looked_up)
    block.emit(
        "call_center", "calls", rows, uid,
        {
            "call_id": text.join("CALL", text.strings(draws.hex("call", 12, uid))),
            "direction": "IN",
            "phone_number": text.only(number, ~withheld),
            "started_at": block.moment(rows),
            "is_answered": text.pick(["N", "Y"], answered.astype(int)),
            "duration_s": np.where(answered, length, 0),
            "customer_no": customer,
            "is_verified": text.only(
                text.pick(["N", "Y"], (draws.uniform("call verified", uid) < 0.8).astype(int)),
                ~customer.is_null().to_numpy(zero_copy_only=False),
            ),
            "site_no": "CC01",
            "topic": text.only(text.pick(CALL_TOPICS, topic), answered),
            "priority": text.only(text.pick(["normal", "high"], topic == 3), answered),
            "csat": np.where(asked, mood, text.NULL),
            "agent_note": text.only(
                text.pick(["caller asks for delivery date", "wants an exchange; sent the form",
                           'asks about "Gipfel" jacket', "complains about delay",
                           "points missing, corrected", "moved house"], topic),
                answered & (draws.uniform("call note", uid) < 0.6),
            ),
            "resolved_at": np.where(
                answered, block.moment(rows) + (length + (topic == 3) * 86_400) * 1000, text.NULL
            ),
        },
        record="call_id",
    )  # fmt: skip


def _chats(block: Block, rows: Rows) -> None:
    draws, ids = block.draws, block.ids
    who, day, uid = rows["who"], rows["day"], block.base(rows)
    known = block.world.known_day[who] <= day
    messenger = (draws.uniform("chat inbox", uid) < 0.25) & block.world.has_phone[who]
    cookie, _ = ids.cookie(who, day, "chat", uid)
    start = block.moment(rows)
    wait = 20_000 + draws.integers("chat wait", 200_000, uid)
    rated = draws.uniform("chat rated", uid) < 0.3
    mood = _mood(block, rows, "chat", uid)
    login = known & (draws.uniform("chat login", uid) < 0.25)
    block.emit(
        "chat", "conversations", rows, uid,
        {
            "id": text.strings(draws.uuid("chat", uid)),
            "started_at": start,
            "first_reply_at": start + wait,
            "ended_at": start + wait + 60_000 + draws.integers("chat length", 600_000, uid),
            "inbox": text.pick(["web_widget", "whatsapp"], messenger.astype(int)),
            "visitor_id": text.only(cookie, ~messenger),
            "user_id": text.only(ids.customer_no(who, day), login & ~messenger),
            "email": text.only(
                ids.typed_email(who, day, "chat", uid),
                known & ~messenger & (draws.uniform("chat email", uid) < 0.5),
            ),
            "phone": text.only(ids.phone(who, day), messenger),
            "message_count": 2 + draws.integers("chat messages", 12, uid),
            "page_path": text.pick(["/help", "/c/jackets", "/cart"], uid % 3),
            "topic": text.pick(CALL_TOPICS, draws.integers("chat topic", 5, uid)),
            "csat": np.where(rated, mood, text.NULL),
            "comment": text.only(
                text.pick([None, *_COMMENTS[1:]], draws.integers("chat comment", 6, uid)), rated
            ),
        },
        record="id",
    )  # fmt: skip


def _social(block: Block, rows: Rows) -> None:
    draws = block.draws
    uid = block.base(rows)
    kind = draws.choose("social kind", np.array([60, 18, 8, 5, 9]), uid)
    block.emit(
        "social", "interactions", rows, uid,
        {
            "id": text.join("ig_", text.strings(draws.hex("social", 16, uid))),
            "occurred_at": block.moment(rows),
            "network": "instagram",
            "handle": block.ids.handle(rows["who"]),
            "kind": text.pick(["like", "comment", "share", "mention", "direct_message"], kind),
            "post_id": text.join("post_", text.strings(rows["day"] // 3)),
            "campaign_id": text.pick([SOCIAL_CAMPAIGN], np.zeros(len(uid), dtype=int)),
            "text": text.pick([None, "nice colour", None, "on the trail with Alpina",
                               "when will it be back?"], kind),
        },
        record="id",
    )  # fmt: skip


def _surveys(block: Block, rows: Rows) -> None:
    """Some buyers answer the question that comes four days after the purchase."""
    draws, ids = block.draws, block.ids
    uid = block.base(rows)
    known = (block.world.kind[rows["who"]] != ANONYMOUS) & (
        block.world.known_day[rows["who"]] <= rows["day"]
    )
    answers = known & (draws.uniform("survey", uid) < 0.10) & (rows["day"] + 4 < block.args.days)
    part = subset(rows, answers)
    uid = uid[answers]
    if not len(uid):
        return
    later = {**part, "day": part["day"] + 4}
    mood = _mood(block, later, "survey", uid)
    nps = np.clip(mood * 2 + draws.integers("nps", 2, uid) - 1, 0, 10)
    spoken = text.pick(
        ["never again", "not what I expected", "all right", "good service", "love it"], mood - 1
    )
    says = draws.uniform("survey text", uid) < 0.4
    said = pc.coalesce(text.only(text.join(',"text":"', spoken, '"'), says), "")
    answer = text.join(
        '[{"id":"q1","kind":"nps","question":"Would you recommend us?","score":',
        text.strings(nps), said, '},{"id":"q2","kind":"csat","question":"How was the purchase?",'
        '"score":', text.strings(mood), "}]",
    )  # fmt: skip
    block.emit(
        "surveys", "responses", later, uid,
        {
            "response_id": text.join("R", text.strings(draws.hex("survey no", 14, uid))),
            "survey_id": "post_purchase",
            "submitted_at": block.moment(later),
            "collector": text.pick(["web", "app", "email"], part["place"]),
            "email": ids.email(later["who"], later["day"]),
            "customer_id": ids.customer_no(later["who"], later["day"]),
            "topic": text.pick(["delivery", "fit", "price", "advice"], uid % 4),
            "answers": answer,
        },
        record="response_id",
    )  # fmt: skip
