"""Every dbt model, seed and test as Dagster assets and checks, in one assets function.

Dagster splits the function around the Python assets by itself (landing, then models up to the
features, then training, then models that read scores, then syncs, then the ledgers).
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import dagster as dg
import dagster_dbt.asset_utils
from dagster_dbt import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtCliResource,
    DbtProject,
    dbt_assets,
)

from orchestration.console import dbt_progress, is_command_line_run
from orchestration.defs.keys import SETTINGS_KEY, source_asset_key
from orchestration.defs.tenant import MANIFEST, PATHS, WAREHOUSE
from orchestration.settings import DBT_PROJECT_DIR
from orchestration.startup import import_beside

# Marts are rebuilt daily; a day and two hours without one is late.
FRESHNESS = dg.FreshnessPolicy.time_window(
    fail_window=timedelta(hours=26), warn_window=timedelta(hours=25)
)

# A part of the models is built per call. Tests run with the part that completes their parents:
# dbt's default (eager) would run them as soon as one parent is built, before the others exist.
os.environ["DBT_INDIRECT_SELECTION"] = "buildable"
# Over 200 selected models dagster-dbt 0.29.27 builds from a temporary copy of the project, which
# breaks its relative paths; the limit guards against Windows' short command lines.
dagster_dbt.asset_utils._SELECTION_ARGS_THRESHOLD = 10_000

project = DbtProject(project_dir=DBT_PROJECT_DIR, target_path=PATHS.dbt_target)


class Translator(DagsterDbtTranslator):
    """Keys [schema, name]; sources map to the Python assets that fill them; groups as in dbt."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Key of a model, seed or source."""
        if dbt_resource_props["resource_type"] == "source":
            return source_asset_key(dbt_resource_props["source_name"], dbt_resource_props["name"])
        return dg.AssetKey([dbt_resource_props["schema"], dbt_resource_props["name"]])

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """Spec with a freshness policy on marts.

        Seeds, staging and models that read nothing wait for the end of landing, so that one dbt
        call builds them with the rest; a call of their own would cost its start-up.
        """
        spec = super().get_asset_spec(manifest, unique_id, project)
        props = self.get_resource_props(manifest, unique_id)
        if props["resource_type"] == "seed" or "staging" in props["fqn"] or not list(spec.deps):
            return spec.replace_attributes(deps=[*spec.deps, dg.AssetDep(SETTINGS_KEY)])
        if props.get("access") == "public":
            return spec.replace_attributes(freshness_policy=FRESHNESS)
        return spec


translator = Translator(
    DagsterDbtTranslatorSettings(
        enable_duplicate_source_asset_keys=True, enable_source_metadata=False
    )
)


@dbt_assets(
    manifest=MANIFEST, project=project, dagster_dbt_translator=translator, name="warehouse_models"
)
def warehouse_models(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
    """Build the selected models and run their tests, behind the warehouse's file lock."""
    events = []
    with WAREHOUSE.lock(), dbt_progress() as unseen:
        invocation = dbt.cli(
            ["build", "--exclude-resource-type", "unit_test"], context=context, raise_on_error=False
        )
        if is_command_line_run():  # this process waits for dbt: it loads what training needs
            import_beside("orchestration.scoring")
        events.extend(invocation.stream())
    row_counts = _row_counts(events)
    for event in events:
        yield _with_row_count(event, row_counts)
    if not invocation.is_successful():
        raise dg.Failure(_failures(invocation, unseen))


def _table_names(events: list[Any]) -> dict[str, str]:
    """Output name -> schema.table of the models among the events."""
    return {
        event.output_name: ".".join(warehouse_models.keys_by_output_name[event.output_name].path)
        for event in events
        if isinstance(event, dg.Output)
    }


def _row_counts(events: list[Any]) -> dict[str, int]:
    """Rows per output, of tables only: counting a view would run it a second time."""
    tables = _table_names(events)
    if not tables:
        return {}
    with WAREHOUSE.connect() as connection:
        existing = {
            row[0]
            for row in connection.execute(
                "select schema_name || '.' || table_name from duckdb_tables() "
                "where database_name = current_database()"
            ).fetchall()
        }
        counts = {}
        for output, table in tables.items():
            if table in existing:
                row = connection.execute(f"select count(*) from {table}").fetchone()
                counts[output] = row[0] if row else 0
    return counts


def _with_row_count(event: Any, row_counts: dict[str, int]) -> Any:
    """The same event, with `dagster/row_count` where it is known."""
    if isinstance(event, dg.Output) and event.output_name in row_counts:
        return event.with_metadata(
            {**event.metadata, "dagster/row_count": row_counts[event.output_name]}
        )
    return event


def _failures(invocation: Any, unseen: Iterable[str]) -> str:
    """Names and messages of failed nodes; what dbt said last if it came to none."""
    try:
        results = invocation.get_artifact("run_results.json")["results"]
    except FileNotFoundError:
        return f"dbt ended before it built anything:\n{_without_values(''.join(unseen))}"
    failed = [
        f"{result['unique_id']}: {_without_values((result.get('message') or '').strip())}"
        for result in results
        if result["status"] in {"error", "fail"}
    ]
    return "dbt build failed:\n  " + "\n  ".join(failed or ["see the log above"])


def _without_values(message: str) -> str:
    """The message of a failed node without quoted values: a failed cast quotes what it read."""
    return re.sub(r"'[^'\n]*'", "'...'", message)
