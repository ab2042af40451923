"""The filters at the side: period, channels, segment; a page shows those that its numbers have."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import streamlit as st

from dashboard.serving_copy import NotBuilt, Query, ask

ALL_PERSONS = "all persons"
PERIODS = """
    select min(activity_date) as first_day, max(activity_date) as last_day from kpis.channel_daily
"""
CHANNELS = "select distinct channel from kpis.channel_daily order by channel"
SEGMENTS = """
    select segment from segments.membership where exited_at is null
    group by segment order by segment
"""


@dataclass(frozen=True)
class Filters:
    """What was chosen; None means everything."""

    first_day: date | None = None
    last_day: date | None = None
    channels: tuple[str, ...] | None = None
    segment: str | None = None

    @property
    def parameters(self) -> dict[str, object]:
        """As parameters of a query; dates as ISO text, absent choices as null."""
        return {
            "first_day": self.first_day.isoformat() if self.first_day else None,
            "last_day": self.last_day.isoformat() if self.last_day else None,
            "channels": list(self.channels) if self.channels else None,
        }

    @property
    def is_a_choice(self) -> bool:
        """True where not everything is shown."""
        return self != Filters()

    def bound(self, sql: str, **more: object) -> Query:
        """The statement with those of the parameters that it names."""
        values = {**self.parameters, "segment": self.segment, **more}
        return Query(sql, {name: value for name, value in values.items() if f"${name}" in sql})


def chosen(*, period: bool = True, channel: bool = True, segment: bool = False) -> Filters:
    """Draw the filters that this page has, and give what is chosen. They stay between pages."""
    with st.sidebar:
        if not (period or channel or segment):
            return Filters()
        st.header("Filters")
        first_day, last_day = _period() if period else (None, None)
        channels = _channels() if channel else None
        return Filters(first_day, last_day, channels, _segment() if segment else None)


def _kept(name: str, default: object) -> str:
    """The key of a widget whose value survives a change of the page (Streamlit drops it else)."""
    st.session_state.setdefault(f"kept_{name}", default)
    st.session_state[name] = st.session_state[f"kept_{name}"]
    return name


def _keep(name: str) -> None:
    st.session_state[f"kept_{name}"] = st.session_state[name]


def _period() -> tuple[date | None, date | None]:
    try:
        row = ask(Query(PERIODS)).iloc[0]
    except NotBuilt:
        return None, None
    if row.isna().any():
        return None, None
    first, last = row["first_day"].date(), row["last_day"].date()
    value = st.date_input(
        "Period",
        key=_kept("period", (first, last)),
        min_value=first,
        max_value=last,
        on_change=_keep,
        args=("period",),
    )
    if not isinstance(value, tuple) or len(value) != 2:
        st.caption("Choose the last day too.")
        return first, last
    # the whole period is no filter: tables of totals then answer for everything
    return (None, None) if value == (first, last) else value


def _channels() -> tuple[str, ...] | None:
    try:
        options = ask(Query(CHANNELS))["channel"].tolist()
    except NotBuilt:
        return None
    value = st.multiselect(
        "Channels",
        options,
        key=_kept("channels", []),
        placeholder="all",
        on_change=_keep,
        args=("channels",),
    )
    return tuple(value) or None


def _segment() -> str | None:
    try:
        options = ask(Query(SEGMENTS))["segment"].tolist()
    except NotBuilt:
        return None
    value = st.selectbox(
        "Segment",
        [ALL_PERSONS, *options],
        key=_kept("segment", ALL_PERSONS),
        on_change=_keep,
        args=("segment",),
    )
    return None if value == ALL_PERSONS else value
