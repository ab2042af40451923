"""Training one score: plan, fit, judge, decide; the result is a model card and a model.

Belongs here: the order of these steps. Does not belong here: SQL, where models lie, which model
scores when this one is not promoted (`orchestration/scoring.py`).

With a split by time the model that is judged is the model that scores: it is not refitted on the
test rows afterwards, so every number of the card is a number of the file beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from ml.baselines import better_baseline
from ml.card import ModelCard
from ml.estimators import usable_features
from ml.fitting import MEMBER_COUNT, SEED, fit_model
from ml.judging import calibration_limit, importances, promotion
from ml.metrics import evaluate, lift_table, reliability_table
from ml.model import ScoreModel
from ml.scores import ScoreDefinition
from ml.splits import Split, split_rows
from ml.versions import model_version

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
    label = split.train["label"].to_numpy(dtype="int64")
    if any(label[fit].min() == label[fit].max() for fit, _ in split.pairs):
        return "Not enough data: without one fold the training rows are all alike."
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
    split = plan.split
    fitted = fit_model(
        plan.definition,
        split.train,
        plan.features,
        version=plan.version,
        member_count=MEMBER_COUNT,
    )
    probability = np.empty(len(split.test))
    losses: dict[str, list[float]] = {name: [] for name in plan.features}
    for fit, judge in split.pairs:
        if len(judge) == 0:
            continue
        judges = fitted.model
        if split.kind == "persons":
            judges = fit_model(
                plan.definition, split.train.iloc[fit], plan.features, kind=fitted.kind
            ).model
        rows = split.test.iloc[judge]
        probability[judge] = judges.probability(rows)
        for name, loss in importances(judges, rows).items():
            if loss is not None:
                losses[name].append(loss)
    test_label = split.test["label"].to_numpy(dtype="int64")
    baseline_kind, baseline = better_baseline(plan.definition, split, plan.features)
    measures = evaluate(test_label, probability, baseline, seed=SEED)
    limit = calibration_limit(test_label, probability)
    promoted, reason = promotion(measures, limit)
    card = ModelCard(
        **facts,
        promoted=promoted,
        reason=reason,
        model_kind=fitted.kind,
        baseline_kind=baseline_kind,
        calibration_method=fitted.model.main.calibrator.method,
        calibration_split=fitted.calibration_split,
        calibration_error_limit=limit,
        measures=measures,
        reliability=reliability_table(test_label, probability),
        lift=lift_table(test_label, probability),
        features=_ranked(
            {name: float(np.mean(values)) if values else 0.0 for name, values in losses.items()}
        ),
    )
    return Training(card, fitted.model)


def _ranked(importance: dict[str, float]) -> list[dict]:
    rows = [{"feature": name, "importance": value} for name, value in importance.items()]
    return sorted(rows, key=lambda row: (-row["importance"], row["feature"]))


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
