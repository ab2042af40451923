"""Sales: orders of the online shop and their refunds, receipts of the tills, points, coupons."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from data.simulator import text
from data.simulator.arrow import pc
from data.simulator.settings import CAUSES, CURRENCY
from data.simulator.sources.block import Block, Rows, subset, sums


def write_commerce(block: Block) -> None:
    """Everything that money changes hands for."""
    orders = block.rows("orders")
    if orders is not None:
        lines = block.basket(orders)
        _truth(block, orders, lines)
        _shop(block, orders, lines)
        _pos(block, orders, lines)
    visits = block.rows("store_visits")
    if visits is not None:
        _scans(block, visits, 0)


def _some(rows: Rows, lines: Rows, where: np.ndarray) -> tuple[Rows, Rows]:
    """Orders where, with their lines renumbered."""
    place = np.cumsum(where) - 1
    kept = subset(lines, where[lines["order"]])
    kept["order"] = place[kept["order"]]
    return subset(rows, where), kept


def _truth(block: Block, orders: Rows, lines: Rows) -> None:
    columns = {
        "order_id": block.order_no(orders),
        "source": text.pick(["shop", "shop", "pos"], orders["place"]),
        "true_person_id": pa.array(block.world.person[orders["who"]]),
        "ordered_at": pa.array(block.moment(orders) * 1000, pa.timestamp("us")),
        "revenue": pa.array(sums(lines, "net", len(orders["who"])) / 100.0),
    }
    shares = {f"share_{c}": pa.array(orders["shares"][:, i]) for i, c in enumerate(CAUSES)}
    block.landing.truth.add("orders", pa.table(columns | shares))


def logged_in(block: Block, rows: Rows) -> np.ndarray:
    """At an online checkout; guests leave an e-mail address alone."""
    world = block.world
    known = (world.kind[rows["who"]] == 2) & (world.known_day[rows["who"]] <= rows["day"])
    return known & (block.draws.uniform("checkout login", block.base(rows)) < 0.9)


def _shop(block: Block, orders: Rows, lines: Rows) -> None:
    rows, lines = _some(orders, lines, orders["place"] < 2)
    count = len(rows["who"])
    if not count:
        return
    draws, ids = block.draws, block.ids
    who, day, uid = rows["who"], rows["day"], block.base(rows)
    login = logged_in(block, rows)
    in_app = rows["place"] == 1
    session = (uid * 16) + 13
    cookie, _ = ids.cookie(who, day, "web", session)
    device, _, _ = ids.device(who, day)
    first, last = ids.typed_names(who, "shop", uid)
    pickup = draws.uniform("pickup", uid) < 0.12
    address = ids.address(who)
    moment = block.moment(rows)
    has_offer = rows["offer"] >= 0
    discount = sums(lines, "discount", count)
    code = text.join(
        '[{"code":"', block.coupon(who, rows["offer"]), '","offer_id":"',
        block.offer_ids(rows["offer"]), '","amount":', text.money(discount), "}]",
    )  # fmt: skip
    allows = draws.uniform("cookie choice", block.world.person[who]) >= 0.12
    values = {
        "id": block.order_no(rows),
        "created_at": moment,
        "financial_status": "paid",
        "source_name": text.pick(["web", "app"], rows["place"]),
        "currency": CURRENCY,
        "current_subtotal_price": sums(lines, "net", count),
        "total_discounts": discount,
        "total_cost": sums(lines, "cost", count),
        "customer_id": text.only(ids.customer_no(who, day), login),
        "is_logged_in": text.pick(["false", "true"], login.astype(int)),
        "contact_email": ids.typed_email(who, day, "shop", uid),
        "contact_phone": text.only(
            ids.typed_phone(who, day, "shop", uid), draws.uniform("shop phone", uid) < 0.4
        ),
        "client_id": text.only(cookie, ~in_app & allows),
        "device_id": text.only(device, in_app),
        "payment_token": text.only(
            ids.payment_token(who, uid), draws.uniform("pays by card", uid) < 0.7
        ),
        "first_name": first,
        "last_name": last,
        "street": address["street"],
        "postal_code": address["postal_code"],
        "city": address["city"],
        "country_code": "CH",
        "fulfilment_method": text.pick(["ship", "pickup"], pickup.astype(int)),
        "fulfilment_location_id": text.only(_store(block.world.store[who]), pickup),
        "fulfilled_at": np.where(pickup, moment + 4 * 3_600_000, text.NULL),
        "discount_codes": pc.fill_null(text.only(code, has_offer), "[]"),
        "line_items": _line_items(block, lines, count),
    }
    block.emit("shop", "orders", rows, uid * 4, values, record="id")
    # The same order again, in a later file: handed over, or cancelled.
    luck = draws.uniform("order changes", uid)
    cancelled, sent = luck < 0.02, (luck >= 0.02) & (luck < 0.14) & ~pickup
    later = day + 1 + draws.integers("order changes by", 3, uid)
    changed = np.flatnonzero((cancelled | sent) & (later < block.args.days))
    if len(changed):
        again = {
            name: value.take(pa.array(changed)) if isinstance(value, pa.Array)
            else value[changed] if isinstance(value, np.ndarray) else value
            for name, value in values.items()
        }  # fmt: skip
        again["financial_status"] = text.pick(["paid", "voided"], cancelled[changed].astype(int))
        again["fulfilled_at"] = np.where(
            sent[changed], block.args.utc(later[changed], 11 * 3600) * 1000, text.NULL
        )
        block.emit(
            "shop", "orders", subset(rows, changed), uid[changed] * 4 + 1, again, record="id",
            delivered=later[changed],
        )  # fmt: skip
    _refunds(block, rows, sums(lines, "net", count), cancelled)


def _line_items(block: Block, lines: Rows, count: int) -> pa.Array:
    products = block.products
    item = text.join(
        '{"line":', text.strings(lines["line"] + 1), ',"product_id":"',
        text.pick(products.ids, lines["product"]), '","product_type":"',
        text.pick(products.categories, lines["product"]), '","quantity":',
        text.strings(lines["quantity"]), ',"price":',
        text.money(products.price[lines["product"]]), ',"total_discount":',
        text.money(lines["discount"]), "}",
    )  # fmt: skip
    ends = np.cumsum(np.bincount(lines["order"], minlength=count))
    grouped = pa.ListArray.from_arrays(pa.array(np.r_[0, ends], pa.int32()), item)
    return text.join("[", pc.binary_join(grouped, ","), "]")


def _store(number: np.ndarray) -> pa.Array:
    return text.join("ST", pc.utf8_lpad(text.strings(number + 1), 2, "0"))


def _refunds(block: Block, rows: Rows, net: np.ndarray, cancelled: np.ndarray) -> None:
    draws, ids = block.draws, block.ids
    uid = block.base(rows)
    back = rows["day"] + 3 + draws.integers("refund by", 12, uid)
    where = (draws.uniform("refund", uid) < 0.05) & ~cancelled & (back < block.args.days)
    part = subset(rows, where)
    if not len(part["who"]):
        return
    uid, whole = uid[where], draws.uniform("refund whole", uid[where]) < 0.6
    amount = np.where(whole, net[where], net[where] // 2)
    later = {**part, "day": back[where], "second": np.full(len(uid), 15 * 3600)}
    block.emit(
        "shop", "refunds", later, uid,
        {
            "refund_id": text.join("F", text.strings(draws.hex("refund", 12, uid))),
            "order_id": block.order_no(part),
            "refunded_at": block.moment(later),
            "amount": amount,
            "currency": CURRENCY,
            "source_name": text.pick(["web", "app"], part["place"]),
            "customer_id": text.only(ids.customer_no(part["who"], part["day"]),
                                     logged_in(block, part)),
            "email": ids.email(part["who"], part["day"]),
            "reason": text.pick(["too small", "not as expected", "damaged", "late"], uid % 4),
        },
        record="refund_id",
    )  # fmt: skip


def shows_card(block: Block, rows: Rows) -> np.ndarray:
    """The loyalty card is shown at the till."""
    has = block.world.loyalty_day[rows["who"]] <= rows["day"]
    return has & (block.draws.uniform("shows card", block.base(rows)) < 0.85)


def _pos(block: Block, orders: Rows, lines: Rows) -> None:
    rows, lines = _some(orders, lines, orders["place"] == 2)
    count = len(rows["who"])
    if not count:
        return
    draws, uid = block.draws, block.base(rows)
    void = draws.uniform("void", uid) < 0.006
    _receipts(block, rows, lines, uid * 2, block.order_no(rows), void, None)
    back = rows["day"] + 1 + draws.integers("return by", 10, uid)
    returned = (draws.uniform("return", uid) < 0.04) & ~void & (back < block.args.days)
    if returned.any():
        part, part_lines = _some(rows, lines, returned)
        original = block.order_no(part)
        later = {**part, "day": back[returned], "offer": np.full(returned.sum(), -1)}
        _receipts(
            block, later, part_lines, uid[returned] * 2 + 1, text.join(original, "R"),
            np.zeros(returned.sum(), dtype=bool), original,
        )  # fmt: skip
    # The bonus terminal at the door: some hold their card to it before they buy.
    scans = subset(rows, shows_card(block, rows) & (draws.uniform("scan", uid) < 0.3))
    _scans(block, {**scans, "second": scans["second"] - 900}, 1)


def _scans(block: Block, rows: Rows, kind: int) -> None:
    """Loyalty cards held to the terminal at the door; kind 0 = without a purchase."""
    number = block.base(rows) * 2 + kind
    block.emit(
        "pos", "visits", rows, number,
        {
            "visit_no": text.join("V", text.strings(block.draws.hex("scan no", 12, number))),
            "store_no": _store(block.world.store[rows["who"]]),
            "scanned_at": block.moment(rows),
            "loyalty_card_no": block.ids.card_no(rows["who"], rows["day"]),
        },
        record="visit_no",
    )  # fmt: skip


def _receipts(
    block: Block, rows: Rows, lines: Rows, uid: np.ndarray, number: pa.Array, void: np.ndarray,
    original: pa.Array | None,
) -> None:  # fmt: skip
    """Receipts and their lines; `original` names the receipts that these take back."""
    draws, ids, count = block.draws, block.ids, len(uid)
    sign = 1 if original is None else -1
    net = sign * sums(lines, "net", count)
    discount = sign * sums(lines, "discount", count)
    tax = net * 81 // 1000
    by_card = draws.uniform("till card", uid // 2) < 0.72
    shows = shows_card(block, rows) if original is None else np.zeros(count, dtype=bool)
    shows |= (original is not None) & (block.world.loyalty_day[rows["who"]] <= rows["day"])
    digital = draws.uniform("digital receipt", uid) < 0.06
    email = ids.typed_email(rows["who"], rows["day"], "till", uid)
    email = ids.with_placeholder(email, "till", uid, 0.08)
    kind = np.where(void, 2, 0 if original is None else 1)
    store = block.world.store[rows["who"]]
    block.emit(
        "pos", "receipts", rows, uid,
        {
            "receipt_no": number,
            "store_no": _store(store),
            "till_no": text.strings(1 + uid % 3),
            "sold_at": block.moment(rows),
            "transaction_type": text.pick(["SALE", "RETURN", "VOID"], kind),
            "original_receipt_no": original,
            "gross_amount": net + discount,
            "discount_amount": discount,
            "net_amount": net,
            "tax_amount": tax,
            "cost_amount": sign * sums(lines, "cost", count),
            "currency": CURRENCY,
            "cash_amount": np.where(by_card, 0, net + tax),
            "card_amount": np.where(by_card, net + tax, 0),
            "voucher_amount": np.zeros(count, dtype=np.int64),
            "loyalty_card_no": text.only(ids.card_no(rows["who"], rows["day"]), shows),
            "payment_token": text.only(ids.payment_token(rows["who"], uid // 2), by_card),
            "coupon_code": block.coupon(rows["who"], rows["offer"]),
            "offer_no": block.offer_ids(rows["offer"]),
            "receipt_email": text.only(email, digital),
        },
        record="receipt_no", late_id=uid,
    )  # fmt: skip
    order = lines["order"]
    line_rows = {name: rows[name][order] for name in ("who", "day", "second")}
    clock = block.landing.clock
    block.emit(
        "pos", "receipt_lines", line_rows, uid[order] * 8 + lines["line"],
        {
            "receipt_no": number.take(pa.array(order)),
            "line_no": lines["line"] + 1,
            "sold_on": pa.array(clock.date_text(line_rows["day"])).cast(pa.string()),
            "sku": text.pick(block.products.ids, lines["product"]),
            "category": text.pick(block.products.categories, lines["product"]),
            "quantity": sign * lines["quantity"] * 100,
            "line_net": sign * lines["net"],
            "line_discount": sign * lines["discount"],
        },
        late_id=uid[order],
    )  # fmt: skip
