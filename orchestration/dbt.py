"""The dbt project as Python sees it: environment, manifest, a plain call.

Belongs here: exporting a tenant's settings to dbt and keeping the manifest current.
Does not belong here: Dagster assets (see `defs/dbt_models.py`).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from orchestration.seed_overrides import write_overridden_seeds
from orchestration.settings import (
    DBT_PROJECT_DIR,
    Paths,
    TenantSettings,
    current_paths,
    dbt_environment,
    load_tenant,
)

# The dbt of this environment, whatever PATH says.
DBT_EXECUTABLE = str(Path(sys.executable).with_name("dbt"))
PARSED_SUFFIXES = {".sql", ".yml", ".yaml", ".csv"}


class DbtError(RuntimeError):
    """A dbt call failed; its own output says why."""


def export_environment() -> tuple[TenantSettings, Paths]:
    """Put the current tenant's dbt environment into this process's environment.

    Returns the settings and paths of the tenant named by CROSSWEAVE_TENANT / CROSSWEAVE_ENV.
    """
    paths = current_paths()
    settings = load_tenant(paths)
    os.environ.update(dbt_environment(settings, paths))
    write_overridden_seeds(settings, paths.dbt_target / "seeds")
    return settings, paths


def run_dbt(*arguments: str) -> None:
    """Call dbt with the exported environment; raise `DbtError` with its output on failure."""
    result = subprocess.run(
        [DBT_EXECUTABLE, *arguments],
        cwd=DBT_PROJECT_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise DbtError(f"dbt {' '.join(arguments)} failed:\n{result.stdout}{result.stderr}")


def _fingerprint(paths: Paths) -> str:
    """Hash of everything that a parse depends on: files (path, size, time) and environment."""
    digest = hashlib.sha256()
    # the parts of the project that are parsed, so that artifacts in target/ are never walked
    parsed = [path for path in DBT_PROJECT_DIR.iterdir() if path.name not in {"target", "logs"}]
    for root in sorted([*parsed, paths.tenant_folder / "models", paths.dbt_target / "seeds"]):
        files = [root] if root.is_file() else sorted(root.rglob("*"))
        for file in files:
            if file.suffix in PARSED_SUFFIXES:
                stat = file.stat()
                digest.update(f"{file}|{stat.st_size}|{stat.st_mtime_ns}\n".encode())
    settings = {key: value for key, value in os.environ.items() if key.startswith("CROSSWEAVE_")}
    settings.pop("CROSSWEAVE_HASH_KEY", None)
    digest.update(json.dumps(settings, sort_keys=True).encode())
    return digest.hexdigest()


def ensure_manifest(paths: Paths) -> Path:
    """Parse the dbt project if something changed since the last parse.

    Returns the path of manifest.json. A parse costs about six seconds, a look about 10 ms.
    """
    manifest = paths.dbt_target / "manifest.json"
    marker = paths.dbt_target / "manifest.fingerprint"
    fingerprint = _fingerprint(paths)
    if manifest.exists() and marker.exists() and marker.read_text() == fingerprint:
        return manifest
    run_dbt("parse", "--quiet")
    marker.write_text(fingerprint)
    return manifest


def prune_invocations(paths: Paths, *, keep: int = 9) -> None:
    """Remove the artifacts of old dbt calls of Dagster runs, newest `keep` stay (three runs)."""
    folders = sorted(paths.dbt_target.glob("warehouse_models*"), key=lambda f: f.stat().st_mtime)
    for folder in folders[: max(len(folders) - keep, 0)]:
        shutil.rmtree(folder, ignore_errors=True)
