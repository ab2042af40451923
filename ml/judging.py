"""What a model is worth: the rule of promotion, the limit of calibration, importance of features.

Belongs here: decisions and measures that need a model or a rule. Does not belong here: measures
of probabilities alone (`metrics.py`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ml.estimators import encoded_columns
from ml.fitting import SEED
from ml.metrics import Estimate, auc, perfect_calibration_error
from ml.model import ScoreModel

IMPORTANCE_ROWS = 1000
IMPORTANCE_SHUFFLES = 2


def calibration_limit(label: np.ndarray, probability: np.ndarray) -> float:
    """The calibration error that still counts as calibrated.

    A quarter of the prevalence, at most 0.05 (0.05 alone would pass a model that says zero to
    everybody when positives are rare); or what a perfect model shows in a sample of this size.
    """
    tolerance = min(0.05, 0.25 * float(np.mean(label)))
    return max(tolerance, perfect_calibration_error(probability, seed=SEED))


def promotion(measures: dict[str, Estimate], limit: float) -> tuple[bool, str]:
    """Whether a model may score, and why, in a sentence.

    Better than the baseline: the whole 95 % interval of the gain in AUC, or of the Brier skill,
    lies above zero. Calibrated: the calibration error is at most `limit`.
    """
    gain, skill = measures["auc_gain"], measures["brier_skill"]
    error = measures["calibration_error"].value
    figures = (
        f"AUC gain {gain.value:.3f} ({gain.low:.3f} to {gain.high:.3f}), Brier skill "
        f"{skill.value:.3f} ({skill.low:.3f} to {skill.high:.3f}), calibration error {error:.3f} "
        f"(limit {limit:.3f})"
    )
    if gain.low <= 0 and skill.low <= 0:
        return False, f"Not better than the baseline beyond chance: {figures}."
    if measures["auc"].value <= 0.5:
        return False, f"Its order is no better than chance: {figures}."
    if error > limit:
        return False, f"Better than the baseline, but not calibrated: {figures}."
    return True, f"Better than the baseline and calibrated: {figures}."


def importances(model: ScoreModel, rows: pd.DataFrame) -> dict[str, float | None]:
    """Mean loss of AUC over the shuffles of each feature, on at most 1,000 of `rows`.

    None where the rows have one class only.
    """
    random = np.random.default_rng(SEED)
    if len(rows) > IMPORTANCE_ROWS:
        chosen = np.sort(random.choice(len(rows), IMPORTANCE_ROWS, replace=False))
        rows = rows.iloc[chosen]
    label = rows["label"].to_numpy(dtype="int64")
    names = sorted([*model.numeric, *model.categorical])
    if len(label) == 0 or label.min() == label.max():
        return dict.fromkeys(names)
    matrix = model.matrix(rows)
    columns = encoded_columns(model.encoder, model.numeric, model.categorical)
    reference = auc(label, model.main.probability(matrix))
    result: dict[str, float | None] = {}
    for name in names:
        losses = []
        for _ in range(IMPORTANCE_SHUFFLES):
            # The encoder works column by column: shuffling what a feature became is shuffling it.
            shuffled = matrix.copy()
            order = random.permutation(len(matrix))
            shuffled[:, columns[name]] = matrix[order][:, columns[name]]
            losses.append(reference - auc(label, model.main.probability(shuffled)))
        result[name] = float(np.mean(losses))
    return result
