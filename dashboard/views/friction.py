"""The friction roadmap: where money is lost, why, and what to mend first."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard import charts, parts
from dashboard.filters import chosen
from dashboard.queries import friction as queries
from dashboard.serving_copy import Query

KINDS = {"all": "all", "quick_win": "quick wins", "structural": "structural fixes"}
MOST = 20


def roadmap(frame: pd.DataFrame) -> go.Figure:
    """Revenue at stake by rank; quick wins and structural fixes by colour and pattern."""
    top = frame.head(MOST)
    top = top.assign(name=top["priority_rank"].astype(str) + ". " + top["friction_point"])
    figure = go.Figure()
    for kind, colour, pattern in (
        ("quick_win", charts.PALETTE[2], ""),
        ("structural", charts.PALETTE[1], "/"),
    ):
        rows = top[top["kind"] == kind]
        figure.add_bar(
            y=rows["name"],
            x=rows["lost_revenue_estimate"],
            name=KINDS[kind],
            orientation="h",
            marker={"color": colour, "pattern": {"shape": pattern}},
            customdata=rows[["cause", "effort", "owner", "drop_off_rate", "benchmark_rate"]],
            hovertemplate="%{y}<br>%{x:,.0f} at stake, cause %{customdata[0]}, effort "
            "%{customdata[1]}, owner %{customdata[2]}<br>drop-off %{customdata[3]:.1%} against "
            "%{customdata[4]:.1%}<extra></extra>",
        )
    figure.update_yaxes(categoryorder="array", categoryarray=top["name"].tolist()[::-1])
    figure.update_xaxes(title="revenue at stake")
    return charts.laid_out(figure, height=charts.bar_height(len(top)) + 40)


def main() -> None:
    """The page."""
    if not parts.page("Friction roadmap", "Where people drop off more than elsewhere, by money"):
        return
    chosen(period=False, channel=False)
    picked = st.segmented_control("Kind", list(KINDS), format_func=KINDS.__getitem__, default="all")
    kind = picked if picked in ("quick_win", "structural") else None
    query = Query(queries.ROADMAP, {"kind": kind})
    frame = parts.chart(
        "What to mend first",
        query,
        roadmap,
        note="Revenue at stake = traffic x (drop-off - benchmark of its kind) x revenue per "
        "conversion, if who stays converts. Quick win: much traffic, little effort. What people "
        "said there stands in the table: score from 0 to 1, and topics.",
    )
    if frame is not None:
        share = st.column_config.NumberColumn(format="percent")
        st.dataframe(
            frame,
            hide_index=True,
            width="stretch",
            column_config={"drop_off_rate": share, "benchmark_rate": share},
        )


main()
