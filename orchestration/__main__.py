"""Crossweave from the command line: `python -m orchestration COMMAND`.

The Makefile calls this; `--help` on every command says what it does.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from itertools import pairwise

from orchestration.dbt import DBT_EXECUTABLE, ensure_manifest, export_environment
from orchestration.rules import refresh_rules
from orchestration.run import prepare_dagster_home, run_daily
from orchestration.serving.declared import ServingError
from orchestration.settings import (
    DBT_PROJECT_DIR,
    PROJECT_ROOT,
    Paths,
    SettingsError,
    current_paths,
    load_tenant,
)
from orchestration.spark import SparkMissing, run_dbt_on_spark
from orchestration.state import open_warehouse, save_state, saved_state_folder
from orchestration.warehouse import Warehouse, WarehouseLocked


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code (0 done, 1 failed, 2 wrong call)."""
    parser = argparse.ArgumentParser(prog="python -m orchestration", description=__doc__)
    parser.add_argument("--tenant", default=os.environ.get("CROSSWEAVE_TENANT") or "demo")
    parser.add_argument("--env", default=os.environ.get("CROSSWEAVE_ENV") or "dev")
    commands = parser.add_subparsers(dest="command", required=True)
    landing = commands.add_parser(
        "land", help="lay a shipped tenant's data in landing (demo: simulate; real data: fetch)"
    )
    daily = commands.add_parser("run", help="landing to delivery: the daily job, then the summary")
    daily.add_argument("--land", action="store_true", help="lay data as `land` does before")
    for parser_of_size in (landing, daily):
        parser_of_size.add_argument("--persons", default="5000", help="size of the simulated brand")
        parser_of_size.add_argument("--days", default="180", help="length of its history")
    commands.add_parser("prepare", help="Dagster's home and the dbt manifest, for `dagster dev`")
    dbt = commands.add_parser("dbt", help="any dbt command with the tenant's environment")
    dbt.add_argument("arguments", nargs=argparse.REMAINDER)
    metrics = commands.add_parser("metrics", help="ask the semantic layer (MetricFlow's mf)")
    metrics.add_argument("arguments", nargs=argparse.REMAINDER)
    commands.add_parser("summary", help="what the warehouse holds now")
    commands.add_parser("serve", help="write the serving copy of what the warehouse holds now")
    commands.add_parser("backup", help="write what cannot be rebuilt to data/state")
    commands.add_parser(
        "restore",
        help="move the warehouse aside, bring data/state back, then the whole job (syncs too)",
    )
    options = parser.parse_args(arguments)
    os.environ["CROSSWEAVE_TENANT"], os.environ["CROSSWEAVE_ENV"] = options.tenant, options.env
    paths = current_paths()
    try:
        load_tenant(paths)
        match options.command:
            case "land":
                command = land_command(paths, persons=options.persons, days=options.days)
                return subprocess.run(command, cwd=PROJECT_ROOT, check=False).returncode
            case "run" if options.land:
                return run(paths, land_command(paths, persons=options.persons, days=options.days))
            case "dbt":
                return dbt_command(options.arguments)
            case "metrics":
                return metrics_command(options.arguments)
            case command:
                return {
                    "run": run,
                    "prepare": prepare,
                    "summary": summary,
                    "serve": serve,
                    "backup": backup,
                    "restore": restore,
                }[command](paths)
    except (SettingsError, ServingError, SparkMissing, WarehouseLocked) as error:
        print(error, file=sys.stderr)
        return 2


def land_command(paths: Paths, *, persons: str, days: str) -> list[str]:
    """Lays the data of a tenant that ships with the project; others bring their own."""
    match paths.tenant:
        case "demo":
            out = str(paths.landing.parent)
            module = ["data.simulator", "--persons", persons, "--days", days, "--out", out]
        case "complete_journey":
            module = ["orchestration.ingestion.complete_journey"]
        case _:
            if not paths.landing.exists():
                print(f"note: no files yet in {paths.landing}")
            return ["true"]
    return [sys.executable, "-m", *module]


def dbt_command(arguments: list[str]) -> int:
    """Run dbt in the project folder with the tenant's environment; returns its exit code."""
    settings, paths = export_environment()
    warehouse = Warehouse(paths.warehouse)
    if paths.warehouse.exists():
        with warehouse.connect() as connection:
            open_warehouse(connection, paths.state)
            refresh_rules(connection, settings, paths)
    if {*pairwise(arguments)} & {("--target", "spark"), ("-t", "spark")}:
        return run_dbt_on_spark(paths, arguments)
    with warehouse.lock():
        return subprocess.run(
            [DBT_EXECUTABLE, *arguments], cwd=DBT_PROJECT_DIR, check=False
        ).returncode


def metrics_command(arguments: list[str]) -> int:
    """Ask the semantic layer; its tools take seconds to import."""
    from orchestration.metrics import run_metrics

    return run_metrics(arguments)


def prepare(paths: Paths) -> int:
    """Write Dagster's home and parse dbt when needed."""
    prepare_dagster_home()
    export_environment()
    ensure_manifest(paths)
    return 0


def run(paths: Paths, land: list[str] | None = None) -> int:
    """The daily job, after the command `land` if there is one; then the summary."""
    return 0 if run_daily(paths, land) and summary(paths) == 0 else 1


def summary(paths: Paths) -> int:
    """Print the tables of `orchestration/summary.py`."""
    from orchestration.summary import print_summary

    if not paths.warehouse.exists():
        print(f"no warehouse yet for tenant {paths.tenant}: make run TENANT={paths.tenant}")
        return 1
    with Warehouse(paths.warehouse).connect(read_only=True) as connection:
        print_summary(connection, paths)
    return 0


def serve(paths: Paths) -> int:
    """Write the public marts to data/serving, and to PostgreSQL where a URL is set."""
    from orchestration.serving.publish import publish

    if not paths.warehouse.exists():
        print(f"no warehouse yet for tenant {paths.tenant}: make run TENANT={paths.tenant}")
        return 1
    settings, paths = export_environment()
    published = publish(
        warehouse=Warehouse(paths.warehouse),
        paths=paths,
        settings=settings,
        manifest=ensure_manifest(paths),
        progress=lambda line: print(f"  {line}", flush=True),
    )
    print(
        f"{len(published.rows)} tables, {sum(published.rows.values()):,} rows, "
        f"{published.bytes / 1e6:,.1f} MB in {published.files_s:.1f} s: {paths.serving}"
    )
    if published.postgres_s is not None:
        print(f"PostgreSQL: {published.postgres_s:.1f} s")
    return 0


def backup(paths: Paths) -> int:
    """Write the state tables of the warehouse to data/state."""
    if not paths.warehouse.exists():
        print(f"no warehouse at {paths.warehouse}: nothing to back up")
        return 1
    with Warehouse(paths.warehouse).connect() as connection:
        counts = save_state(connection, paths.state)
    for table, count in counts.items():
        print(f"  {table:<44}{count:>12,}")
    print(f"written to {paths.state}")
    return 0


def restore(paths: Paths) -> int:
    """Move the warehouse aside, bring the state back, and rebuild the rest from landing."""
    if saved_state_folder(paths.state) is None:
        print(f"no state in {paths.state}; `make backup` writes it, and every run does")
        return 1
    warehouse = Warehouse(paths.warehouse)
    with warehouse.lock():
        if paths.warehouse.exists():
            aside = paths.warehouse.with_suffix(f".{int(time.time())}.aside")
            paths.warehouse.rename(aside)
            print(f"the old warehouse is kept as {aside.name}")
    with warehouse.connect() as connection:
        for table, count in open_warehouse(connection, paths.state).items():
            print(f"  restored {table:<35}{count:>12,}")
    return run(paths)


if __name__ == "__main__":
    sys.exit(main())
