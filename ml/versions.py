"""The version of a model: a hash of everything that decides how it turns out.

Belongs here: the fingerprint of data and parameters. Same data, same features, same parameters,
same code: same version, so nothing is trained twice.
"""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pandas as pd
import sklearn

from ml.estimators import is_categorical
from ml.scores import ScoreDefinition
from ml.splits import Split

_ROW_KEYS = ("person_id", "cutoff_at", "label_end_at", "label")


def _column_bytes(column: pd.Series) -> bytes:
    """Bytes that depend on the values alone, not on how pandas stores them."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.to_numpy(dtype="datetime64[us]").tobytes()
    if is_categorical(column):
        texts = ["\x00" if pd.isna(value) else str(value) for value in column.tolist()]
        return json.dumps(texts).encode()
    return column.to_numpy(dtype="float64", na_value=np.nan).tobytes()


def _frame_digest(frame: pd.DataFrame, columns: list[str]) -> str:
    digest = hashlib.sha256()
    for name in columns:
        digest.update(f"{name}\x1f{len(frame)}\x1f".encode())
        digest.update(_column_bytes(frame[name]))
    return digest.hexdigest()


def model_version(
    definition: ScoreDefinition, split: Split, features: list[str], *, code_version: str
) -> str:
    """Twelve hexadecimal characters.

    Hashes the rows that train and judge (other rows have no say), the feature names, the
    definition with its candidates' parameters, scikit-learn's version and `code_version`.
    """
    parameters = {
        name: {key: repr(value) for key, value in sorted(factory(0).get_params().items())}
        for name, factory in definition.candidates
    }
    columns = [*_ROW_KEYS, *sorted(features)]
    parts = {
        "score": [definition.name, definition.label, definition.baseline_features],
        "minimum": [definition.minimum_positives, definition.minimum_test_positives],
        "split": [split.kind, split.reason],
        "train": _frame_digest(split.train, columns),
        "test": _frame_digest(split.test, columns),
        "features": sorted(features),
        "parameters": parameters,
        "scikit_learn": sklearn.__version__,
        "code": code_version,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]
