"""The shapes of the demo sources: read from the source YAML, so that nothing is declared twice.

Belongs here: which raw tables there are, where each column stands in a file (JSON path, CSV
header), how its times and numbers are written, how often files come.
Does not belong here: what the columns hold (sources/).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

# The C loader is safe too, and ten times as fast.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
STAGING = Path(__file__).resolve().parents[2] / "dbt_project" / "models" / "staging"

# (source, table) -> extension, period of the files. Only tables of high volume come daily.
LAYOUT: dict[tuple[str, str], tuple[str, str]] = {
    ("web", "events"): ("jsonl.gz", "day"),
    ("app", "events"): ("jsonl.gz", "day"),
    ("shop", "orders"): ("jsonl", "day"),
    ("shop", "refunds"): ("csv", "week"),
    ("shop", "products"): ("csv", "first"),
    ("pos", "receipts"): ("csv", "day"),
    ("pos", "receipt_lines"): ("csv", "day"),
    ("pos", "visits"): ("csv", "week"),
    ("pos", "stores"): ("csv", "first"),
    ("email", "events"): ("jsonl.gz", "day"),
    ("sms", "messages"): ("csv", "week"),
    ("push", "events"): ("jsonl.gz", "week"),
    ("ads", "spend"): ("csv", "week"),
    ("social", "interactions"): ("jsonl", "week"),
    ("direct_mail", "mailings"): ("csv", "month"),
    ("kiosk", "sessions"): ("csv", "week"),
    ("events", "attendees"): ("csv", "week"),
    ("call_center", "calls"): ("csv", "week"),
    ("chat", "conversations"): ("jsonl", "week"),
    ("crm", "contacts"): ("csv", "week"),
    ("loyalty", "members"): ("csv", "week"),
    ("loyalty", "points"): ("csv", "week"),
    ("surveys", "responses"): ("jsonl", "week"),
    ("consent", "events"): ("jsonl", "week"),
    ("consent", "preferences"): ("csv", "week"),
    ("offers", "catalogue"): ("csv", "first"),
    ("offers", "grants"): ("csv", "week"),
    ("experiments", "catalogue"): ("jsonl", "first"),
    ("experiments", "assignments"): ("csv", "week"),
    ("marketing", "campaigns"): ("csv", "first"),
    ("marketing", "contents"): ("csv", "first"),
    ("marketing", "costs"): ("csv", "month"),
}
# Tables whose ISO times carry the local offset (+02:00) instead of Z.
OFFSET_TIMES = {
    ("shop", "orders"), ("shop", "refunds"), ("events", "attendees"), ("loyalty", "members"),
    ("loyalty", "points"),
}  # fmt: skip
MILLISECONDS = {("web", "events"), ("consent", "events")}


@dataclass(frozen=True)
class Column:
    """One column of a raw table and how a file writes it."""

    name: str
    path: str
    data_type: str
    required: bool
    unit: str  # iso, s, ms
    local: bool  # times without offset in the brand's zone
    format: str | None
    is_event_time: bool

    @property
    def is_text(self) -> bool:
        """True when JSON puts it into quotes."""
        if self.data_type == "timestamp":
            return self.unit == "iso"
        return self.data_type in ("string", "date")


@dataclass(frozen=True)
class Table:
    """One raw table: its columns, in file order, and the shape of its files."""

    source: str
    name: str
    extension: str
    period: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    delimiter: str
    decimal: str
    rule_columns: tuple[str, ...]

    @property
    def is_json(self) -> bool:
        return self.extension.startswith("jsonl")

    @property
    def offset_times(self) -> bool:
        return (self.source, self.name) in OFFSET_TIMES

    @property
    def milliseconds(self) -> bool:
        return (self.source, self.name) in MILLISECONDS


def read_tables(staging: Path = STAGING) -> dict[tuple[str, str], Table]:
    """All tables of LAYOUT. Raises FileNotFoundError or KeyError when a declaration is missing."""
    tables = {}
    for source in sorted({source for source, _ in LAYOUT}):
        path = staging / source / f"_{source}__sources.yml"
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)
        declared = {table["name"]: table for table in document["sources"][0]["tables"]}
        for name in (table for owner, table in LAYOUT if owner == source):
            if name not in declared:
                raise KeyError(f"{path} declares no table {name}: change it or LAYOUT")
            tables[source, name] = _table(source, declared[name])
    return tables


def _table(source: str, declared: dict[str, Any]) -> Table:
    gate = declared["config"]["meta"]["gate"]
    dialect = gate.get("csv", {})
    extension, period = LAYOUT[source, declared["name"]]
    return Table(
        source=source,
        name=declared["name"],
        extension=extension,
        period=period,
        columns=tuple(_column(column) for column in declared["columns"]),
        key=tuple(gate.get("key", ())),
        delimiter=dialect.get("delimiter", ","),
        decimal=dialect.get("decimal", "."),
        rule_columns=tuple(rule["column"] for rule in gate.get("rules", ())),
    )


def _column(declared: dict[str, Any]) -> Column:
    gate = declared.get("config", {}).get("meta", {}).get("gate", {})
    return Column(
        name=declared["name"],
        path=gate.get("path", declared["name"]),
        data_type=declared["data_type"],
        required=bool(gate.get("required", False)),
        unit=gate.get("unit", "iso"),
        local="timezone" in gate,
        format=gate.get("format"),
        is_event_time=bool(gate.get("event_time", False)),
    )
