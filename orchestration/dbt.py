"""The dbt project as Python sees it: environment, manifest, a plain call.

Belongs here: exporting a tenant's settings to dbt and keeping the manifest current.
Does not belong here: Dagster assets (see `defs/dbt_models.py`).
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from importlib.metadata import version
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
CLIENT = Path(__file__).with_name("dbt_client.py")
PARSED_SUFFIXES = {".sql", ".yml", ".yaml", ".csv"}
# Variables of ours that no parse reads.
NOT_PARSED = {
    "CROSSWEAVE_HASH_KEY",
    "CROSSWEAVE_CONSOLE",
    "CROSSWEAVE_VERBOSE",
    "CROSSWEAVE_DBT_SOCKET",
    "CROSSWEAVE_ACCEPT_IDENTITY",
    "CROSSWEAVE_SERVING_URL",
}


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


def run_dbt(*arguments: str, **changes: str) -> None:
    """Call dbt with the exported environment, and with these variables otherwise.

    Raises `DbtError` with dbt's output on failure.
    """
    result = subprocess.run(
        [DBT_EXECUTABLE, *arguments],
        cwd=DBT_PROJECT_DIR,
        env={**os.environ, **changes},
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
    settings = {
        key: value
        for key, value in os.environ.items()
        if key.startswith("CROSSWEAVE_") and key not in NOT_PARSED
    }
    digest.update(json.dumps(settings, sort_keys=True).encode())
    return digest.hexdigest()


class Manifest:
    """manifest.json of a tenant, and whether it is of the project as it is now."""

    def __init__(self, paths: Paths) -> None:
        self.path = paths.dbt_target / "manifest.json"
        self.marker = paths.dbt_target / "manifest.fingerprint"
        self.fingerprint = _fingerprint(paths)

    @property
    def is_current(self) -> bool:
        """True when nothing changed since the last parse."""
        if not (self.path.exists() and self.marker.exists()):
            return False
        return self.marker.read_text() == self.fingerprint

    def mark_current(self) -> None:
        """Remember what was parsed: the project as it was when this object was made."""
        self.marker.write_text(self.fingerprint)


def ensure_manifest(paths: Paths) -> Path:
    """Parse the dbt project if something changed since the last parse.

    Returns the path of manifest.json. A parse costs about ten seconds, a look about 10 ms.
    """
    manifest = Manifest(paths)
    if not manifest.is_current:
        run_dbt("parse", "--quiet")
        manifest.mark_current()
    return manifest.path


def dbt_launcher(paths: Paths) -> str:
    """The dbt executable for Dagster: `dbt_client.py`, or the real dbt where no worker is.

    A script of two lines, because Dagster wants one file and the path of Python may hold spaces.
    """
    launcher = paths.dbt_target / "dbt"
    parts = [sys.executable, "-I", "-S", str(CLIENT), DBT_EXECUTABLE, version("dbt-core")]
    text = f'#!/bin/sh\nexec {" ".join(map(shlex.quote, parts))} "$@"\n'
    if not launcher.exists() or launcher.read_text(encoding="utf-8") != text:
        launcher.parent.mkdir(parents=True, exist_ok=True)
        launcher.write_text(text, encoding="utf-8")
        launcher.chmod(0o755)
    return str(launcher)


def prune_invocations(paths: Paths, *, keep: int = 9) -> None:
    """Remove the artifacts of old dbt calls of Dagster runs, newest `keep` stay (three runs)."""
    folders = sorted(paths.dbt_target.glob("warehouse_models*"), key=lambda f: f.stat().st_mtime)
    for folder in folders[: max(len(folders) - keep, 0)]:
        shutil.rmtree(folder, ignore_errors=True)
