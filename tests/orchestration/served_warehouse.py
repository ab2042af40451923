"""A small warehouse with a manifest, for tests of the serving copy.

Belongs here: tables of every kind of column, one of them restricted. Does not belong here: what a
test expects of the copy.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from orchestration.ops_tables import ensure_ops_tables
from orchestration.serving.declared import Served, served_tables
from orchestration.serving.files import Copied, write_files
from orchestration.warehouse import Warehouse

AS_OF = datetime(2026, 6, 30)
# One row of hard values, one of nulls, one of empty ones.
HARD = """select * from (values
    (1, 'p1', 'a "quoted", \\ text' || chr(10) || 'é', 12345678901234.5678::decimal(18,4),
     0.1::double, timestamp '2026-06-30 23:59:59.123456', date '2026-06-30', true,
     ['paid "search"', 'a\\b', null, 'x,y', ''], 340282366920938463463374607431768211455::uhugeint,
     {'a': 1, 'b': [1, 2]}),
    (2, null, null, null, null, null, null, null, null, null, null),
    (3, '', '', 0, 'nan'::double, timestamp '1970-01-01', date '1970-01-01', false, [], 0, null)
) as t (
    order_key, person_id, note, amount, rate, ordered_at, ordered_on, is_first, path, big, nested
)
"""


def warehouse(folder: Path, *, orders: str = HARD) -> Warehouse:
    """A warehouse with core.fct_orders, journeys.fct_journeys and pii.identifiers."""
    made = Warehouse(folder / "warehouse.duckdb")
    with made.connect() as connection:
        ensure_ops_tables(connection)
        connection.execute("delete from ops.settings")
        connection.execute(
            "insert into ops.settings (tenant, as_of, timezone, currency) "
            "values ('mine', ?, 'Europe/Zurich', 'CHF')",
            [AS_OF],
        )
        connection.execute(f"create or replace table core.fct_orders as {orders}")
        connection.execute(
            "create or replace table journeys.fct_journeys as "
            "select i as journey_id, 'p' || i as person_id from range(5) as t (i)"
        )
        connection.execute(
            "create or replace table pii.identifiers as select 'anna@example.com' as value"
        )
    return made


def manifest(folder: Path) -> Path:
    """A manifest with the two public marts, a public one of pii, a protected one, and a seed."""

    def node(schema: str, name: str, access: str = "public", kind: str = "model") -> dict:
        return {
            "resource_type": kind,
            "schema": schema,
            "name": name,
            "alias": name,
            "access": access,
            "description": f"One row per\n thing of {name}; it's said",
            "columns": {"person_id": {"description": "Who it was"}},
        }

    nodes = [
        node("core", "fct_orders"),
        node("journeys", "fct_journeys"),
        node("pii", "identifiers"),
        node("intermediate", "int_core__lifecycle", "protected"),
        node("seeds", "channels", kind="seed"),
    ]
    path = folder / "manifest.json"
    path.write_text(json.dumps({"nodes": {str(i): n for i, n in enumerate(nodes)}}))
    return path


def export(made: Warehouse, folder: Path, **options: object) -> Copied:
    """Write the copy of `made` to folder/serving/mine/dev."""
    with made.connect() as connection:
        return write_files(
            connection, tables=tables(folder), target=folder / "serving/mine/dev", **options
        )


def tables(folder: Path) -> list[Served]:
    """What the manifest says is served."""
    return served_tables(manifest(folder))
