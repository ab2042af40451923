"""Fitting one model on given rows: encoder, choice of candidate, calibration, resampled twins.

Belongs here: everything that is done with training rows. Does not belong here: which rows those
are (`splits.py`), what the result is worth (`judging.py`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin

from ml.calibration import calibration_method, fit_calibrator
from ml.estimators import conform, encode, encoder, is_categorical
from ml.metrics import log_loss
from ml.model import Member, ScoreModel
from ml.scores import ScoreDefinition
from ml.splits import person_folds, selection_folds

SEED = 20260101
MEMBER_COUNT = 10


def fit_model(
    definition: ScoreDefinition,
    rows: pd.DataFrame,
    features: list[str],
    *,
    kind: str | None = None,
    version: str = "",
    member_count: int = 0,
) -> tuple[str, ScoreModel]:
    """Fit on `rows` (key columns and `features`); returns the candidate's name and the model.

    `kind` names the candidate; None chooses it on these rows. `member_count` is the number of
    twins for the interval.
    """
    label = rows["label"].to_numpy(dtype="int64")
    categorical = [name for name in features if is_categorical(rows[name])]
    numeric = [name for name in features if name not in categorical]
    # The encoder sees all these rows, also those that folds hold back below: it knows no labels.
    columns = conform(rows, numeric, categorical)
    fitted_encoder = encoder(numeric, categorical, len(rows)).fit(columns)
    matrix = encode(fitted_encoder, columns)
    if kind is None:
        kind = choose_candidate(definition, rows, matrix)
    factory = dict(definition.candidates)[kind]
    main, members = _fit_members(
        definition, factory, rows["person_id"], matrix, label, member_count
    )
    model = ScoreModel(
        score_name=definition.name,
        model_version=version,
        numeric=numeric,
        categorical=categorical,
        encoder=fitted_encoder,
        main=main,
        members=members,
    )
    return kind, model


def choose_candidate(definition: ScoreDefinition, rows: pd.DataFrame, matrix: np.ndarray) -> str:
    """Name of the candidate with the lowest log loss on held-back training rows.

    The candidate's own probabilities count, uncalibrated; the first one wins ties.
    """
    label = rows["label"].to_numpy(dtype="int64")
    losses: dict[str, float] = {}
    for name, factory in definition.candidates:
        total = 0.0
        for fit, held_back in selection_folds(rows, salt=definition.name):
            if len(held_back) == 0 or label[fit].min() == label[fit].max():
                continue
            classifier = factory(SEED).fit(matrix[fit], label[fit])
            probability = classifier.predict_proba(matrix[held_back])[:, 1]
            total += log_loss(label[held_back], probability) * len(held_back)
        losses[name] = total
    return min(losses, key=lambda name: losses[name])


def _fit_members(
    definition: ScoreDefinition,
    factory: Callable[[int], ClassifierMixin],
    persons: pd.Series,
    matrix: np.ndarray,
    label: np.ndarray,
    member_count: int,
) -> tuple[Member, list[Member]]:
    """The model, and its twins under person-wise Poisson(1) weights.

    The calibrator is fitted on predictions for held-back persons (five folds), the classifier
    itself on all rows.
    """
    held_back_probability = np.full(len(label), label.mean())
    for held_back in person_folds(persons, salt=definition.name):
        fit = np.setdiff1d(np.arange(len(label)), held_back)
        if len(held_back) and len(fit) and label[fit].min() != label[fit].max():
            classifier = factory(SEED).fit(matrix[fit], label[fit])
            held_back_probability[held_back] = classifier.predict_proba(matrix[held_back])[:, 1]
    method = calibration_method(int(label.sum()))

    def member(weight: np.ndarray | None, seed: int) -> Member:
        calibrator = fit_calibrator(held_back_probability, label, method=method, weight=weight)
        classifier = factory(seed).fit(matrix, label, sample_weight=weight)
        return Member(classifier=classifier, calibrator=calibrator)

    person_number, uniques = pd.factorize(persons)
    random = np.random.default_rng(SEED)
    members = []
    for number in range(member_count):
        weight = random.poisson(1.0, len(uniques))[person_number].astype("float64")
        members.append(member(weight, SEED + number))
    return member(None, SEED), members
