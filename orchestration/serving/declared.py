"""Which tables are served: the public marts that dbt declares, but those of the restricted schema.

Belongs here: reading the dbt manifest. A new public mart is served without a word here.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# Where the serving copy tells of itself: when it was made, what is in it.
ABOUT_SCHEMA = "serving"
# What holds clear values or may: never served, whatever a model says of its access.
RESTRICTED = frozenset({"pii", "raw", "staging", "intermediate", "ops", "increments"})


class ServingError(RuntimeError):
    """The serving copy cannot be written; the message says what to do."""


@dataclass(frozen=True)
class Served:
    """One served table: its schema and name, and what dbt says of it and of its columns."""

    schema: str
    name: str
    description: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def table(self) -> str:
        """schema.name, as BI writes it."""
        return f"{self.schema}.{self.name}"


def served_tables(manifest: Path, leave_out: Sequence[str] = ()) -> list[Served]:
    """The public models of `manifest` (manifest.json) outside restricted schemas, by name.

    `leave_out` has patterns on schema.table (`core.fct_touchpoints`, `features.*`). Raises
    `ServingError` for a pattern that matches nothing: a misspelt one would serve what it hides.
    """
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    tables = [
        Served(
            schema=node["schema"],
            name=node.get("alias") or node["name"],
            description=_one_line(node.get("description")),
            columns={
                name: _one_line(column.get("description"))
                for name, column in node.get("columns", {}).items()
            },
        )
        for node in nodes
        if node["resource_type"] == "model"
        and node.get("access") == "public"
        and node["schema"] not in RESTRICTED
    ]
    for pattern in leave_out:
        if not any(fnmatch.fnmatchcase(table.table, pattern) for table in tables):
            raise ServingError(
                f"serving.leave_out: {pattern!r} matches no public table; write schema.table, "
                "for example core.fct_touchpoints or features.*"
            )
    kept = [
        table
        for table in tables
        if not any(fnmatch.fnmatchcase(table.table, pattern) for pattern in leave_out)
    ]
    return sorted(kept, key=lambda table: table.table)


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())
