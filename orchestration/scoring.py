"""Training and scoring on the warehouse: features in, model files, cards and scores out.

Belongs here: calling `ml/`, model files and cards, writing `ops.ml_model_cards` and
`ops.ml_scores`, and which model scores. Does not belong here: the SQL that reads features
(`scoring_inputs.py`), Dagster, opening the warehouse, anything statistical.

Files, per score, in `<models folder>/<score_name>/`: `<version>.skops` (the model),
`<version>.json` and `<version>.md` (its card). A version that is complete on disk is not trained
again, also in a warehouse that was rebuilt.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from ml.card import ModelCard, card_from_json, card_markdown, card_row, card_to_json
from ml.model import SCORE_COLUMNS, ScoreModel, rank_scores
from ml.persistence import UntrustedModelFile, load_model, save_model
from ml.scores import SCORES, ScoreDefinition
from ml.training import plan_training
from ml.training import train as train_plan
from orchestration.scoring_inputs import read_as_of, read_training_rows, scoring_chunks

Progress = Callable[[str], None]


@dataclass(frozen=True)
class TrainingReport:
    """The card of this run for one score; `is_reused` when an equal version existed already."""

    card: ModelCard
    is_reused: bool

    @property
    def score_name(self) -> str:
        return self.card.score_name

    @property
    def summary(self) -> str:
        """One line: version, verdict with its figures, whether it was trained in this run."""
        verdict = "promoted" if self.card.promoted else "not promoted"
        known = ", known already" if self.is_reused else ""
        return f"{self.card.model_version} ({verdict}{known}): {self.card.reason}"


@dataclass(frozen=True)
class ScoreReport:
    """What was scored. `card` is the card of the model that scored; None with no model, and
    `reason` then says why nobody has this score."""

    score_name: str
    model_version: str | None
    scored_count: int
    reason: str
    card: ModelCard | None


def _silent(message: str) -> None:
    del message


def code_version() -> str:
    """Eight hexadecimal characters: a hash of the files of `ml/`, so changed code trains anew."""
    folder = Path(__file__).resolve().parent.parent / "ml"
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.py")):
        digest.update(file.name.encode() + b"\x00" + file.read_bytes())
    return digest.hexdigest()[:8]


def _files(models_folder: Path, score_name: str, version: str) -> tuple[Path, Path, Path]:
    folder = models_folder / score_name
    return folder / f"{version}.skops", folder / f"{version}.json", folder / f"{version}.md"


def _existing_card(models_folder: Path, score_name: str, version: str) -> ModelCard | None:
    """The card of a version that is complete on disk; None means: train it."""
    model_file, card_file, _ = _files(models_folder, score_name, version)
    try:
        card = card_from_json(card_file.read_text(encoding="utf-8"))
        if card.model_kind is not None:
            load_model(model_file)
    except (FileNotFoundError, ValueError):
        return None
    return card


def _write_files(models_folder: Path, card: ModelCard, model: ScoreModel | None) -> None:
    model_file, card_file, page = _files(models_folder, card.score_name, card.model_version)
    model_file.parent.mkdir(parents=True, exist_ok=True)
    if model is not None:
        save_model(model, model_file)
    page.write_text(card_markdown(card), encoding="utf-8")
    # Last, because a card without its model would be taken for a finished version.
    card_file.write_text(card_to_json(card), encoding="utf-8")


def _write_cards(connection: duckdb.DuckDBPyConnection, cards: list[ModelCard]) -> None:
    for card in cards:
        row = card_row(card)
        values = [
            value.to_pydatetime() if isinstance(value, pd.Timestamp) else value
            for value in row.values()
        ]
        connection.execute(
            "delete from ops.ml_model_cards where score_name = ? and model_version = ?",
            [card.score_name, card.model_version],
        )
        connection.execute(
            f"insert into ops.ml_model_cards ({', '.join(row)}) "
            f"values ({', '.join('?' for _ in row)})",
            values,
        )


def _drop_superseded(
    connection: duckdb.DuckDBPyConnection, models_folder: Path, card: ModelCard
) -> None:
    """One card per score and as-of time: a repeated run with other code or data replaces it."""
    condition = "score_name = ? and trained_at = ? and model_version <> ?"
    parameters = [card.score_name, card.trained_at, card.model_version]
    for (version,) in connection.execute(
        f"select model_version from ops.ml_model_cards where {condition}", parameters
    ).fetchall():
        for file in _files(models_folder, card.score_name, version):
            file.unlink(missing_ok=True)
    connection.execute(f"delete from ops.ml_model_cards where {condition}", parameters)


def train(
    connection: duckdb.DuckDBPyConnection,
    *,
    models_folder: Path,
    progress: Progress = _silent,
    definitions: tuple[ScoreDefinition, ...] = SCORES,
) -> list[TrainingReport]:
    """Train each score, write its files and its row of `ops.ml_model_cards`.

    Too little data, or a model that is not good enough, is a card with `promoted` false and the
    reason, never an error. Raises `ScoringInputMissing` when the features were not built.
    """
    as_of, code = read_as_of(connection), code_version()
    reports = []
    for definition in definitions:
        rows = read_training_rows(connection, definition.name, as_of)
        plan = plan_training(definition, rows, code_version=code)
        card = _existing_card(models_folder, definition.name, plan.version)
        is_reused = card is not None
        if card is None:
            progress(f"{definition.name}: training on {len(plan.split.train)} rows")
            training = train_plan(plan, trained_at=as_of)
            card = training.card
            _write_files(models_folder, card, training.model)
        _drop_superseded(connection, models_folder, card)
        _write_cards(connection, [card])
        reports.append(TrainingReport(card, is_reused))
        progress(f"{definition.name}: {reports[-1].summary}")
    return reports


def promoted_version(
    connection: duckdb.DuckDBPyConnection, score_name: str, as_of: pd.Timestamp
) -> str | None:
    """The newest promoted version that was trained no later than `as_of`."""
    row = connection.execute(
        "select model_version from ops.ml_model_cards "
        "where score_name = ? and promoted and trained_at <= ? "
        "order by trained_at desc, model_version desc limit 1",
        [score_name, as_of],
    ).fetchone()
    return None if row is None else row[0]


def _score_one(
    connection: duckdb.DuckDBPyConnection, models_folder: Path, name: str, as_of: pd.Timestamp
) -> tuple[pd.DataFrame | None, ScoreReport]:
    version = promoted_version(connection, name, as_of)
    if version is None:
        reason = "no model was ever promoted; ml.model_cards says why"
        return None, ScoreReport(name, None, 0, reason, None)
    model_file, card_file, _ = _files(models_folder, name, version)
    try:
        model = load_model(model_file)
        card = card_from_json(card_file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        reason = f"the promoted model {version} has lost its file {Path(error.filename).name}"
        return None, ScoreReport(name, None, 0, reason, None)
    except (UntrustedModelFile, ValueError) as error:
        return None, ScoreReport(name, None, 0, str(error), None)
    pieces = [
        chunk[["person_id"]].join(model.predict(chunk))
        for chunk in scoring_chunks(connection, name, as_of)
    ]
    if not pieces:
        return None, ScoreReport(name, version, 0, "nobody is eligible at this cutoff", card)
    scores = rank_scores(
        pd.concat(pieces, ignore_index=True), model, cutoff_at=as_of, scored_at=as_of
    )
    return scores, ScoreReport(name, version, len(scores), card.reason, card)


def score(
    connection: duckdb.DuckDBPyConnection,
    *,
    models_folder: Path,
    progress: Progress = _silent,
    definitions: tuple[ScoreDefinition, ...] = SCORES,
) -> list[ScoreReport]:
    """Score everybody eligible at the newest cutoff (= as_of) with the promoted models.

    The rows of the same score and cutoff in `ops.ml_scores` are replaced; where there is no
    promoted model they are removed.
    """
    as_of = read_as_of(connection)
    reports = []
    for definition in definitions:
        scores, report = _score_one(connection, models_folder, definition.name, as_of)
        connection.execute("begin")
        connection.execute(
            "delete from ops.ml_scores where score_name = ? and cutoff_at = ?",
            [definition.name, as_of],
        )
        if scores is not None:
            columns = ", ".join(SCORE_COLUMNS)
            connection.register("scored_rows", scores)
            connection.execute(
                f"insert into ops.ml_scores ({columns}) select {columns} from scored_rows"
            )
            connection.unregister("scored_rows")
        connection.execute("commit")
        progress(
            f"{report.score_name}: {report.scored_count} persons scored"
            + (f" by {report.model_version}" if report.model_version else f" ({report.reason})")
        )
        reports.append(report)
    return reports


def train_and_score(
    connection: duckdb.DuckDBPyConnection, *, models_folder: Path, progress: Progress = _silent
) -> list[ScoreReport]:
    """`train`, then `score`."""
    train(connection, models_folder=models_folder, progress=progress)
    return score(connection, models_folder=models_folder, progress=progress)
