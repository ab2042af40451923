"""What a raw table must look like, read from the dbt source YAML that declares it.

Belongs here: finding and validating the declarations (`config.meta.gate`) of one source.
Does not belong here: anything that reads landing files or opens the warehouse.

The same YAML serves dbt (sources, docs, lineage) and the gate, so a raw table is declared once.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import yaml

from orchestration.ingestion.personal import ERASED, Personal, read_personal
from orchestration.ingestion.sql import quoted
from orchestration.settings import DBT_PROJECT_DIR, Paths, TenantSettings

# Raised when the gate itself would read the same file differently: every file is then read again.
GATE_VERSION = 1
TECHNICAL_COLUMNS = {
    "_file_name": "varchar",
    "_row_number": "bigint",
    "_loaded_at": "timestamp",
}
SQL_TYPES = {
    "string": "VARCHAR",
    "json": "VARCHAR",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}
_DECIMAL = re.compile(r"^decimal\((\d{1,2}),\s*(\d{1,2})\)$")
_COLUMN_KEYS = {
    "path", "required", "optional", "unit", "timezone", "format", "event_time", "allowed",
    "pattern", "min", "max", "phone", "fields", "end_of_day",
}  # fmt: skip
_TABLE_KEYS = {"key", "loaded_at", "csv", "rules"}
_CSV_KEYS = {"delimiter", "quote", "decimal"}
_RULE_KEYS = {"sql", "reason", "column"}


class DeclarationError(ValueError):
    """A source YAML is missing or wrong; the message says where and what to write instead."""


@dataclass(frozen=True)
class Dialect:
    """How the CSV files of a table are written; the default is RFC 4180."""

    delimiter: str = ","
    quote: str = '"'
    decimal: str = "."


@dataclass(frozen=True)
class Rule:
    """A condition over the typed columns of one row; a row for which it is false is quarantined."""

    sql: str
    reason: str
    column: str | None = None


@dataclass(frozen=True)
class Column:
    """One declared column: `name` in raw, `path` in the file, type, and what every value obeys."""

    name: str
    data_type: str
    path: str
    required: bool = False
    optional: bool = False
    unit: str = "iso"
    timezone: str | None = None
    format: str | None = None
    event_time: bool = False
    allowed: tuple[Any, ...] | None = None
    pattern: str | None = None
    min: Any = None
    max: Any = None
    phone: str | None = None
    fields: tuple[str, ...] | None = None
    end_of_day: bool = False

    @property
    def sql_type(self) -> str:
        """The DuckDB type of the raw column, as DuckDB spells it."""
        decimal = _DECIMAL.match(self.data_type)
        if decimal:
            return f"DECIMAL({int(decimal[1])},{int(decimal[2])})"
        return SQL_TYPES[self.data_type]

    @property
    def erased_text(self) -> str | None:
        """What stands in an erased cell: nothing, or a text where a value may not be missing."""
        if not self.required:
            return None
        return "{}" if self.data_type == "json" else ERASED

    @property
    def is_text(self) -> bool:
        return self.data_type in {"string", "json"}

    @property
    def is_numeric(self) -> bool:
        return self.data_type in {"integer", "bigint", "double"} or bool(
            _DECIMAL.match(self.data_type)
        )


@dataclass(frozen=True)
class RawTable:
    """One declared raw table of a source."""

    source: str
    name: str
    identifier: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    loaded_at: str | None = None
    dialect: Dialect = Dialect()
    rules: tuple[Rule, ...] = ()
    personal: Personal = field(default_factory=Personal)
    unclassified: tuple[str, ...] = ()

    @property
    def relation(self) -> str:
        """Quoted name of the raw table, for SQL."""
        return f"raw.{quoted(self.identifier)}"

    @property
    def fingerprint(self) -> str:
        """Changes with anything that changes how a file is read; manifest rows carry it.

        What is personal is left out: it matters to erasure alone, which reads files again itself.
        """
        told = asdict(self)
        del told["personal"], told["unclassified"]
        return hashlib.sha256(f"{GATE_VERSION}{told!r}".encode()).hexdigest()[:16]


def read_declarations(paths: Paths, source: str) -> tuple[RawTable, ...]:
    """Return the raw tables of `source`, in the order of its YAML.

    Looked up in `dbt_project/models/staging/*/` and in the tenant's own `models/`. Raises
    `DeclarationError` when the source is declared nowhere, twice, or wrongly.
    """
    found = [
        (file, node)
        for file in _yaml_files(paths)
        for node in _sources_in(file, source)
        if node.get("name") == source
    ]
    if not found:
        raise DeclarationError(
            f"source {source!r} is declared nowhere: write "
            f"dbt_project/models/staging/{source}/_{source}__sources.yml (or the same below "
            f"{paths.tenant_folder / 'models'}), or take the source out of tenant.yml"
        )
    if len(found) > 1:
        files = " and ".join(str(file) for file, _ in found)
        raise DeclarationError(f"source {source!r} is declared twice: in {files}; keep one")
    file, node = found[0]
    tables = tuple(_table(file, source, table) for table in node.get("tables") or [])
    if not tables:
        raise DeclarationError(f"{file}: source {source!r} has no tables; list at least one")
    return tables


def all_declarations(settings: TenantSettings, paths: Paths) -> list[RawTable]:
    """The raw tables of all enabled sources, in their order. Raises `DeclarationError`."""
    return [table for name in settings.source_names for table in read_declarations(paths, name)]


def _yaml_files(paths: Paths) -> Iterator[Path]:
    yield from sorted((DBT_PROJECT_DIR / "models" / "staging").glob("*/*.y*ml"))
    yield from sorted((paths.tenant_folder / "models").rglob("*.y*ml"))


def _sources_in(file: Path, source: str) -> list[dict[str, Any]]:
    text = file.read_text(encoding="utf-8")
    # Parsing all YAML for every source costs seconds; one look at the text spares nearly all.
    if "sources:" not in text or not re.search(rf"name:\s*['\"]?{re.escape(source)}\b", text):
        return []
    try:
        content = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise DeclarationError(f"{file}: not valid YAML: {error}") from error
    nodes = content.get("sources") if isinstance(content, dict) else None
    return [node for node in nodes or [] if isinstance(node, dict)]


def _gate(node: dict[str, Any], allowed: set[str], where: str) -> dict[str, Any]:
    config = node.get("config") or {}
    gate = (config.get("meta") or {}).get("gate") or {}
    _only(gate, allowed, f"{where}: config.meta.gate")
    return gate


def _only(node: Any, allowed: set[str], where: str) -> None:
    if not isinstance(node, dict):
        raise DeclarationError(f"{where}: must be a mapping")
    unknown = sorted(set(node) - allowed)
    if unknown:
        raise DeclarationError(
            f"{where}: unknown {', '.join(map(str, unknown))}; known: {', '.join(sorted(allowed))}"
        )


def _table(file: Path, source: str, node: dict[str, Any]) -> RawTable:
    name = str(node.get("name") or "")
    where = f"{file.name}: {source}.{name}"
    gate = _gate(node, _TABLE_KEYS, where)
    columns = tuple(_column(column, where) for column in node.get("columns") or [])
    if not name or not columns:
        raise DeclarationError(f"{where}: a table needs a name and columns")
    names = [column.name for column in columns]
    repeated = sorted({item for item in names if names.count(item) > 1})
    if repeated:
        raise DeclarationError(f"{where}: column {', '.join(repeated)} is declared twice")
    dialect = gate.get("csv") or {}
    _only(dialect, _CSV_KEYS, f"{where}: csv")
    rules = gate.get("rules") or []
    for rule in rules:
        _only(rule, _RULE_KEYS, f"{where}: rules")
        if not rule.get("sql") or not rule.get("reason"):
            raise DeclarationError(f"{where}: a rule needs sql and reason")
    key = tuple(gate.get("key") or ())
    named = [*key, *filter(None, [gate.get("loaded_at")])]
    named += [rule["column"] for rule in rules if rule.get("column")]
    for item in named:
        if item not in names:
            raise DeclarationError(f"{where}: key, loaded_at or rule names no column {item!r}")
    meta = (node.get("config") or {}).get("meta") or {}
    personal, unclassified = read_personal(meta.get("personal"), names)
    return RawTable(
        source=source,
        name=name,
        identifier=str(node.get("identifier") or f"{source}__{name}"),
        columns=columns,
        key=key,
        loaded_at=gate.get("loaded_at"),
        dialect=Dialect(**dialect),
        rules=tuple(Rule(**rule) for rule in rules),
        personal=personal,
        unclassified=tuple(unclassified),
    )


def _column(node: dict[str, Any], where: str) -> Column:
    name = str(node.get("name") or "")
    where = f"{where}.{name}"
    gate = dict(_gate(node, _COLUMN_KEYS, where))
    data_type = str(node.get("data_type") or "").lower().replace(" ", "")
    if data_type not in SQL_TYPES and not _DECIMAL.match(data_type):
        raise DeclarationError(
            f"{where}: data_type {data_type!r} is unknown; use decimal(18,4) or one of "
            f"{', '.join(SQL_TYPES)}"
        )
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise DeclarationError(f"{where}: a column name is snake_case and starts with a letter")
    if gate.get("unit", "iso") not in {"iso", "s", "ms", "us"}:
        raise DeclarationError(f"{where}: unit is iso, s, ms or us")
    if gate.get("timezone") and gate["timezone"] not in available_timezones():
        raise DeclarationError(f"{where}: {gate['timezone']!r} is no IANA time zone")
    if gate.get("allowed") is not None:
        gate["allowed"] = tuple(gate["allowed"])
        if data_type != "boolean" and any(isinstance(item, bool) for item in gate["allowed"]):
            raise DeclarationError(
                f"{where}: quote yes, no, on and off in allowed: YAML reads true"
            )
    if gate.get("fields") is not None:
        if data_type != "json":
            raise DeclarationError(f"{where}: fields are of a json column; write data_type: json")
        gate["fields"] = tuple(map(str, gate["fields"]))
    if gate.get("end_of_day") and data_type != "timestamp":
        raise DeclarationError(f"{where}: end_of_day is of a timestamp column")
    phone = gate.pop("phone", None)
    if phone is not None and phone is not False:
        gate["phone"] = "true" if phone is True else str(phone)
    gate["path"] = str(gate.get("path") or name)
    return Column(name=name, data_type=data_type, **gate)
