"""Identity health: how sure it is who is who, and how much the KPIs hang on it."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard import charts, parts
from dashboard.filters import chosen
from dashboard.queries import identity as queries
from dashboard.serving_copy import Query

FIRST = (
    "persons", "persons_known", "anonymous_person_share", "largest_person",
    "records_without_person_share", "devices_of_several_persons",
)  # fmt: skip


def written(metric: str, value: float) -> str:
    """A share as a percentage, else a number."""
    return f"{value:.1%}" if metric.endswith("_share") else f"{value:,.0f}"


def cards(frame: pd.DataFrame) -> None:
    """The most telling figures as cards."""
    values = dict(zip(frame["metric"], frame["value"], strict=True))
    with st.container(horizontal=True):
        for metric in FIRST:
            if metric in values:
                told = written(metric, values[metric])
                st.metric(metric.replace("_", " "), told, border=True, width=165)


def over_time(frame: pd.DataFrame) -> go.Figure:
    """One metric by day."""
    figure = go.Figure()
    figure.add_scatter(
        x=frame["metric_date"], y=frame["value"], mode="lines+markers",
        line={"color": charts.PALETTE[0]},
    )  # fmt: skip
    figure.update_yaxes(rangemode="tozero")
    figure = charts.few_dates(figure, pd.to_datetime(frame["metric_date"]))
    return charts.laid_out(figure, height=280, legend=False)


def edges(frame: pd.DataFrame) -> go.Figure:
    """Pairs of identifiers by status: those that link, and why the others do not."""
    frame = frame.assign(name=frame["status"].where(frame["reason"] == "", frame["status"] + ": "
                         + frame["reason"])).iloc[::-1]  # fmt: skip
    links = frame["status"].isin(["kept", "manual"])
    figure = go.Figure()
    for mask, name, colour, pattern in (
        (links, "links two identifiers", charts.PALETTE[2], ""),
        (~links, "links nobody", charts.PALETTE[3], "/"),
    ):
        figure.add_bar(
            y=frame.loc[mask, "name"],
            x=frame.loc[mask, "edges"],
            name=name,
            orientation="h",
            marker={"color": colour, "pattern": {"shape": pattern}},
            text=[f"{count:,.0f}" for count in frame.loc[mask, "edges"]],
        )
    figure.update_xaxes(type="log", title="pairs (logarithmic)")
    return charts.laid_out(figure, height=charts.bar_height(len(frame)) + 30)


def sizes(frame: pd.DataFrame) -> go.Figure:
    """Persons by how many identifiers they have."""
    figure = go.Figure()
    for known, name, colour, pattern in (
        (True, "known", charts.PALETTE[0], ""),
        (False, "anonymous", charts.PALETTE[1], "/"),
    ):
        rows = frame[frame["is_known"] == known]
        figure.add_bar(
            x=rows["identifiers"],
            y=rows["persons"],
            name=name,
            marker={"color": colour, "pattern": {"shape": pattern}},
        )
    order = frame.sort_values("at_least")["identifiers"].drop_duplicates().tolist()
    figure.update_xaxes(title="identifiers of a person", categoryarray=order, type="category")
    figure.update_layout(barmode="stack")
    return charts.laid_out(figure, height=320)


def ledger(frame: pd.DataFrame) -> go.Figure:
    """Persons created, merged, split, retired, by week."""
    figure = go.Figure()
    for number, (event, rows) in enumerate(frame.groupby("event")):
        figure.add_bar(
            x=rows["week_start"],
            y=rows["events"],
            name=event,
            marker={
                "color": charts.PALETTE[number],
                "pattern": {"shape": ("", "/", ".", "x", "-")[number % 5]},
            },
        )
    figure.update_layout(barmode="stack")
    figure = charts.few_dates(figure, pd.to_datetime(frame["week_start"]))
    return charts.laid_out(figure, height=300)


def sensitivity(frame: pd.DataFrame) -> go.Figure:
    """How far each KPI moves from its default under strict and under loose identity."""
    figure = go.Figure()
    for level, colour, symbol in (
        ("strict", charts.PALETTE[3], "diamond"),
        ("default", charts.PALETTE[6], "line-ns-open"),
        ("loose", charts.PALETTE[0], "circle"),
    ):
        rows = frame[frame["identity_level"] == level]
        figure.add_scatter(
            x=rows["difference_rate"],
            y=rows["kpi"].str.replace("_", " "),
            name=level,
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": 12, "line": {"width": 2}},
            customdata=rows["value"],
            hovertemplate="%{y}: %{customdata:,.3f}, %{x:+.1%} of the default<extra></extra>",
        )
    figure.update_xaxes(tickformat="+.0%", title="difference to the default")
    figure.update_yaxes(categoryorder="category descending")
    return charts.laid_out(figure, height=charts.bar_height(frame["kpi"].nunique(), per_bar=34))


def main() -> None:
    """The page."""
    if not parts.page("Identity health", "Who is who, how sure that is, and what hangs on it"):
        return
    filters = chosen(channel=False)
    query = Query(queries.LATEST)
    latest = parts.rows(query, what="Quality figures")
    if latest is not None:
        cards(latest)
        parts.source(query, latest)
        metric = st.selectbox("One figure over time", latest["metric"].tolist())
        parts.chart(
            f"{metric.replace('_', ' ')}, by run", filters.bound(queries.OVER_TIME, metric=metric),
            over_time,
        )  # fmt: skip
    parts.chart(
        "Evidence",
        Query(queries.EDGES),
        edges,
        note="Pairs of identifiers that were seen together. Not every pair makes one person: hubs, "
        "shared devices and blocked values link nobody.",
    )
    parts.chart("Persons by size", Query(queries.SIZES), sizes)
    parts.chart(
        "What happened to persons",
        filters.bound(queries.LEDGER),
        ledger,
        note="As the runs detected it.",
    )
    parts.chart(
        "KPIs under strict, default and loose identity",
        Query(queries.SENSITIVITY),
        sensitivity,
        note="A KPI that moves much here is a statement about identity, not about customers.",
    )


main()
