"""Markov shares and the intervals of all attribution models: transition counts in, estimates out.

Belongs here: reading `int_attribution__transitions` and `int_attribution__drawn_credits`, calling
`ml/markov.py`, writing `ops.attribution_estimates`. Does not belong here: the counting (dbt), the
mathematics (`ml/markov.py`), Dagster.

Nothing is random but by a fixed seed: the same counts give the same estimates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.markov import (
    CONVERSION,
    LOST,
    QUANTILES,
    START,
    Attribution,
    Counts,
    NoConversions,
    with_intervals,
)

DRAWS = 500
SEED = 20
GROUPS = 200  # macro attribution_draw_group
SEPARATOR = " > "  # macro markov_state
VALUES = ("revenue", "new_customers")
ENDS = {"(start)": START, "(conversion)": CONVERSION, "(lost)": LOST}

Progress = Callable[[str], None]
Period = tuple[str, date | None]


@dataclass(frozen=True)
class EstimateReport:
    """What was estimated: rows written, models, warnings in words."""

    row_count: int
    models: list[str]
    warnings: list[str]


def _silent(message: str) -> None:
    del message


def estimate_attribution(
    connection: duckdb.DuckDBPyConnection, *, progress: Progress = _silent
) -> EstimateReport:
    """Replace the rows of `ops.attribution_estimates` by those of the warehouse as it is.

    A period with fewer conversions than the setting `attribution_min_conversions` gets none.
    """
    row = connection.execute(
        "select as_of, coalesce(attribution_min_conversions, 100) from ops.settings"
    ).fetchone()
    if row is None:
        raise RuntimeError("ops.settings is empty: land first (make run)")
    as_of, minimum = row
    warnings: list[str] = []
    frames = [_interval_rows(connection, minimum)]
    for (order,) in connection.execute(
        "select distinct markov_order from intermediate.int_attribution__transitions order by 1"
    ).fetchall():
        for (grain, start), counts in order_counts(connection, order):
            frame = _markov_rows(counts, f"markov_{order}", minimum, warnings, grain, start)
            if frame is not None:
                frames.append(frame)
        progress(f"markov_{order}: fitted")
    rows = pd.concat(frames, ignore_index=True).assign(as_of=as_of)
    _write(connection, rows)
    for warning in warnings:
        progress(f"warning: {warning}")
    models = sorted(set(rows["model"]))
    return EstimateReport(len(rows), models, warnings)


def _write(connection: duckdb.DuckDBPyConnection, rows: pd.DataFrame) -> None:
    connection.register("estimate_rows", rows)
    connection.execute("begin")
    connection.execute("delete from ops.attribution_estimates")
    connection.execute("insert into ops.attribution_estimates by name from estimate_rows")
    connection.execute("commit")
    connection.unregister("estimate_rows")


def order_counts(
    connection: duckdb.DuckDBPyConnection, order: int
) -> Iterator[tuple[Period, Counts]]:
    """Counts of the total, then of every month, of one order; states are numbered by DuckDB."""
    connection.execute(
        f"""create or replace temporary table markov_rows as
        select period_start, draw_group, from_state, to_state, transition_count, revenue,
            new_customers
        from intermediate.int_attribution__transitions where markov_order = {int(order)};
        create or replace temporary table markov_states as
        select state, row_number() over (order by state) - 1 as number
        from (select from_state as state from markov_rows union select to_state from markov_rows)
        where state not in ('(start)', '(conversion)', '(lost)')"""
    )
    names = connection.execute("select state from markov_states order by number").fetchall()
    states = [tuple(name.split(SEPARATOR)) for (name,) in names]
    ends = " ".join(f"when '{name}' then {code}" for name, code in ENDS.items())
    fetched = connection.execute(
        f"""select cast(period_start as date) as period_start,
            cast(draw_group as bigint) as draw_group,
            coalesce(origins.number, case from_state {ends} end) as origin,
            coalesce(targets.number, case to_state {ends} end) as target,
            cast(transition_count as double) as count,
            cast(revenue as double) as revenue, cast(new_customers as double) as new_customers
        from markov_rows
        left join markov_states as origins on from_state = origins.state
        left join markov_states as targets on to_state = targets.state
        order by period_start, draw_group, origin, target"""
    ).fetchnumpy()
    connection.execute("drop table markov_rows; drop table markov_states")
    columns = {name: np.asarray(column) for name, column in fetched.items()}
    months = columns.pop("period_start").astype("datetime64[M]")
    yield ("total", None), _part(states, columns)
    for month in np.unique(months):
        of_month = {name: column[months == month] for name, column in columns.items()}
        yield ("month", month.astype("datetime64[D]").item()), _part(states, of_month)


def _part(states: list[tuple[str, ...]], columns: dict[str, NDArray[Any]]) -> Counts:
    """Counts of some rows, with the states that they have."""
    both = np.concatenate([columns["origin"], columns["target"]]).astype(np.int64)
    used, numbers = np.unique(both[both >= 0], return_inverse=True)
    both[both >= 0] = numbers
    origin, target = np.split(both, 2)
    return Counts(
        states=[states[number] for number in used],
        origin=origin,
        target=target,
        group=columns["draw_group"].astype(np.int64),
        group_count=GROUPS,
        count=columns["count"],
        values=np.stack([columns[name] for name in VALUES]),
    )


def _markov_rows(
    counts: Counts, model: str, minimum: int, warnings: list[str], grain: str, start: date | None
) -> pd.DataFrame | None:
    """Estimates of a period; None where too few journeys converted."""
    conversions = int(counts.count[counts.target == CONVERSION].sum())
    lost = int(counts.count[counts.target == LOST].sum())
    if conversions < minimum:
        return None
    if lost == 0:
        warnings.append(
            f"{model}, {grain} {start or ''}: no journey was lost, so every path converts and a "
            "removal effect only says how many conversions the channel was part of"
        )
    try:
        found: Attribution = with_intervals(counts, draws=DRAWS, seed=SEED)
    except NoConversions:
        return None
    return pd.DataFrame(
        {
            "model": model,
            "period_grain": grain,
            "period_start": pd.Series([start] * len(found.channels), dtype="object"),
            "channel": found.channels,
            "conversion_share": found.shares,
            "conversion_share_low": found.lows,
            "conversion_share_high": found.highs,
            "revenue_share": found.value_shares[0],
            "new_customer_share": found.value_shares[1],
            "removal_effect": found.removal_effects,
            "conversion_probability": found.conversion_probability,
            "conversion_count": conversions,
            "journey_count": conversions + lost,
        }
    )


def _interval_rows(connection: duckdb.DuckDBPyConnection, minimum: int) -> pd.DataFrame:
    """95 % limits of the shares of the models that split credit per conversion."""
    rows = connection.execute(
        "select * from intermediate.int_attribution__drawn_credits order by all"
    ).df()
    models = [name for name in rows if name not in ("period_start", "draw_group", "channel")]
    chances = np.random.default_rng(SEED).poisson(1.0, (DRAWS, GROUPS)).astype(np.float64)
    periods: list[tuple[str, date | None, pd.DataFrame]] = [("total", None, rows)]
    for start in sorted(set(pd.to_datetime(rows["period_start"]).dt.date)):
        of_month = pd.to_datetime(rows["period_start"]).dt.date == start
        periods.append(("month", start, rows[of_month]))
    found = []
    for grain, start, part in periods:
        if part[models[0]].sum() < minimum - 1e-6:
            continue
        channels, place = np.unique(part["channel"].to_numpy(dtype=str), return_inverse=True)
        summed = np.zeros((GROUPS, len(channels), len(models)))
        np.add.at(summed, (part["draw_group"].to_numpy(), place), part[models].to_numpy())
        drawn = np.tensordot(chances, summed, axes=1)
        shares = drawn / drawn.sum(axis=1, keepdims=True)
        lows, highs = np.quantile(shares, QUANTILES, axis=0)
        found += [
            {
                "model": model,
                "period_grain": grain,
                "period_start": start,
                "channel": str(channel),
                "conversion_share_low": lows[channel_number, number],
                "conversion_share_high": highs[channel_number, number],
            }
            for number, model in enumerate(models)
            for channel_number, channel in enumerate(channels)
        ]
    columns = ["model", "period_grain", "period_start", "channel"]
    return pd.DataFrame(
        found, columns=[*columns, "conversion_share_low", "conversion_share_high"]
    ).astype({"period_start": "object"})
