"""What dbt and the warehouse tell about a build: models with rows and seconds.

Belongs here: reading run_results.json, manifest.json and counts. Does not belong here: starting
dbt.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from tests.benchmarks.figures import layer_of

GOOD = {"success", "pass", "warn", "no-op"}


def read_results(target: Path) -> dict[str, Any]:
    """run_results.json of the last dbt call. Raises `ValueError` when a node failed."""
    results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))
    bad = [item["unique_id"] for item in results["results"] if item["status"] not in GOOD]
    if bad:
        raise ValueError(f"{len(bad)} dbt nodes did not succeed, for example {bad[0]}")
    return results


def read_manifest(target: Path) -> dict[str, Any]:
    """manifest.json of the last parse."""
    return json.loads((target / "manifest.json").read_text(encoding="utf-8"))


def models_of(
    results: Mapping[str, Any],
    manifest: Mapping[str, Any],
    rows: Mapping[tuple[str, str], int],
) -> dict[str, dict[str, Any]]:
    """Per model and seed: layer, domain, materialization, rows (None for a view), seconds."""
    models = {}
    for item in results["results"]:
        node = manifest["nodes"].get(item["unique_id"])
        if node is None or node["resource_type"] not in {"model", "seed"}:
            continue
        layer, domain = layer_of(node["resource_type"], node["original_file_path"])
        models[node["name"]] = {
            "layer": layer,
            "domain": domain,
            "materialized": node["config"]["materialized"],
            "rows": rows.get((node["schema"], node["alias"])),
            "seconds": round(item["execution_time"], 4),
        }
    return models


def state_tables(manifest: Mapping[str, Any]) -> set[tuple[str, str]]:
    """(schema, table) of the models that are never rebuilt: `full_refresh: false`."""
    return {
        (node["schema"], node["alias"])
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["config"].get("full_refresh") is False
    }


def seconds_of_execution(result: Mapping[str, Any]) -> float:
    """Seconds of a node's `execute` step: without compiling, and without waiting for a thread."""
    for step in result["timing"]:
        if step["name"] == "execute":
            begun, ended = (
                datetime.fromisoformat(step[word].replace("Z", "+00:00"))
                for word in ("started_at", "completed_at")
            )
            return (ended - begun).total_seconds()
    raise ValueError(f"{result['unique_id']} was not executed")


def table_rows(warehouse: Path) -> dict[tuple[str, str], int]:
    """Rows of every table (not view) of a warehouse, exact."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        names = connection.execute(
            "select schema_name, table_name from duckdb_tables() where not internal "
            "and database_name = current_database() order by all"
        ).fetchall()
        return {
            (schema, name): _count(connection, f'"{schema}"."{name}"') for schema, name in names
        }


def arrived(warehouse: Path, day: str) -> dict[str, int]:
    """What the last day brought: rows landed, touchpoints and their persons, persons in all."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        ((landed,),) = connection.execute(
            "select coalesce(sum(loaded_count), 0) from ops.landing_files "
            "where cast(loaded_at as date) = cast(? as date)",
            [day],
        ).fetchall()
        ((touchpoints, persons),) = connection.execute(
            "select count(*), count(distinct person_id) from core.fct_touchpoints "
            "where cast(loaded_at as date) = cast(? as date)",
            [day],
        ).fetchall()
        return {
            "rows_landed": int(landed),
            "touchpoints": touchpoints,
            "persons_with_touchpoints": persons,
            "persons": _count(connection, "identity.persons"),
        }


def increments(warehouse: Path, manifest: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Per model that can build by increments: what its last build touched and wrote.

    `unit` is the column that is touched (`person_id`: persons), `touched` how many of its values,
    `written` rows; both None where the model was built in full. Empty where nothing is incremental.
    """
    units = {
        node["name"]: node["config"].get("replaces") or node["config"].get("key")
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    }
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        known = connection.execute(
            "select 1 from duckdb_tables() where schema_name = 'increments' "
            "and table_name = 'states' and database_name = current_database()"
        ).fetchall()
        rows = (
            connection.execute(
                "select model, touched_count, written_count from increments.states order by model"
            ).fetchall()
            if known
            else []
        )
    return {
        model: {"unit": units.get(model), "touched": touched, "written": written}
        for model, touched, written in rows
    }


def _count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    ((count,),) = connection.execute(f"select count(*) from {relation}").fetchall()
    return int(count)
