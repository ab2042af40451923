"""How charts look: colours that everybody can tell apart, and sizes that fit a phone.

Belongs here: palette and layout that several pages share. Nothing is told by colour alone: names,
symbols, patterns or numbers stand beside it.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

# Okabe and Ito (2008), without the yellow that is unreadable on white.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000", "#999999")
SYMBOLS = ("circle", "diamond", "square", "x", "triangle-up", "cross", "star", "hourglass")
SEQUENTIAL = "cividis"  # made for readers with and without colour vision
GREY = "#999999"
SPECIAL = {"(start)": "#999999", "(conversion)": "#009E73", "(lost)": "#D55E00",
           "(end)": "#999999", "(other)": "#BBBBBB", "(unattributed)": "#BBBBBB"}  # fmt: skip


def colour_of(names: list[str]) -> dict[str, str]:
    """A colour per name, the same whatever else is shown: by order of the sorted names."""
    plain = sorted(name for name in set(names) if name not in SPECIAL)
    colours = {name: PALETTE[i % len(PALETTE)] for i, name in enumerate(plain)}
    return colours | {name: SPECIAL[name] for name in names if name in SPECIAL}


def faded(colour: str, opacity: float) -> str:
    """The colour `#rrggbb` as rgba with this opacity."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def records(frame: pd.DataFrame) -> list[Any]:
    """The rows of a frame, with a column as an attribute."""
    return list(frame.itertuples())


def laid_out(figure: go.Figure, *, height: int = 380, legend: bool = True) -> go.Figure:
    """The figure with narrow margins, its legend above, and axes with room for their labels."""
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        showlegend=legend,
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0, "title": None},
        hoverlabel={"align": "left"},
        dragmode=False,  # a finger that scrolls must not zoom
    )
    figure.update_xaxes(automargin=True, title_standoff=6)
    figure.update_yaxes(automargin=True, title_standoff=6)
    return figure


def few_dates(figure: go.Figure, dates: pd.Series) -> go.Figure:
    """A time axis whose ticks are the dates themselves where they are few (else: milliseconds)."""
    found = sorted(dates.unique())
    if len(found) <= 8:
        figure.update_xaxes(tickvals=found, ticktext=[f"{date:%Y-%m-%d}" for date in found])
    return figure


def bar_height(count: int, *, per_bar: int = 26, least: int = 220) -> int:
    """Height in pixels of a chart with `count` horizontal bars."""
    return max(least, 110 + per_bar * count)
