"""The registry of scores: what is predicted, for whom it is meant, how much data it needs.

Belongs here: one `ScoreDefinition` per score. Its label is computed in dbt
(`int_features__labels`, same `score_name`), its features are the columns of
`features.person_features`. Does not belong here: how models are fitted (`estimators.py`).

To add a score: add its label in dbt, add a definition to `SCORES`; docs/scores.md has the steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ml.estimators import Classifier, boosted_trees, logistic

NO_TARGET = "(none)"


@dataclass(frozen=True, kw_only=True)
class ScoreDefinition:
    """One score: the probability that `label` becomes true for a person after a cutoff.

    `name` is the `score_name` of the label rows. `baseline_features` are the columns of the simple
    rule that a model must beat (recency and frequency); names that the frame lacks are skipped.
    `candidates` maps a name to a factory `seed -> unfitted classifier`; the one with the lowest
    log loss on held-back training rows is taken. `minimum_positives` is needed among the training
    rows, `minimum_test_positives` (and as many negatives) among the rows that judge.
    """

    name: str
    label: str
    description: str
    baseline_features: tuple[str, ...]
    minimum_positives: int = 50
    minimum_test_positives: int = 20
    candidates: tuple[tuple[str, Callable[[int], Classifier]], ...] = (
        ("logistic", logistic),
        ("boosted_trees", boosted_trees),
    )


SCORES: tuple[ScoreDefinition, ...] = (
    ScoreDefinition(
        name="propensity_30d",
        label="orders within the 30 days after the cutoff",
        description="Probability that a person seen lately places an order in the next 30 days.",
        baseline_features=("days_since_last_order", "order_count"),
    ),
    ScoreDefinition(
        name="churn_90d",
        label="places no order within the 90 days after the cutoff",
        description="Probability that an active customer buys nothing in the next 90 days.",
        baseline_features=("days_since_last_order", "order_count"),
    ),
)


def score_definition(name: str) -> ScoreDefinition:
    """The definition named `name`; `KeyError` with the known names otherwise."""
    for definition in SCORES:
        if definition.name == name:
            return definition
    known = ", ".join(definition.name for definition in SCORES)
    raise KeyError(f"no score named {name!r} in ml/scores.py (known: {known})")
