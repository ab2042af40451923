"""The ground a size is measured on: its landing files, its data folder, its warehouse file.

Belongs here: simulating once, laying files in parts, the commands that land and build, copies of
the warehouse between runs. Does not belong here: which of them are measured (`measure.py`).
"""

from __future__ import annotations

import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from orchestration.settings import PROJECT_ROOT, Paths
from tests.benchmarks.figures import split_last_day
from tests.benchmarks.process import Ran, run

BENCH = PROJECT_ROOT / "data" / "bench"
TENANT = "demo"
_LANDED = re.compile(r"landed ([\d,]+) rows, ([\d,]+) quarantined, (\d+) files failed, ([\d.]+) s")


@dataclass(frozen=True)
class Ground:
    """A data folder of its own below `root`, fed from `landing` (the tenant's landing folder)."""

    root: Path
    landing: Path

    @property
    def paths(self) -> Paths:
        return Paths(tenant=TENANT, root=self.root)

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to work on this ground and nowhere else."""
        return {
            "CROSSWEAVE_DATA_DIR": str(self.root),
            "CROSSWEAVE_TENANT": TENANT,
            "CROSSWEAVE_ENV": "dev",
            "DAGSTER_HOME": str(self.root / ".dagster"),
            "DAGSTER_DISABLE_TELEMETRY": "yes",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "GX_ANALYTICS_ENABLED": "false",
        }

    def clear(self, *, keep_landed: bool = False) -> None:
        """An empty data folder with the settings of the shipped tenants.

        `keep_landed` leaves landing and the copies of warehouses in which it was landed.
        """
        kept = {"copies", "landing"} if keep_landed else set()
        self.root.mkdir(parents=True, exist_ok=True)
        for item in self.root.iterdir():
            if item.name not in kept:
                shutil.rmtree(item)
        shutil.copytree(PROJECT_ROOT / "data" / "tenants", self.root / "tenants")

    def lay(self, names: list[str]) -> None:
        """Put landing files into the ground, as links: what they hold is not copied."""
        for name in names:
            link = self.paths.landing / name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(self.landing / name)

    def days(self) -> tuple[list[str], list[str], str]:
        """Landing files of all days but the last, of the last one, and its date."""
        names = [
            path.relative_to(self.landing).as_posix()
            for path in sorted(self.landing.rglob("*"))
            if path.is_file() and not path.relative_to(self.landing).parts[0].startswith(("_", "."))
        ]
        before, last, day = split_last_day(names)
        return before, last, day.isoformat()

    def land(self) -> tuple[Ran, dict[str, float]]:
        """Run the landing gate; its own figures: rows, quarantined rows, seconds without imports.

        Raises `ValueError` when a file failed, because then the sizes would not be comparable.
        """
        ran = run(
            [sys.executable, "-m", "orchestration.ingestion"],
            environment=self.environment,
            log=self.root / "logs" / "gate.log",
        )
        told = _LANDED.search(ran.output)
        if told is None or told[3] != "0":
            raise ValueError(f"the landing gate did not take every file:\n{ran.output[-2000:]}")
        rows, quarantined = (int(told[part].replace(",", "")) for part in (1, 2))
        return ran, {"rows": rows, "quarantined": quarantined, "seconds": float(told[4])}

    def dbt(self, *arguments: str, may_fail: bool = False) -> Ran:
        """Run a dbt command with the tenant's environment."""
        return run(
            [sys.executable, "-m", "orchestration", "dbt", *arguments],
            environment=self.environment,
            log=self.root / "logs" / f"dbt_{arguments[0]}.log",
            may_fail=may_fail,
        )

    @property
    def warehouse(self) -> Path:
        return self.paths.warehouse

    def keep(self, name: str) -> Path:
        """Copy the warehouse aside; `bring_back` makes it the warehouse again."""
        copy = self.root / "copies" / f"{name}.duckdb"
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.warehouse, copy)
        return copy

    def has(self, *names: str) -> bool:
        """Whether all these copies are there."""
        return all((self.root / "copies" / f"{name}.duckdb").exists() for name in names)

    def drop(self, name: str) -> None:
        """Remove a kept copy, if it is there."""
        (self.root / "copies" / f"{name}.duckdb").unlink(missing_ok=True)

    def bring_back(self, name: str, *, last: bool = False) -> None:
        """Make the kept copy the warehouse; `last` moves it, so that disk space is spared."""
        copy = self.root / "copies" / f"{name}.duckdb"
        self.warehouse.parent.mkdir(parents=True, exist_ok=True)
        self.warehouse.with_suffix(".duckdb.wal").unlink(missing_ok=True)
        self.warehouse.unlink(missing_ok=True)
        if last:
            copy.rename(self.warehouse)
        else:
            shutil.copy(copy, self.warehouse)


def simulate(persons: int, days: int) -> tuple[Path, float | None]:
    """Landing folder of a simulated brand of this size, and the seconds if it was made now."""
    parent = BENCH / "landing" / f"{persons}_{days}"
    ran = run(
        [
            *(sys.executable, "-m", "data.simulator", "--tenant", TENANT),
            *("--persons", str(persons), "--days", str(days), "--out", parent),
        ]
    )
    is_new = "holds these arguments already" not in ran.output
    return parent / TENANT, ran.seconds if is_new else None
