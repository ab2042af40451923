"""Synthetic label rows for the tests of `ml/`: persons at cutoffs with a known probability."""

from __future__ import annotations

import numpy as np
import pandas as pd

FIRST_CUTOFF = pd.Timestamp("2026-01-01")


def true_probability(recency: np.ndarray, count: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """The probability that labels are drawn from: chosen, so that it can be recovered."""
    odds = -1.6 - 0.03 * (recency - 30) + 0.5 * (count - 1.5) + np.where(colour == "red", 1.6, 0.0)
    return 1 / (1 + np.exp(-odds))


def label_rows(
    *,
    persons: int = 600,
    cutoffs: int = 4,
    step_days: int = 30,
    horizon_days: int = 30,
    mature: int | None = None,
    signal: bool = True,
    seed: int = 7,
) -> pd.DataFrame:
    """Rows of (person, cutoff); the last `cutoffs - mature` cutoffs have no label yet.

    `signal=False` draws labels that have nothing to do with the features. The column
    `true_probability` must be dropped before training.
    """
    random = np.random.default_rng(seed)
    mature = cutoffs - 1 if mature is None else mature
    frames = []
    for number in range(cutoffs):
        recency = random.integers(0, 60, persons).astype("float64")
        count = random.poisson(1.5, persons).astype("float64")
        colour = random.choice(["red", "blue", "green"], persons)
        probability = true_probability(recency, count, colour)
        draw = probability if signal else np.full(persons, 0.2)
        label = (random.random(persons) < draw).astype("float64")
        cutoff_at = FIRST_CUTOFF + pd.Timedelta(days=step_days * number)
        frames.append(
            pd.DataFrame(
                {
                    "person_id": [f"p{i:05d}" for i in range(persons)],
                    "cutoff_at": cutoff_at,
                    "label_end_at": cutoff_at + pd.Timedelta(days=horizon_days),
                    "label": label if number < mature else np.nan,
                    "is_mature": number < mature,
                    "days_since_last_order": np.where(count == 0, np.nan, recency),
                    "recency_noise": recency + random.normal(0, 3, persons),
                    "order_count": count,
                    "colour": colour,
                    "true_probability": probability,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def features_of(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame without the column that a model must not see."""
    return frame.drop(columns="true_probability")
