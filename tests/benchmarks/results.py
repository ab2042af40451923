"""Where figures are kept: one JSON file per day, into which every piece of a benchmark merges.

Belongs here: reading, merging, writing, and what tells the machine and the versions. Does not
belong here: measuring.

Every size and every peer carries the commit and the time of its own measurement, so a file that
was filled in pieces says so.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from typing import Any

from orchestration.settings import PROJECT_ROOT
from orchestration.warehouse import MEMORY_LIMIT
from tests.benchmarks.figures import growth

PACKAGES = ("duckdb", "dbt-core", "dbt-duckdb", "dagster", "pandas", "pyarrow")


def machine() -> dict[str, Any]:
    """Processor, cores, memory, system, and the load when it was asked."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": f"{platform.system()} {platform.release()}",
        "memory_limit": MEMORY_LIMIT,
    }


def versions() -> dict[str, str]:
    """Python and the packages that a build's time depends on."""
    return {"python": platform.python_version(), **{p: metadata.version(p) for p in PACKAGES}}


def stamp() -> dict[str, Any]:
    """When, on which commit and under which load something was measured."""
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "load_before": [round(value, 2) for value in os.getloadavg()],
    }


def merge(old: Mapping[str, Any], piece: Mapping[str, Any]) -> dict[str, Any]:
    """`old` with `piece` in it: mappings `sizes` and `peers` by their keys, the rest replaced.

    Growth is computed anew between neighbouring sizes.
    """
    merged = {**old, **piece}
    for part in ("sizes", "peers"):
        merged[part] = {**old.get(part, {}), **piece.get(part, {})}
    merged["sizes"] = dict(sorted(merged["sizes"].items(), key=lambda item: int(item[0])))
    merged["growth"] = {
        f"{small} to {large}": growth(
            merged["sizes"][small]["full"], merged["sizes"][large]["full"]
        )
        for small, large in pairwise(merged["sizes"])
    }
    return merged


def read(file: Path) -> dict[str, Any]:
    """A results file; empty when there is none yet."""
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def store(file: Path, piece: Mapping[str, Any]) -> dict[str, Any]:
    """Merge `piece` into `file` and return all of it."""
    merged = merge(read(file), {"machine": machine(), "versions": versions(), **piece})
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_suffix(".json.aside")
    aside.write_text(json.dumps(merged, indent=1) + "\n", encoding="utf-8")
    aside.replace(file)
    return merged


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _commit() -> str:
    """Short hash of the project's commit, `+` when files differ from it, `unknown` without git."""
    try:
        head, changed = (
            subprocess.run(
                ["git", *words], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True
            ).stdout.strip()
            for words in (["rev-parse", "--short=10", "HEAD"], ["status", "--porcelain"])
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{head}+" if changed else head
