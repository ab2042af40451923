"""The semantic layer from the command line: MetricFlow's `mf` on a tenant's warehouse.

    python -m orchestration metrics query --metrics revenue,roas --group-by metric_time__month
    python -m orchestration metrics query --saved-query scorecard --csv scorecard.csv
    python -m orchestration metrics list metrics

Belongs here: bringing `mf` to the tenant (its environment, its manifest, its lock). What metrics
are is said in `dbt_project/models/marts/kpis/_kpis__metrics.yml`, not here.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from orchestration.dbt import ensure_manifest, export_environment
from orchestration.settings import DBT_PROJECT_DIR
from orchestration.warehouse import Warehouse

# What `make metrics` asks when nothing is asked.
EXAMPLE = (
    "query", "--metrics", "revenue,spend,mer,orders,new_customers,cac",
    "--group-by", "metric_time__month", "--order", "-metric_time__month", "--limit", "12",
    "--decimals", "2",
)  # fmt: skip


def run_metrics(arguments: list[str]) -> int:
    """Run `mf` with these arguments (none: an example); returns its exit code.

    Needs a warehouse that was built: without one there is a message and 1.
    """
    _, paths = export_environment()
    if not paths.warehouse.exists():
        print(f"no warehouse yet for tenant {paths.tenant}: make run TENANT={paths.tenant}")
        return 1
    ensure_manifest(paths)
    if not arguments:
        print(f"example: make metrics ARGS='{' '.join(EXAMPLE)}'")
    with Warehouse(paths.warehouse).lock():
        return _metricflow(arguments or list(EXAMPLE), paths.dbt_target / "semantic_manifest.json")


def _metricflow(arguments: list[str], manifest: Path) -> int:
    """Call `mf` in this process, in the dbt project's folder, with this semantic manifest."""
    from dbt_metricflow.cli import main
    from dbt_metricflow.cli.dbt_connectors.dbt_config_accessor import dbtArtifacts
    from metricflow_semantics.model.dbt_manifest_parser import (
        parse_manifest_from_dbt_generated_manifest,
    )

    class NoUpdateChecker:
        """`mf` asks the package index for news at every start; nothing here calls home."""

        def check(self, *_: object) -> None:
            return None

    def semantic_manifest(**_: object) -> object:
        # `mf` only looks in target/, where no tenant's manifest lies
        return parse_manifest_from_dbt_generated_manifest(
            manifest_json_string=manifest.read_text(encoding="utf-8")
        )

    main.UpdateChecker = NoUpdateChecker  # ty: ignore
    dbtArtifacts.build_semantic_manifest_from_dbt_project_root = staticmethod(semantic_manifest)  # ty: ignore
    arguments = _absolute_csv(arguments)
    with contextlib.chdir(DBT_PROJECT_DIR):
        os.environ["DBT_PROFILES_DIR"] = str(DBT_PROJECT_DIR)
        try:
            main.cli(args=arguments, prog_name="make metrics", standalone_mode=True)
        except SystemExit as ended:
            return ended.code if isinstance(ended.code, int) else 1
    return 0


def _absolute_csv(arguments: list[str]) -> list[str]:
    """A file named on the command line is meant from where the user stands."""
    absolute = list(arguments)
    for position, argument in enumerate(arguments[:-1]):
        if argument == "--csv":
            absolute[position + 1] = str(Path(arguments[position + 1]).absolute())
    return absolute
