"""Activation: what was delivered to whom, what was not, and why."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard import charts, parts
from dashboard.queries import activation as queries
from dashboard.search import asked, found
from dashboard.serving_copy import NotBuilt, Query, ask
from dashboard.why import reason_in_words, sentence

ALL_SYNCS = "all syncs"
OUTCOMES = (
    ("succeeded", charts.PALETTE[2], ""),
    ("blocked", charts.PALETTE[1], "/"),
    ("rejected", charts.PALETTE[3], "x"),
    ("unknown", charts.PALETTE[4], "."),
    ("aborted", charts.GREY, "-"),
)
SHARES = {
    name: st.column_config.NumberColumn(format="percent")
    for name in ("acknowledged_share", "rejected_share")
}


def runs(frame: pd.DataFrame) -> go.Figure:
    """Outcomes of each run as one bar: it is as long as the plan had rows."""
    frame = frame.iloc[::-1]
    names = [f"{row.started_at:%m-%d %H:%M} {row.sync}: {row.status}"
             for row in charts.records(frame)]  # fmt: skip
    figure = go.Figure()
    for outcome, colour, pattern in OUTCOMES:
        figure.add_bar(
            y=[*range(len(frame))],
            x=frame[outcome],
            name=outcome,
            orientation="h",
            marker={"color": colour, "pattern": {"shape": pattern}},
            customdata=names,
            hovertemplate="%{customdata}: %{x:,.0f} " + outcome + "<extra></extra>",
        )
    figure.update_layout(barmode="stack")
    figure.update_xaxes(title="records planned")
    figure.update_yaxes(tickvals=[*range(len(frame))], ticktext=names)
    return charts.laid_out(figure, height=charts.bar_height(len(frame)) + 30)


def reasons(frame: pd.DataFrame) -> go.Figure:
    """Records by reason, a colour and a pattern per sync."""
    colours = charts.colour_of(frame["sync"].tolist())
    figure = go.Figure()
    for number, (sync, rows) in enumerate(frame.groupby("sync")):
        figure.add_bar(
            y=rows["reason"],
            x=rows["records"],
            name=str(sync),
            orientation="h",
            marker={
                "color": colours[str(sync)],
                "pattern": {"shape": ("", "/", ".", "x", "-")[number % 5]},
            },
            customdata=[reason_in_words(reason) for reason in rows["reason"]],
            hovertemplate="%{x:,.0f}: %{customdata}<extra></extra>",
        )
    figure.update_layout(barmode="stack")
    figure.update_yaxes(categoryorder="total ascending")
    height = charts.bar_height(frame["reason"].nunique()) + 30
    return charts.laid_out(figure, height=height)


def held(frame: pd.DataFrame) -> go.Figure:
    """Records that each destination holds."""
    ordered = frame.iloc[::-1]
    figure = go.Figure()
    figure.add_bar(
        y=ordered["sync"],
        x=ordered["records"],
        orientation="h",
        marker_color=charts.PALETTE[0],
        text=[f"{count:,.0f}" for count in ordered["records"]],
    )
    figure.update_xaxes(title="records at the destination")
    return charts.laid_out(figure, height=charts.bar_height(len(frame)), legend=False)


def chosen_sync() -> str | None:
    """The sync that is looked at; None for all."""
    try:
        options = ask(Query(queries.SYNCS))["sync"].tolist()
    except NotBuilt:
        return None
    value = st.selectbox("Sync", [ALL_SYNCS, *options])
    return None if value == ALL_SYNCS else value


def deliveries() -> None:
    """Runs, reasons, and what is held."""
    parts.table(
        "The newest run of each sync",
        Query(queries.LATEST),
        note="Shares are of the records that were handed over. Platforms that match on their own "
        "side tell their match rate in the run's metadata, where they tell it.",
        config=SHARES,
    )
    values = {"sync": chosen_sync()}
    parts.chart(
        "Runs",
        Query(queries.RUNS, values),
        runs,
        note="Every planned record has one outcome: succeeded, blocked at the gate, rejected by "
        "the destination, unknown, or aborted before it was handed over.",
    )
    for outcome, title in (
        ("blocked", "Blocked at the gate, by reason"),
        ("rejected", "Rejected by the destination, by reason"),
    ):
        query = Query(queries.REASONS, {**values, "outcome": outcome})
        parts.chart(title, query, reasons, note="Of the newest run of each sync.")
    parts.chart("What the destinations hold", Query(queries.HELD, values), held)


def why(person: str) -> None:
    """A sentence per sync, and below them what they rest on."""
    values = {"person": person}
    considered = Query(queries.CONSIDERED, values)
    frame = parts.rows(considered, what="Syncs")
    if frame is not None:
        stays = _stays(values)
        now = stays[stays["exited_at"].isna()]
        for row in charts.records(frame):
            told = sentence(
                row, segments=now["segment"].tolist(), is_holdout=bool(now["is_holdout"].any())
            )
            st.markdown(f"- {told}")
    parts.source(considered, frame)
    parts.table("Segments and holdout", Query(queries.SEGMENTS, values))
    parts.table(
        "Consent of each address",
        Query(queries.CONSENT, values),
        note="The gate asks for a grant of the very address, and for no objection on any.",
    )
    parts.table("Deliveries", Query(queries.DELIVERIES, values))


def _stays(values: dict[str, str]) -> pd.DataFrame:
    try:
        return ask(Query(queries.SEGMENTS, values))
    except NotBuilt:
        return pd.DataFrame({"segment": [], "exited_at": [], "is_holdout": []})


def person() -> None:
    """The question that support asks: why did this person (not) get it?"""
    st.header("Why this person did or did not get it")
    text = asked()
    if text is None:
        parts.table("Examples", Query(queries.EXAMPLES), note="Persons whom most syncs planned.")
        return
    one = found(text)
    if one is not None:
        why(one)


def main() -> None:
    """The page."""
    if parts.page("Activation", "What was delivered to whom, what was not, and why"):
        deliveries()
        person()


main()
