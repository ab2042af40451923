"""Identity peers: connected components of one edge list by Crossweave, Splink and networkx.

Belongs here: the edges of a build (or made up), the three contestants, whether all found the same
partition. Crossweave's contestant is the materialization itself, run by dbt in a project that holds
one model and the project's own macros; what is timed is dbt's `execute` step of that model.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import partial
from os.path import relpath
from pathlib import Path
from typing import Any

import duckdb

from orchestration.dbt import DBT_EXECUTABLE
from orchestration.settings import DBT_PROJECT_DIR, Paths
from orchestration.warehouse import MEMORY_LIMIT
from tests.benchmarks.artifacts import read_manifest, read_results, seconds_of_execution
from tests.benchmarks.figures import ratios, spread
from tests.benchmarks.ground import BENCH, TENANT
from tests.benchmarks.peers.environments import in_turns, run_peer
from tests.benchmarks.peers.graphs import write_chain, write_graph, write_star
from tests.benchmarks.process import run
from tests.benchmarks.results import stamp

MODEL = "int_identity__components"
FOLDER = BENCH / "work" / "peers" / "identity"
WHAT = (
    "Connected components of one edge list. Splink gets DuckDB in memory with the same version and "
    "memory limit, networkx the edges as Python tuples; start-up and loading are timed for none. "
    "Crossweave's result also names the edges of a spanning forest, the others' do not."
)
NOTES = {
    "Crossweave": "dbt's execute step of the connected_components materialization",
    "Splink": "cluster_pairwise_predictions_at_threshold",
    "networkx": "making the graph and connected_components",
}
# Shapes that other methods blow up on; measured with the made-up graphs.
SHAPES: dict[str, tuple[Callable[[int, Path], None], int]] = {
    "A star of 1,000,000 edges": (write_star, 1_000_000),
    "A chain of 10,000 edges": (write_chain, 10_000),
}


def compare(
    ground: Path, *, runs: int, synthetic: list[int], tell: Callable[[str], None]
) -> dict[str, Any]:
    """Compare on the edges of the build below `ground`, then on made-up graphs and shapes.

    `synthetic` gives the numbers of edges. Raises `FileNotFoundError` when nothing is built there
    and no graph is asked for.
    """
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    stamped = stamp()
    edges = FOLDER / "edges.parquet"
    inputs = {}
    if Paths(tenant=TENANT, root=ground).warehouse.exists() or not synthetic:
        export_edges(ground, edges)
        title = f"Edges of the build of {int(ground.name):,} persons"
        inputs[title] = _contest(edges, runs, tell)
    for count in synthetic:
        write_graph(count, edges)
        inputs[f"A made-up graph of {count:,} edges"] = _contest(edges, runs, tell)
    if synthetic:
        for title, (write, count) in SHAPES.items():
            write(count, edges)
            inputs[title] = _contest(edges, runs, tell)
    shutil.rmtree(FOLDER)
    return {**stamped, "what": WHAT, "inputs": inputs}


def export_edges(ground: Path, file: Path) -> None:
    """Write what the components model reads (edge_number, vertex_a, vertex_b) to `file`."""
    paths = Paths(tenant=TENANT, root=ground)
    if not paths.warehouse.exists():
        raise FileNotFoundError(f"no build in {ground}: measure that size first (sizes --sizes N)")
    nodes = read_manifest(paths.dbt_target)["nodes"]
    node = next(n for n in nodes.values() if n["name"] == MODEL)
    compiled = paths.dbt_target / "compiled" / "crossweave" / node["original_file_path"]
    sql = compiled.read_text(encoding="utf-8")
    with duckdb.connect(str(paths.warehouse), read_only=True) as connection:
        connection.execute(f"copy ({sql}) to '{file}' (format parquet)")


def _contest(edges: Path, runs: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """All contestants on one edge list: seconds, ratios to Crossweave's, whether they agree."""
    found = {name: FOLDER / f"{name}.parquet" for name in NOTES}
    done = in_turns(
        {
            "Crossweave": partial(_crossweave, edges, found["Crossweave"]),
            "Splink": partial(run_peer, "splink", edges, found["Splink"], MEMORY_LIMIT),
            "networkx": partial(run_peer, "networkx", edges, found["networkx"]),
        },
        runs,
        tell,
    )
    ours = done["Crossweave"]["all_seconds"]
    for name, one in done.items():
        one.setdefault("note", NOTES[name])
        if one["all_seconds"]:
            one["seconds"] = spread(one["all_seconds"])
            if name != "Crossweave":
                one["ratio"] = spread(ratios(one["all_seconds"], ours))
                other = different_vertices(found["Crossweave"], found[name])
                one["agrees"] = "yes" if other == 0 else f"no: {other:,} vertices"
    ((rows, vertices, components),) = duckdb.execute(
        f"select (select count(*) from '{edges}'), count(*), count(distinct component) "
        f"from '{found['Crossweave']}'"
    ).fetchall()
    size = f"{rows:,} edges, {vertices:,} vertices, {components:,} components"
    return {"size": size, "contestants": done}


def different_vertices(one: Path, other: Path) -> int:
    """Vertices whose component is not the same set in both files (columns vertex, component)."""
    named = "select vertex, min(vertex) over (partition by component) as name, count(*) over " \
        "(partition by component) as size from read_parquet('{}')"  # fmt: skip
    ((count,),) = duckdb.execute(
        f"with one as ({named.format(one)}), other as ({named.format(other)}) "
        "select count(*) from one full join other using (vertex) "
        "where one.name is distinct from other.name or one.size is distinct from other.size"
    ).fetchall()
    return count


def _crossweave(edges: Path, target: Path) -> dict[str, Any]:
    """One run of the materialization in a fresh database that holds the edges."""
    project = FOLDER / "dbt"
    shutil.rmtree(project, ignore_errors=True)
    (project / "models").mkdir(parents=True)
    database = project / "graph.duckdb"
    files = {
        "dbt_project.yml": {
            "name": "crossweave",
            "profile": "graph",
            "config-version": 2,
            "macro-paths": [relpath(DBT_PROJECT_DIR / "macros", project)],
            "flags": {"send_anonymous_usage_stats": False},
        },
        "profiles.yml": {
            "graph": {
                "target": "duckdb",
                "outputs": {
                    "duckdb": {
                        "type": "duckdb",
                        "path": str(database),
                        "threads": 1,
                        "settings": {"memory_limit": MEMORY_LIMIT},
                    }
                },
            }
        },
    }
    for name, content in files.items():
        (project / name).write_text(json.dumps(content), encoding="utf-8")  # JSON is YAML
    (project / "models" / "components.sql").write_text(
        "{{ config(materialized='connected_components') }}\n"
        "select edge_number, vertex_a, vertex_b from edges\n",
        encoding="utf-8",
    )
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"create table edges as select * from '{edges}'")
    ran = run(
        [DBT_EXECUTABLE, "run", "--quiet", "--project-dir", project, "--profiles-dir", project],
        environment={
            "DBT_TARGET_PATH": str(project / "target"),
            "DBT_LOG_PATH": str(project / "logs"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        },
    )
    (result,) = read_results(project / "target")["results"]
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute(
            "copy (select vertex_id as vertex, component_id as component from components) "
            f"to '{target}' (format parquet)"
        )
    return {"seconds": seconds_of_execution(result), "peak_bytes": ran.peak_bytes}
