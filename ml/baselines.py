"""The simple rules that a model has to beat.

Belongs here: their fitting and which of them is the better one. Does not belong here: what
beating means (`training.py`).
"""

from __future__ import annotations

import numpy as np

from ml.fitting import fit_model
from ml.metrics import auc, brier
from ml.scores import ScoreDefinition
from ml.splits import Split


def better_baseline(
    definition: ScoreDefinition, split: Split, features: list[str]
) -> tuple[str, np.ndarray]:
    """Name and test probabilities of the simple rule that does better on the test rows.

    Rules: `prevalence`, the rate of the training rows for everybody; `recency_frequency`, the
    first candidate (a logistic regression) on those of `definition.baseline_features` that
    `features` has, calibrated like a model. Better: higher AUC, then lower Brier score. Being
    picked on the test rows favours the baseline, which is meant: a model has to beat the better
    one.
    """
    label = split.train["label"].to_numpy(dtype="int64")
    test_label = split.test["label"].to_numpy(dtype="int64")
    names = [name for name in definition.baseline_features if name in features]
    rules = {"prevalence": np.empty(len(split.test))}
    if names:
        rules["recency_frequency"] = np.empty(len(split.test))
    for fit, judge in split.pairs:
        if len(judge) == 0:
            continue
        rules["prevalence"][judge] = label[fit].mean()
        if names:
            rows = split.train.iloc[fit]
            fitted = fit_model(definition, rows, names, kind=definition.candidates[0][0])
            rules["recency_frequency"][judge] = fitted.model.probability(split.test.iloc[judge])

    def merit(name: str) -> tuple[float, float]:
        return auc(test_label, rules[name]), -brier(test_label, rules[name])

    best = max(sorted(rules), key=merit)
    return best, rules[best]
