"""Tenants for tests: a data folder of their own, canonical files, one run in a fresh process.

Belongs here: writing files and settings of a test tenant and running the real job on them.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import yaml

from orchestration.settings import PROJECT_ROOT, Paths


@dataclass(frozen=True)
class Tenant:
    """A tenant under `root` (a data folder); everything it makes lies there too."""

    root: Path
    name: str

    @property
    def paths(self) -> Paths:
        return Paths(tenant=self.name, root=self.root)

    def settings(self, **values: object) -> None:
        """Write tenant.yml."""
        folder = self.root / "tenants" / self.name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "tenant.yml").write_text(yaml.safe_dump(values), encoding="utf-8")

    def land_csv(self, file: str, header: str, rows: Iterable[tuple], *, source: str) -> None:
        """Write one CSV file of a source; `header` is comma separated, None is an empty field."""
        path = self.root / "landing" / self.name / source / file
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle)
            writer.writerow(header.split(","))
            writer.writerows(rows)

    def environment(self) -> dict[str, str]:
        """Environment of a process that works on this tenant."""
        return {
            **os.environ,
            "CROSSWEAVE_TENANT": self.name,
            "CROSSWEAVE_ENV": "dev",
            "CROSSWEAVE_DATA_DIR": str(self.root),
            "DAGSTER_HOME": str(self.root / ".dagster"),
            "DAGSTER_DISABLE_TELEMETRY": "yes",
        }

    def run(self, command: str = "run", *arguments: str, module: str = "orchestration") -> str:
        """Run `python -m <module> <command>`; returns its output, fails the test otherwise."""
        result = subprocess.run(
            [sys.executable, "-m", module, command, *arguments],
            cwd=PROJECT_ROOT,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def query(self, sql: str) -> list[tuple]:
        """Rows of a query on the tenant's warehouse."""
        with duckdb.connect(str(self.paths.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()
