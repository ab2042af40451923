"""The journey map: how people go from channel to channel, to an order or away."""

import streamlit as st

from dashboard import parts, trees
from dashboard.filters import Filters, chosen
from dashboard.queries import journeys as queries


def step_through(filters: Filters) -> None:
    """One step after the other, with what follows and how it ends."""
    st.subheader("Step by step")
    taken: list[str] = st.session_state.setdefault("taken", [])
    st.caption("After: " + (" > ".join(taken) or "the start"))
    parent = trees.SEPARATOR.join([trees.START, *taken])
    sql = queries.SLICED_NEXT if filters.is_a_choice else queries.NEXT
    query = filters.bound(sql, depth=len(taken) + 1, parent=parent)
    frame = parts.rows(query, what="Next steps")
    if frame is not None:
        shown = frame.assign(next=frame["path"].map(trees.last_step))
        st.dataframe(
            shown[["next", "journey_count", "conversion_count", "conversion_rate",
                   "revenue_amount"]],
            hide_index=True,
            width="stretch",
            column_config={"conversion_rate": st.column_config.NumberColumn(format="percent")},
        )  # fmt: skip
        options = [step for step in shown["next"] if not step.startswith("(")]
        if options:
            step = st.selectbox(
                "Go on with", options, index=None, placeholder="choose", key="next_step"
            )
            if step:
                st.session_state["taken"] = [*taken, step]
                st.rerun()
    if taken:
        with st.container(horizontal=True):
            if st.button("One step back", key="back"):
                st.session_state["taken"] = taken[:-1]
                st.rerun()
            if st.button("To the start", key="restart"):
                st.session_state["taken"] = []
                st.rerun()
    parts.source(query, frame, with_table=False)


def tree(filters: Filters) -> None:
    """The two pictures of the path tree."""
    depth = st.slider("Steps", 2, 5, 3)
    sql = queries.SLICED_TREE if filters.is_a_choice else queries.TREE
    query = filters.bound(sql, depth=depth)
    note = "The first steps of journeys that are over; repeats of a channel in a row are one step."
    parts.chart("Where journeys go", query, trees.sankey, note=note)
    parts.chart(
        "Path tree",
        query,
        trees.icicle,
        note="Click on a step to open its branch; the numbers below a step add up to it.",
    )


def main() -> None:
    """The page."""
    if not parts.page("Journey map", "What people did before an order, or before they went away"):
        return
    filters = chosen(segment=True)
    parts.table(
        "Outcomes",
        filters.bound(queries.OUTCOMES),
        note="By the journey's end. An open journey may still convert; rates leave it out.",
    )
    tree(filters)
    step_through(filters)
    parts.table(
        "Most frequent paths",
        filters.bound(queries.PATHS),
        note="Repeats of a channel in a row are one step.",
        config={"conversion_rate": st.column_config.NumberColumn(format="percent")},
    )


main()
