"""The model card: what was trained, on what, how well it does, and whether it may score.

Belongs here: the card's content, as a row (texts, numbers, JSON) and as Markdown.
Does not belong here: the rule of promotion (`training.py`), where cards lie.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields

import pandas as pd

from ml.metrics import Estimate

_MEASURES = (
    ("auc", "Area under the ROC curve"),
    ("baseline_auc", "The same, of the better baseline"),
    ("auc_gain", "Gain over the baseline"),
    ("average_precision", "Average precision"),
    ("brier", "Brier score"),
    ("brier_skill", "Brier skill over the better baseline"),
    ("log_loss", "Log loss"),
    ("calibration_error", "Expected calibration error"),
)
_LISTS = ("reliability", "lift", "features")


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """One model version of one score.

    Times are UTC without zone. Counts, times and measures are None where nothing was trained;
    `reason` then says why. `features` is a list of {feature, importance} (loss of AUC when the
    column is shuffled; None for columns that were not measured), most important first.
    """

    score_name: str
    model_version: str
    label: str
    description: str
    trained_at: pd.Timestamp
    promoted: bool
    reason: str
    split: str
    split_reason: str
    train_first_cutoff_at: pd.Timestamp | None = None
    train_last_cutoff_at: pd.Timestamp | None = None
    test_cutoff_at: pd.Timestamp | None = None
    data_end_at: pd.Timestamp | None = None
    train_row_count: int = 0
    train_positive_count: int = 0
    test_row_count: int = 0
    test_positive_count: int = 0
    model_kind: str | None = None
    baseline_kind: str | None = None
    calibration_method: str | None = None
    calibration_split: str | None = None
    calibration_error_limit: float | None = None
    measures: dict[str, Estimate] = field(default_factory=dict)
    reliability: list[dict] = field(default_factory=list)
    lift: list[dict] = field(default_factory=list)
    features: list[dict] = field(default_factory=list)
    code_version: str = ""


def _number(value: float | None, digits: int = 4) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _moment(value: pd.Timestamp | None) -> str:
    return "-" if value is None else f"{value:%Y-%m-%d %H:%M}"


def card_row(card: ModelCard) -> dict[str, object]:
    """Flat row: each measure as `<name>`, `<name>_low`, `<name>_high`; lists as JSON text."""
    row: dict[str, object] = {}
    for item in fields(card):
        if item.name not in {"measures", *_LISTS}:
            row[item.name] = getattr(card, item.name)
    for name, _ in _MEASURES:
        estimate = card.measures.get(name)
        row[name] = None if estimate is None else estimate.value
        row[f"{name}_low"] = None if estimate is None else estimate.low
        row[f"{name}_high"] = None if estimate is None else estimate.high
    row["feature_count"] = len(card.features)
    for name in _LISTS:
        row[name] = json.dumps(getattr(card, name))
    return row


def card_to_json(card: ModelCard) -> str:
    """JSON text that `card_from_json` reads back without loss."""
    content = asdict(card)
    for name, value in content.items():
        if isinstance(value, pd.Timestamp):
            content[name] = value.isoformat()
    return json.dumps(content, indent=1) + "\n"


def card_from_json(text: str) -> ModelCard:
    """The inverse of `card_to_json`; `ValueError` when the text is no card."""
    try:
        content = json.loads(text)
        for name, value in content.items():
            if name.endswith("_at") and value is not None:
                content[name] = pd.Timestamp(value)
        content["measures"] = {
            name: Estimate(**estimate) for name, estimate in content["measures"].items()
        }
        return ModelCard(**content)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no model card: {error}") from error


def _measure_lines(card: ModelCard) -> list[str]:
    lines = ["| measure | value | 95 % interval |", "|---|---|---|"]
    for name, title in _MEASURES:
        estimate = card.measures.get(name)
        if estimate is not None:
            interval = f"{_number(estimate.low)} to {_number(estimate.high)}"
            lines.append(f"| {title} | {_number(estimate.value)} | {interval} |")
    return lines


def card_markdown(card: ModelCard) -> str:
    """The card as a Markdown page. Holds no value of any person."""
    verdict = "promoted: it scores" if card.promoted else "not promoted: it does not score"
    lines = [
        f"# {card.score_name}, model {card.model_version}",
        "",
        f"{card.description} Label: {card.label}.",
        "",
        f"**{verdict.capitalize()}.** {card.reason}",
        "",
        "## Data",
        f"- trained as of {_moment(card.trained_at)} UTC, code {card.code_version or '-'}",
        f"- split: {card.split} ({card.split_reason})",
        f"- training cutoffs {_moment(card.train_first_cutoff_at)} to "
        f"{_moment(card.train_last_cutoff_at)}: {card.train_row_count} rows, "
        f"{card.train_positive_count} positive",
        f"- test cutoff {_moment(card.test_cutoff_at)}: {card.test_row_count} rows, "
        f"{card.test_positive_count} positive; last label window ended "
        f"{_moment(card.data_end_at)}",
    ]
    if card.model_kind is None:
        return "\n".join([*lines, ""])
    lines += [
        "",
        "## Model",
        f"- {card.model_kind}, calibrated by {card.calibration_method} on rows held back by "
        f"{card.calibration_split}",
        f"- better baseline on these rows: {card.baseline_kind}",
        "",
        "## Measures on the test rows",
        *_measure_lines(card),
        "",
        f"A calibration error up to {_number(card.calibration_error_limit)} counts as calibrated.",
        "",
        "## Reliability (bins of equal mass)",
        "| bin | rows | mean score | observed rate |",
        "|---|---|---|---|",
    ]
    for row in card.reliability:
        lines.append(
            f"| {row['bin']} | {row['row_count']} | {_number(row['mean_score'])} "
            f"| {_number(row['observed_rate'])} |"
        )
    lines += ["", "## Lift by decile", "| decile | rows | positive | lift |", "|---|---|---|---|"]
    for row in card.lift:
        lines.append(
            f"| {row['decile']} | {row['row_count']} | {row['positive_count']} "
            f"| {_number(row['lift'], 2)} |"
        )
    lines += ["", "## Features", "Importance: loss of AUC when the column is shuffled.", ""]
    lines += ["| feature | importance |", "|---|---|"]
    lines += [f"| {row['feature']} | {_number(row['importance'])} |" for row in card.features]
    return "\n".join([*lines, ""])
