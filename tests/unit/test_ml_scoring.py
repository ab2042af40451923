"""Scoring on a warehouse: what is read, what is written, and which model scores."""

from __future__ import annotations

import json

import duckdb
import pandas as pd
import pytest

from ml.card import card_from_json, card_row
from ml.model import SCORE_COLUMNS
from ml.scores import SCORES
from orchestration.ops_tables import ensure_ops_tables
from orchestration.scoring import promoted_version, score, train, train_and_score
from orchestration.scoring_inputs import (
    ScoringInputMissing,
    feature_columns,
    read_as_of,
    read_training_rows,
)
from tests.unit.ml_frames import FIRST_CUTOFF, features_of, label_rows

AS_OF = FIRST_CUTOFF + pd.Timedelta(days=90)
PERSONS = 700


def build_warehouse(*, as_of=AS_OF, signal=True, seed=7):
    """An in-memory warehouse with the two tables that dbt builds, in the types that dbt gives.

    propensity_30d has labels at three cutoffs and none yet at as_of; churn_90d has none at all.
    """
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    ensure_ops_tables(connection)
    connection.execute("insert into ops.settings (tenant, as_of) values ('t', ?)", [as_of])
    for schema in ("features", "intermediate"):
        connection.execute(f"create schema {schema}")
    rows = features_of(label_rows(persons=PERSONS, signal=signal, seed=seed))
    connection.register("rows", rows)
    connection.execute("""
        create table features.person_features as
        select
            person_id, cast(cutoff_at as timestamp) as cutoff_at, true as is_known,
            cast(days_since_last_order as integer) as days_since_last_order,
            cast(recency_noise as decimal(18, 4)) as recency_noise,
            cast(order_count as bigint) as order_count,
            cast(colour as varchar) as colour,
            case when order_count > 4 then null else order_count > 1 end as has_reordered,
            cast(cutoff_at as timestamp) as last_seen_at,
            0 as cutoff_number
        from rows""")
    connection.execute("""
        create table intermediate.int_features__labels as
        select
            person_id, cast(cutoff_at as timestamp) as cutoff_at, 'propensity_30d' as score_name,
            case when is_mature then label = 1 end as label,
            cast(label_end_at as timestamp) as label_end_at, is_mature,
            person_id <> 'p00003' as is_eligible
        from rows
        union all
        select
            person_id, cast(cutoff_at as timestamp), 'churn_90d', null,
            cast(cutoff_at as timestamp) + interval 90 day, false, true
        from rows""")
    connection.unregister("rows")
    return connection


@pytest.fixture
def connection():
    with build_warehouse() as warehouse:
        yield warehouse


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """One run, shared by the tests that only look."""
    folder = tmp_path_factory.mktemp("models")
    warehouse = build_warehouse()
    messages: list[str] = []
    reports = train_and_score(warehouse, models_folder=folder, progress=messages.append)
    yield warehouse, folder, reports, messages
    warehouse.close()


def test_numbers_and_booleans_arrive_as_doubles_and_texts_as_texts(connection):
    """pandas 3: nullable booleans, decimals and integers with nulls would arrive as objects."""
    rows = read_training_rows(connection, "propensity_30d", AS_OF)
    numbers = ["days_since_last_order", "recency_noise", "order_count", "has_reordered"]
    assert {str(rows[name].dtype) for name in [*numbers, "is_known", "label"]} == {"float64"}
    assert isinstance(rows["colour"].dtype, pd.StringDtype)
    assert str(rows["cutoff_at"].dtype) == str(rows["label_end_at"].dtype) == "datetime64[us]"
    assert rows["is_mature"].dtype == bool
    assert set(rows["has_reordered"].dropna()) == {0.0, 1.0}
    assert rows["has_reordered"].isna().any()


def test_times_and_keys_are_no_features(connection):
    assert sorted(feature_columns(connection)) == [
        "colour", "days_since_last_order", "has_reordered", "is_known", "order_count",
        "recency_noise",
    ]  # fmt: skip


def test_only_eligible_rows_with_finished_windows_train(connection):
    rows = read_training_rows(connection, "propensity_30d", AS_OF)
    assert len(rows) == 3 * (PERSONS - 1)
    assert "p00003" not in set(rows["person_id"])
    earlier = read_training_rows(connection, "propensity_30d", AS_OF - pd.Timedelta(days=1))
    assert len(earlier) == 2 * (PERSONS - 1)
    assert read_training_rows(connection, "churn_90d", AS_OF).empty


def test_a_large_tenant_is_sampled_by_whole_persons(connection, monkeypatch):
    monkeypatch.setattr("orchestration.scoring_inputs.TRAINING_ROW_LIMIT", 600)
    rows = read_training_rows(connection, "propensity_30d", AS_OF)
    assert 450 < len(rows) < 750
    assert set(rows.groupby("person_id").size()) == {3}
    pd.testing.assert_frame_equal(rows, read_training_rows(connection, "propensity_30d", AS_OF))


def test_a_run_writes_scores_of_everybody_eligible_at_as_of(done):
    warehouse, _, reports, messages = done
    propensity, churn = reports
    assert propensity.scored_count == PERSONS - 1
    rows = warehouse.execute("from ops.ml_scores order by person_id").df()
    assert list(rows.columns) == list(SCORE_COLUMNS)
    assert len(rows) == PERSONS - 1
    assert set(rows["score_name"]) == {"propensity_30d"}
    assert (rows["cutoff_at"] == AS_OF).all()
    assert (rows["scored_at"] == AS_OF).all()
    assert set(rows["model_version"]) == {propensity.model_version}
    assert rows["score"].between(0, 1).all()
    assert set(rows["score_decile"]) == set(range(1, 11))
    assert churn.scored_count == 0
    assert churn.model_version is None
    assert any("churn_90d: 0 persons scored" in message for message in messages)


def test_every_score_has_a_card_also_where_nothing_could_be_trained(done):
    warehouse, folder, reports, _ = done
    cards = warehouse.execute(
        "select score_name, promoted, reason, auc, trained_at from ops.ml_model_cards "
        "order by score_name"
    ).fetchall()
    assert [card[0] for card in cards] == sorted(score.name for score in SCORES)
    churn, propensity = cards
    assert churn[1] is False
    assert "no cutoff has a label window that is over" in churn[2]
    assert churn[3] is None
    assert propensity[1] is True
    assert propensity[3] == reports[0].card.measures["auc"].value
    assert propensity[4] == AS_OF.to_pydatetime()
    version = reports[0].model_version
    names = sorted(path.name for path in (folder / "propensity_30d").iterdir())
    assert names == [f"{version}.json", f"{version}.md", f"{version}.skops"]
    assert card_from_json((folder / "propensity_30d" / names[0]).read_text()) == reports[0].card


def test_the_card_table_has_exactly_the_columns_of_a_card(done):
    warehouse, _, reports, _ = done
    columns = [row[0] for row in warehouse.execute("describe ops.ml_model_cards").fetchall()]
    assert sorted(columns) == sorted(card_row(reports[0].card))
    features = warehouse.execute(
        "select features from ops.ml_model_cards where score_name = 'propensity_30d'"
    ).fetchone()[0]
    # is_known never varies, and teaches nothing
    assert {row["feature"] for row in json.loads(features)} == {
        "colour", "days_since_last_order", "has_reordered", "order_count", "recency_noise",
    }  # fmt: skip


def test_nothing_written_names_a_person(done):
    _, folder, _, messages = done
    texts = [path.read_text() for path in folder.rglob("*.*") if path.suffix in {".json", ".md"}]
    assert not any("p00001" in text for text in [*texts, *messages])


def test_the_same_data_is_not_trained_twice(done):
    """Also in a rebuilt warehouse: the files know; rows, scores and figures are the same."""
    warehouse, folder, reports, _ = done
    files = {path: path.stat().st_mtime_ns for path in folder.rglob("*.*")}
    with build_warehouse() as rebuilt:
        again = train(rebuilt, models_folder=folder)
        assert all(report.is_reused for report in again)
        score(rebuilt, models_folder=folder)
        for table in ("ops.ml_scores", "ops.ml_model_cards"):
            one = warehouse.execute(f"from {table} order by all").df()
            other = rebuilt.execute(f"from {table} order by all").df()
            pd.testing.assert_frame_equal(one, other)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.*")} == files
    assert again[0].card == reports[0].card


def test_scoring_again_replaces_the_rows_of_the_same_cutoff(done):
    warehouse, folder, _, _ = done
    before = warehouse.execute("from ops.ml_scores order by all").fetchall()
    score(warehouse, models_folder=folder)
    assert warehouse.execute("from ops.ml_scores order by all").fetchall() == before


def test_a_model_that_is_not_good_enough_leaves_the_promoted_one_scoring(done):
    """The next day brings only noise: a card with promoted false, scores by yesterday's model."""
    warehouse, folder, reports, _ = done
    later = AS_OF + pd.Timedelta(days=1)
    with build_warehouse(as_of=later, signal=False, seed=21) as noisy:
        cards = warehouse.execute("from ops.ml_model_cards").df()
        noisy.register("cards", cards)
        noisy.execute("insert into ops.ml_model_cards by name select * from cards")
        for table in ("features.person_features", "intermediate.int_features__labels"):
            noisy.execute(
                f"update {table} set cutoff_at = cutoff_at + interval 1 day "
                f"where cutoff_at = (select max(cutoff_at) from {table})"
            )
        reports_later = train_and_score(noisy, models_folder=folder)
        card = noisy.execute(
            "select promoted, model_version from ops.ml_model_cards "
            "where score_name = 'propensity_30d' and trained_at = ?",
            [later],
        ).fetchone()
        assert card[0] is False
        assert reports_later[0].model_version == reports[0].model_version != card[1]
        assert reports_later[0].scored_count == PERSONS - 1
        # a replay of the day before still finds the model of that day
        assert promoted_version(noisy, "propensity_30d", AS_OF) == reports[0].model_version
        assert promoted_version(noisy, "propensity_30d", AS_OF - pd.Timedelta(days=1)) is None


def test_a_repeated_run_with_other_data_leaves_one_card_per_as_of(tmp_path):
    with build_warehouse() as warehouse:
        train(warehouse, models_folder=tmp_path)
        warehouse.execute("update features.person_features set order_count = order_count + 1")
        reports = train(warehouse, models_folder=tmp_path)
        versions = warehouse.execute(
            "select model_version from ops.ml_model_cards where score_name = 'propensity_30d'"
        ).fetchall()
    assert versions == [(reports[0].card.model_version,)]
    assert {path.stem for path in (tmp_path / "propensity_30d").iterdir()} == {versions[0][0]}


def test_a_lost_or_damaged_model_file_is_trained_again_or_said(tmp_path):
    with build_warehouse() as warehouse:
        version = train(warehouse, models_folder=tmp_path)[0].card.model_version
        file = tmp_path / "propensity_30d" / f"{version}.skops"
        file.write_bytes(b"damaged")
        report = score(warehouse, models_folder=tmp_path)[0]
        assert report.scored_count == 0
        assert "no readable model file" in report.reason
        file.unlink()
        assert "has lost its file" in score(warehouse, models_folder=tmp_path)[0].reason
        assert train(warehouse, models_folder=tmp_path)[0].is_reused is False
        assert score(warehouse, models_folder=tmp_path)[0].scored_count == PERSONS - 1


def test_missing_inputs_say_what_to_do():
    with duckdb.connect() as empty:
        with pytest.raises(ScoringInputMissing, match="run the landing step"):
            read_as_of(empty)
        with pytest.raises(ScoringInputMissing, match="build the features"):
            feature_columns(empty)


def test_a_tenant_without_people_gets_cards_and_no_scores(tmp_path):
    with build_warehouse() as warehouse:
        for table in ("features.person_features", "intermediate.int_features__labels"):
            warehouse.execute(f"delete from {table}")
        reports = train_and_score(warehouse, models_folder=tmp_path)
        assert [report.scored_count for report in reports] == [0, 0]
        assert warehouse.execute("select count(*) from ops.ml_model_cards").fetchone() == (2,)
