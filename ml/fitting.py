"""Fitting one model on given rows: encoder, choice of candidate, calibration, resampled twins.

Belongs here: everything that is done with training rows. Does not belong here: which rows those
are (`splits.py`), what the result is worth (`judging.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.calibration import calibration_method, fit_calibrator
from ml.estimators import Classifier, conform, encode, encoder, is_categorical
from ml.metrics import log_loss
from ml.model import Member, ScoreModel
from ml.scores import ScoreDefinition
from ml.splits import person_folds, selection_folds

SEED = 20260101
MEMBER_COUNT = 10
# Positives and negatives that a calibration fold in time must have.
CALIBRATION_MINIMUM = 30


@dataclass(frozen=True)
class Fitted:
    """A model, the candidate it came from, and how its calibration fold was held back."""

    kind: str
    calibration_split: str
    model: ScoreModel


def fit_model(
    definition: ScoreDefinition,
    rows: pd.DataFrame,
    features: list[str],
    *,
    kind: str | None = None,
    version: str = "",
    member_count: int = 0,
) -> Fitted:
    """Fit on `rows` (key columns and `features`).

    `kind` names the candidate; None chooses it on these rows. `member_count` is the number of
    twins for the interval.
    """
    categorical = [name for name in features if is_categorical(rows[name])]
    numeric = [name for name in features if name not in categorical]
    # The encoder sees all these rows, also those that folds hold back below: it knows no labels.
    columns = conform(rows, numeric, categorical)
    fitted_encoder = encoder(numeric, categorical, len(rows)).fit(columns)
    matrix = encode(fitted_encoder, columns)
    if kind is None:
        kind = choose_candidate(definition, rows, matrix)
    factory = dict(definition.candidates)[kind]
    fold, main, members = _fit_members(definition, factory, rows, matrix, member_count)
    model = ScoreModel(
        score_name=definition.name,
        model_version=version,
        numeric=numeric,
        categorical=categorical,
        encoder=fitted_encoder,
        main=main,
        members=members,
    )
    return Fitted(kind, fold, model)


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


def calibration_fold(
    definition: ScoreDefinition,
    factory: Callable[[int], Classifier],
    rows: pd.DataFrame,
    matrix: np.ndarray,
) -> tuple[str, np.ndarray, np.ndarray]:
    """Kind (`time` or `persons`), positions of the rows to calibrate on, predictions for them.

    In time where possible: the last cutoff, predicted from the cutoffs whose label windows had
    ended by then. That is what scoring does too, so what time does to a score (a history that
    grows, a market that cools) is calibrated away as far as it has shown itself. Else all rows,
    each predicted from other persons (five folds).
    """
    label = rows["label"].to_numpy(dtype="int64")
    last_cutoff = rows["cutoff_at"].max()
    last = np.flatnonzero(rows["cutoff_at"] == last_cutoff)
    ended = np.flatnonzero(rows["label_end_at"] <= last_cutoff)
    if min(_rarer_count(label[last]), _rarer_count(label[ended])) >= CALIBRATION_MINIMUM:
        classifier = factory(SEED).fit(matrix[ended], label[ended])
        return "time", last, classifier.predict_proba(matrix[last])[:, 1]
    probability = np.full(len(label), label.mean())
    for held_back in person_folds(rows["person_id"], salt=definition.name):
        fit = np.setdiff1d(np.arange(len(label)), held_back)
        if len(held_back) and _rarer_count(label[fit]):
            classifier = factory(SEED).fit(matrix[fit], label[fit])
            probability[held_back] = classifier.predict_proba(matrix[held_back])[:, 1]
    return "persons", np.arange(len(label)), probability


def _rarer_count(label: np.ndarray) -> int:
    return int(min(label.sum(), len(label) - label.sum()))


def _fit_members(
    definition: ScoreDefinition,
    factory: Callable[[int], Classifier],
    rows: pd.DataFrame,
    matrix: np.ndarray,
    member_count: int,
) -> tuple[str, Member, list[Member]]:
    """The calibration fold's kind, the model, and its twins under person-wise Poisson(1) weights.

    The calibrator is fitted on held-back predictions, the classifier itself on all rows.
    """
    label = rows["label"].to_numpy(dtype="int64")
    fold, positions, probability = calibration_fold(definition, factory, rows, matrix)
    method = calibration_method(int(label[positions].sum()))

    def member(weight: np.ndarray, seed: int) -> Member:
        calibrator = fit_calibrator(
            probability, label[positions], method=method, weight=weight[positions]
        )
        classifier = factory(seed).fit(matrix, label, weight)
        return Member(classifier=classifier, calibrator=calibrator)

    person_number, uniques = pd.factorize(rows["person_id"])
    random = np.random.default_rng(SEED)
    members = []
    for number in range(member_count):
        weight = random.poisson(1.0, len(uniques))[person_number].astype("float64")
        members.append(member(weight, SEED + number))
    return fold, member(np.ones(len(label)), SEED), members
