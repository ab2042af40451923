"""Funnel peers: one ordered funnel over made-up events, by Crossweave and by ClickHouse.

Belongs here: the events, the contestants, whether both found the same persons at every step.
Crossweave's contestant is its own models, run by dbt in a project that holds nothing else.
"""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.warehouse import MEMORY_LIMIT
from tests.benchmarks.artifacts import read_results, seconds_of_execution
from tests.benchmarks.figures import ratios, spread
from tests.benchmarks.ground import BENCH
from tests.benchmarks.peers.environments import in_turns, run_peer
from tests.benchmarks.results import stamp
from tests.dbt.funnel_project import CHANNELS, Funnel, build, write_project

FOLDER = BENCH / "work" / "peers" / "funnels"
EVENTS, DAYS = 5_000_000, 90
FUNNEL = Funnel(number=1, mode="ordered", window_s=7 * 86_400, step_count=6)
MODELS = ("int_journeys__funnel_entries", "funnel_results")
WHAT = (
    "An ordered funnel of six steps and seven days, best of all entries. ClickHouse's windowFunnel "
    "returns the step that each person reached. Crossweave's models write that, the shortest time "
    "to every step, and the same once more by channel of the entry, and sum up results with "
    "medians; the second line is the question that ClickHouse answers: the chain's SQL and its "
    "persons per step as one query, nothing written. Start-up and loading are timed for none."
)
NOTES = {
    "Crossweave": "dbt's execute steps of int_journeys__funnel_entries and funnel_results",
    "Crossweave, steps only": "one query over the SQL of the chain of asof joins",
    "ClickHouse": "windowFunnel, in chdb",
}


def compare(
    ground: Path, *, runs: int, synthetic: list[int], tell: Callable[[str], None]
) -> dict[str, Any]:
    """Compare on made-up events; `ground` and `synthetic` are for peers that need a build."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    stamped = stamp()
    events = FOLDER / "events.parquet"
    persons = write_events(EVENTS, events)
    questions = FOLDER / "funnels.json"
    questions.write_text(json.dumps([[FUNNEL.number, FUNNEL.window_s, None]]), encoding="utf-8")
    project = FOLDER / "dbt"
    write_project(project, [FUNNEL], str(events))
    done = in_turns(
        {
            "Crossweave": partial(_models, project),
            "Crossweave, steps only": partial(_query, project),
            "ClickHouse": partial(_clickhouse, events, questions),
        },
        runs,
        tell,
    )
    reached = {name: one.pop("reached", None) for name, one in done.items()}
    ours = done["Crossweave"]["all_seconds"]
    for name, one in done.items():
        one.setdefault("note", NOTES[name])
        if one["all_seconds"]:
            one["seconds"] = spread(one["all_seconds"])
            if name != "Crossweave":
                one["ratio"] = spread(ratios(one["all_seconds"], ours))
                same = reached[name] == reached["Crossweave"]
                one["agrees"] = "yes" if same else f"no: {reached[name]}"
    shutil.rmtree(FOLDER)
    size = f"{EVENTS:,} events, {persons:,} persons; reached: {reached['Crossweave']}"
    return {
        **stamped,
        "what": WHAT,
        "inputs": {"Made-up events": {"size": size, "contestants": done}},
    }


def write_events(count: int, file: Path, *, seed: int = 7) -> int:
    """Write `count` events (columns of run_chdb.py) to a Parquet file; returns the persons in it.

    Ten events a person on average, over DAYS; every further step is about half as frequent.
    """
    draws = np.random.default_rng(seed)
    person = draws.integers(0, count // 10, count)
    step = 1 + np.minimum(draws.geometric(0.45, count) - 1, FUNNEL.step_count - 1)
    table = pa.table(
        {
            "funnel": np.full(count, FUNNEL.number, dtype=np.int32),
            "person": person,
            "second": draws.integers(0, DAYS * 86_400, count).astype(np.uint64),
            "step": step.astype(np.int32),
            "channel": pa.array(CHANNELS).take(pa.array(draws.integers(0, len(CHANNELS), count))),
        }
    )
    pq.write_table(table, file)
    return len(np.unique(person))


def _models(project: Path) -> dict[str, Any]:
    """One dbt run of the models."""
    build(project)
    results = read_results(project / "target")["results"]
    seconds = sum(
        seconds_of_execution(one) for one in results if one["unique_id"].split(".")[-1] in MODELS
    )
    with duckdb.connect(str(project / "funnels.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            "select sum(reached_count) from funnel_results where slice_by = '(all)'"
            " group by step_number order by step_number"
        ).fetchall()
    return {"seconds": seconds, "peak_bytes": 0, "reached": [int(count) for (count,) in rows]}


def _query(project: Path) -> dict[str, Any]:
    """Persons per step, from the SQL that dbt compiled."""
    compiled = project / "target" / "compiled" / "crossweave" / "models" / "chains_by_asof.sql"
    sql = compiled.read_text(encoding="utf-8")
    with duckdb.connect(str(project / "funnels.duckdb"), read_only=True) as connection:
        connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
        begun = time.perf_counter()
        rows = connection.execute(
            f"select count(distinct person_number) from ({sql}) group by step_number"
            " order by step_number"
        ).fetchall()
        seconds = time.perf_counter() - begun
    return {"seconds": seconds, "peak_bytes": 0, "reached": _padded([n for (n,) in rows])}


def _clickhouse(events: Path, questions: Path) -> dict[str, Any]:
    """windowFunnel in chdb's own environment."""
    figures = run_peer("chdb", events, questions)
    [levels] = figures.pop("levels")
    counts = Counter(level for _, level in levels)
    steps = range(1, FUNNEL.step_count + 1)
    reached = [sum(n for level, n in counts.items() if level >= step) for step in steps]
    return {**figures, "reached": reached}


def _padded(reached: list[int]) -> list[int]:
    """Steps that nobody reached have no row."""
    return reached + [0] * (FUNNEL.step_count - len(reached))
