"""Truth tables about persons and causes: traits, probabilities, effects.

Belongs here: what is known to the simulator alone. Records and identifiers are noted where rows are
written (truth.py).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from data.simulator import text
from data.simulator.facts import HORIZON, Facts
from data.simulator.settings import CAUSES, EFFECTS
from data.simulator.sources.block import Block
from data.simulator.truth import Truth
from data.simulator.world import NEVER


def persons(block: Block) -> pa.Table:
    """Traits of all persons of the block: the truth table `persons`."""
    world, facts, ids = block.world, block.facts, block.ids
    start = block.landing.clock

    def date(days: np.ndarray) -> pa.Array:
        where = (days > -30_000) & (days < NEVER)
        clean = np.where(where, days, 0)
        return text.strings(start.date_text(clean), where)

    everybody = np.arange(len(world))
    columns = {
        "true_person_id": pa.array(world.person),
        "household_id": pa.array(world.household),
        "kind": text.pick(["anonymous", "contact", "registered"], world.kind),
        "customer_id": ids.customer_no(everybody),
        "known_on": date(np.where(world.known_day < block.args.days, world.known_day, NEVER)),
        "left_on": date(facts.left_day),
        "is_active_at_end": pa.array(facts.left_day >= block.args.days),
        "is_holdout": pa.array(world.is_holdout),
        "variant": text.pick(["A", "B"], world.is_variant_b.astype(int)),
        "preferred_hour": pa.array(world.preferred_hour),
        "price_sensitivity": pa.array(world.price_sensitivity),
        "churn_rate": pa.array(world.churn_rate),
        "base_rate": pa.array(world.base_rate),
        "need_rate": pa.array(world.need_rate),
        "response": pa.array(world.response),
    }
    columns |= {f"affinity_{c}": pa.array(world.affinity[:, i]) for i, c in enumerate(EFFECTS)}
    columns |= {f"expected_{c}": pa.array(facts.expected[:, i]) for i, c in enumerate(CAUSES)}
    return pa.table(columns)


def totals(facts: Facts) -> np.ndarray:
    """Expected and credited purchases by cause."""
    orders = facts.tables.get("orders")
    credited = orders["shares"].sum(axis=0) if orders else np.zeros(len(CAUSES))
    return np.stack([facts.expected.sum(axis=0), credited])


def add_effects(truth: Truth, sums: np.ndarray) -> None:
    """Per cause: purchases that it adds (expectation), and its share in those that happened."""
    truth.add(
        "effects",
        pa.table({
            "cause": pa.array(CAUSES),
            "expected_conversions": pa.array(sums[0]),
            "credited_conversions": pa.array(sums[1]),
        }),
    )  # fmt: skip


def add_probabilities(truth: Truth, block: Block) -> None:
    """Per person and cutoff: P(purchase within 30 days), what happened, still active."""
    world, facts, days = block.world, block.facts, block.args.days
    orders = block.rows("orders")
    for cutoff, probability in sorted(facts.probabilities.items()):
        bought = np.zeros(len(world), dtype=bool)
        if orders is not None:
            near = (orders["day"] >= cutoff) & (orders["day"] < cutoff + HORIZON)
            bought[orders["who"][near]] = True
        date = text.strings(block.landing.clock.date_text(np.full(len(world), cutoff)))
        truth.add(
            "probabilities",
            pa.table({
                "true_person_id": pa.array(world.person),
                "cutoff_on": date,
                "purchase_probability_30d": pa.array(probability),
                "bought_30d": pa.array(bought, mask=np.full(len(world), cutoff + HORIZON > days)),
                "is_active": pa.array(facts.left_day > cutoff),
            }),
        )  # fmt: skip
