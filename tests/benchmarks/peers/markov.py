"""A million journeys with four million touches: all rules, and Markov of order 1, end to end.

`python -m tests.benchmarks.peers.markov [--journeys N] [--peer] [--simulations N]`. Belongs here:
the made-up journeys, the SQL of the models as dbt compiled it last for the tenant demo, the exact
solve, ChannelAttribution on the same paths. Prints Markdown.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from ml.markov import Attribution, attribute
from orchestration.attributing import order_counts
from orchestration.settings import current_paths
from tests.benchmarks.ground import BENCH
from tests.benchmarks.peers.environments import run_peer

MODELS = "compiled/crossweave/models/intermediate/attribution/int_attribution__{name}.sql"
RULES = ["first", "last", "last_non_direct", "linear", "position", "time_decay", "shapley"]
# 20 channels, the rarest 400 times rarer than the commonest; a third of the journeys converts.
JOURNEYS = """
create schema intermediate; create schema journeys; create schema seeds; create schema ops;
create table seeds.channels as
select 'channel_' || n as channel, case n when 1 then 'direct' else 'other' end as channel_group
from range(20) as numbers (n);
create table ops.settings as select 'UTC' as timezone, 7.0::double as attribution_half_life_days;
select setseed(0.5);
create table journeys.fct_journeys as
with drawn as (
    select n, md5(n::varchar) as journey_id, random() < 0.33 as converts,
        1 + floor(ln(1 - random()) / ln(0.75))::int as touch_count
    from range({journeys}) as numbers (n)
)
select journey_id, 'order' as goal, 'p' || n as person_id, true as is_mature,
    case when converts then md5('c' || n) end as conversion_key,
    case when converts then (5 + 100 * (n % 97) / 97.0)::decimal(18, 4) end as revenue_amount,
    case when converts then 'converted' else 'lost' end as outcome,
    timestamp '2026-06-01' + to_seconds(n % 2000000) as ended_at, touch_count,
    list_transform(range(touch_count),
        lambda i: 'channel_' || floor(20 * pow(random(), 2))::int) as path
from drawn;
create table intermediate.int_journeys__conversions as
select conversion_key, hash(conversion_key) % 3 = 0 as is_first_order
from journeys.fct_journeys where conversion_key is not null;
create table intermediate.int_journeys__journey_touches as
select journey_id, conversion_key, n as touch_position, touch_count, path[n] as channel,
    md5_number(journey_id || n) as touch_key, ended_at - to_hours(touch_count - n) as occurred_at
from journeys.fct_journeys, lateral (select unnest(range(1, touch_count + 1)) as n);
"""


def main() -> None:
    """Make the journeys, run and time everything, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--journeys", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--peer", action="store_true", help="compare with ChannelAttribution")
    parser.add_argument("--simulations", type=int, default=10_000_000)
    options = parser.parse_args()
    folder = BENCH / "work" / "markov"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "demo.duckdb"  # the compiled SQL names the database
    file.unlink(missing_ok=True)
    with duckdb.connect(str(file)) as connection:
        connection.execute("set threads = 2")
        connection.execute(JOURNEYS.format(journeys=options.journeys))
        ((count, touches),) = connection.execute(
            "select count(*), sum(touch_count) from journeys.fct_journeys"
        ).fetchall()
        print(
            f"{count:,} journeys, {touches:,} touches, 2 threads; best of {options.runs}\n",
            flush=True,
        )
        print("| what | s |\n|---|---:|")
        seconds = [_rules(connection) for _ in range(options.runs)]
        print(f"| seven rules with Shapley, and totals per channel | {min(seconds):.2f} |")
        fitted = [_markov(connection) for _ in range(options.runs)]
        best = min(one[0] for one in fitted)
        print(f"| Markov 1: transitions in SQL and solve | {best:.2f} |")
        if options.peer:
            _peer(connection, folder, options.simulations, fitted[0][1], best)


def compiled(name: str) -> str:
    """The SQL of a model as dbt compiled it last, for all rows."""
    file = current_paths().dbt_target / MODELS.format(name=name)
    if not file.exists():
        raise FileNotFoundError(f'{file}: first make dbt ARGS="compile -s int_attribution__{name}"')
    text = file.read_text(encoding="utf-8")
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r"\w+ in \(select \w+ from touched__\w+\)", "1 = 1", text)


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _rules(connection: duckdb.DuckDBPyConnection) -> float:
    table = "intermediate.int_attribution__weights"
    sums = ", ".join(f"sum({rule}_credit)" for rule in RULES)

    def run() -> None:
        connection.execute(f"create or replace table {table} as {compiled('weights')}")
        connection.execute(
            f"select channel, {sums} from {table} inner join "
            "intermediate.int_journeys__journey_touches using (conversion_key, touch_key) "
            "group by channel"
        ).fetchall()

    return _timed(run)


def _markov(connection: duckdb.DuckDBPyConnection) -> tuple[float, Attribution]:
    begun = time.perf_counter()
    for name, kind in (("path_steps", "table"), ("transitions", "view")):
        connection.execute(
            f"create or replace {kind} intermediate.int_attribution__{name} as {compiled(name)}"
        )
    _, counts = next(iter(order_counts(connection, 1)))
    found = attribute(counts)
    return time.perf_counter() - begun, found


def _peer(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    simulations: int,
    exact: Attribution,
    best: float,
) -> None:
    """ChannelAttribution by default and with many simulations, and how far off each channel is."""
    paths = folder / "paths.parquet"
    connection.execute(
        f"""copy (
            select array_to_string(path, '>') as path, count(conversion_key) as conversions,
                count(*) - count(conversion_key) as lost,
                coalesce(sum(revenue_amount)::double, 0) as value
            from journeys.fct_journeys group by path
        ) to '{paths}' (format parquet)"""
    )
    for number in (0, simulations):
        ran = run_peer(
            "channel_attribution", paths, str(number), script="channel_attribution_markov"
        )
        total = sum(ran["credits"].values())
        off = {
            channel: abs(ran["credits"].get(channel, 0.0) / total / share - 1)
            for channel, share in zip(exact.channels, exact.shares, strict=True)
        }
        worst = max(off, key=lambda channel: off[channel])
        what = f"{number:,} simulations" if number else "its defaults"
        print(
            f"| ChannelAttribution, {what}: {ran['seconds'] / best:.0f} times as long; "
            f"{worst} is {100 * off[worst]:.1f} % off | {ran['seconds']:.2f} |"
        )


if __name__ == "__main__":
    main()
