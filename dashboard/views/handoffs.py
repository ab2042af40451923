"""Hand-offs between channels, and where people are lost."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard import charts, parts
from dashboard.filters import chosen
from dashboard.queries import handoffs as queries
from dashboard.serving_copy import NotBuilt, Query, ask

MEASURES = {
    "transition_count": ("How often", ",.0f"),
    "conversion_rate_after": ("Conversion rate after the hand-off", ".1%"),
    "lift": ("Lift: conversion after it against after the first channel alone", ".2f"),
    "median_lag_hours": ("Median hours between the touches", ",.1f"),
}
WHOLE = "whole time"


def matrix(frame: pd.DataFrame, measure: str) -> go.Figure:
    """From (rows) to (columns), the measure as colour and as number."""
    _, number = MEASURES[measure]
    wide = frame.pivot_table(index="from_channel", columns="to_channel", values=measure)
    texts = wide.map(lambda value: "" if pd.isna(value) else format(value, number))
    figure = go.Figure(
        go.Heatmap(
            # a few hand-offs are most of them: by order of magnitude
            z=np.log10(wide) if measure == "transition_count" else wide.to_numpy(),
            x=wide.columns,
            y=wide.index,
            text=texts.to_numpy(),
            texttemplate="%{text}" if len(wide.columns) <= 12 else None,
            colorscale=charts.SEQUENTIAL,
            showscale=False,
            hovertemplate="%{y} to %{x}: %{text}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", title="from")
    figure.update_xaxes(title="to", tickangle=-60)
    return charts.laid_out(figure, height=charts.bar_height(len(wide)) + 120, legend=False)


def drop_offs(frame: pd.DataFrame) -> go.Figure:
    """Where the touches of a channel lead, in shares; patterns beside the colours."""
    ordered = frame.iloc[::-1]
    figure = go.Figure()
    for column, name, colour, pattern in (
        ("conversion_share", "to an order", charts.PALETTE[2], ""),
        ("onward_share", "on to a channel", charts.PALETTE[5], "."),
        ("lost_share", "lost", charts.PALETTE[3], "/"),
    ):
        figure.add_bar(
            y=ordered["channel"],
            x=ordered[column],
            name=name,
            orientation="h",
            marker={"color": colour, "pattern": {"shape": pattern}},
            customdata=ordered["touches"],
            hovertemplate="%{y}: %{x:.1%} of %{customdata:,.0f}<extra></extra>",
        )
    figure.update_layout(barmode="stack")
    figure.update_xaxes(tickformat=".0%")
    return charts.laid_out(figure, height=charts.bar_height(len(frame)) + 40)


def month() -> str | None:
    """One of the months that have transitions, or the whole time."""
    try:
        months = [f"{value:%Y-%m-%d}" for value in ask(Query(queries.PERIODS))["period_start"]]
    except NotBuilt:
        return None
    picked = st.selectbox("Month", [WHOLE, *months], format_func=lambda m: m.removesuffix("-01"))
    return None if picked == WHOLE else picked


def main() -> None:
    """The page."""
    if not parts.page("Hand-offs and drop-offs", "Which channel passes people on, and to where"):
        return
    filters = chosen(period=False)
    picked = month()
    measure = st.selectbox("Show", list(MEASURES), format_func=lambda name: MEASURES[name][0])
    parts.chart(
        "Hand-offs",
        filters.bound(queries.HANDOFFS, month=picked),
        lambda frame: matrix(frame, measure),
        note="Consecutive touches of one journey. Into (conversion) and (lost) they end.",
    )
    parts.chart(
        "Where people are lost",
        filters.bound(queries.DROP_OFFS, month=picked),
        drop_offs,
        note="Of all touches of a channel: those after which an order, another touch or nothing "
        "came.",
    )


main()
