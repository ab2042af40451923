"""The model file: written and read with skops, never pickle.

Belongs here: `save_model`, `load_model`, the allow-list. A file is a plain dictionary of
scikit-learn objects, arrays and texts; no class of ours is inside, so that the allow-list stays
short. Does not belong here: where files lie (`orchestration/scoring.py`).
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import skops.io
from skops.io.exceptions import UntrustedTypesFoundException

from ml.calibration import Calibrator
from ml.model import Member, ScoreModel

FILE_FORMAT = 1

# Beyond what skops trusts by itself (scikit-learn estimators, numpy arrays, builtins).
TRUSTED_TYPES = frozenset(
    {
        "numpy.dtype",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    }
)


class UntrustedModelFile(ValueError):
    """A model file holds types that no model of ours has, or is no model file at all."""


def _member_to_plain(member: Member) -> dict[str, object]:
    calibrator = member.calibrator
    return {
        "classifier": member.classifier,
        "method": calibrator.method,
        "x": calibrator.x,
        "y": calibrator.y,
    }


def _member_from_plain(plain: dict) -> Member:
    calibrator = Calibrator(plain["method"], np.asarray(plain["x"]), np.asarray(plain["y"]))
    return Member(classifier=plain["classifier"], calibrator=calibrator)


def save_model(model: ScoreModel, path: Path) -> None:
    """Write `model` to `path` (folder made when needed; aside, then renamed)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "file_format": FILE_FORMAT,
        "score_name": model.score_name,
        "model_version": model.model_version,
        "numeric": list(model.numeric),
        "categorical": list(model.categorical),
        "encoder": model.encoder,
        "main": _member_to_plain(model.main),
        "members": [_member_to_plain(member) for member in model.members],
    }
    aside = path.with_suffix(".tmp")
    skops.io.dump(content, aside, compression=zipfile.ZIP_DEFLATED, compresslevel=6)
    aside.chmod(0o600)
    aside.replace(path)


def load_model(path: Path) -> ScoreModel:
    """Read a model file; nothing in it is run before its types are checked.

    Raises `FileNotFoundError`, or `UntrustedModelFile` naming the types that are not on the list,
    or saying that the file is damaged or of another format.
    """
    try:
        found = set(skops.io.get_untrusted_types(file=path))
        unexpected = sorted(found - TRUSTED_TYPES)
        if unexpected:
            raise UntrustedModelFile(
                f"{path.name} holds types that no model here has: {', '.join(unexpected)}; "
                "delete the file and train again"
            )
        content = skops.io.load(path, trusted=sorted(found))
    except (zipfile.BadZipFile, KeyError, UntrustedTypesFoundException) as error:
        raise UntrustedModelFile(
            f"{path.name} is no readable model file ({type(error).__name__}); "
            "delete the file and train again"
        ) from error
    if not isinstance(content, dict) or content.get("file_format") != FILE_FORMAT:
        raise UntrustedModelFile(
            f"{path.name} is not of format {FILE_FORMAT}; delete the file and train again"
        )
    return ScoreModel(
        score_name=content["score_name"],
        model_version=content["model_version"],
        numeric=content["numeric"],
        categorical=content["categorical"],
        encoder=content["encoder"],
        main=_member_from_plain(content["main"]),
        members=[_member_from_plain(member) for member in content["members"]],
    )
