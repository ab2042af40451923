"""Why a person did or did not get what a sync delivers, in plain sentences.

Belongs here: words for outcomes, reasons of the gate and error classes, as pure functions of a row
of `queries/activation.py`. Does not belong here: asking, drawing. A reason without words of its own
is shown as it is written.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

# The gate's reasons (orchestration/activation/gate.py) and the engine's own.
REASONS = {
    "environment": "outside prod only destinations on this machine are reached",
    "erased": "the person or the address asked to be forgotten",
    "address_missing": "the record has no address",
    "consent_missing": "nobody ever granted it for this very address",
    "consent_withdrawn": "the consent for this address was withdrawn",
    "consent_denied": "the consent for this address was denied",
    "consent_objected": "this address objected",
    "consent_pending": "the double opt-in of this address was never confirmed",
    "owner_objected": "the person objected, with this address or another",
    "suppressed": "the address bounced, complained or sent STOP",
    "holdout": "the person is in the universal holdout, which is never contacted",
    "quiet_hours": "it was a quiet hour for the person; the next run tries again",
    "frequency_cap": "the person had as many messages as the cap allows",
    "source_changed": "the record changed or left the segment between plan and sending",
    "run_killed": "the run was killed before it was handed over",
}
OPERATIONS = {
    "add": "was added",
    "change": "was changed",
    "refresh": "was affirmed again",
    "remove": "was taken out",
}


def reason_in_words(reason: object) -> str:
    """The reason of a gate or destination, for a sentence."""
    if not isinstance(reason, str):
        return "no reason was given"
    kind, _, which = reason.partition(":")
    told = REASONS.get(kind, kind.replace("_", " "))
    return f"{told} ({which})" if which else told


def sentence(row: Any, *, segments: list[str], is_holdout: bool) -> str:
    """What became of a person at one sync; `row` is a row of CONSIDERED.

    `segments` are those that the person is in now, `is_holdout` whether one of the stays is held
    out: they explain why a sync never planned the person.
    """
    if not isinstance(row.outcome, str):
        return f"**{row.sync}** never planned this person: {_not_planned(segments, is_holdout)}."
    when = f"on {row.recorded_at:%Y-%m-%d %H:%M} UTC"
    match row.outcome:
        case "succeeded":
            done = OPERATIONS.get(row.operation, row.operation)
            told = f"the record {done} {when}, and the destination acknowledged it"
        case "blocked":
            told = f"held back at the gate {when}: {reason_in_words(row.reason)}"
        case "rejected":
            told = f"refused by the destination {when}: {reason_in_words(row.reason)}"
            told += _next_try(row)
        case "unknown":
            told = f"nobody knows whether it arrived {when}: {reason_in_words(row.reason)}; it is "
            told += "not sent again blindly"
        case "aborted":
            told = f"planned {when}, but the run ended before it was handed over"
        case _:
            told = f"a run has it in hand since {when.removeprefix('on ')}"
    held = " The destination holds the record." if row.held else ""
    if not row.held and row.outcome == "succeeded" and row.operation != "remove":
        held = " It was taken out since."
    return f"**{row.sync}** ({row.destination}): {told}.{held}"


def _not_planned(segments: list[str], is_holdout: bool) -> str:
    if not segments:
        return "they are in no segment now"
    if is_holdout:
        return "they are held out, so no payload has them"
    return (
        f"its payload does not have them. They are in {', '.join(segments)}; if that is its "
        "segment, consent or an address is missing (below)"
    )


def _next_try(row: Any) -> str:
    if pd.isna(row.attempts):
        return ""
    if row.is_parked:
        return f" (attempt {row.attempts:.0f}; parked until the data changes)"
    when = "" if pd.isna(row.next_try_at) else f" not before {row.next_try_at:%Y-%m-%d %H:%M} UTC"
    return f" (attempt {row.attempts:.0f}; tried again{when})"
