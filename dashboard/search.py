"""The box in which a person is looked for, by id or by the hash of an identifier.

Belongs here: what the pages about one person share. What is typed enters a query as a parameter.
"""

from __future__ import annotations

import streamlit as st

from dashboard import parts
from dashboard.queries import person as queries
from dashboard.serving_copy import Query

BOX = "searched_person"


def asked() -> str | None:
    """What is searched for, from the box or the address (?person=...)."""
    # by key: a box whose default follows the address is a new box after every search, and what was
    # typed into the former one is lost
    st.session_state.setdefault(BOX, st.query_params.get("person", ""))
    text = st.text_input(
        "Person id, or the hash of an identifier (its first eight digits do)",
        key=BOX,
        placeholder="for example a70c121b",
        max_chars=64,
    )
    return text.strip().lower() or None


def found(text: str) -> str | None:
    """The person that is meant; asks where there are several. The address names them then."""
    frame = parts.rows(Query(queries.FIND, {"asked": text}), what="Person")
    if frame is None:
        st.caption("A clear e-mail address or phone number is in no serving copy: search by hash.")
        return None
    persons = frame["person_id"].tolist()
    person = persons[0]
    if len(persons) > 1:
        person = st.selectbox(f"{len(persons)} persons begin like this", persons)
    if person is not None:
        st.query_params["person"] = person
        st.caption(f"person {person}")
    return person
