"""One size, measured: landing gate, full builds in turns with the floor, one added day.

Belongs here: the order of the steps and what is taken down. Does not belong here: how a step is
done (`ground.py`, `floor.py`), arithmetic (`figures.py`), what is printed (`tables.py`).

A full build starts from a copy of the warehouse that holds the raw tables and nothing else, so
every run builds everything into a fresh file. The added day starts from a copy in which all days
but the last were landed and built, and the last one landed.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks import artifacts
from tests.benchmarks.figures import by_layer, ratios, spread
from tests.benchmarks.ground import BENCH, Ground, simulate
from tests.benchmarks.process import run
from tests.benchmarks.results import stamp

Tell = Callable[[str], None]
Keep = Callable[[dict[str, Any]], object]
# Models and seeds: what the headline is about. Data tests are measured beside it, unit tests not.
MODELS = ("build", "--quiet", "--exclude-resource-type", "test", "unit_test")
TESTS = ("test", "--quiet", "--exclude-resource-type", "unit_test")


@dataclass(frozen=True)
class Plan:
    """What to measure for one size; `landing` is an existing folder, else it is simulated."""

    persons: int
    days: int = 180
    landing: Path | None = None
    runs: int = 3
    floor_runs: int = 3
    day_runs: int = 3
    with_tests: bool = True
    with_python: bool = True
    keep_landed: bool = False


@dataclass(frozen=True)
class Build:
    """One dbt call over all models: its own seconds, start-up apart, memory, seconds per model.

    Processor seconds are those of the whole call, start-up included: no call tells them apart.
    """

    seconds: float
    startup: float
    cpu_seconds: float
    peak_bytes: int
    models: dict[str, dict[str, Any]]


def measure(plan: Plan, tell: Tell, keep: Keep) -> None:
    """Measure a size; what `results.py` stores below sizes/<persons> goes to `keep`, step by step.

    So a long run that is stopped leaves what it had measured.
    """
    result: dict[str, Any] = {**stamp(), "persons": plan.persons, "days": plan.days}
    landing, result["simulate_seconds"] = plan.landing, None
    if landing is None:
        tell("simulate (once per size)")
        landing, result["simulate_seconds"] = simulate(plan.persons, plan.days)
    ground = Ground(BENCH / "work" / str(plan.persons), landing.resolve())
    landed = _landed(plan, ground, tell)
    result["gate"] = landed["gate"]
    full, floor = _full_builds(plan, ground, tell)
    full["rows_raw"] = result["rows_raw"] = floor["rows"]
    full["raw_bytes"] = landed["raw_bytes"]
    result.update(full=full, floor=floor)
    result["ratio"] = spread(ratios(full["all_seconds"], floor["all_seconds"]))
    keep(result)
    rows = artifacts.table_rows(ground.warehouse)
    if plan.with_tests:
        result["tests"] = _tests(ground, tell)
    if plan.with_python:
        result["python"] = _python_steps(ground, tell)
    keep(result)
    if not plan.keep_landed:
        ground.drop("all")
    if plan.day_runs:
        added = {"files": landed["day_files"], **_added_day(plan, ground, rows, landed, tell)}
        full_seconds = full["seconds"]["median"]
        added["share"] = spread(seconds / full_seconds for seconds in added["all_seconds"])
        result["added_day"] = added
        keep(result)


def _landed(plan: Plan, ground: Ground, tell: Tell) -> dict[str, Any]:
    """Copies `before` (all days but the last landed) and `all`, and the gate's figures of both.

    With `keep_landed` those of an earlier run are used, and say when they were measured.
    """
    note = ground.root / "copies" / "landed.json"
    if plan.keep_landed and note.exists() and ground.has("before", "all"):
        landed = json.loads(note.read_text(encoding="utf-8"))
        if landed["landing"] == str(ground.landing):
            ground.clear(keep_landed=True)
            ground.bring_back("all")
            tell("landed before: copies of the warehouse are used again")
            return landed
    ground.clear()
    before, last, day = ground.days()
    tell(f"landing gate: {len(before)} files, then {len(last)} of {day}")
    ground.lay(before)
    ran, gate = ground.land()
    ground.keep("before")
    ground.lay(last)
    day_ran, day_gate = ground.land()
    ground.keep("all")
    landed = {
        "landing": str(ground.landing),
        "day": day,
        "day_files": len(last),
        "gate": {
            **stamp(),
            **gate,
            "wall_seconds": ran.seconds,
            "cpu_seconds": ran.cpu_seconds,
            "peak_bytes": ran.peak_bytes,
        },
        "day_gate": {**day_gate, "wall_seconds": day_ran.seconds},
        "raw_bytes": ground.warehouse.stat().st_size,
    }
    note.write_text(json.dumps(landed), encoding="utf-8")
    return landed


def build(ground: Ground) -> Build:
    """Build all models and seeds. Raises `ValueError` or `CommandFailed` when one fails."""
    ran = ground.dbt(*MODELS)
    target = ground.paths.dbt_target
    results = artifacts.read_results(target)
    models = artifacts.models_of(results, artifacts.read_manifest(target), {})
    seconds = results["elapsed_time"]
    startup = max(ran.seconds - seconds, 0.0)
    return Build(seconds, startup, ran.cpu_seconds, ran.peak_bytes, models)


def _full_builds(plan: Plan, ground: Ground, tell: Tell) -> tuple[dict[str, Any], dict[str, Any]]:
    """Full builds and floors in turns, so that both meet the same state of the machine."""
    folder = ground.root / "floor"
    tell("floor: raw tables to Parquet (not timed)")
    floor_command = [sys.executable, "-m", "tests.benchmarks.floor"]
    exported = run(
        [*floor_command, "export", "--warehouse", ground.warehouse, "--folder", folder],
        environment=ground.environment,
    )
    builds, sorts = [], []
    for number in range(max(plan.runs, plan.floor_runs)):
        if number < plan.runs:
            ground.bring_back("all")
            builds.append(build(ground))
            tell(f"full build {number + 1}: {builds[-1].seconds:.1f} s")
        if number < plan.floor_runs:
            ran = run([*floor_command, "sort", "--folder", folder], environment=ground.environment)
            sorts.append({**json.loads(ran.output.splitlines()[-1]), "peak_bytes": ran.peak_bytes})
            tell(f"floor {number + 1}: {sorts[-1]['seconds']:.1f} s")
    rows = json.loads(exported.output.splitlines()[-1])
    floor = {
        "rows": sum(rows.values()),
        "parquet_bytes": sum(file.stat().st_size for file in folder.glob("*.parquet")),
        "threads": sorts[-1]["threads"],
        "seconds": spread(item["seconds"] for item in sorts),
        "all_seconds": [item["seconds"] for item in sorts],
        "peak_bytes": max(item["peak_bytes"] for item in sorts),
        "tables": {name: {"rows": rows[name], "seconds": seconds}
                   for name, seconds in sorts[-1]["tables"].items()},
    }  # fmt: skip
    for file in folder.glob("*.parquet"):
        file.unlink()
    return _summary(builds, ground), floor


def _summary(builds: list[Build], ground: Ground) -> dict[str, Any]:
    """Several builds of the same data as one: spreads, and each model's median seconds."""
    counts = artifacts.table_rows(ground.warehouse)
    manifest = artifacts.read_manifest(ground.paths.dbt_target)
    results = artifacts.read_results(ground.paths.dbt_target)
    models = artifacts.models_of(results, manifest, counts)
    for name, model in models.items():
        model["seconds"] = statistics.median(one.models[name]["seconds"] for one in builds)
    return {
        "seconds": spread(one.seconds for one in builds),
        "all_seconds": [one.seconds for one in builds],
        "startup_seconds": spread(one.startup for one in builds),
        "cpu_seconds": spread(one.cpu_seconds for one in builds),
        "peak_bytes": max(one.peak_bytes for one in builds),
        "database_bytes": ground.warehouse.stat().st_size,
        "layers": by_layer(models),
        "models": models,
    }


def _tests(ground: Ground, tell: Tell) -> dict[str, Any]:
    """All data tests, once; a test that fails is counted, its time is as good."""
    ran = ground.dbt(*TESTS, may_fail=True)
    text = (ground.paths.dbt_target / "run_results.json").read_text(encoding="utf-8")
    results = json.loads(text)
    bad = [item["unique_id"] for item in results["results"]
           if item["status"] not in artifacts.GOOD]  # fmt: skip
    tell(f"data tests: {results['elapsed_time']:.1f} s, {len(bad)} failed")
    return {
        "seconds": results["elapsed_time"],
        "startup_seconds": max(ran.seconds - results["elapsed_time"], 0.0),
        "count": len(results["results"]),
        "failed": bad,
    }


def _python_steps(ground: Ground, tell: Tell) -> dict[str, Any]:
    ran = run(
        [sys.executable, "-m", "tests.benchmarks.python_steps"], environment=ground.environment
    )
    figures = json.loads(ran.output.splitlines()[-1])
    worked = figures["train_seconds"] + figures["score_seconds"]
    tell(f"training and scoring: {worked:.1f} s")
    return {**figures, "startup_seconds": ran.seconds - worked, "peak_bytes": ran.peak_bytes}


def _added_day(
    plan: Plan,
    ground: Ground,
    rows_full: dict[tuple[str, str], int],
    landed: dict[str, Any],
    tell: Tell,
) -> dict[str, Any]:
    """Build all days but the last, land the last one, build again."""
    day = landed["day"]
    ground.bring_back("before", last=not plan.keep_landed)
    earlier = build(ground)
    tell(f"build without {day}: {earlier.seconds:.1f} s")
    ground.land()
    if plan.day_runs > 1:
        ground.keep("day")
    builds = []
    for number in range(plan.day_runs):
        if number:
            ground.bring_back("day")
        builds.append(build(ground))
        tell(f"added day {number + 1}: {builds[-1].seconds:.1f} s")
    ground.drop("day")
    rows = artifacts.table_rows(ground.warehouse)
    manifest = artifacts.read_manifest(ground.paths.dbt_target)
    by_increment = artifacts.increments(ground.warehouse, manifest)
    # what is kept as state (stays in a segment) remembers the day before, a fresh file cannot
    passed_over = artifacts.state_tables(manifest)
    differ = {
        ".".join(name): [rows_full.get(name), count]
        for name, count in rows.items()
        if name not in passed_over
        and name[0] not in {"raw", "ops", "increments"}
        and rows_full.get(name) != count
    }
    summary = _summary(builds, ground)
    return {
        "day": day,
        "gate": landed["day_gate"],
        "seconds": summary["seconds"],
        "all_seconds": summary["all_seconds"],
        "startup_seconds": summary["startup_seconds"],
        "cpu_seconds": summary["cpu_seconds"],
        "peak_bytes": summary["peak_bytes"],
        "database_bytes": summary["database_bytes"],
        "layers": summary["layers"],
        "models": {name: model["seconds"] for name, model in summary["models"].items()},
        "arrived": artifacts.arrived(ground.warehouse, day),
        "increments": by_increment,
        "tables_with_other_row_counts": {
            name: counts for name, counts in differ.items() if not name.startswith("intermediate.")
        },
        # a working table may hold less after an increment, by design
        "working_tables_with_other_row_counts": {
            name: counts for name, counts in differ.items() if name.startswith("intermediate.")
        },
    }
