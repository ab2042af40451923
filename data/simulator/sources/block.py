"""What every source writer is given: one block of persons, what they did, and where rows go.

Belongs here: numbering of records, times, products: things that several sources must agree on.
Does not belong here: columns of one source.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from data.simulator import text
from data.simulator.calendar import CART_CAMPAIGN, Plan
from data.simulator.draws import Draws
from data.simulator.facts import Facts
from data.simulator.identifiers import Identities
from data.simulator.landing import Landing
from data.simulator.names import CATEGORIES
from data.simulator.settings import PRODUCTS, Arguments
from data.simulator.world import World

Rows = dict[str, np.ndarray]
_LINES = np.array([45, 30, 15, 10])  # how often an order has 1, 2, 3, 4 lines
_SPREAD = 2**34  # order numbers


@dataclass
class Catalogue:
    """Prices and costs in hundredths, by product number."""

    price: np.ndarray
    cost: np.ndarray
    popularity: np.ndarray

    @classmethod
    def make(cls, draws: Draws) -> Catalogue:
        number = np.arange(PRODUCTS)
        price = (900 * np.exp(3.6 * draws.uniform("price", number))).astype(np.int64)
        price = price // 50 * 50 + 90
        share = 0.42 + 0.22 * draws.uniform("cost share", number)
        return cls(price, (price * share).astype(np.int64), 1.0 / (number % 40 + 4.0))

    @property
    def ids(self) -> list[str]:
        return [f"P{number:04d}" for number in range(PRODUCTS)]

    @property
    def categories(self) -> list[str]:
        return [CATEGORIES[number % len(CATEGORIES)] for number in range(PRODUCTS)]


@dataclass
class Block:
    """One block. `clicks` counts paid clicks by (campaign, day) over all blocks (spend)."""

    world: World
    facts: Facts
    ids: Identities
    landing: Landing
    plan: Plan
    products: Catalogue
    clicks: Counter = field(default_factory=Counter)

    @property
    def args(self) -> Arguments:
        return self.world.args

    @property
    def draws(self) -> Draws:
        return self.world.draws

    def rows(self, name: str) -> Rows | None:
        """A table of facts, or None when nothing of the kind happened."""
        return self.facts.tables.get(name)

    def base(self, rows: Mapping[str, np.ndarray]) -> np.ndarray:
        """person * 4096 + day: one number per person and day (days before the first allowed)."""
        return self.world.person[rows["who"]] * 4096 + (rows["day"] + 2048) % 4096

    def emit(
        self, source: str, table: str, rows: Mapping[str, np.ndarray], uid: np.ndarray,
        values: Mapping[str, text.Values], record: str | None = None, at: np.ndarray | None = None,
        nobody: bool = False, **more: np.ndarray,
    ) -> None:  # fmt: skip
        """landing.emit with person and time taken from `rows` (who, day, local second)."""
        moment = self.args.utc(rows["day"], rows["second"]) if at is None else at
        person = np.full(len(uid), -1) if nobody else self.world.person[rows["who"]]
        self.landing.emit(
            source, table, at=moment, uid=uid, values=values, person=person, record=record, **more
        )

    def moment(self, rows: Mapping[str, np.ndarray]) -> np.ndarray:
        """UTC epoch milliseconds of the rows."""
        return self.args.utc(rows["day"], rows["second"]) * 1000

    # marketing ------------------------------------------------------------------------------
    def message_uid(self, rows: Mapping[str, np.ndarray], slot: str = "slot") -> np.ndarray:
        """Number of the message that a row is about (two per person, day and channel at most)."""
        return self.base(rows) * 2 + rows[slot]

    def message_id(self, channel: str, uid: np.ndarray) -> pa.Array:
        """The channel's own message id."""
        if channel == "email":
            return text.join(text.strings(self.draws.hex("email message", 22, uid)), ".filter01")
        if channel == "sms":
            return text.join("SM", text.strings(self.draws.hex("sms message", 32, uid)))
        return text.strings(self.draws.uuid("push message", uid))

    def campaign_ids(self, index: np.ndarray) -> pa.Array:
        """Ids of outbound campaigns by index; -1 = the abandoned-cart mail."""
        words = [campaign.id for campaign in self.plan.campaigns] + [CART_CAMPAIGN]
        return text.pick(words, np.where(index < 0, len(words) - 1, index))

    def content_ids(self, index: np.ndarray, who: np.ndarray) -> pa.Array:
        """The creative that a person sees of a campaign: A or B where there are two."""
        words: list[str] = []
        for campaign in self.plan.campaigns:
            words += [campaign.contents[0], campaign.contents[-1]]
        words += [f"{CART_CAMPAIGN}-A", f"{CART_CAMPAIGN}-B"]
        number = np.where(index < 0, len(self.plan.campaigns), index)
        return text.pick(words, number * 2 + self.world.is_variant_b[who])

    def offer_ids(self, index: np.ndarray, has: np.ndarray | None = None) -> pa.Array:
        """Offer of a campaign by index; null where there is none."""
        words = [campaign.offer for campaign in self.plan.campaigns]
        where = index >= 0 if has is None else has & (index >= 0)
        return text.pick(words or [None], np.where(where, index, -1))

    def grant_uid(self, who: np.ndarray, campaign: np.ndarray) -> np.ndarray:
        """Number of the grant that a campaign gave a person."""
        return self.world.person[who] * 4096 + campaign

    def coupon(self, who: np.ndarray, campaign: np.ndarray) -> pa.Array:
        """Coupon code of a grant; null without campaign."""
        code = self.draws.hex("coupon", 8, self.grant_uid(who, np.maximum(campaign, 0)))
        return text.only(text.join("ALP-", text.strings(code)), campaign >= 0)

    # orders ---------------------------------------------------------------------------------
    def order_no(self, rows: Mapping[str, np.ndarray]) -> pa.Array:
        """Order number (web, app) or receipt number (store) of `orders` rows."""
        number = (self.base(rows) * 48_271 + 1_234_567) % _SPREAD
        digits = text.strings(10**10 + number)
        return text.join(text.pick(["S", "S", "R"], rows["place"]), digits)

    def basket(self, rows: Rows) -> dict[str, np.ndarray]:
        """Lines of `orders` rows: order (place in rows), line, product, quantity, amounts."""
        draws, uid = self.draws, self.base(rows)
        count = draws.choose("line count", _LINES, uid) + 1
        order = np.repeat(np.arange(len(uid)), count)
        line = np.arange(len(order)) - np.repeat(np.cumsum(count) - count, count)
        product = draws.choose("product", self.products.popularity, uid[order], line)
        quantity = 1 + (draws.uniform("quantity", uid[order], line) < 0.1).astype(np.int64)
        gross = self.products.price[product] * quantity
        subtotal = np.bincount(order, weights=gross, minlength=len(uid)).astype(np.int64)
        offers = [campaign.offer for campaign in self.plan.campaigns] + [None]
        percent = np.array([{"OFF-MAIL10": 10, "OFF-TEXT12": 12}.get(o, 0) for o in offers])
        amount = np.array([{"OFF-POST15": 1500}.get(o, 0) for o in offers])
        total = subtotal * percent[rows["offer"]] // 100
        total += np.minimum(amount[rows["offer"]], subtotal * 3 // 10)
        discount = gross * total[order] // subtotal[order]
        rest = total - np.bincount(order, weights=discount, minlength=len(uid)).astype(np.int64)
        discount[line == 0] += rest
        cost = self.products.cost[product] * quantity
        return {
            "order": order, "line": line, "product": product, "quantity": quantity,
            "gross": gross, "discount": discount, "net": gross - discount, "cost": cost,
        }  # fmt: skip


def sums(lines: Rows, column: str, count: int) -> np.ndarray:
    """A column of basket lines summed per order."""
    return np.bincount(lines["order"], weights=lines[column], minlength=count).astype(np.int64)


def subset(rows: Rows, where: np.ndarray) -> Rows:
    """The rows where (mask or places)."""
    return {name: values[where] for name, values in rows.items()}
