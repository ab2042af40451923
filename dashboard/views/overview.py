"""The scorecard: each KPI beside the goal that it serves, its target and its trend."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard import charts, parts
from dashboard.filters import Filters, chosen
from dashboard.queries import overview as queries

# Told by a word and a sign, never by colour alone.
STATUS = {
    "on_track": "✓ on track",
    "at_risk": "▲ at risk",
    "off_track": "✕ off track",
    "immature": "… week not over",
    "no_target": "no target",
    "no_data": "no data",
}


def written(value: float, unit: str) -> str:
    """A KPI as its unit is written."""
    if pd.isna(value):
        return "–"
    match unit:
        case "share":
            return f"{value:.1%}"
        case "ratio" | "days":
            return f"{value:,.2f}"
        case "money":
            return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.2f}"
    return f"{value:,.0f}"


def scorecard(frame: pd.DataFrame) -> None:
    """A card per KPI, leading and lagging apart, and below them goals, targets and status."""
    week = frame.iloc[0]
    st.caption(f"Week of {week.week_start:%Y-%m-%d}; changes are against the week before")
    for kind, meaning in (("leading", "to act on"), ("lagging", "to judge by")):
        rows = frame[frame["kind"] == kind]
        st.markdown(f"**{kind.capitalize()}** indicators, {meaning}")
        with st.container(horizontal=True):
            for card in charts.records(rows):
                _card(card)
        told = pd.DataFrame(
            {
                "KPI": rows["label"],
                "goal": rows["business_goal"],
                "status": rows["status"].map(STATUS),
                "trend": rows["trend"],
                "value": [written(row.value, row.unit) for row in charts.records(rows)],
                "target": [written(row.target_value, row.unit) for row in charts.records(rows)],
                "owner": rows["owner"],
            }
        )
        with st.expander(f"Goals and targets of the {kind} indicators", expanded=True):
            st.dataframe(told, hide_index=True, width="stretch")


def _card(card: Any) -> None:
    change = None if pd.isna(card.change_rate) else f"{card.change_rate:+.1%}"
    st.metric(
        card.label,
        written(card.value, card.unit),
        change,
        delta_color="normal" if card.direction == "up" else "inverse",
        border=True,
        width=165,
        help=f"Goal: {card.business_goal}. Target {written(card.target_value, card.unit)}, four "
        f"weeks before {written(card.four_week_mean, card.unit)}. Owner: {card.owner}.",
    )


def trend(frame: pd.DataFrame) -> go.Figure:
    """A KPI by week, and its target as a dashed line."""
    figure = go.Figure()
    figure.add_scatter(
        x=frame["week_start"],
        y=frame["value"],
        name="value",
        mode="lines+markers",
        line={"color": charts.PALETTE[0]},
        marker={"symbol": ["circle" if over else "circle-open" for over in frame["is_mature"]]},
    )
    figure.add_scatter(
        x=frame["week_start"],
        y=frame["target_value"],
        name="target",
        mode="lines",
        line={"color": charts.PALETTE[3], "dash": "dash"},
    )
    return charts.laid_out(figure, height=300)


def weeks(frame: pd.DataFrame) -> go.Figure:
    """Revenue as bars, spend as a line."""
    figure = go.Figure()
    figure.add_bar(
        x=frame["week_start"], y=frame["revenue"], name="revenue", marker_color=charts.PALETTE[0]
    )
    if "spend" in frame:
        figure.add_scatter(
            x=frame["week_start"],
            y=frame["spend"],
            name="spend",
            mode="lines+markers",
            line={"color": charts.PALETTE[1]},
        )
    return charts.laid_out(figure, height=320)


def kpis(filters: Filters) -> None:
    """The cards, and one KPI over time."""
    query = filters.bound(queries.SCORECARD)
    frame = parts.rows(query, what="Scorecard")
    if frame is not None:
        scorecard(frame)
    parts.source(query, frame)
    if frame is None:
        return
    labels = dict(zip(frame["kpi"], frame["label"], strict=True))
    kpi = st.selectbox("One KPI over time", list(labels), format_func=lambda k: labels[k])
    parts.chart(
        f"{labels[kpi]} by week",
        filters.bound(queries.TREND, kpi=kpi),
        trend,
        note="An open circle is a week that is not over.",
    )


def main() -> None:
    """The page."""
    if not parts.page("Scorecard", "Every KPI beside the business goal that it serves"):
        return
    filters = chosen(segment=True)
    if filters.segment:
        parts.chart(
            f"Orders of the segment {filters.segment}",
            filters.bound(queries.SEGMENT_WEEKS),
            weeks,
            note="Revenue of completed orders by week, of who is in the segment now. "
            "The scorecard below is of all persons.",
        )
    parts.chart(
        "Revenue and spend",
        filters.bound(queries.WEEKS),
        weeks,
        note="By week, the last year unless a period is chosen; revenue is credited by last touch, "
        "so that channels add up to all of it.",
    )
    kpis(filters)


main()
