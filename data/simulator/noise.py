"""Bad rows for the landing gate to find: copies of real rows, broken in one way each.

A real row is never lost to noise: what is broken is an extra row (with a key of its own, except for
duplicates), so that the truth still holds for all good rows.
Belongs here: the kinds of damage. Does not belong here: messy but valid values (identifiers.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from data.simulator import text
from data.simulator.arrow import pc
from data.simulator.declarations import Table
from data.simulator.draws import Draws
from data.simulator.settings import Arguments

_NO_DATE = "31.02.2026 25:61"
BAD_SHARE = 0.003  # of the rows, at noise 1
# A negative amount is wrong on a sale only: the status that makes it one.
_SOLD = {"financial_status": "paid", "transaction_type": "SALE"}


@dataclass(frozen=True)
class BadRows:
    """`rows`: which rows were copied; texts: the broken copies; reasons and columns per copy."""

    rows: np.ndarray
    texts: dict[str, pa.Array]
    reasons: list[str]
    columns: list[str]


def _damages(table: Table) -> list[tuple[str, str]]:
    """(reason, column) pairs that this table can show."""
    kinds = []
    if table.key:
        kinds.append(("duplicate", table.key[0]))
    kinds += [("missing", column.name) for column in table.columns if column.required][:2]
    kinds += [
        (reason, column.name)
        for column in table.columns
        if column.is_event_time
        for reason in ("broken date", "future")
    ]
    kinds += [("negative revenue", column) for column in table.rule_columns]
    return kinds


def bad_rows(
    table: Table, texts: dict[str, pa.Array], uid: np.ndarray, draws: Draws, args: Arguments
) -> BadRows | None:
    """Broken copies of a few of the rows, or None."""
    if not args.noise or not table.key or table.period == "first":
        return None
    stream = f"bad {table.source}.{table.name}"
    share = BAD_SHARE * (3 if table.rule_columns else 1)  # sales are few, their damage costly
    rows = np.flatnonzero(draws.uniform(stream, uid) < share * args.noise)
    if not len(rows):
        return None
    kinds = _damages(table)
    choice = draws.integers(f"{stream} kind", len(kinds), uid[rows])
    copies = {name: values.take(pa.array(rows)) for name, values in texts.items()}
    event_times = {column.name: column for column in table.columns if column.is_event_time}
    key = table.key[0]
    fresh = text.join("BAD-", text.strings(draws.hex(f"{stream} key", 10, uid[rows])))
    is_copy = np.array([kinds[kind][0] == "duplicate" for kind in choice])
    # Only text keys get a fresh value; a day as key is damaged where it stands.
    if key not in event_times:
        copies[key] = pc.if_else(pa.array(is_copy), copies[key], fresh)
    for number, (reason, name) in enumerate(kinds):
        hit = pa.array(choice == number)
        if reason == "missing":
            new = pa.scalar(None, pa.string())
        elif reason == "broken date":
            text_here = event_times[name].is_text or not table.is_json
            new = pa.scalar(_NO_DATE if text_here else f'"{_NO_DATE}"')
        elif reason == "future":
            new = _years_on(texts[name].take(pa.array(rows)))
        elif reason == "negative revenue":
            new = text.join("-", pc.replace_substring(copies[name], "-", ""))
            for status, sold in _SOLD.items():
                if status in copies:
                    copies[status] = pc.if_else(hit, pa.scalar(sold), copies[status])
        else:
            continue
        copies[name] = pc.if_else(hit, new, copies[name])
    reasons = [kinds[kind][0] for kind in choice]
    return BadRows(rows, copies, reasons, [kinds[kind][1] for kind in choice])


def _years_on(values: pa.Array) -> pa.Array:
    """The same moment some decades later, whatever the notation."""
    if pc.all(pc.match_substring_regex(values, r"^\d+$")).as_py():  # epoch seconds or milliseconds
        return pc.replace_substring_regex(values, r"^1(\d)", r"3\1")
    return pc.replace_substring_regex(values, r"20[123](\d)", r"207\1")
