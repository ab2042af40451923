"""What every page is made of: a title with what it is of, and charts with their table and SQL."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard.serving_copy import NotBuilt, Query, about, ask

PLOT = {"displayModeBar": False, "responsive": True}


def page(title: str, explanation: str) -> bool:
    """Title, explanation, and what the copy is of; False where there is no copy yet."""
    st.title(title)
    try:
        copy = about()
    except NotBuilt:
        st.info("There is no serving copy yet. `make run` writes one at its end, `make serve` now.")
        return False
    st.caption(
        f"{explanation} · tenant {copy.tenant}, as of {copy.as_of:%Y-%m-%d %H:%M} UTC, "
        f"money in {copy.currency}"
    )
    return True


def rows(query: Query, *, what: str) -> pd.DataFrame | None:
    """The rows of a query; None, with a friendly word, where its table is not built or is empty."""
    try:
        frame = ask(query)
    except NotBuilt as error:
        st.info(f"**{what}**: not built yet. It comes with the next `make run`. ({error})")
        return None
    if frame.empty:
        st.info(f"**{what}**: no rows for this choice.")
        return None
    return frame


def chart(
    title: str,
    query: Query,
    draw: Callable[[pd.DataFrame], go.Figure],
    *,
    note: str | None = None,
) -> pd.DataFrame | None:
    """A chart under its title, with its table and its SQL; gives the rows, None without any."""
    st.subheader(title)
    if note:
        st.caption(note)
    frame = rows(query, what=title)
    if frame is not None:
        st.plotly_chart(draw(frame), width="stretch", config=PLOT, key=f"chart {title}")
    source(query, frame)
    return frame


def table(
    title: str, query: Query, *, note: str | None = None, config: dict | None = None
) -> pd.DataFrame | None:
    """A table under its title, with its SQL; gives the rows, None without any."""
    st.subheader(title)
    if note:
        st.caption(note)
    frame = rows(query, what=title)
    if frame is not None:
        st.dataframe(frame, hide_index=True, width="stretch", column_config=config)
    source(query, frame, with_table=False)
    return frame


def source(query: Query, frame: pd.DataFrame | None, *, with_table: bool = True) -> None:
    """The expander below a chart: its rows and the statement that gave them."""
    with st.expander("Table and SQL" if with_table else "SQL"):
        if frame is not None and with_table:
            st.dataframe(frame, hide_index=True, width="stretch")
        st.code(query.shown, language="sql")
