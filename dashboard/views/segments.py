"""Segments: how large, whom they reach, what they are worth, what they share."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard import charts, parts
from dashboard.queries import segments as queries
from dashboard.serving_copy import Query

MONEY = {
    "revenue_365d_amount": st.column_config.NumberColumn(format="localized"),
    "propensity_30d_mean": st.column_config.NumberColumn(format="%.3f"),
    "churn_90d_mean": st.column_config.NumberColumn(format="%.3f"),
}


def sizes(frame: pd.DataFrame) -> go.Figure:
    """Members as one bar: reachable, not reachable, held out."""
    ordered = frame.iloc[::-1]
    beyond = ordered["member_count"] - ordered["reachable_count"] - ordered["holdout_count"]
    figure = go.Figure()
    for values, name, colour, pattern in (
        (ordered["reachable_count"], "reachable", charts.PALETTE[2], ""),
        (beyond, "no consent or address", charts.PALETTE[1], "/"),
        (ordered["holdout_count"], "held out", charts.GREY, "x"),
    ):
        figure.add_bar(
            y=ordered["segment"],
            x=values,
            name=name,
            orientation="h",
            marker={"color": colour, "pattern": {"shape": pattern}},
            customdata=ordered["revenue_365d_amount"],
            hovertemplate="%{y}: %{x:,.0f} " + name + "; revenue of all members %{customdata:,.0f}"
            "<extra></extra>",
        )
    figure.update_layout(barmode="stack")
    figure.update_xaxes(title="members")
    return charts.laid_out(figure, height=charts.bar_height(len(frame)) + 40)


def _heat(wide: pd.DataFrame, texts: pd.DataFrame, hover: str) -> go.Figure:
    figure = go.Figure(
        go.Heatmap(
            z=wide.to_numpy(),
            x=wide.columns,
            y=wide.index,
            text=texts.to_numpy(),
            texttemplate="%{text}" if len(wide.columns) <= 12 else None,
            colorscale=charts.SEQUENTIAL,
            zmin=0,
            zmax=1,
            showscale=False,
            hovertemplate=hover,
        )
    )
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(tickangle=-60)
    return charts.laid_out(figure, height=charts.bar_height(len(wide)) + 120, legend=False)


def reach(frame: pd.DataFrame) -> go.Figure:
    """Segments by channels: share of the members that can be reached."""
    used = frame[frame.groupby("channel")["reachable_count"].transform("sum") > 0]
    wide = used.pivot_table(index="segment", columns="channel", values="reachable_rate")
    counts = used.pivot_table(index="segment", columns="channel", values="reachable_count")
    texts = counts.loc[wide.index, wide.columns].map(lambda count: f"{count:,.0f}")
    return _heat(wide, texts, "%{y} on %{x}: %{text} members, %{z:.0%}<extra></extra>")


def overlap(frame: pd.DataFrame) -> go.Figure:
    """Segments by segments: share of the row's members that are in the column's segment too."""
    wide = frame.pivot_table(
        index="segment", columns="other_segment", values="share_of_segment", dropna=False
    )
    texts = wide.map(lambda share: "" if pd.isna(share) else f"{share:.0%}")
    return _heat(wide, texts, "%{text} of %{y} are in %{x}<extra></extra>")


def moves(frame: pd.DataFrame) -> go.Figure:
    """Who came (above) and who left (below), per segment."""
    colours = charts.colour_of(frame["segment"].tolist())
    figure = go.Figure()
    for number, (segment, rows) in enumerate(frame.groupby("segment")):
        pattern = ("", "/", ".", "x", "-")[number % 5]
        for values, is_entered in ((rows["entered"], True), (-rows["exited"], False)):
            figure.add_bar(
                x=rows["moved_at"],
                y=values,
                name=str(segment),
                legendgroup=str(segment),
                showlegend=is_entered,
                marker={"color": colours[str(segment)], "pattern": {"shape": pattern}},
            )
    figure.update_layout(barmode="relative")
    figure.update_yaxes(title="entered and left")
    figure = charts.few_dates(figure, pd.to_datetime(frame["moved_at"]))
    return charts.laid_out(figure, height=300)


def main() -> None:
    """The page."""
    if not parts.page("Segments", "How large, whom they reach, what they share"):
        return
    parts.chart(
        "Members",
        Query(queries.SIZES),
        sizes,
        note="Reachable: not held out, live consent and an address that is not suppressed, on one "
        "channel at least.",
    )
    parts.table(
        "What they are worth",
        Query(queries.SIZES),
        note="Orders and net revenue of the present members in the 365 days before as_of.",
        config=MONEY,
    )
    parts.chart(
        "Reach by channel",
        Query(queries.REACH),
        reach,
        note="Members who may be written to on the channel now; the colour is their share.",
    )
    parts.chart(
        "Overlap",
        Query(queries.OVERLAP),
        overlap,
        note="How much of the segment at the left is in the segment below.",
    )
    parts.table(
        "Priority lists",
        Query(queries.LISTS),
        note="In a list a person is in the first segment that they qualify for, and in no other.",
    )
    parts.chart("Who came and who left", Query(queries.MOVES), moves, note="As the builds saw it.")


main()
