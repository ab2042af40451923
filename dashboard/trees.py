"""Path trees as pictures: a Sankey of the first steps, and an icicle to click through.

Belongs here: frames of `journeys.path_tree` (depth, path, parent_path, journey_count,
conversion_count) in, figures out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboard import charts

SEPARATOR = " > "
MOST_PER_STEP = 9  # what a phone can show; the rest of a step is one node
START = "(start)"
END = "(end)"
OTHER = "(other)"


def last_step(path: str) -> str:
    """The last step of a path."""
    return path.rsplit(SEPARATOR, 1)[-1]


def sankey(frame: pd.DataFrame) -> go.Figure:
    """Flows from step to step: nodes are (step number, channel), so nothing runs backwards.

    A path that ends flows to (conversion) or (lost) beside the last step.
    """
    links = _links(frame)
    names = sorted({name for pair in links[["one", "other"]].to_numpy() for name in pair})
    places = {name: place for place, name in enumerate(names)}
    labels = [name.split("\0")[1] for name in names]
    colours = charts.colour_of(labels)
    figure = go.Figure(
        go.Sankey(
            arrangement="snap",
            node={
                "label": labels,
                "color": [colours[label] for label in labels],
                "align": "left",
                "pad": 10,
                "thickness": 14,
                "hovertemplate": "%{label}: %{value:,.0f} journeys<extra></extra>",
            },
            link={
                "source": [places[one] for one in links["one"]],
                "target": [places[other] for other in links["other"]],
                "value": links["journeys"],
                "color": [charts.faded(colours[one.split("\0")[1]], 0.3) for one in links["one"]],
                "hovertemplate": "%{source.label} to %{target.label}: "
                "%{value:,.0f} journeys<extra></extra>",
            },
        )
    )
    return charts.laid_out(figure, height=460, legend=False)


def _links(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows (one, other, journeys) between nodes `number NUL channel`."""
    steps = frame.assign(step=frame["path"].map(last_step)).reset_index(drop=True)
    kept = {
        depth: set(rows.groupby("step")["journey_count"].sum().nlargest(MOST_PER_STEP).index)
        for depth, rows in steps.groupby("depth")
    } | {0: {START}}
    found = []
    for row in charts.records(steps):
        one = _node(row.depth - 1, last_step(row.parent_path), kept)
        if row.step == END:
            converted = row.conversion_count
            found.append((one, "9\0(conversion)", converted))
            found.append((one, "9\0(lost)", row.journey_count - converted))
        else:
            found.append((one, _node(row.depth, row.step, kept), row.journey_count))
    links = pd.DataFrame(found, columns=["one", "other", "journeys"])
    links = links.groupby(["one", "other"], as_index=False)["journeys"].sum()
    return links[links["journeys"] > 0]


def _node(depth: int, step: str, kept: Mapping[Any, set[str]]) -> str:
    return f"{depth}\0{step if step in kept[depth] else OTHER}"


def icicle(frame: pd.DataFrame) -> go.Figure:
    """The tree from left to right; a click opens a branch. Shade: share that converts."""
    rates = frame["conversion_count"] / frame["journey_count"].where(frame["journey_count"] > 0)
    roots = frame["depth"] == 1
    figure = go.Figure(
        go.Icicle(
            ids=[START, *frame["path"]],
            labels=["all journeys", *frame["path"].map(last_step)],
            parents=["", *frame["parent_path"]],
            values=[frame.loc[roots, "journey_count"].sum(), *frame["journey_count"]],
            branchvalues="total",
            maxdepth=4,
            marker={
                "colors": [None, *rates.fillna(0)],
                "colorscale": charts.SEQUENTIAL,
                "cmin": 0,
                "cmax": max(float(rates[frame["journey_count"] >= 5].max() or 0), 0.05),
                "showscale": True,
                "colorbar": {
                    "title": "converts",
                    "tickformat": ".0%",
                    "orientation": "h",
                    "y": -0.15,
                    "thickness": 10,
                },
            },
            customdata=[None, *rates.fillna(0)],
            texttemplate="%{label}<br>%{value:,.0f}",
            hovertemplate="%{id}<br>%{value:,.0f} journeys, %{customdata:.1%} convert"
            "<extra></extra>",
        )
    )
    return charts.laid_out(figure, height=460, legend=False)
