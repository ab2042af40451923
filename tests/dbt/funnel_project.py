"""A dbt project of nothing but funnels: the shipped models on events and definitions of a test.

Belongs here: writing that project and its tables, running dbt once. Does not belong here: what a
funnel should give.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from os.path import relpath
from pathlib import Path

import duckdb
import pyarrow as pa
import yaml

from orchestration.dbt import DBT_EXECUTABLE
from orchestration.settings import DBT_PROJECT_DIR
from orchestration.warehouse import MEMORY_LIMIT

MODELS = DBT_PROJECT_DIR / "models"
SHIPPED = [
    MODELS / "intermediate/journeys/int_journeys__funnel_slices.sql",
    MODELS / "intermediate/journeys/int_journeys__funnel_entries.sql",
    MODELS / "marts/journeys/funnel_results.sql",
]
# The two implementations of the ordered chain, side by side: what Spark runs is plain SQL.
CHAINS = {
    "chains_by_asof": "{{ default__funnel_ordered('events') }}",
    "chains_by_joins": "{{ spark__funnel_ordered('events') }}",
}
START = datetime(2026, 1, 1)
CHANNELS = ["ads", "email", "web"]


@dataclass(frozen=True)
class Funnel:
    """One funnel: number 1, 2, ... in the order of names; steps beside step 0."""

    number: int
    mode: str
    window_s: int
    step_count: int

    @property
    def name(self) -> str:
        return f"f{self.number:03d}"


@dataclass(frozen=True)
class Event:
    """An event of a person: seconds since START, its step (0 = ends chains), its channel."""

    funnel: int
    person: int
    second: int
    step: int
    channel: str


def event_table(events: Iterable[Event]) -> pa.Table:
    """Events as Arrow, columns as run_chdb.py reads them."""
    return pa.Table.from_pylist(
        [vars(event) for event in events],
        schema=pa.schema(
            {
                "funnel": pa.int32(),
                "person": pa.int64(),
                "second": pa.uint64(),
                "step": pa.int32(),
                "channel": pa.string(),
            }
        ),
    )


def write_project(folder: Path, funnels: list[Funnel], events: str, *, chains: bool = True) -> Path:
    """Write the project and its DuckDB file; returns the file.

    `events` is a Parquet file with the columns of `event_table`.
    """
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "models").mkdir(parents=True)
    for model in SHIPPED:
        shutil.copy(model, folder / "models")
    sql = {
        "funnels": "select * from given.funnels",
        "funnel_steps": "select * from given.funnel_steps",
        "int_journeys__funnel_events": "select * from given.events",
        **({name: CHAINS[name].replace("'events'", "'given.events'") for name in CHAINS}
           if chains else {}),
    }  # fmt: skip
    for name, text in sql.items():
        (folder / "models" / f"{name}.sql").write_text(text, encoding="utf-8")
    for name in ("funnels", "funnel_steps", "int_journeys__funnel_events"):
        path = folder / "models" / f"{name}.sql"
        path.write_text("{{ config(materialized='view') }}\n" + sql[name], encoding="utf-8")
    file = folder / "funnels.duckdb"
    sources = {"sources": [{"name": "ops", "schema": "ops", "tables": [{"name": "settings"}]}]}
    (folder / "models" / "sources.yml").write_text(yaml.safe_dump(sources), encoding="utf-8")
    for name, content in {
        "dbt_project.yml": {
            "name": "crossweave",
            "profile": "funnels",
            "config-version": 2,
            "macro-paths": [relpath(DBT_PROJECT_DIR / "macros", folder)],
            "models": {"+materialized": "table"},
            "flags": {"send_anonymous_usage_stats": False},
        },
        "profiles.yml": {
            "funnels": {
                "target": "duckdb",
                "outputs": {
                    "duckdb": {
                        "type": "duckdb",
                        "path": str(file),
                        "threads": 1,
                        "settings": {"memory_limit": MEMORY_LIMIT},
                    }
                },
            }
        },
    }.items():
        (folder / name).write_text(json.dumps(content), encoding="utf-8")  # JSON is YAML
    with duckdb.connect(str(file)) as connection:
        _write_given(connection, funnels, events)
    return file


def _write_given(connection: duckdb.DuckDBPyConnection, funnels: list[Funnel], events: str) -> None:
    """Tables that stand in for seeds, settings and int_journeys__funnel_events."""
    connection.execute("create schema given")
    connection.execute("create schema ops")
    connection.execute(
        "create table ops.settings as"
        " select timestamp '2030-01-01' as as_of, 'Europe/Zurich' as timezone"
    )
    definitions = pa.Table.from_pylist(  # noqa: F841 - read by name below
        [
            {
                "number": funnel.number,
                "funnel": funnel.name,
                "mode": funnel.mode,
                "window_s": funnel.window_s,
                "step_count": funnel.step_count,
            }
            for funnel in funnels
        ]
    )
    connection.execute(
        "create table given.funnels as select funnel, mode, window_s / 3600 as window_hours,"
        " 'channel' as slices, true as is_active from definitions"
    )
    connection.execute(
        "create table given.funnel_steps as select funnel, cast(step as integer) as step_number,"
        " concat('step ', step) as step from definitions, range(1, step_count + 1) as t(step)"
    )
    connection.execute(
        f"""
        create table given.events as
        select
            cast(events.funnel as bigint) as funnel_number,
            definitions.mode,
            cast(definitions.window_s as bigint) as window_s,
            events.step as step_number,
            events.person as person_number,
            timestamp '{START}' + to_seconds(cast(events.second as bigint)) as occurred_at,
            events.channel,
            cast(null as varchar) as campaign_id,
            cast(null as varchar) as device_category
        from read_parquet('{events}') as events
        inner join definitions on events.funnel = definitions.number
        """
    )


def build(folder: Path) -> None:
    """Run dbt on the project; fails the test with its output."""
    environment = {
        **os.environ,
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_USE_COLORS": "false",
    }
    result = subprocess.run(
        [DBT_EXECUTABLE, "run", "--project-dir", folder, "--profiles-dir", folder],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
