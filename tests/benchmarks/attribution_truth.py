"""How far each attribution model is from what the channels caused in truth, on the demo brand.

Belongs here: the comparison with the simulator's truth table `effects`. Does not belong here:
printing (`evaluate.py`).

The truth is the number of purchases that a channel's touches add in expectation; needs, habit and
offers cause the rest, and no channel. Every model shares out all orders, so two things are wrong
with it: how much it gives to channels at all, and how it splits that among them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

# Causes of the simulator that are no channel; creative B rides on e-mail.
NOT_A_CHANNEL = {"base", "need", "offer"}
RIDES_ON = {"variant_b": "email"}

Credits = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Distance:
    """One model: `credited` orders on channels with a true effect, `elsewhere` on those without one
    (direct, organic search ...), and the share of the credit among the former that would have to
    move to the right channel (`misplaced`, 0 to 1)."""

    model: str
    credited: float
    elsewhere: float
    misplaced: float


def true_effects(connection: duckdb.DuckDBPyConnection, truth: Path) -> tuple[dict, float]:
    """Purchases that each channel adds in expectation, and all expected purchases."""
    rows = connection.execute(
        f"select cause, expected_conversions from read_parquet('{truth / 'effects.parquet'}')"
    ).fetchall()
    effects: dict[str, float] = {}
    for cause, conversions in rows:
        if cause not in NOT_A_CHANNEL:
            channel = RIDES_ON.get(cause, cause)
            effects[channel] = effects.get(channel, 0.0) + conversions
    return effects, sum(conversions for _, conversions in rows)


def attributed(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, float]]:
    """Credited orders by model and channel, over the whole period."""
    found: dict[str, dict[str, float]] = {}
    for model, channel, conversions in connection.execute(
        "select model, channel, conversions from attribution.channel_attribution "
        "where period_grain = 'total' and channel <> '(unattributed)'"
    ).fetchall():
        found.setdefault(model, {})[channel] = conversions
    return found


def distances(credits: Credits, effects: Mapping[str, float]) -> list[Distance]:
    """One row per model, nearest split first."""
    total = sum(effects.values())
    rows = []
    for model, by_channel in credits.items():
        credited = sum(by_channel.get(channel, 0.0) for channel in effects)
        off = sum(
            abs(by_channel.get(channel, 0.0) / credited - effect / total)
            for channel, effect in effects.items()
        )
        rows.append(Distance(model, credited, sum(by_channel.values()) - credited, off / 2))
    return sorted(rows, key=lambda row: (row.misplaced, row.model))


def report(connection: duckdb.DuckDBPyConnection, truth: Path) -> tuple[list[str], dict]:
    """Markdown lines, and the figures for the record."""
    effects, expected = true_effects(connection, truth)
    credits = attributed(connection)
    names = ("last", "linear", "time_decay", "shapley", "markov_1", "markov_3")
    models = [model for model in names if model in credits]
    lines = [
        f"| channel | caused in truth | {' | '.join(models)} |",
        f"|---|---:|{'---:|' * len(models)}",
    ]
    others = {channel for by_channel in credits.values() for channel in by_channel} - set(effects)
    for channel in [*sorted(effects, key=lambda name: -effects[name]), *sorted(others)]:
        found = (f"{credits[model].get(channel, 0.0):,.0f}" for model in models)
        lines.append(f"| {channel} | {effects.get(channel, 0.0):,.0f} | {' | '.join(found)} |")
    caused = sum(effects.values())
    lines += [
        "",
        f"Channels caused {caused:,.0f} of {expected:,.0f} expected purchases "
        f"({100 * caused / expected:.0f} %); needs, habit and offers caused the rest.",
        "",
        "| model | orders given to channels that cause some | times the truth "
        "| given to channels that cause none | of the split misplaced |",
        "|---|---:|---:|---:|---:|",
    ]
    rows = distances(credits, effects)
    lines += [
        f"| {row.model} | {row.credited:,.0f} | {row.credited / caused:.1f} | {row.elsewhere:,.0f} "
        f"| {100 * row.misplaced:.0f} % |"
        for row in rows
    ]
    figures = {f"attribution: {row.model}": [row.credited, caused, row.misplaced] for row in rows}
    return lines, figures
