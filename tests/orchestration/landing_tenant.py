"""A tenant with landing files of its own for tests of the gate.

Belongs here: writing declarations and files, landing them, looking at what came out. Does not
belong here: what a test expects.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import yaml

from orchestration.ingestion.gate import LandingReport, land_source
from orchestration.settings import Paths, Source, TenantSettings

NOW = datetime(2026, 3, 1, 12, 0)


def column(name: str, data_type: str = "string", **gate: Any) -> dict[str, Any]:
    """A column as the source YAML writes it."""
    return {"name": name, "data_type": data_type, "config": {"meta": {"gate": gate}}}


ORDERS = [
    column("order_id", required=True),
    column("ordered_at", "timestamp", required=True, event_time=True),
    column("status", allowed=["completed", "refunded"]),
    column("amount", "decimal(18,4)"),
    column("note"),
]


@dataclass
class LandingTenant:
    """A tenant `t` with one source `src` below `root`; `tables` maps a name to (columns, gate) or
    (columns, gate, classes of personal columns).
    """

    root: Path
    tables: dict[str, tuple[Any, ...]] = field(
        default_factory=lambda: {"orders": (ORDERS, {"key": ["order_id"]})}
    )
    source: Source = field(default_factory=lambda: Source(name="src"))

    @property
    def paths(self) -> Paths:
        return Paths(tenant="t", root=self.root)

    @property
    def settings(self) -> TenantSettings:
        return TenantSettings(tenant="t", sources=[self.source], country_code="CH")

    @property
    def folder(self) -> Path:
        return self.paths.landing / "src"

    def declare(self) -> None:
        """Write the source YAML."""
        folder = self.paths.tenant_folder / "models" / "staging" / "src"
        folder.mkdir(parents=True, exist_ok=True)
        tables = [
            {
                "name": name,
                "identifier": f"src__{name}",
                "config": {"meta": {"gate": gate, **({"personal": rest[0]} if rest else {})}},
                "columns": columns,
            }
            for name, (columns, gate, *rest) in self.tables.items()
        ]
        content = {"version": 2, "sources": [{"name": "src", "schema": "raw", "tables": tables}]}
        (folder / "_src__sources.yml").write_text(yaml.safe_dump(content), encoding="utf-8")

    def put(self, name: str, content: str | bytes) -> Path:
        """Write a landing file; text as UTF-8, a name in .gz gzipped unless it is bytes."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            data = content.encode()
            content = gzip.compress(data, mtime=0) if name.endswith(".gz") else data
        path.write_bytes(content)
        return path

    def land(self, now: datetime = NOW) -> LandingReport:
        """Land the source as the main job does."""
        self.declare()
        with self.connection() as connection:
            return land_source(
                connection,
                tenant_paths=self.paths,
                settings=self.settings,
                source=self.source,
                now=now,
            )

    @contextmanager
    def connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        self.root.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(str(self.root / "warehouse.duckdb")) as connection:
            yield connection

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query on the warehouse."""
        with self.connection() as connection:
            connection.execute("set timezone = 'UTC'")
            return connection.execute(sql).fetchall()

    def quarantine(self) -> list[tuple[Any, ...]]:
        """(file, row, column, reason) of every quarantined failure, in that order."""
        return self.rows(
            "select file_name, row_number, column_name, reason from raw.quarantine order by all"
        )

    def manifest(self) -> dict[str, tuple[Any, ...]]:
        """File name to (status, rows in, loaded, quarantined)."""
        rows = self.rows(
            "select file_name, status, row_count, loaded_count, quarantined_count "
            "from ops.landing_files"
        )
        return {name: tuple(rest) for name, *rest in rows}
