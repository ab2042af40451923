"""Calibration: from a classifier's output to a probability that means what it says.

Belongs here: fitting and applying the map. Does not belong here: choosing the rows it is fitted
on (`training.py`), judging it (`metrics.py`).

A calibrator is plain arrays, so that the model file needs no class of ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

ISOTONIC_POSITIVES = 1000
_EDGE = 1e-6


def log_odds(probability: np.ndarray) -> np.ndarray:
    """log(p / (1 - p)), with p kept 1e-6 away from 0 and 1."""
    clipped = np.clip(np.asarray(probability, dtype="float64"), _EDGE, 1 - _EDGE)
    return np.log(clipped / (1 - clipped))


def from_log_odds(value: np.ndarray) -> np.ndarray:
    """The inverse of `log_odds`."""
    return 1 / (1 + np.exp(-np.asarray(value, dtype="float64")))


@dataclass(frozen=True)
class Calibrator:
    """A monotone map of probabilities.

    `sigmoid`: log-odds are mapped by intercept `y[0]` and slope `x[0]` (Platt's scaling on
    log-odds). `isotonic`: linear between the points (x, y), flat outside.
    """

    method: str
    x: np.ndarray
    y: np.ndarray

    def apply(self, probability: np.ndarray) -> np.ndarray:
        """Calibrated probabilities, same shape, strictly between 0 and 1."""
        if self.method == "sigmoid":
            mapped = from_log_odds(self.y[0] + self.x[0] * log_odds(probability))
        else:
            mapped = np.interp(np.asarray(probability, dtype="float64"), self.x, self.y)
        return np.clip(mapped, _EDGE, 1 - _EDGE)


def calibration_method(positive_count: int) -> str:
    """`isotonic` from 1,000 positives on, `sigmoid` below: isotonic overfits small folds."""
    return "isotonic" if positive_count >= ISOTONIC_POSITIVES else "sigmoid"


def fit_calibrator(
    probability: np.ndarray,
    label: np.ndarray,
    *,
    method: str,
    weight: np.ndarray | None = None,
) -> Calibrator:
    """Fit on predictions for rows that the classifier was not fitted on.

    `probability` and `label` have one entry per row; `weight` too, where given.
    """
    if method == "isotonic":
        isotonic = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
        isotonic.fit(probability, label, sample_weight=weight)
        return Calibrator(
            method,
            np.asarray(isotonic.X_thresholds_, dtype="float64"),
            np.asarray(isotonic.y_thresholds_, dtype="float64"),
        )
    if method != "sigmoid":
        raise ValueError(f"calibration method {method!r}: use sigmoid or isotonic")
    # C is large: two parameters need no shrinking.
    platt = LogisticRegression(C=1e6, max_iter=1000)
    platt.fit(log_odds(probability).reshape(-1, 1), label, sample_weight=weight)
    # A slope below zero would turn the order round; it only happens on noise, where no order
    # is known: then everybody gets the same probability.
    slope = max(float(platt.coef_[0][0]), 0.0)
    intercept = float(platt.intercept_[0])
    if slope == 0.0:
        intercept = float(log_odds(np.average(label, weights=weight)))
    return Calibrator(method, np.array([slope]), np.array([intercept]))
