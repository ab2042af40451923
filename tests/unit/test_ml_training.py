"""Training: what may be learnt from, what is promoted, and that it is the same every time."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pandas as pd
import pytest

from ml.card import card_from_json, card_markdown, card_row, card_to_json
from ml.estimators import conform, encode, encoded_columns, encoder
from ml.fitting import fit_model
from ml.judging import promotion
from ml.metrics import Estimate
from ml.model import rank_scores
from ml.scores import score_definition
from ml.splits import person_folds, selection_folds, split_rows
from ml.training import plan_training, train
from tests.unit.ml_frames import FIRST_CUTOFF, features_of, label_rows

AS_OF = FIRST_CUTOFF + pd.Timedelta(days=90)
PROPENSITY = score_definition("propensity_30d")
CHURN = score_definition("churn_90d")


def run(frame, definition=PROPENSITY):
    return train(plan_training(definition, frame, code_version="test"), trained_at=AS_OF)


@pytest.fixture(scope="module")
def frame():
    return label_rows(persons=900)


@pytest.fixture(scope="module")
def trained(frame):
    return run(features_of(frame))


def test_training_labels_were_known_at_the_test_cutoff(frame):
    """Cutoffs 0, 30, 60 days are mature: 60 judges, and 30's window ends exactly then."""
    split = split_rows(features_of(frame), salt="s")
    assert split.kind == "time"
    assert set(split.test["cutoff_at"]) == {FIRST_CUTOFF + pd.Timedelta(days=60)}
    assert split.train["label_end_at"].max() <= split.test["cutoff_at"].min()
    assert split.train["cutoff_at"].nunique() == 2


def test_a_label_window_that_overlaps_the_test_cutoff_never_trains():
    """Windows of 45 days at steps of 30: the cutoff before the test cutoff is embargoed."""
    frame = features_of(label_rows(persons=50, cutoffs=5, horizon_days=45, mature=4))
    split = split_rows(frame, salt="s")
    days = (split.train["cutoff_at"] - FIRST_CUTOFF).dt.days
    assert split.kind == "time"
    assert set(days) == {0, 30}  # 60 + 45 > 90


def test_a_feature_that_gives_the_test_label_away_at_an_embargoed_cutoff_is_of_no_use():
    """The leak: at the embargoed cutoff `leak` is the label itself, elsewhere it is noise.

    A split by row would learn it. Under the embargo those rows have no say: the model is the same
    whatever stands in them, and its AUC on the test cutoff is what it is without the leak.
    """
    frame = features_of(label_rows(persons=400, cutoffs=5, horizon_days=45, mature=4, signal=False))
    random = np.random.default_rng(3)
    frame["leak"] = random.integers(0, 2, len(frame)).astype("float64")
    embargoed = frame["cutoff_at"] == FIRST_CUTOFF + pd.Timedelta(days=60)
    frame.loc[embargoed, "leak"] = frame.loc[embargoed, "label"]
    scrambled = frame.copy()
    scrambled.loc[embargoed, "leak"] = 1 - scrambled.loc[embargoed, "label"]
    scrambled.loc[embargoed, "label"] = 1.0
    one, other = run(frame), run(scrambled)
    assert one.card == other.card
    assert one.card.measures["auc"].low <= 0.5 <= one.card.measures["auc"].high
    assert not one.card.promoted


def test_one_mature_cutoff_is_split_by_person_and_says_so():
    """A 90-day label in 180 days of data: nobody who judges is seen in training."""
    frame = features_of(label_rows(persons=2000, cutoffs=4, horizon_days=90, mature=1))
    split = split_rows(frame, salt=CHURN.name)
    assert split.kind == "persons"
    for fit, judge in split.pairs:
        fitted, judged = split.train["person_id"].iloc[fit], split.test["person_id"].iloc[judge]
        assert len(fitted) > 3 * len(judged) > 900
        assert not set(fitted) & set(judged)
    judged_rows = np.concatenate([judge for _, judge in split.pairs])
    assert sorted(judged_rows) == list(range(2000))
    card = run(frame, CHURN).card
    assert card.split == "persons"
    assert "too short" in card_markdown(card)
    assert card.promoted, card.reason


def test_a_split_by_person_promotes_no_noise():
    """Fitted on all and judged on all, noise would look good: each is judged by others' model."""
    frame = label_rows(persons=700, horizon_days=90, mature=1, signal=False)
    card = run(features_of(frame), CHURN).card
    assert card.split == "persons"
    assert not card.promoted


def test_what_time_does_to_a_score_is_calibrated_away():
    """Seen on the demo: histories grow from cutoff to cutoff, so counts and scores grew with them
    while the rate of orders did not, and every score was a quarter too high.

    Here every count is one higher at each later cutoff. Calibrated on other persons of the same
    cutoffs, the mean score of the next cutoff is far off; calibrated forwards in time, it is not.
    """
    frame = label_rows(persons=1500, cutoffs=3, mature=3)
    number = (frame["cutoff_at"] - FIRST_CUTOFF).dt.days // 30
    frame["order_count"] = frame["order_count"] + number
    split = split_rows(features_of(frame), salt="s")
    columns = ["order_count", "colour"]
    in_time = fit_model(PROPENSITY, split.train, columns)
    endless = split.train.assign(label_end_at=FIRST_CUTOFF + pd.Timedelta(days=999))
    by_person = fit_model(PROPENSITY, endless, columns)
    assert (in_time.calibration_split, by_person.calibration_split) == ("time", "persons")
    observed = split.test["label"].mean()
    assert abs(in_time.model.probability(split.test).mean() - observed) < 0.03
    assert by_person.model.probability(split.test).mean() - observed > 0.06


def test_folds_keep_a_person_together(frame):
    rows = split_rows(features_of(frame), salt="s").train
    folds = person_folds(rows["person_id"], salt="s")
    assert sorted(np.concatenate(folds)) == list(range(len(rows)))
    persons = [set(rows["person_id"].iloc[fold]) for fold in folds]
    assert sum(len(group) for group in persons) == len(set.union(*persons))


def test_candidates_are_chosen_in_time_where_time_allows(frame):
    rows = split_rows(features_of(frame), salt="s").train
    (fit, held_back), *rest = selection_folds(rows, salt="s")
    assert not rest
    assert rows["label_end_at"].iloc[fit].max() <= rows["cutoff_at"].iloc[held_back].min()


def test_a_real_signal_is_promoted_and_its_probabilities_are_the_true_ones(frame, trained):
    """Fresh persons from the same law: mean distance to the true probability under .05."""
    card = trained.card
    assert card.promoted, card.reason
    assert card.measures["auc"].value > card.measures["baseline_auc"].value
    fresh = label_rows(persons=2000, cutoffs=1, mature=1, seed=99)
    error = trained.model.probability(features_of(fresh)) - fresh["true_probability"]
    assert np.mean(np.abs(error)) < 0.05
    assert abs(np.mean(error)) < 0.03


def test_the_features_that_cause_the_label_are_the_important_ones(trained):
    importance = {row["feature"]: row["importance"] for row in trained.card.features}
    assert set(importance) == {"days_since_last_order", "recency_noise", "order_count", "colour"}
    assert importance["order_count"] > 0.02
    assert importance["colour"] > 0.005


def test_pure_noise_is_never_promoted():
    for seed in range(3):
        card = run(features_of(label_rows(persons=500, signal=False, seed=seed))).card
        assert not card.promoted, card.reason
        assert "Not better than the baseline" in card.reason


def test_the_same_data_in_another_order_gives_the_same_version_card_and_scores(frame, trained):
    shuffled = features_of(frame).sample(frac=1, random_state=5)
    again = run(shuffled[sorted(shuffled.columns)])
    assert again.card == trained.card
    rows = features_of(frame).head(50)
    pd.testing.assert_frame_equal(again.model.predict(rows), trained.model.predict(rows))


def test_the_version_depends_on_data_features_code_and_parameters(frame):
    data = features_of(frame)
    versions = [plan_training(PROPENSITY, data, code_version="a").version]
    versions.append(plan_training(PROPENSITY, data, code_version="b").version)
    changed = data.copy()
    changed.loc[0, "order_count"] += 1
    versions.append(plan_training(PROPENSITY, changed, code_version="a").version)
    less = data.drop(columns="colour")
    versions.append(plan_training(PROPENSITY, less, code_version="a").version)
    other = dataclasses.replace(PROPENSITY, minimum_positives=51)
    versions.append(plan_training(other, data, code_version="a").version)
    assert len(set(versions)) == 5


def test_rows_without_a_label_have_no_say_in_the_version(frame):
    data = features_of(frame)
    mature = data[data["is_mature"]]
    one = plan_training(PROPENSITY, data, code_version="a").version
    assert plan_training(PROPENSITY, mature, code_version="a").version == one


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda frame: frame.iloc[:0], "no cutoff has a label window that is over"),
        (lambda frame: frame.assign(is_mature=False), "no cutoff has a label window that is over"),
        (lambda frame: frame.assign(label=0.0), "0 positive training rows, 50 are needed"),
        (lambda frame: frame.assign(label=1.0), "0 negative training rows, 50 are needed"),
        (lambda frame: frame[frame["person_id"] < "p00020"], "training rows, 50 are needed"),
        (
            lambda frame: frame.assign(
                days_since_last_order=np.nan, recency_noise=1.0, order_count=0.0, colour=None
            ),
            "No feature has more than one known value",
        ),
    ],
    ids=["no rows", "nothing mature", "no positive", "no negative", "few", "no features"],
)
def test_too_little_is_a_card_with_a_reason_never_a_crash(frame, change, expected):
    training = run(change(features_of(frame)))
    assert training.model is None
    assert not training.card.promoted
    assert expected in training.card.reason
    assert expected in card_markdown(training.card)
    assert card_from_json(card_to_json(training.card)) == training.card


def test_a_missing_column_is_named():
    with pytest.raises(ValueError, match="lacks label_end_at"):
        plan_training(PROPENSITY, features_of(label_rows(persons=5)).drop(columns="label_end_at"))


def test_drifted_input_is_scored_as_unknown(frame, trained):
    """New categories, empty columns, absent columns and new columns: a score for every row."""
    rows = features_of(frame).head(40).reset_index(drop=True)
    usual = trained.model.predict(rows)
    drifted = rows.assign(colour="violet", order_count=np.nan, brand_new=1.0)
    drifted = drifted.drop(columns="recency_noise")
    result = trained.model.predict(drifted)
    assert result.notna().all().all()
    assert not np.allclose(result["score"], usual["score"])
    missing = trained.model.predict(rows.assign(colour=None))
    pd.testing.assert_frame_equal(missing, trained.model.predict(rows.assign(colour=np.nan)))


def test_a_feature_moves_its_own_matrix_columns_and_no_others(frame):
    """Importance shuffles the columns of the matrix: they must be the feature's own, all of them.

    Colours: three are frequent, violet and ochre are rare and share a column.
    """
    rows = features_of(frame).assign(flag=lambda data: (data["order_count"] > 1).astype(float))
    rows["colour"] = np.where(rows.index % 300 == 0, "violet", rows["colour"])
    rows["colour"] = np.where(rows.index % 400 == 1, "ochre", rows["colour"])
    numeric, categorical = ["days_since_last_order", "flag", "order_count"], ["colour"]
    columns = conform(rows, numeric, categorical)
    fitted = encoder(numeric, categorical, len(rows)).fit(columns)
    matrix = encode(fitted, columns)
    blocks = encoded_columns(fitted, numeric, categorical)
    assert sorted(itertools.chain(*blocks.values())) == list(range(matrix.shape[1]))
    assert {name: len(block) for name, block in blocks.items()} == {
        "days_since_last_order": 2, "flag": 1, "order_count": 1, "colour": 4,
    }  # fmt: skip
    order = np.random.default_rng(0).permutation(len(rows))
    for name, block in blocks.items():
        shuffled = encode(fitted, columns.assign(**{name: columns[name].to_numpy()[order]}))
        expected = matrix.copy()
        expected[:, block] = matrix[order][:, block]
        np.testing.assert_array_equal(shuffled, expected)


def test_intervals_hold_the_score_and_are_wider_for_less_data(frame, trained):
    rows = features_of(frame).head(300)
    wide = run(features_of(frame[frame["person_id"] < "p00200"])).model.predict(rows)
    narrow = trained.model.predict(rows)
    for result in (wide, narrow):
        assert ((result["score_low"] <= result["score"]) & (result["score"] > 0)).all()
        assert ((result["score_high"] >= result["score"]) & (result["score_high"] < 1)).all()
    width = [(result["score_high"] - result["score_low"]).mean() for result in (wide, narrow)]
    assert width[0] > 1.3 * width[1]


def test_ranked_scores_have_the_public_columns(frame, trained):
    rows = features_of(frame).tail(900).sample(frac=1, random_state=1).reset_index(drop=True)
    scores = rows[["person_id"]].join(trained.model.predict(rows))
    ranked = rank_scores(scores, trained.model, cutoff_at=AS_OF, scored_at=AS_OF)
    assert ranked["person_id"].is_monotonic_increasing
    assert set(ranked["target"]) == {"(none)"}
    assert ranked["score_decile"].value_counts().to_dict() == dict.fromkeys(range(1, 11), 90)
    lowest_of_top = ranked.loc[ranked["score_decile"] == 10, "score"].min()
    assert lowest_of_top >= ranked.loc[ranked["score_decile"] < 10, "score"].max()


def measures(gain=(0.05, 0.02, 0.08), skill=(0.1, 0.05, 0.15), error=0.01, auc=0.8):
    return {
        "auc": Estimate(auc, auc - 0.02, auc + 0.02),
        "auc_gain": Estimate(*gain),
        "brier_skill": Estimate(*skill),
        "calibration_error": Estimate(error, error / 2, error * 2),
    }


@pytest.mark.parametrize(
    ("case", "promoted", "says"),
    [
        (measures(), True, "Better than the baseline and calibrated"),
        (measures(gain=(0.05, -0.01, 0.1)), True, "and calibrated"),
        (measures(skill=(0.1, -0.01, 0.2)), True, "and calibrated"),
        (measures(gain=(0.01, -0.01, 0.1), skill=(0.1, 0.0, 0.2)), False, "beyond chance"),
        (measures(error=0.06), False, "not calibrated"),
        (measures(auc=0.5), False, "no better than chance"),
    ],
)
def test_promotion_needs_both_better_and_calibrated(case, promoted, says):
    decided, reason = promotion(case, 0.05)
    assert decided is promoted
    assert says in reason


def test_the_card_survives_json_and_names_no_person(trained):
    card = trained.card
    assert card_from_json(card_to_json(card)) == card
    page = card_markdown(card)
    assert "p00" not in page.replace("0.", "")
    assert "| 10 |" in page
    row = card_row(card)
    assert row["auc_low"] < row["auc"] < row["auc_high"]
    with pytest.raises(ValueError, match="no model card"):
        card_from_json("[]")
