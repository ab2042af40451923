"""Classifiers, and the encoder that turns feature columns into a numeric matrix.

Belongs here: factories of unfitted scikit-learn objects, and the choice of usable columns.
Does not belong here: fitting policy, calibration, evaluation.

Only scikit-learn's own classes are used, with no functions inside (no `FunctionTransformer`), so
that a model file holds nothing that could run foreign code.
"""

from __future__ import annotations

import warnings
from typing import Any, Protocol

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer

MISSING_CATEGORY = "(none)"


class Classifier(Protocol):
    """What training needs of a scikit-learn classifier of two classes."""

    def fit(self, matrix: Any, label: Any, sample_weight: Any = None, /) -> Any:
        """Fit, and return itself."""

    def predict_proba(self, matrix: Any, /) -> np.ndarray:
        """Two columns: probability of False and of True."""

    def get_params(self) -> dict[str, Any]:
        """Parameters by name."""


def logistic(seed: int) -> LogisticRegression:
    """Ridge logistic regression: the robust candidate when positives are few.

    Strong shrinking, because a hundred features say much the same.
    """
    return LogisticRegression(C=0.05, max_iter=1000, random_state=seed)


def boosted_trees(seed: int) -> HistGradientBoostingClassifier:
    """Small gradient-boosted trees: shallow and slow, because a tenant's data may be small.

    No early stopping: it would split rows at random and put one person on both sides. 63 bins,
    because the input is ranks already: half the time of 255, and the same trees but for noise.
    """
    return HistGradientBoostingClassifier(
        max_iter=60,
        learning_rate=0.1,
        max_bins=63,
        max_leaf_nodes=8,
        min_samples_leaf=40,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=seed,
    )


def usable_features(frame: pd.DataFrame, names: list[str]) -> list[str]:
    """Names, sorted, of the columns that can tell rows apart: at least two known values.

    A column that is empty or constant in training teaches nothing, and would be an accident
    waiting to happen once it is filled.
    """
    return sorted(name for name in names if frame[name].nunique(dropna=True) > 1)


def is_categorical(column: pd.Series) -> bool:
    """True for text columns; numbers and booleans are numeric."""
    return not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column))


def conform(frame: pd.DataFrame, numeric: list[str], categorical: list[str]) -> pd.DataFrame:
    """The columns `numeric` (float64, unknown = NaN) and `categorical` (object of str).

    Columns that `frame` lacks become unknown. Values of a numeric column that are no number
    raise `ValueError`.
    """
    columns: dict[str, object] = {}
    for name in numeric:
        if name in frame:
            columns[name] = pd.to_numeric(frame[name]).to_numpy(dtype="float64", na_value=np.nan)
        else:
            columns[name] = np.full(len(frame), np.nan)
    for name in categorical:
        values = frame[name].tolist() if name in frame else [None] * len(frame)
        texts = [MISSING_CATEGORY if pd.isna(value) else str(value) for value in values]
        columns[name] = np.array(texts, dtype=object)
    return pd.DataFrame(columns, index=range(len(frame)))


def encoder(numeric: list[str], categorical: list[str], row_count: int) -> ColumnTransformer:
    """Unfitted encoder: ranks of numbers in [0, 1], flags of missing numbers, one-hot of texts.

    Ranks make counts, amounts and recencies comparable and blunt outliers; trees lose nothing by
    a monotone map. Categories that are rare in training (under 20 rows) or unseen share a column.
    """
    number = Pipeline(
        [
            ("impute", SimpleImputer(strategy="median", keep_empty_features=True)),
            ("rank", QuantileTransformer(n_quantiles=min(200, row_count), random_state=0)),
        ]
    )
    missing = MissingIndicator(features="missing-only", error_on_new=False)
    one_hot = OneHotEncoder(
        handle_unknown="infrequent_if_exist", min_frequency=20, sparse_output=False
    )
    parts: list[tuple[str, Any, list[str]]] = []
    if numeric:
        parts += [("number", number, numeric), ("missing", missing, numeric)]
    if categorical:
        parts.append(("category", one_hot, categorical))
    return ColumnTransformer(parts, sparse_threshold=0.0)


def encode(fitted: ColumnTransformer, frame: pd.DataFrame) -> np.ndarray:
    """Matrix of `frame` (as made by `conform`); unseen categories are expected, so no warning."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Found unknown categories", category=UserWarning)
        return np.asarray(fitted.transform(frame), dtype="float64")


def encoded_columns(
    fitted: ColumnTransformer, numeric: list[str], categorical: list[str]
) -> dict[str, list[int]]:
    """For each feature the positions of the matrix columns that come from it, and only from it."""
    columns: dict[str, list[int]] = {name: [] for name in [*numeric, *categorical]}
    position = 0
    if numeric:
        flagged = fitted.named_transformers_["missing"].features_
        for name in [*numeric, *(numeric[index] for index in flagged)]:
            columns[name].append(position)
            position += 1
    if categorical:
        one_hot = fitted.named_transformers_["category"]
        for name, values, rare in zip(
            categorical, one_hot.categories_, one_hot.infrequent_categories_, strict=True
        ):
            rare_count = 0 if rare is None else len(rare)
            width = len(values) - rare_count + (1 if rare_count else 0)
            columns[name].extend(range(position, position + width))
            position += width
    return columns
