"""The daily job in this process, as `make run` starts it: the tools start beside each other.

Belongs here: in which order Dagster, dbt and Great Expectations start, and what the run prints of
it. Does not belong here: what the job does (`defs/`).
"""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from orchestration.dbt import Manifest, export_environment
from orchestration.dbt_worker import dbt_worker
from orchestration.settings import PROJECT_ROOT, Paths
from orchestration.startup import start_times, starting


def run_daily(paths: Paths, land: list[str] | None = None) -> bool:
    """Run the daily job, recorded in the Dagster instance; True when it went well.

    `land` is a command that lays files in landing; it works beside the start of the tools.
    """
    started = time.monotonic()
    print(f"tenant {paths.tenant}, environment {paths.env}", flush=True)
    home = prepare_dagster_home()
    os.environ.setdefault("CROSSWEAVE_CONSOLE", "lines")
    export_environment()
    manifest = Manifest(paths)
    landing = subprocess.Popen(land, cwd=PROJECT_ROOT) if land else None
    with dbt_worker(write_json=not manifest.is_current) as worker:
        # Imported here: they take seconds each, and dbt parses meanwhile.
        with starting("Dagster"):
            import dagster_dbt  # noqa: F401

            from orchestration.event_log import command_line_instance
        if not paths.warehouse.exists():  # so there are new rows for it
            from orchestration.ingestion.expectations import start_great_expectations

            start_great_expectations()
        if worker is not None and not manifest.is_current:
            with starting("dbt parse (the rest of it)"):
                if worker.wait_until_parsed():
                    manifest.mark_current()
        # Parses here where the worker did not, and reads the tenant.
        with starting("asset definitions"):
            from orchestration.definitions import defs
        if landing is not None and landing.wait() != 0:
            return False
        print(_line("start (Dagster, dbt parse)", time.monotonic() - started), flush=True)
        with command_line_instance(home) as instance:
            result = defs.resolve_job_def("daily").execute_in_process(
                instance=instance, raise_on_error=False, run_config={"loggers": {"console": {}}}
            )
    if not result.success:
        print("run failed: mend what the message above names, then `make run` goes on from there")
        return False
    print(_line("total", time.monotonic() - started))
    for tool, seconds in start_times().items():
        print(_line(f"  of which start of {tool}", seconds))
    print()
    return True


def _line(what: str, seconds: float) -> str:
    return f"  {what:<44}{seconds:>8.1f} s"


def prepare_dagster_home() -> Path:
    """The folder of Dagster's instance (DAGSTER_HOME), with the project's dagster.yaml in it."""
    home = Path(os.environ.setdefault("DAGSTER_HOME", str(PROJECT_ROOT / ".dagster")))
    home.mkdir(parents=True, exist_ok=True)
    config = (PROJECT_ROOT / "orchestration" / "dagster.yaml").read_text(encoding="utf-8")
    target = home / "dagster.yaml"
    if not target.exists() or target.read_text(encoding="utf-8") != config:
        target.write_text(config, encoding="utf-8")
    return home
