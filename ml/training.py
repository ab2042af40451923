"""Training one score: split, choose, fit, calibrate, judge, and decide about promotion.

Belongs here: the order of these steps and the rule of promotion. Does not belong here: SQL, where
models lie, which model scores when this one is not promoted (`orchestration/scoring.py`).

The model that is judged is the model that scores: it is not refitted on the test rows afterwards,
so that every number of the card is a number of the file beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin
from threadpoolctl import threadpool_limits

from ml.baselines import better_baseline
from ml.calibration import Calibrator, calibration_method, fit_calibrator
from ml.card import ModelCard
from ml.estimators import (
    conform,
    encode,
    encoded_columns,
    encoder,
    is_categorical,
    usable_features,
)
from ml.metrics import (
    Estimate,
    auc,
    evaluate,
    lift_table,
    log_loss,
    perfect_calibration_error,
    reliability_table,
)
from ml.model import Member, ScoreModel
from ml.scores import ScoreDefinition
from ml.splits import Split, person_folds, selection_folds, split_rows
from ml.versions import model_version

SEED = 20260101
MEMBER_COUNT = 10
IMPORTANCE_ROWS = 1000
IMPORTANCE_SHUFFLES = 2
KEY_COLUMNS = ("person_id", "cutoff_at", "label_end_at", "label", "is_mature")


@dataclass(frozen=True)
class Plan:
    """What `train` is going to do: the split, the usable features, the version it will have.

    `obstacle` is empty, or says why nothing can be trained.
    """

    definition: ScoreDefinition
    split: Split
    features: list[str]
    version: str
    code_version: str
    obstacle: str


@dataclass(frozen=True)
class Training:
    """A card, and the model unless there was an obstacle."""

    card: ModelCard
    model: ScoreModel | None


def plan_training(
    definition: ScoreDefinition, frame: pd.DataFrame, *, code_version: str = ""
) -> Plan:
    """Split `frame` and look whether it is enough. Cheap: nothing is fitted.

    `frame`: one row per person and cutoff with `KEY_COLUMNS` and feature columns (numbers,
    booleans, texts; every column that is no key is a feature). Rows of any order.
    """
    missing = [name for name in KEY_COLUMNS if name not in frame]
    if missing:
        raise ValueError(f"{definition.name}: the frame lacks {', '.join(missing)}")
    split = split_rows(frame, salt=definition.name)
    names = [name for name in frame.columns if name not in KEY_COLUMNS]
    features = usable_features(split.train, names)
    version = model_version(definition, split, features, code_version=code_version)
    obstacle = _obstacle(definition, split, features)
    return Plan(definition, split, features, version, code_version, obstacle)


def _obstacle(definition: ScoreDefinition, split: Split, features: list[str]) -> str:
    if split.kind == "none":
        return f"Not enough history: {split.reason}."
    for part, frame, needed in (
        ("training", split.train, definition.minimum_positives),
        ("test", split.test, definition.minimum_test_positives),
    ):
        positives = int(frame["label"].astype("int64").sum())
        for kind, count in (("positive", positives), ("negative", len(frame) - positives)):
            if count < needed:
                return f"Not enough data: {count} {kind} {part} rows, {needed} are needed."
    return "" if features else "No feature has more than one known value in the training rows."


def train(plan: Plan, *, trained_at: pd.Timestamp) -> Training:
    """Carry out `plan`; `trained_at` (the data's as-of time, UTC) is written on the card.

    One thread: sums of floats then do not depend on how many cores a machine has.
    """
    facts = _facts(plan, trained_at)
    if plan.obstacle:
        return Training(ModelCard(**facts, promoted=False, reason=plan.obstacle), None)
    with threadpool_limits(limits=1):
        return _train(plan, facts)


def _train(plan: Plan, facts: dict) -> Training:
    train_rows, test_rows = plan.split.train, plan.split.test
    label = train_rows["label"].to_numpy(dtype="int64")
    test_label = test_rows["label"].to_numpy(dtype="int64")

    categorical = [name for name in plan.features if is_categorical(train_rows[name])]
    numeric = [name for name in plan.features if name not in categorical]
    # The encoder sees all training rows, also those that folds hold back: it knows no labels.
    fitted_encoder = encoder(numeric, categorical, len(train_rows))
    conformed = conform(train_rows, numeric, categorical)
    fitted_encoder.fit(conformed)
    matrix = encode(fitted_encoder, conformed)

    kind = _choose(plan, matrix, label)
    main, members = _fit_members(plan, dict(plan.definition.candidates)[kind], matrix, label)
    model = ScoreModel(
        score_name=plan.definition.name,
        model_version=plan.version,
        numeric=numeric,
        categorical=categorical,
        encoder=fitted_encoder,
        main=main,
        members=members,
    )
    probability = model.probability(test_rows)
    baseline_kind, baseline = better_baseline(plan.definition, plan.split, plan.features, seed=SEED)
    measures = evaluate(test_label, probability, baseline, seed=SEED)
    limit = calibration_limit(test_label, probability)
    promoted, reason = promotion(measures, limit)
    card = ModelCard(
        **facts,
        promoted=promoted,
        reason=reason,
        model_kind=kind,
        baseline_kind=baseline_kind,
        calibration_method=main.calibrator.method,
        calibration_error_limit=limit,
        measures=measures,
        reliability=reliability_table(test_label, probability),
        lift=lift_table(test_label, probability),
        features=_importances(model, test_rows, test_label),
    )
    return Training(card, model)


def _facts(plan: Plan, trained_at: pd.Timestamp) -> dict:
    train_rows, test_rows = plan.split.train, plan.split.test
    both = pd.concat([train_rows["label_end_at"], test_rows["label_end_at"]])
    return {
        "score_name": plan.definition.name,
        "model_version": plan.version,
        "label": plan.definition.label,
        "description": plan.definition.description,
        "trained_at": trained_at,
        "split": plan.split.kind,
        "split_reason": plan.split.reason,
        "train_first_cutoff_at": train_rows["cutoff_at"].min() if len(train_rows) else None,
        "train_last_cutoff_at": train_rows["cutoff_at"].max() if len(train_rows) else None,
        "test_cutoff_at": test_rows["cutoff_at"].max() if len(test_rows) else None,
        "data_end_at": both.max() if len(both) else None,
        "train_row_count": len(train_rows),
        "train_positive_count": int(train_rows["label"].astype("int64").sum()),
        "test_row_count": len(test_rows),
        "test_positive_count": int(test_rows["label"].astype("int64").sum()),
        "code_version": plan.code_version,
    }


def _choose(plan: Plan, matrix: np.ndarray, label: np.ndarray) -> str:
    """Name of the candidate with the lowest log loss on held-back training rows.

    The candidate's own probabilities count, uncalibrated; the first one wins ties.
    """
    losses: dict[str, float] = {}
    for name, factory in plan.definition.candidates:
        total = 0.0
        for fit, held_back in selection_folds(plan.split.train, salt=plan.definition.name):
            if len(held_back) == 0 or label[fit].min() == label[fit].max():
                continue
            classifier = factory(SEED).fit(matrix[fit], label[fit])
            probability = classifier.predict_proba(matrix[held_back])[:, 1]
            total += log_loss(label[held_back], probability) * len(held_back)
        losses[name] = total
    return min(losses, key=lambda name: losses[name])


def _fit_members(
    plan: Plan, factory, matrix: np.ndarray, label: np.ndarray
) -> tuple[Member, list[Member]]:
    """The model, and its twins under person-wise Poisson(1) weights.

    The calibrator is fitted on predictions for held-back persons (five folds), the classifier
    itself on all training rows.
    """
    persons = plan.split.train["person_id"]
    held_back_probability = np.full(len(label), label.mean())
    for held_back in person_folds(persons, salt=plan.definition.name):
        fit = np.setdiff1d(np.arange(len(label)), held_back)
        if len(held_back) and label[fit].min() != label[fit].max():
            classifier = factory(SEED).fit(matrix[fit], label[fit])
            held_back_probability[held_back] = classifier.predict_proba(matrix[held_back])[:, 1]
    method = calibration_method(int(label.sum()))

    def member(weight: np.ndarray | None, seed: int) -> Member:
        calibrator: Calibrator = fit_calibrator(
            held_back_probability, label, method=method, weight=weight
        )
        classifier: ClassifierMixin = factory(seed).fit(matrix, label, sample_weight=weight)
        return Member(classifier=classifier, calibrator=calibrator)

    person_number, uniques = pd.factorize(persons)
    random = np.random.default_rng(SEED)
    members = []
    for number in range(MEMBER_COUNT):
        weight = random.poisson(1.0, len(uniques))[person_number].astype("float64")
        members.append(member(weight, SEED + number))
    return member(None, SEED), members


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


def _importances(model: ScoreModel, rows: pd.DataFrame, label: np.ndarray) -> list[dict]:
    """Mean loss of AUC over the shuffles of each feature, on at most 1,000 test rows."""
    random = np.random.default_rng(SEED)
    if len(rows) > IMPORTANCE_ROWS:
        chosen = np.sort(random.choice(len(rows), IMPORTANCE_ROWS, replace=False))
        rows, label = rows.iloc[chosen].reset_index(drop=True), label[chosen]
    names = [*model.numeric, *model.categorical]
    if label.min() == label.max():
        return [{"feature": name, "importance": None} for name in sorted(names)]
    matrix = model.matrix(rows)
    columns = encoded_columns(model.encoder, model.numeric, model.categorical)
    reference = auc(label, model.main.probability(matrix))
    result = []
    for name in sorted(names):
        losses = []
        for _ in range(IMPORTANCE_SHUFFLES):
            # The encoder works column by column: shuffling what a feature became is shuffling it.
            shuffled = matrix.copy()
            order = random.permutation(len(matrix))
            shuffled[:, columns[name]] = matrix[order][:, columns[name]]
            losses.append(reference - auc(label, model.main.probability(shuffled)))
        result.append({"feature": name, "importance": float(np.mean(losses))})
    return sorted(result, key=lambda row: (-row["importance"], row["feature"]))
