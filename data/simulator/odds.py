"""The true probability of a purchase, given everything that moves a person today.

No model can predict better than this, on average: the benchmark of propensity scores.
"""

from __future__ import annotations

import numpy as np

from data.simulator.facts import HORIZON
from data.simulator.settings import (
    CHANNEL,
    CONTACT_RATES,
    EFFECTS,
    NEED_HALF_LIFE,
    NEED_HAZARD,
    PULL_RATES,
)
from data.simulator.world import World


def leaning(world: World, channel: str) -> np.ndarray:
    """How likely each person is to meet the brand on a pull channel, 1 = average."""
    return world.affinity[:, CHANNEL[channel]] * world.response


def purchase_probability(
    world: World, need: np.ndarray, goodwill: np.ndarray, extra_b: np.ndarray, is_active: np.ndarray
) -> np.ndarray:
    """P(purchase within HORIZON days | state now), outbound messages still to come left out."""
    steps = np.arange(HORIZON)

    def fading(half_life: float) -> np.ndarray:
        return 0.5 ** (steps / half_life)

    def arriving(half_life: float) -> float:  # of one arrival per day: summed over the horizon
        return float(fading(half_life).cumsum().sum())

    sums = need * fading(NEED_HALF_LIFE).sum()
    sums = sums + world.need_rate * 1.3 * arriving(NEED_HALF_LIFE)
    hazard = world.base_rate * HORIZON + NEED_HAZARD * sums
    hazard += goodwill @ np.array([fading(life).sum() for _, life in EFFECTS.values()])
    hazard += extra_b * fading(EFFECTS["email"][1]).sum()
    for channel, rate in (PULL_RATES | CONTACT_RATES).items():
        effect, half_life = EFFECTS[channel]
        strength = world.affinity[:, CHANNEL[channel]] * world.response * effect
        hazard += rate * leaning(world, channel) * strength * arriving(half_life)
    stays = np.exp(-world.churn_rate * HORIZON / 2) * is_active
    return 1.0 - np.exp(-stays * hazard)
