"""What moves a person from day to day: need, goodwill by channel, open offer, consents, leaving.

Belongs here: the arrays of state and how a touch, a purchase drive or a person's luck read them.
Does not belong here: what happens on a day (behaviour.py).
"""

from __future__ import annotations

import numpy as np

from data.simulator.calendar import Plan
from data.simulator.facts import Log
from data.simulator.odds import purchase_probability
from data.simulator.settings import (
    CAUSES,
    CHANNEL,
    DAY,
    EFFECTS,
    NEED_HAZARD,
    OFFER_DAILY,
    OFFER_NEUTRAL,
    VARIANT_LIFT,
)  # fmt: skip
from data.simulator.world import NEVER, World


class State:
    """State of one block of persons; all arrays have one element (or row) per person."""

    def __init__(self, world: World, plan: Plan, off: frozenset[str]) -> None:
        unknown = off - set(CAUSES)
        if unknown:
            raise ValueError(f"no such cause: {sorted(unknown)}; one of {CAUSES}")
        self.world, self.plan, self.args = world, plan, world.args
        n = len(world)
        self.on = {cause: 0.0 if cause in off else 1.0 for cause in CAUSES}
        self.effect = np.array([EFFECTS[name][0] * self.on[name] for name in EFFECTS])
        self.decay = 0.5 ** (1.0 / np.array([EFFECTS[name][1] for name in EFFECTS]))
        self.need = np.zeros(n)
        self.goodwill = np.zeros((n, len(EFFECTS)))
        self.extra_b = np.zeros(n)
        self.offer = np.full(n, -1)  # index of the campaign whose offer is open
        self.offer_until = np.full(n, -1)
        self.cart_day = np.full(n, -10)
        self.fatigue = np.zeros(n)
        self.left_sum = np.zeros(n)
        self.left_day = np.where(world.dormant, -1, NEVER)
        self.consents = {name: said.copy() for name, said in world.consents.items()}
        self.orders = np.zeros(n, dtype=np.int64)
        self.log = Log()

    # luck of a person on a day
    def _luck(self, stream: str, day: int) -> np.ndarray:
        return self.world.draws.uniform(stream, day, self.world.person)

    def _hour_second(self, stream: str, day: int, who: np.ndarray) -> np.ndarray:
        """Local second of the day around the person's preferred hour."""
        draws, world = self.world.draws, self.world
        hour = world.preferred_hour[who] + 2.2 * draws.normal(stream, day, world.person[who])
        return np.clip(hour * 3600, 6 * 3600, DAY - 1800).astype(np.int64)

    def _touch(self, who: np.ndarray, channel: str, strength: np.ndarray | float) -> None:
        """An engaged touch: goodwill rises by effect, affinity and strength."""
        column = CHANNEL[channel]
        world = self.world
        gain = self.effect[column] * world.affinity[who, column] * world.response[who] * strength
        self.goodwill[who, column] += gain
        if channel == "email":
            self.extra_b[who] += (
                gain * VARIANT_LIFT * world.is_variant_b[who] * self.on["variant_b"]
            )

    def _reachable(self, channel: str, day: int) -> np.ndarray:
        world = self.world
        return (
            self.consents[channel] & ~world.is_holdout & (world.known_day < day)
            & (world.has_phone if channel == "sms" else True)
        )  # fmt: skip

    def _hazards(self) -> np.ndarray:
        """Purchases per day by cause, (n, causes), for the living, before season."""
        world = self.world
        n = len(world)
        hazards = np.zeros((n, len(CAUSES)))
        hazards[:, 0] = world.base_rate * self.on["base"]
        hazards[:, 1] = NEED_HAZARD * self.need * self.on["need"]
        hazards[:, 2 : 2 + len(EFFECTS)] = self.goodwill
        own = hazards[:, 0] + hazards[:, 1]
        offer = (world.price_sensitivity - OFFER_NEUTRAL) * OFFER_DAILY * self.on["offer"]
        # An offer may annoy those who do not care for prices, by half of their own drive at most.
        hazards[:, -2] = np.where(self.offer_until >= 0, np.maximum(offer, -0.5 * own), 0.0)
        hazards[:, -1] = self.extra_b
        return hazards

    def _odds(self, day: int) -> np.ndarray:
        active = self.left_day > day
        return purchase_probability(self.world, self.need, self.goodwill, self.extra_b, active)
