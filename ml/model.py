"""The fitted model of one score, and how it scores.

Belongs here: `ScoreModel` and `predict`. Does not belong here: fitting (`training.py`), files
(`persistence.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer

from ml.calibration import Calibrator, from_log_odds, log_odds
from ml.estimators import Classifier, conform, encode
from ml.metrics import deciles
from ml.scores import NO_TARGET

SCORE_COLUMNS = (
    "person_id", "score_name", "target", "score", "score_low", "score_high", "score_decile",
    "model_version", "cutoff_at", "scored_at",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Member:
    """A classifier on the encoded matrix, with the calibrator that belongs to it."""

    classifier: Classifier
    calibrator: Calibrator

    def probability(self, matrix: np.ndarray) -> np.ndarray:
        """Calibrated probability of the label per row of the encoded matrix."""
        return self.calibrator.apply(self.classifier.predict_proba(matrix)[:, 1])


@dataclass(frozen=True, kw_only=True)
class ScoreModel:
    """Everything needed to score: columns, encoder, the model, and its resampled twins.

    `members` were fitted like `main`, on the same rows under person-wise Poisson weights (a
    bootstrap over persons); they only serve the interval.
    """

    score_name: str
    model_version: str
    numeric: list[str]
    categorical: list[str]
    encoder: ColumnTransformer
    main: Member
    members: list[Member]

    def matrix(self, frame: pd.DataFrame) -> np.ndarray:
        """Encoded features of `frame`: absent columns and unseen categories count as unknown."""
        return encode(self.encoder, conform(frame, self.numeric, self.categorical))

    def probability(self, frame: pd.DataFrame) -> np.ndarray:
        """Calibrated probability per row of `frame` (feature columns as in training)."""
        return self.main.probability(self.matrix(frame))

    def predict(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Columns score, score_low, score_high, one row per row of `frame`, in its order.

        The interval is score -/+ 1.96 standard deviations, in log-odds, of the members' scores. It
        says how much the score hangs on which persons happened to be in training. It does not
        hold the chance in one person's own behaviour, nor a market that changes.
        """
        matrix = self.matrix(frame)
        score = self.main.probability(matrix)
        centre = log_odds(score)
        spread = np.zeros(len(frame))
        if len(self.members) > 1:
            odds = np.stack([log_odds(member.probability(matrix)) for member in self.members])
            spread = 1.96 * odds.std(axis=0, ddof=1)
        return pd.DataFrame(
            {
                "score": score,
                "score_low": np.minimum(from_log_odds(centre - spread), score),
                "score_high": np.maximum(from_log_odds(centre + spread), score),
            }
        )


def rank_scores(
    scores: pd.DataFrame, model: ScoreModel, *, cutoff_at: pd.Timestamp, scored_at: pd.Timestamp
) -> pd.DataFrame:
    """`SCORE_COLUMNS`, sorted by person_id, from person_id and the columns of `predict`.

    `score_decile` is 1..10 over all rows given, 10 = highest, ties by person_id.
    """
    result = scores.sort_values("person_id", kind="stable").reset_index(drop=True)
    result["score_name"] = model.score_name
    result["target"] = NO_TARGET
    result["score_decile"] = deciles(result["score"].to_numpy()).astype("int32")
    result["model_version"] = model.model_version
    result["cutoff_at"] = cutoff_at
    result["scored_at"] = scored_at
    return result.loc[:, list(SCORE_COLUMNS)]
