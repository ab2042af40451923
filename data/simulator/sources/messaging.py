"""Outbound channels: e-mail events (SendGrid-like), texts (Twilio-like), pushes, letters."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from data.simulator import text
from data.simulator.arrow import pc
from data.simulator.names import BRAND_NUMBER
from data.simulator.settings import CURRENCY, DAY
from data.simulator.sources.block import Block, Rows, subset

_EMAIL_EVENTS = (
    "processed",
    "delivered",
    "bounce",
    "open",
    "open",
    "click",
    "click",
    "unsubscribe",
)
_PROCESSED, _DELIVERED, _BOUNCE, _OPEN, _MACHINE, _CLICK, _SCANNER, _LEAVE = range(8)


def write_messaging(block: Block) -> None:
    """All messages of the block and what came back."""
    for channel, write in (
        ("email", _email), ("sms", _sms), ("push", _push), ("direct_mail", _direct_mail)
    ):  # fmt: skip
        rows = block.rows(channel)
        if rows is not None:
            write(block, rows)


def _stack(rows: Rows, parts: list[tuple[int, np.ndarray, np.ndarray]]) -> tuple[Rows, np.ndarray]:
    """Events of messages, one under the other: (kind, where, second) -> rows with second, kind."""
    pieces, kinds = [], []
    for kind, where, second in parts:
        piece = subset(rows, where)
        piece["second"] = np.minimum(second[where], DAY - 1)
        pieces.append(piece)
        kinds.append(np.full(len(piece["who"]), kind))
    stacked = {name: np.concatenate([piece[name] for piece in pieces]) for name in rows}
    return stacked, np.concatenate(kinds)


def _email(block: Block, rows: Rows) -> None:
    draws, ids = block.draws, block.ids
    uid = block.message_uid(rows)
    sent = rows["second"]
    everyone = np.ones(len(sent), dtype=bool)
    opened, clicked, bounced = rows["opened"], rows["clicked"], rows["bounced"]
    arrived = sent + 2 + (uid * 31) % 40
    fetched = arrived + 5 + (uid * 17) % 90
    again = opened & (draws.uniform("opens again", uid) < 0.2)
    events, kind = _stack(
        rows,
        [
            (_PROCESSED, everyone, sent),
            (_DELIVERED, ~bounced, arrived),
            (_BOUNCE, bounced, arrived),
            (_MACHINE, rows["machine"], fetched),
            (_OPEN, opened, rows["open_second"]),
            (_OPEN, again, rows["open_second"] + 7200),
            (_CLICK, clicked, rows["click_second"]),
            (_SCANNER, rows["scanner"] & ~bounced, arrived + 1),
            (_LEAVE, rows["leaves"], arrived + 3600),
        ],
    )
    message = block.message_uid(events)
    # Second opens share message and kind with first ones: the second tells them apart.
    event_uid = message * 16 + kind + 8 * _is_repeat(message * 16 + kind)
    machine = kind == _MACHINE
    bot = kind == _SCANNER
    click = (kind == _CLICK) | bot
    campaign = block.campaign_ids(events["campaign"])
    content = block.content_ids(events["campaign"], events["who"])
    agent = np.select([machine, bot, (kind == _OPEN) | (kind == _CLICK)], [1, 2, 0], -1)
    block.emit(
        "email", "events", events, event_uid,
        {
            "sg_event_id": text.strings(draws.hex("email event", 22, event_uid)),
            "occurred_at": block.moment(events),
            "event": text.pick(_EMAIL_EVENTS, _NAMES[kind]),
            "email": ids.listed_email(events["who"], events["day"]),
            "sg_message_id": block.message_id("email", message),
            "campaign_id": campaign,
            "content_id": content,
            "url": text.only(text.join("https://alpina.example/?utm_id=", campaign), click),
            "user_agent": text.pick(
                ["Mozilla/5.0 (iPhone) Mail", "Mozilla/5.0 GoogleImageProxy", "SecurityScan/2.1"],
                agent,
            ),
            "is_machine_open": text.pick(
                ["false", "true"], np.where((kind == _OPEN) | machine, machine, -1)
            ),
            "is_bot_click": text.pick(["false", "true"], np.where(click, bot, -1)),
            "customer_id": ids.customer_no(events["who"], events["day"]),
            "offer_id": block.offer_ids(events["campaign"], events["has_offer"]),
        },
        record="sg_event_id", late_id=message,
    )  # fmt: skip


# Position in _EMAIL_EVENTS of each kind (opens and clicks of machines have the same name).
_NAMES = np.array([0, 1, 2, 3, 4, 5, 6, 7])


def _is_repeat(numbers: np.ndarray) -> np.ndarray:
    """1 where a number was seen further up."""
    _, first = np.unique(numbers, return_index=True)
    repeat = np.ones(len(numbers), dtype=np.int64)
    repeat[first] = 0
    return repeat


def _sms(block: Block, rows: Rows) -> None:
    ids = block.ids
    uid = block.message_uid(rows)
    click = np.where(
        rows["clicked"], block.args.utc(rows["day"], rows["click_second"]) * 1000, text.NULL
    )
    phone = ids.phone(rows["who"], rows["day"])
    sent = {
        "message_sid": block.message_id("sms", uid),
        "direction": "outbound-api",
        "from_number": BRAND_NUMBER,
        "to_number": phone,
        "status": text.pick(["delivered", "undelivered"], rows["bounced"].astype(int)),
        "sent_at": block.moment(rows),
        "clicked_at": click,
        "campaign_id": block.campaign_ids(rows["campaign"]),
        "content_id": block.content_ids(rows["campaign"], rows["who"]),
        "offer_id": block.offer_ids(rows["campaign"], rows["has_offer"]),
        "customer_no": ids.customer_no(rows["who"], rows["day"]),
        "price_amount": np.full(len(uid), 8),
        "currency": CURRENCY,
    }
    block.emit("sms", "messages", rows, uid * 2, sent, record="message_sid")
    stop = subset(rows, rows["leaves"])
    stop["second"] = np.minimum(stop["second"] + 600, DAY - 1)
    number = block.message_uid(stop)
    block.emit(
        "sms", "messages", stop, number * 2 + 1,
        {
            "message_sid": text.join("SMI", text.strings(block.draws.hex("stop", 31, number))),
            "direction": "inbound",
            "from_number": ids.phone(stop["who"], stop["day"]),
            "to_number": BRAND_NUMBER,
            "status": "received",
            "sent_at": block.moment(stop),
            "opt_out_type": "STOP",
        },
        record="message_sid",
    )  # fmt: skip


def _push(block: Block, rows: Rows) -> None:
    uid = block.message_uid(rows)
    second = rows["second"]
    events, kind = _stack(
        rows,
        [
            (0, np.ones(len(uid), dtype=bool), second),
            (1, ~rows["bounced"], second + 2),
            (2, rows["clicked"], rows["click_second"]),
            (3, rows["bounced"], second + 2),
        ],
    )
    message = block.message_uid(events)
    event_uid = message * 4 + kind
    device, token, ios = block.ids.device(events["who"], events["day"])
    block.emit(
        "push", "events", events, event_uid,
        {
            "id": text.strings(block.draws.uuid("push event", event_uid)),
            "occurred_at": block.moment(events),
            "event": text.pick(["sent", "delivered", "opened", "failed"], kind),
            "token": token,
            "device_id": device,
            "platform": text.pick(["android", "ios"], ios.astype(int)),
            "message_id": block.message_id("push", message),
            "campaign_id": block.campaign_ids(events["campaign"]),
            "content_id": block.content_ids(events["campaign"], events["who"]),
            "offer_id": block.offer_ids(events["campaign"], events["has_offer"]),
        },
        record="id",
    )  # fmt: skip


def _direct_mail(block: Block, rows: Rows) -> None:
    uid = block.message_uid(rows)
    piece = text.join("DM", text.strings(block.draws.hex("piece", 14, uid)))
    drop = pa.array(block.landing.clock.date_text(rows["day"])).cast(pa.string())
    values = {
        "piece_id": piece,
        "customer_no": block.ids.customer_no(rows["who"], rows["day"]),
        "drop_date": drop,
        "campaign_id": block.campaign_ids(rows["campaign"]),
        "content_id": block.content_ids(rows["campaign"], rows["who"]),
        "offer_id": block.offer_ids(rows["campaign"], rows["has_offer"]),
        "piece_cost": np.full(len(uid), 85),
        "currency": CURRENCY,
    }
    block.emit("direct_mail", "mailings", rows, uid * 2, values, record="piece_id")
    back = rows["day"] + 32
    returned = rows["bounced"] & (back < block.args.days)
    if not returned.any():
        return
    places = pa.array(np.flatnonzero(returned))
    again = {k: v.take(places) if isinstance(v, pa.Array) else v for k, v in values.items()}
    again["piece_cost"] = np.full(returned.sum(), 85)
    again["returned_on"] = pc.cast(
        pa.array(block.landing.clock.date_text(rows["day"][returned] + 12)), pa.string()
    )
    block.emit(
        "direct_mail", "mailings", subset(rows, returned), uid[returned] * 2 + 1, again,
        record="piece_id", delivered=back[returned],
    )  # fmt: skip
