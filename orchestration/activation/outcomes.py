"""What became of planned rows, on the way from a connector's answer to the tables.

Belongs here: the shape of an outcome. Does not belong here: writing it (`receipts.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import pyarrow as pa

from orchestration.activation.mapping import RENDERED_COLUMNS

# Reasons with which a row that stayed unknown is closed. The first: it is taken for delivered (a
# removal for not carried out). The second: what became of the record later is known.
NEVER_CONFIRMED = "never_confirmed"
OVERTAKEN = "overtaken"
# Error class of what a killed run was sending, where the destination cannot tell.
RUN_KILLED = "run_killed"


@dataclass(frozen=True)
class Outcome:
    """What became of the planned row at `position`; `reason` is a code, `message` prose.

    `content_id` to `message_id`: what was rendered, where the connector says so.
    """

    position: int
    outcome: str
    reason: str | None = None
    message: str | None = None
    external_id: str | None = None
    is_terminal: bool = False
    content_id: str | None = None
    content_version: str | None = None
    variant: str | None = None
    message_id: str | None = None


_SCHEMA = pa.schema(
    [
        ("position", pa.int64()),
        ("outcome", pa.string()),
        ("reason", pa.string()),
        ("message", pa.string()),
        ("external_id", pa.string()),
        ("is_terminal", pa.bool_()),
        *((column, pa.string()) for column in RENDERED_COLUMNS),
    ]
)


def outcome_table(outcomes: Sequence[Outcome]) -> pa.Table:
    """The outcomes as a table with one row each, columns as the fields are called."""
    names = [part.name for part in fields(Outcome)]
    return pa.Table.from_pylist(
        [{name: getattr(item, name) for name in names} for item in outcomes], schema=_SCHEMA
    )
