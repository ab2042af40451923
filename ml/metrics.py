"""How good a score is: measures with bootstrap intervals, reliability table, lift.

Belongs here: measures of probabilities against boolean labels. Does not belong here: the rule that
decides about promotion (`training.py`).

`label` is an array of 0 and 1, `probability` an array of the same length; both classes must occur
where AUC or average precision are asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import average_precision_score

BIN_COUNT = 10
BOOTSTRAP_COUNT = 300
_EDGE = 1e-6


@dataclass(frozen=True)
class Estimate:
    """A measure with its 95 % percentile bootstrap interval."""

    value: float
    low: float
    high: float


def auc(label: np.ndarray, probability: np.ndarray) -> float:
    """P(a positive is scored above a negative), ties counted half (Mann and Whitney's U).

    By ranks: thirty times quicker than scikit-learn's curve, which matters in the bootstrap.
    """
    ordered = np.sort(probability)
    below = np.searchsorted(ordered, probability, side="left")
    up_to = np.searchsorted(ordered, probability, side="right")
    rank = (below + up_to + 1) / 2
    positive = np.asarray(label) == 1
    count = int(positive.sum())
    pairs = count * (len(rank) - count)
    return float((rank[positive].sum() - count * (count + 1) / 2) / pairs)


def average_precision(label: np.ndarray, probability: np.ndarray) -> float:
    """Mean precision over the positives, from the top; the prevalence for a random order."""
    return float(average_precision_score(label, probability))


def brier(label: np.ndarray, probability: np.ndarray) -> float:
    """Mean squared distance of probability and outcome; 0 is best."""
    return float(np.mean((probability - label) ** 2))


def log_loss(label: np.ndarray, probability: np.ndarray) -> float:
    """Mean negative log likelihood in nats; probabilities are kept 1e-6 away from 0 and 1."""
    clipped = np.clip(probability, _EDGE, 1 - _EDGE)
    return float(-np.mean(label * np.log(clipped) + (1 - label) * np.log1p(-clipped)))


def mass_bins(probability: np.ndarray, count: int = BIN_COUNT) -> np.ndarray:
    """Bin 0..count-1 of each row: bins of equal mass, low probabilities first.

    Rows with the same probability share a bin (else the bins would depend on the order of rows),
    so that there are fewer bins where many probabilities tie.
    """
    rank_of_first = np.searchsorted(np.sort(probability), probability, side="left")
    return rank_of_first * count // max(len(probability), 1)


def calibration_error(label: np.ndarray, probability: np.ndarray) -> float:
    """Expected calibration error over ten bins of equal mass.

    Sum over bins of (share of rows) x |mean outcome - mean probability|.
    """
    bins = mass_bins(probability)
    gaps = np.bincount(bins, weights=np.asarray(label, dtype="float64") - probability)
    return float(np.abs(gaps).sum() / len(probability))


def perfect_calibration_error(
    probability: np.ndarray, *, seed: int, count: int = 200, quantile: float = 0.95
) -> float:
    """The calibration error that a perfectly calibrated model stays under in 95 % of samples.

    Outcomes are drawn from the probabilities themselves, `count` times: in a small sample even
    the truth does not show an error of zero.
    """
    random = np.random.default_rng(seed)
    bins = mass_bins(probability)
    errors = [
        np.abs(np.bincount(bins, weights=(random.random(len(bins)) < probability) - probability))
        for _ in range(count)
    ]
    return float(np.quantile([error.sum() / len(bins) for error in errors], quantile))


def reliability_table(label: np.ndarray, probability: np.ndarray) -> list[dict[str, float]]:
    """Per bin of equal mass: bin (1 = lowest), row_count, mean_score, observed_rate."""
    bins = mass_bins(probability)
    rows = []
    for number in np.unique(bins):
        inside = bins == number
        rows.append(
            {
                "bin": int(number) + 1,
                "row_count": int(inside.sum()),
                "mean_score": float(np.mean(probability[inside])),
                "observed_rate": float(np.mean(label[inside])),
            }
        )
    return rows


def deciles(score: np.ndarray) -> np.ndarray:
    """Decile 1..10 per row, 10 = highest; ties keep the order of the rows (sort by id before).

    With n rows, the row of rank r from below (1..n) is in decile ceil(10 r / n), so that the
    highest is always 10.
    """
    order = np.argsort(score, kind="stable")
    rank = np.empty(len(score), dtype="int64")
    rank[order] = np.arange(1, len(score) + 1)
    return -(-10 * rank // max(len(score), 1))


def lift_table(label: np.ndarray, probability: np.ndarray) -> list[dict[str, float]]:
    """Per decile from the top: decile, row_count, positive_count, lift (rate / overall rate)."""
    decile = deciles(probability)
    overall = float(np.mean(label))
    rows = []
    for number in range(10, 0, -1):
        inside = decile == number
        if inside.any():
            rows.append(
                {
                    "decile": number,
                    "row_count": int(inside.sum()),
                    "positive_count": int(np.sum(label[inside])),
                    "lift": float(np.mean(label[inside])) / overall,
                }
            )
    return rows


def evaluate(
    label: np.ndarray, model: np.ndarray, baseline: np.ndarray, *, seed: int
) -> dict[str, Estimate]:
    """Measures of `model`, its gain over `baseline`, each with a paired bootstrap over rows.

    Keys: auc, average_precision, brier, log_loss, calibration_error, baseline_auc,
    auc_gain (model - baseline), brier_skill (1 - Brier of model / Brier of baseline).
    A row is one person at the test cutoff, so resampling rows is resampling persons. Resamples
    with one class only are drawn again.
    """
    label = np.asarray(label, dtype="int64")

    measures: dict[str, Callable[[np.ndarray], float]] = {
        "auc": lambda rows: auc(label[rows], model[rows]),
        "average_precision": lambda rows: average_precision(label[rows], model[rows]),
        "brier": lambda rows: brier(label[rows], model[rows]),
        "log_loss": lambda rows: log_loss(label[rows], model[rows]),
        "calibration_error": lambda rows: calibration_error(label[rows], model[rows]),
        "baseline_auc": lambda rows: auc(label[rows], baseline[rows]),
        "brier_skill": lambda rows: (
            1 - brier(label[rows], model[rows]) / brier(label[rows], baseline[rows])
        ),
    }
    random = np.random.default_rng(seed)
    draws: dict[str, list[float]] = {name: [] for name in [*measures, "auc_gain"]}
    while len(draws["auc"]) < BOOTSTRAP_COUNT:
        rows = random.integers(0, len(label), len(label))
        if label[rows].min() == label[rows].max():
            continue
        for name, measure in measures.items():
            draws[name].append(measure(rows))
        draws["auc_gain"].append(draws["auc"][-1] - draws["baseline_auc"][-1])
    everything = np.arange(len(label))
    values = {name: measure(everything) for name, measure in measures.items()}
    values["auc_gain"] = values["auc"] - values["baseline_auc"]
    return {name: _estimate(value, draws[name]) for name, value in values.items()}


def _estimate(value: float, draws: list[float]) -> Estimate:
    """Percentile interval, stretched to the value where it lies outside.

    That happens to the calibration error: a resample has the noise of the sample once more, and
    noise only ever adds to it. Its interval errs on the high side.
    """
    low, high = np.quantile(draws, [0.025, 0.975])
    return Estimate(value, min(float(low), value), max(float(high), value))
