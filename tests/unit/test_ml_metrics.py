"""Measures, calibration and deciles against values worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from ml.calibration import Calibrator, calibration_method, fit_calibrator
from ml.metrics import (
    auc,
    average_precision,
    brier,
    calibration_error,
    deciles,
    evaluate,
    lift_table,
    log_loss,
    mass_bins,
    perfect_calibration_error,
    reliability_table,
)
from tests.unit.ml_frames import true_probability


def test_auc_is_the_share_of_pairs_in_the_right_order_with_ties_half():
    """Positives .8 .4, negatives .4 .2 .1: six pairs, five right, one tie: 5.5 / 6."""
    label = np.array([1, 1, 0, 0, 0])
    assert auc(label, np.array([0.8, 0.4, 0.4, 0.2, 0.1])) == pytest.approx(5.5 / 6)


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=40).filter(
        lambda rows: 0 < sum(label for label, _ in rows) < len(rows)
    )
)
def test_auc_equals_scikit_learns_area_under_the_curve(rows):
    label = np.array([int(label) for label, _ in rows])
    probability = np.array([step / 5 for _, step in rows])
    assert auc(label, probability) == pytest.approx(roc_auc_score(label, probability))


def test_average_precision_brier_and_log_loss_by_hand():
    """Order 1 0 1 0: precisions at the positives 1/1 and 2/3, mean 5/6."""
    label, probability = np.array([1, 0, 1, 0]), np.array([0.9, 0.8, 0.7, 0.1])
    assert average_precision(label, probability) == pytest.approx(5 / 6)
    assert brier(label, probability) == pytest.approx((0.01 + 0.64 + 0.09 + 0.01) / 4)
    expected = -(math.log(0.9) + math.log(0.2) + math.log(0.7) + math.log(0.9)) / 4
    assert log_loss(label, probability) == pytest.approx(expected)


def test_calibration_error_over_ten_bins_by_hand():
    """Twenty rows, two per bin. Nine bins say .5 and see one of two; the top one says .9, sees 0.

    The tied rows share bin 1 (18 rows, gap 0); the two at .9 have gap 1.8: error 1.8 / 20.
    """
    probability = np.array([0.5] * 18 + [0.9] * 2)
    label = np.array([0, 1] * 9 + [0, 0])
    assert calibration_error(label, probability) == pytest.approx(1.8 / 20)


def test_calibration_error_of_distinct_probabilities_by_hand():
    """Ten rows .05 .15 ... .95, one per bin; the five highest happen: every gap counts alone."""
    probability = np.arange(10) / 10 + 0.05
    label = (probability > 0.5).astype(int)
    expected = (0.05 + 0.15 + 0.25 + 0.35 + 0.45) * 2 / 10
    assert calibration_error(label, probability) == pytest.approx(expected)


def test_bins_have_equal_mass_and_do_not_depend_on_the_order_of_rows():
    probability = np.random.default_rng(1).random(1000)
    assert np.bincount(mass_bins(probability)).tolist() == [100] * 10
    shuffled = np.random.default_rng(2).permutation(1000)
    assert (mass_bins(probability[shuffled]) == mass_bins(probability)[shuffled]).all()


def test_even_the_truth_shows_a_calibration_error_in_a_small_sample():
    """Binomial noise of 30 rows per bin at p = .5: mean |gap| = .8 * sqrt(.25 / 30) = .073."""
    random = np.random.default_rng(3)
    probability = 0.5 + 0.0001 * random.random(300)
    limit = perfect_calibration_error(probability, seed=1)
    assert 0.073 < limit < 0.13
    assert perfect_calibration_error(np.full(100_000, 0.5), seed=1) < 0.005


def test_deciles_ten_is_highest_and_ties_keep_the_order_of_ids():
    assert deciles(np.array([0.5])).tolist() == [10]
    assert deciles(np.array([0.3, 0.1, 0.2, 0.9, 0.5])).tolist() == [6, 2, 4, 10, 8]
    assert deciles(np.full(10, 0.4)).tolist() == list(range(1, 11))
    assert np.bincount(deciles(np.random.default_rng(0).random(1000)))[1:].tolist() == [100] * 10


def test_lift_and_reliability_by_hand():
    """Ten rows, two positive, both on top: deciles 10 and 9 have rate 1 over .2 = lift 5."""
    probability = np.linspace(0.1, 0.9, 10)
    label = np.array([0] * 8 + [1] * 2)
    lift = lift_table(label, probability)
    assert [row["decile"] for row in lift] == list(range(10, 0, -1))
    assert [row["lift"] for row in lift[:3]] == pytest.approx([5.0, 5.0, 0.0])
    table = reliability_table(label, probability)
    assert [row["observed_rate"] for row in table] == [0] * 8 + [1, 1]
    assert sum(row["row_count"] for row in table) == 10


def test_intervals_hold_the_estimate_and_narrow_with_the_sample():
    random = np.random.default_rng(5)
    widths = []
    for count in (300, 4800):
        truth = random.uniform(0.05, 0.6, count)
        label = (random.random(count) < truth).astype(int)
        result = evaluate(label, truth, np.full(count, label.mean()), seed=1)
        for estimate in result.values():
            assert estimate.low <= estimate.value <= estimate.high
        assert result["auc"].low < result["auc"].value < result["auc"].high
        assert result["baseline_auc"].value == pytest.approx(0.5)
        assert result["brier_skill"].low > 0
        widths.append(result["auc"].high - result["auc"].low)
    assert 2.5 < widths[0] / widths[1] < 6.5  # sixteen times the rows: a quarter of the width


def test_isotonic_from_a_thousand_positives_on():
    assert calibration_method(999) == "sigmoid"
    assert calibration_method(1000) == "isotonic"


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_calibration_recovers_known_probabilities(method):
    """Distorted on purpose (log-odds doubled and shifted), the truth comes back within .03."""
    random = np.random.default_rng(11)
    truth = true_probability(
        random.integers(0, 60, 20_000), random.poisson(1.5, 20_000), np.full(20_000, "red")
    )
    label = (random.random(len(truth)) < truth).astype(int)
    distorted = 1 / (1 + np.exp(-(2 * np.log(truth / (1 - truth)) + 1.5)))
    assert np.mean(np.abs(distorted - truth)) > 0.1
    calibrator = fit_calibrator(distorted, label, method=method)
    assert np.mean(np.abs(calibrator.apply(distorted) - truth)) < 0.03


def test_a_calibrator_never_turns_the_order_round():
    """On labels that run against the score everybody gets the prevalence, not a reversed score."""
    probability = np.linspace(0.1, 0.9, 200)
    label = (probability < 0.4).astype(int)
    calibrated = fit_calibrator(probability, label, method="sigmoid").apply(probability)
    assert calibrated == pytest.approx(np.full(200, label.mean()), abs=1e-9)


def test_probabilities_stay_away_from_zero_and_one():
    flat = Calibrator("isotonic", np.array([0.2, 0.8]), np.array([0.0, 1.0]))
    assert 0 < flat.apply(np.array([0.0]))[0] < flat.apply(np.array([1.0]))[0] < 1
