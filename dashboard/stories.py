"""One person as pictures: what happened when on which channel, and what ties the identifiers.

Belongs here: frames of `queries/person.py` in, figures out. Keys are shown by their beginning.
"""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboard import charts

SHOWN_OF_A_KEY = 8
KINDS = {
    "touchpoint": (charts.PALETTE[5], "circle", 8),
    "order": (charts.PALETTE[2], "star", 15),
    "feedback": (charts.PALETTE[3], "diamond", 11),
    "offer": (charts.PALETTE[4], "square", 9),
}


def timeline(frame: pd.DataFrame) -> go.Figure:
    """A row per channel, a mark per fact; kinds differ by symbol, colour and size."""
    figure = go.Figure()
    for kind, (colour, symbol, size) in KINDS.items():
        rows = frame[frame["kind"] == kind]
        if rows.empty:
            continue
        figure.add_scatter(
            x=rows["occurred_at"],
            y=rows["channel"].fillna("(none)"),
            name=kind,
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": size, "opacity": 0.8},
            text=[_told(row) for row in charts.records(rows)],
            hovertemplate="%{x|%Y-%m-%d %H:%M} %{y}: %{text}<extra></extra>",
        )
    figure.update_yaxes(categoryorder="category descending")
    count = frame["channel"].nunique()
    return charts.laid_out(figure, height=charts.bar_height(count, per_bar=34) + 40)


def _told(row: Any) -> str:
    parts = [str(row.what)]
    for value in (row.detail, row.amount):
        if not pd.isna(value):
            parts.append(str(value))
    return " ".join(parts)


def graph(frame: pd.DataFrame) -> go.Figure:
    """Identifiers on a circle; solid: the edges that tie them, dotted: others that were seen."""
    ends = pd.concat(
        [
            frame[["identifier_a", "type_a"]].set_axis(["key", "kind"], axis=1),
            frame[["identifier_b", "type_b"]].set_axis(["key", "kind"], axis=1),
        ]
    ).drop_duplicates("key")
    ends = ends.sort_values(["kind", "key"]).reset_index(drop=True)
    turn = 2 * math.pi / max(len(ends), 1)
    places = {key: (math.cos(i * turn), math.sin(i * turn)) for i, key in enumerate(ends["key"])}
    figure = go.Figure()
    links = frame["status"].isin(["kept", "manual"])
    for mask, name, colour, dash, width in (
        (~links, "links nobody", charts.PALETTE[3], "dot", 1.2),
        (links & ~frame["is_tree_edge"], "more evidence", charts.GREY, "solid", 1.0),
        (links & frame["is_tree_edge"], "what ties them", charts.PALETTE[0], "solid", 2.5),
    ):
        rows = frame[mask]
        xs: list[float | None] = []
        ys: list[float | None] = []
        for row in charts.records(rows):
            (x1, y1), (x2, y2) = places[row.identifier_a], places[row.identifier_b]
            xs += [x1, x2, None]
            ys += [y1, y2, None]
        figure.add_scatter(
            x=xs, y=ys, mode="lines", name=name, hoverinfo="skip",
            line={"color": colour, "dash": dash, "width": width},
        )  # fmt: skip
    colours = charts.colour_of(ends["kind"].tolist())
    figure.add_scatter(
        x=[places[key][0] for key in ends["key"]],
        y=[places[key][1] for key in ends["key"]],
        mode="markers+text",
        text=[f"{row.kind}<br>{row.key[:SHOWN_OF_A_KEY]}" for row in charts.records(ends)],
        textposition=[_beside(*places[key]) for key in ends["key"]],
        marker={"size": 14, "color": [colours[kind] for kind in ends["kind"]]},
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )
    figure.update_xaxes(visible=False, range=[-1.8, 1.8])
    figure.update_yaxes(visible=False, range=[-1.35, 1.35])
    return charts.laid_out(figure, height=480)


def _beside(x: float, y: float) -> str:
    """Where a label stands so that it lies outside the circle."""
    if abs(x) < 0.35:
        return "top center" if y > 0 else "bottom center"
    return "middle right" if x > 0 else "middle left"
