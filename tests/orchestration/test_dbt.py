"""The dbt project from Python: artifacts of old calls go, those of the last runs stay."""

from __future__ import annotations

import os
from pathlib import Path

from orchestration.dbt import prune_invocations
from orchestration.settings import Paths


def test_only_the_newest_artifacts_stay(tmp_path: Path) -> None:
    paths = Paths(tenant="mine", root=tmp_path)
    for number in range(12):
        folder = paths.dbt_target / f"warehouse_models_{number}-abc"
        folder.mkdir(parents=True)
        os.utime(folder, (number, number))
    (paths.dbt_target / "manifest.json").write_text("{}")
    prune_invocations(paths, keep=3)
    assert sorted(path.name for path in paths.dbt_target.iterdir()) == [
        "manifest.json",
        "warehouse_models_10-abc",
        "warehouse_models_11-abc",
        "warehouse_models_9-abc",
    ]
