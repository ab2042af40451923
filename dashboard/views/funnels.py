"""Funnels: how many come how far, by slice of those who enter."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard import charts, parts
from dashboard.filters import chosen
from dashboard.queries import funnels as queries
from dashboard.serving_copy import Query

ALL = "(all)"


def steps(frame: pd.DataFrame) -> go.Figure:
    """A bar per step, with the number and the share of the step before."""
    figure = go.Figure(
        go.Funnel(
            y=frame["step"],
            x=frame["reached_count"],
            text=[
                f"{row.reached_count:,.0f} · {row.step_rate:.0%}" for row in charts.records(frame)
            ],
            textinfo="text",
            marker={"color": charts.PALETTE[0]},
            connector={"line": {"color": charts.GREY}},
            customdata=frame[["overall_rate", "median_hours"]],
            hovertemplate="%{y}: %{x:,.0f}, %{customdata[0]:.1%} of all, "
            "median %{customdata[1]:,.1f} h after the first step<extra></extra>",
        )
    )
    return charts.laid_out(figure, height=charts.bar_height(len(frame), per_bar=56), legend=False)


def main() -> None:
    """The page."""
    if not parts.page("Funnels", "How many come how far; steps and windows are rows of a seed"):
        return
    chosen(period=False, channel=False)
    names = parts.rows(Query(queries.FUNNELS), what="Funnels")
    if names is None:
        parts.source(Query(queries.FUNNELS), None)
        return
    funnel = st.selectbox("Funnel", names["funnel"].tolist())
    found = parts.rows(Query(queries.SLICES, {"funnel": funnel}), what="Slices")
    slices = found["slice"].tolist() if found is not None else [ALL]
    place = slices.index(ALL) if ALL in slices else 0
    picked = st.selectbox("Slice (channel, month, campaign)", slices, index=place)
    parts.chart(
        f"{funnel}: {picked}",
        Query(queries.STEPS, {"funnel": funnel, "slice": picked}),
        steps,
        note="The share is of the step before. Who entered less than a window ago is immature and "
        "a slice apart.",
    )
    parts.table(
        "Slices compared",
        Query(queries.COMPARED, {"funnel": funnel}),
        config={"rate": st.column_config.NumberColumn(format="percent")},
    )


main()
