"""Points of the loyalty programme and the life of coupons: given, used, run out."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from data.simulator import text
from data.simulator.calendar import OFFER_DAYS
from data.simulator.settings import CURRENCY, DAY
from data.simulator.sources.block import Block, Rows, subset, sums
from data.simulator.sources.commerce import logged_in, shows_card

_TIERS = ("basic", "silver", "gold")


def write_rewards(block: Block) -> None:
    """Points movements and grants of the block."""
    orders = block.rows("orders")
    if orders is not None:
        _points(block, orders, block.basket(orders))
    _grants(block, orders)


def _points(block: Block, orders: Rows, lines: Rows) -> None:
    """A point per franc on sales with card or login; some are paid out in stores."""
    draws, ids, world = block.draws, block.ids, block.world
    uid = block.base(orders)
    member = world.loyalty_day[orders["who"]] <= orders["day"]
    shows = np.where(orders["place"] == 2, shows_card(block, orders), logged_in(block, orders))
    earns = member & shows
    net = sums(lines, "net", len(uid))
    pays = earns & (orders["place"] == 2) & (draws.uniform("points pay", uid) < 0.12)
    for movement, where, sign in (("EARN", earns, 1), ("REDEEM", pays, -1)):
        rows = subset(orders, where)
        count = len(rows["who"])
        number = uid[where] * 2 + (sign < 0)
        points = net[where] // 100 * 100 if sign > 0 else np.full(count, -50_000)
        block.emit(
            "loyalty", "points", rows, number,
            {
                "movement_id": text.join("M", text.strings(draws.hex("points", 12, number))),
                "card_no": ids.card_no(rows["who"], rows["day"]),
                "moved_at": block.moment(rows),
                "movement": movement,
                "points": points,
                "reward_id": None if sign > 0 else "OFF-POINTS5",
                "order_no": block.order_no(rows),
                "value_amount": None if sign > 0 else np.full(count, 500),
                "currency": None if sign > 0 else CURRENCY,
                "tier": tier_of(block, rows["who"]),
            },
            record="movement_id",
        )  # fmt: skip


def tier_of(block: Block, who: np.ndarray) -> pa.Array:
    """Loyalty tier of a person (constant over the simulated days)."""
    drive = block.world.need_rate[who] * 100
    return text.pick(_TIERS, np.digitize(drive, [1.2, 3.0]))


def _grants(block: Block, orders: Rows | None) -> None:
    """Offers given to customers with a number, used or run out."""
    args, ids = block.args, block.ids
    for channel in ("email", "sms", "push", "direct_mail"):
        rows = block.rows(channel)
        if rows is None:
            continue
        given = rows["has_offer"] & ~rows["bounced"] & (block.world.kind[rows["who"]] == 2)
        rows = subset(rows, given)
        _grant_event(block, rows, "granted", 0, rows["campaign"], channel, None)
        ends = {
            **rows,
            "day": rows["day"] + OFFER_DAYS,
            "second": np.full(len(rows["who"]), DAY - 1),
        }
        used = np.zeros(len(rows["who"]), dtype=bool)
        if orders is not None:
            grants = block.grant_uid(orders["who"], np.maximum(orders["offer"], 0))
            mine = block.grant_uid(rows["who"], rows["campaign"])
            used = np.isin(mine, grants[orders["offer"] >= 0])
        ran_out = subset(ends, ~used & (ends["day"] < args.days))
        _grant_event(block, ran_out, "expired", 1, ran_out["campaign"], channel, None)
    if orders is not None:
        known = ~ids.customer_no(orders["who"], orders["day"]).is_null().to_numpy(
            zero_copy_only=False
        )
        rows = subset(orders, (orders["offer"] >= 0) & known)
        _grant_event(block, rows, "redeemed", 2, rows["offer"], None, block.order_no(rows))


def _grant_event(
    block: Block, rows: Rows, event: str, kind: int, campaign: np.ndarray, channel: str | None,
    order_no: pa.Array | None,
) -> None:  # fmt: skip
    grant = block.grant_uid(rows["who"], campaign)
    uid = grant * 4 + kind
    number = text.strings(block.draws.hex("grant event", 14, uid))
    if channel is None:
        channel = text.pick(["web", "app", "store"], rows["place"])
    block.emit(
        "offers", "grants", rows, uid,
        {
            "grant_event_id": text.join("GE", number),
            "grant_id": text.join("G", text.strings(block.draws.hex("grant", 14, grant))),
            "offer_id": block.offer_ids(campaign),
            "event": event,
            "event_at": block.moment(rows),
            "customer_no": block.ids.customer_no(rows["who"]),
            "coupon_code": block.coupon(rows["who"], campaign),
            "channel": channel,
            "order_no": order_no,
        },
        record="grant_event_id",
    )  # fmt: skip
