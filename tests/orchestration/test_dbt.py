"""The dbt project from Python: artifacts of old calls go, those of the last runs stay."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestration import dbt
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


def test_a_changed_model_or_setting_asks_for_a_parse_and_an_artifact_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "dbt_project"
    (project / "models").mkdir(parents=True)
    (project / "target").mkdir()
    (project / "dbt_project.yml").write_text("name: x")
    model = project / "models" / "m.sql"
    model.write_text("select 1")
    monkeypatch.setattr(dbt, "DBT_PROJECT_DIR", project)
    paths = Paths(tenant="mine", root=tmp_path / "data")
    before = dbt._fingerprint(paths)
    (project / "target" / "compiled.sql").write_text("select 1")
    assert dbt._fingerprint(paths) == before
    model.write_text("select 1 + 1")
    changed = dbt._fingerprint(paths)
    assert changed != before
    own = paths.tenant_folder / "models" / "own.sql"
    own.parent.mkdir(parents=True)
    own.write_text("select 2")
    with_own = dbt._fingerprint(paths)
    assert with_own != changed
    (project / "dbt_project.yml").write_text("name: longer")
    with_project = dbt._fingerprint(paths)
    assert with_project != with_own
    monkeypatch.setenv("CROSSWEAVE_SOURCES", "something,else")
    assert dbt._fingerprint(paths) != with_project
