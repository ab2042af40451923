"""What stops a run before anything is sent.

Belongs here: pure decisions over the figures of a plan, each with a message that says what to do.
A stopped run changes nothing: what the destination holds stays as it is.
"""

from __future__ import annotations

from orchestration.activation.definitions import Guards
from orchestration.activation.plan import PlanFigures


def check_guards(
    guards: Guards,
    figures: PlanFigures,
    *,
    has_history: bool,
    destination_holds_records: bool | None,
    accept_filled_destination: bool = False,
) -> str | None:
    """The reason to stop, or None.

    `has_history`: this warehouse has sent for this sync before. `destination_holds_records`: the
    connector found records of earlier runs (None: it cannot tell). Whoever was erased is removed
    without counting.
    """
    removed = figures.planned.get("remove", 0) - figures.erased
    if not has_history and destination_holds_records and not accept_filled_destination:
        return (
            "the destination is filled, but this warehouse remembers no delivery: restore the "
            "state (make restore), or run the sync once with --accept-filled-destination to send "
            "everything again"
        )
    if figures.source_rows == 0 and figures.held_rows == 0:
        return None
    if removed == 0 and figures.erased:  # an erasure is carried out whatever the model has
        return None
    if figures.source_rows < max(guards.min_source_rows, 1):
        return (
            f"the model has {figures.source_rows} rows, at least {max(guards.min_source_rows, 1)} "
            f"are expected; nobody was removed of {figures.held_rows} records held. If this is "
            "right, lower guards.min_source_rows; an empty audience is emptied by hand, never here"
        )
    allowed = figures.held_rows * guards.max_remove_pct / 100
    if removed > allowed:
        return (
            f"{removed} of {figures.held_rows} records would be removed "
            f"({100 * removed / figures.held_rows:.1f} %), guards.max_remove_pct allows "
            f"{guards.max_remove_pct:g} %. If this is right, raise it for one run"
        )
    return None
