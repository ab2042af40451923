"""Attribution peers: first, last and linear touch on the journeys of one build.

Belongs here: the journeys, the three contestants, whether every channel got the same credit.
Crossweave's contestant is its own models, run by dbt in the built warehouse, plus the totals per
channel, which is all that the others return.
"""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from orchestration.settings import Paths
from tests.benchmarks.artifacts import read_results, seconds_of_execution
from tests.benchmarks.figures import ratios, spread
from tests.benchmarks.ground import BENCH, TENANT, Ground
from tests.benchmarks.peers.environments import in_turns, run_peer
from tests.benchmarks.results import stamp

FOLDER = BENCH / "work" / "peers" / "attribution"
MODELS = ("int_attribution__weights", "int_attribution__touch_credits")
PEERS_MODELS = "('first', 'last', 'linear')"
TOLERANCE = 1e-9
WHAT = (
    "First, last and linear touch for every conversion that has a touch. The others are handed "
    "ready paths (one text per conversion) and return totals per channel; Crossweave's models join "
    "the touches and write one row per conversion and touch, with revenue that adds up to "
    "the order exactly (and of four further models), and are then summed up per channel. The "
    "second line is the question that the others answer: the weights' SQL and its totals as one "
    "query, nothing written. Start-up and loading are timed for none. Markov is not compared yet."
)
NOTES = {
    "Crossweave": "dbt's execute steps of both models, all seven rules; the totals of three",
    "Crossweave, totals only": "one query over the SQL of int_attribution__weights",
    "ChannelAttribution": "heuristic_models",
    "marketing-attribution-models": "preparation, then three models, for conversions and for value",
}

# One row per conversion with a touch: its channels in order, 1, its revenue.
PATHS = """
    select
        string_agg(touches.channel, '>' order by touches.touch_position) as path,
        cast(1 as double) as conversions,
        cast(max(conversions.revenue_amount) as double) as value
    from intermediate.int_journeys__journey_touches as touches
    inner join intermediate.int_journeys__conversions as conversions
        on touches.conversion_key = conversions.conversion_key
    group by touches.conversion_key
    order by touches.conversion_key"""
TOTALS = f"""
    select model, channel, sum(credit), cast(sum(revenue_credit) as double)
    from attribution.credits
    where touchpoint_id is not null and model in {PEERS_MODELS}
    group by model, channel"""
TOTALS_ONLY = """
    select
        models.model,
        touches.channel,
        sum(case models.model
            when 'first' then weights.first_credit when 'last' then weights.last_credit
            else weights.linear_credit end) as credits,
        sum(case models.model
            when 'first' then weights.first_credit when 'last' then weights.last_credit
            else weights.linear_credit end * cast(conversions.revenue_amount as double))
    from ({weights}) as weights
    cross join (values ('first'), ('last'), ('linear')) as models (model)
    inner join intermediate.int_journeys__journey_touches as touches
        on weights.conversion_key = touches.conversion_key
        and weights.touch_key = touches.touch_key
    inner join intermediate.int_journeys__conversions as conversions
        on weights.conversion_key = conversions.conversion_key
    group by models.model, touches.channel
    having credits > 0"""

Totals = Mapping[str, Mapping[str, tuple[float, float]]]


def compare(
    ground: Path, *, runs: int, synthetic: list[int], tell: Callable[[str], None]
) -> dict[str, Any]:
    """Compare on the journeys of the build below `ground`; `synthetic` is for graphs only.

    Raises `FileNotFoundError` when nothing is built there.
    """
    del synthetic
    paths = Paths(tenant=TENANT, root=ground)
    if not paths.warehouse.exists():
        raise FileNotFoundError(f"no build in {ground}: measure that size first (sizes --sizes N)")
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    stamped = stamp()
    file = FOLDER / "paths.parquet"
    with duckdb.connect(str(paths.warehouse), read_only=True) as connection:
        connection.execute(f"copy ({PATHS}) to '{file}' (format parquet)")
    done = in_turns(
        {
            "Crossweave": partial(_crossweave, Ground(ground, paths.landing)),
            "Crossweave, totals only": partial(_totals_only, paths),
            "ChannelAttribution": partial(run_peer, "channel_attribution", file),
            "marketing-attribution-models": partial(run_peer, "marketing_attribution_models", file),
        },
        runs,
        tell,
    )
    ours = done["Crossweave"]["totals"]
    for name, one in done.items():
        one.setdefault("note", NOTES[name])
        if one["all_seconds"]:
            one["seconds"] = spread(one["all_seconds"])
            theirs = one.pop("totals")
            if name != "Crossweave":
                one["ratio"] = spread(ratios(one["all_seconds"], done["Crossweave"]["all_seconds"]))
                off = other_credits(ours, theirs)
                one["agrees"] = "yes" if not off else f"no: {len(off)} credits, {off[0]}"
    ((conversions, touches),) = duckdb.execute(
        f"select count(*), cast(sum(len(string_split(path, '>'))) as bigint) from '{file}'"
    ).fetchall()
    shutil.rmtree(FOLDER)
    title = f"Journeys of the build of {int(ground.name):,} persons"
    size = f"{conversions:,} conversions, {touches:,} touches"
    return {**stamped, "what": WHAT, "inputs": {title: {"size": size, "contestants": done}}}


def other_credits(ours: Totals, theirs: Totals) -> list[str]:
    """`model channel` of every credit (conversions or value) that differs by more than 1e-9."""
    nothing = (0.0, 0.0)
    off = []
    for model in sorted({*ours, *theirs}):
        mine, yours = ours.get(model, {}), theirs.get(model, {})
        for channel in sorted({*mine, *yours}):
            pairs = zip(mine.get(channel, nothing), yours.get(channel, nothing), strict=True)
            if not all(math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=1e-6) for a, b in pairs):
                off.append(f"{model} {channel}")
    return off


def _crossweave(ground: Ground) -> dict[str, Any]:
    """Run the attribution models on the built warehouse, then sum up per channel."""
    ran = ground.dbt("run", "--quiet", "--full-refresh", "--select", *MODELS)
    results = read_results(ground.paths.dbt_target)["results"]
    if len(results) != len(MODELS):
        raise ValueError(f"expected the models {', '.join(MODELS)}; found {len(results)} of them")
    summed, totals = _ask(ground.warehouse, TOTALS)
    seconds = {item["unique_id"].split(".")[-1]: seconds_of_execution(item) for item in results}
    return {
        "seconds": sum(seconds.values()) + summed,
        "parts": {**seconds, "totals": summed},
        "peak_bytes": ran.peak_bytes,
        "totals": totals,
    }


def _totals_only(paths: Paths) -> dict[str, Any]:
    """The totals per channel as one query; the SQL of the weights is what dbt compiled last."""
    models = paths.dbt_target / "compiled" / "crossweave" / "models" / "intermediate"
    weights = (models / "attribution" / f"{MODELS[0]}.sql").read_text(encoding="utf-8")
    seconds, totals = _ask(paths.warehouse, TOTALS_ONLY.format(weights=weights))
    return {"seconds": seconds, "peak_bytes": 0, "totals": totals}


def _ask(warehouse: Path, sql: str) -> tuple[float, dict[str, dict[str, tuple[float, float]]]]:
    """Seconds and totals of a query with rows (model, channel, conversions, value)."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        begun = time.perf_counter()
        rows = connection.execute(sql).fetchall()
        seconds = time.perf_counter() - begun
    totals: dict[str, dict[str, tuple[float, float]]] = {}
    for model, channel, credit, revenue in rows:
        totals.setdefault(model, {})[channel] = (credit, revenue)
    return seconds, totals
