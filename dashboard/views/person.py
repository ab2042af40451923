"""One person's story: profile, all channels on one line, and why the identifiers are one person."""

import pandas as pd
import streamlit as st

from dashboard import parts, stories
from dashboard.filters import Filters, chosen
from dashboard.queries import person as queries
from dashboard.search import asked, found
from dashboard.serving_copy import Query


def profile(person: str) -> None:
    """What is known of the person, without what names one."""
    query = Query(queries.PROFILE, {"person": person})
    st.subheader("Profile")
    frame = parts.rows(query, what="Profile")
    if frame is not None:
        row = frame.iloc[0].dropna().drop("person_id")
        with st.container(horizontal=True):
            for name in ("lifecycle_stage", "order_count", "revenue_amount", "preferred_channel"):
                if name in row:
                    value = f"{row[name]:,.2f}" if name == "revenue_amount" else str(row[name])
                    st.metric(name.replace("_", " "), value, border=True, width=165)
        told = pd.DataFrame({"attribute": row.index, "value": row.astype(str).to_numpy()})
        with st.expander("All attributes"):
            st.dataframe(told, hide_index=True, width="stretch")
    parts.source(query, frame, with_table=False)


def identity(person: str) -> None:
    """The identifiers, the edges that tie them, and what happened to the person's name."""
    values = {"person": person}
    parts.chart(
        "Why these identifiers are one person",
        Query(queries.EDGES, values),
        stories.graph,
        note="Each thick line is a pair of identifiers that records name together: they hold the "
        "person. Cut one, and the person falls apart there.",
    )
    parts.table("Identifiers", Query(queries.IDENTIFIERS, values))
    parts.table("What happened to this person", Query(queries.LEDGER, values))


def story(person: str, filters: Filters) -> None:
    """Everything of one person."""
    profile(person)
    parts.chart(
        "Everything, on every channel",
        filters.bound(queries.TIMELINE, person=person),
        stories.timeline,
        note="The newest two thousand facts, times in UTC; what machines did is left out.",
    )
    identity(person)
    values = {"person": person}
    parts.table("Segments", Query(queries.SEGMENTS, values))
    parts.table("Consent", Query(queries.CONSENT, values))


def main() -> None:
    """The page."""
    if not parts.page("One person's story", "Everything that is known of one person, by key"):
        return
    filters = chosen()
    text = asked()
    if text is None:
        parts.table(
            "Examples",
            Query(queries.EXAMPLES),
            note="Known persons with most identifiers; copy an id into the box.",
        )
        return
    person = found(text)
    if person is not None:
        story(person, filters)


main()
