"""The model file gives the same scores back, and refuses what is not a model of ours."""

from __future__ import annotations

import pandas as pd
import pytest
import skops.io
from sklearn.base import BaseEstimator

from ml.estimators import boosted_trees, logistic
from ml.persistence import TRUSTED_TYPES, UntrustedModelFile, load_model, save_model
from ml.scores import ScoreDefinition
from ml.training import plan_training, train
from tests.unit.ml_frames import FIRST_CUTOFF, features_of, label_rows


class ForeignEstimator(BaseEstimator):
    """Stands for a class that somebody else put into a model file."""


@pytest.fixture(scope="module", params=["logistic", "boosted_trees"])
def trained(request):
    factory = {"logistic": logistic, "boosted_trees": boosted_trees}[request.param]
    definition = ScoreDefinition(
        name="propensity_30d",
        label="orders",
        description="A test.",
        baseline_features=("order_count",),
        candidates=((request.param, factory),),
    )
    frame = features_of(label_rows(persons=400))
    return train(plan_training(definition, frame), trained_at=FIRST_CUTOFF).model, frame


def test_a_saved_model_gives_the_same_scores(trained, tmp_path):
    model, frame = trained
    file = tmp_path / "deep" / "model.skops"
    save_model(model, file)
    loaded = load_model(file)
    pd.testing.assert_frame_equal(loaded.predict(frame), model.predict(frame), check_exact=True)
    assert loaded.model_version == model.model_version
    assert [path.name for path in file.parent.iterdir()] == ["model.skops"]
    assert file.stat().st_mode & 0o077 == 0


def test_nothing_beyond_the_list_is_in_a_model_file(trained, tmp_path):
    save_model(trained[0], tmp_path / "model.skops")
    assert set(skops.io.get_untrusted_types(file=tmp_path / "model.skops")) <= TRUSTED_TYPES


def test_a_file_with_a_foreign_type_is_refused_and_named(tmp_path):
    file = tmp_path / "model.skops"
    skops.io.dump({"file_format": 1, "encoder": ForeignEstimator()}, file)
    with pytest.raises(UntrustedModelFile, match="ForeignEstimator"):
        load_model(file)


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\x03\x04 cut short"])
def test_a_damaged_file_is_refused_with_what_to_do(tmp_path, content):
    file = tmp_path / "model.skops"
    file.write_bytes(content)
    with pytest.raises(UntrustedModelFile, match="delete the file and train again"):
        load_model(file)


def test_a_harmless_file_of_another_shape_is_refused(tmp_path):
    file = tmp_path / "model.skops"
    skops.io.dump({"something": "else"}, file)
    with pytest.raises(UntrustedModelFile, match="format"):
        load_model(file)


def test_an_absent_file_is_said_to_be_absent(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_model(tmp_path / "model.skops")
