"""Transitions, path tree and paths on made-up journeys: seconds of their models, run by dbt.

Belongs here: the journeys, the run, whether the figures add up. The worst case for a tree: 20
channels drawn independently, so that most paths are unlike all others.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

import yaml

from orchestration.ingestion.settings_row import land_settings
from orchestration.ops_tables import ensure_ops_tables
from orchestration.settings import Paths, load_tenant
from orchestration.warehouse import Warehouse
from tests.benchmarks.artifacts import read_results, seconds_of_execution
from tests.benchmarks.figures import spread
from tests.benchmarks.ground import BENCH, TENANT, Ground
from tests.benchmarks.results import stamp

FOLDER = BENCH / "work" / "journeys"
MODELS = ("transitions", "int_journeys__path_prefixes", "path_tree", "paths")
EVENTS_PER_JOURNEY = 4.02  # of the distribution below
SETTINGS = {"sources": ["canonical"], "as_of": "2026-07-01", "path_tree_depth": 6}
WHAT = (
    "Made-up journeys of 20 channels, drawn independently (few paths are alike), one in five "
    "converts. Seconds are dbt's execute steps, tables written; start-up is not in them. The path "
    "tree is `int_journeys__path_prefixes` and `path_tree` together."
)
# What the models read of a journey, for `count` journeys; hashes, so that every run has the same.
JOURNEYS = """
    create table journeys.fct_journeys as
    with lengths as (
        select
            number,
            1 + cast(floor(-3.5 * ln(1 - md5_number_lower(concat(number, 'length')) / 18446744073709551616.0)) as bigint)
                as touch_count
        from range({count}) as numbers (number)
    ),
    touches as (
        select number, touch_count, unnest(range(1, touch_count + 1)) as position from lengths
    )
    select
        'order' as goal,
        case when md5_number_lower(concat(number, 'converts')) % 5 = 0 then 'converted' else 'lost' end
            as outcome,
        true as is_mature,
        list(concat('channel_', cast(floor(20 * pow(
            md5_number_lower(concat(number, 'x', position)) / 18446744073709551616.0, 2)) as bigint))
            order by position) as path,
        list(timestamp '2026-01-01' + to_hours(number % 3600 + position) order by position)
            as touched_at,
        max(touch_count) as touch_count,
        timestamp '2026-01-01' + to_hours(number % 3600 + max(touch_count) + 1) as ended_at,
        cast(case when md5_number_lower(concat(number, 'converts')) % 5 = 0 then 50 end
            as decimal(18, 4)) as revenue_amount,
        cast(3600 * max(touch_count) as double) as time_to_conversion_s
    from touches
    group by number"""  # noqa: E501
CHECK = """
    select
        (select count(*) from journeys.fct_journeys),
        (select cast(sum(touch_count) as bigint) from journeys.fct_journeys),
        (select sum(transition_count) from journeys.transitions
            where period_grain = 'total' and from_channel = '(start)'),
        (select journey_count from journeys.path_tree where depth = 0),
        (select sum(journey_count) from journeys.paths where transform = 'unique')"""


def measure(*, events: int, runs: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """Seconds per model over `runs` runs; the shape is that of a peer, with one contestant a model.

    Raises `ValueError` when the tables do not add up to the journeys.
    """
    shutil.rmtree(FOLDER, ignore_errors=True)
    ground = Ground(FOLDER, FOLDER / "landing")
    paths = Paths(tenant=TENANT, root=FOLDER)
    paths.tenant_folder.mkdir(parents=True)
    (paths.tenant_folder / "tenant.yml").write_text(yaml.safe_dump(SETTINGS), encoding="utf-8")
    stamped = stamp()
    with Warehouse(paths.warehouse).connect() as connection:
        ensure_ops_tables(connection)
        land_settings(connection, load_tenant(paths), paths)
        connection.execute("create schema if not exists journeys")
        connection.execute(JOURNEYS.format(count=round(events / EVENTS_PER_JOURNEY)))
    seconds: dict[str, list[float]] = {name: [] for name in (*MODELS, "path tree")}
    peak = 0
    for number in range(runs):
        tell(f"run {number + 1} of {runs}")
        ran = ground.dbt("run", "--quiet", "--select", *MODELS)
        peak = max(peak, ran.peak_bytes)
        for item in read_results(paths.dbt_target)["results"]:
            name = item["unique_id"].split(".")[-1]
            if name in seconds:  # hooks are told of too
                seconds[name].append(seconds_of_execution(item))
        seconds["path tree"].append(seconds[MODELS[1]][-1] + seconds[MODELS[2]][-1])
    with Warehouse(paths.warehouse).connect() as connection:
        ((journeys, touches, *others),) = connection.execute(CHECK).fetchall()
    if {int(other) for other in others} != {journeys}:
        raise ValueError(f"{journeys} journeys, but {others} in transitions, tree and paths")
    shutil.rmtree(FOLDER)
    contestants = {
        name: {"all_seconds": all_seconds, "seconds": spread(all_seconds), "peak_bytes": peak}
        for name, all_seconds in seconds.items()
    }
    size = f"{journeys:,} journeys, {touches:,} touches"
    inputs = {"Made-up journeys": {"size": size, "contestants": contestants}}
    return {**stamped, "what": WHAT, "inputs": inputs}
