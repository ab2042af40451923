"""The same models on DuckDB and on Spark give the same rows: `make parity`.

Lands a small simulated brand in a folder of its own and runs the daily job on it, so that scores
and deliveries exist too. What that leaves in the source tables is the one input of two fresh
builds, one per engine; then every public table is compared (`compare.py`), person ids included.
Models run on both engines, data tests and unit tests on DuckDB only: a Spark node costs about a
second.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.settings import PROJECT_ROOT
from orchestration.spark import SparkMissing, export_sources, require_spark
from orchestration.warehouse import Warehouse
from tests.parity.compare import Comparison, compare
from tests.tenants import Tenant

TENANT = "demo"
PERSONAL_SCHEMA = "pii"  # differences in it show hashes
FEWEST_TABLES = 30
NOT_COMPARED = {"identity.person_ledger": "exclude (run_id)"}  # columns


@dataclass(frozen=True)
class PublicTable:
    """A public model: `schema.table`, and the columns that its uniqueness test names."""

    name: str
    key: list[str]


def main() -> int:
    """Returns the exit code: 0 all equal, 1 a difference, 2 Spark cannot run here."""
    parser = argparse.ArgumentParser(prog="python -m tests.parity", description=__doc__)
    parser.add_argument("--persons", default="500", help="size of the simulated brand")
    parser.add_argument("--days", default="150", help="length of its history")
    parser.add_argument("--folder", type=Path, help="work here and keep it (default: temporary)")
    parser.add_argument(
        "--landed", action="store_true", help="take the brand that an earlier run left in --folder"
    )
    options = parser.parse_args()
    try:
        require_spark()
    except SparkMissing as error:
        print(error, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="crossweave-parity-") as temporary:
        folder = (options.folder or Path(temporary)).resolve()
        landed = Tenant(folder / "landed", TENANT)
        if not options.landed:
            land(landed, persons=options.persons, days=options.days)
        tenant = build_both(landed, folder)
        with timed("compare"):
            results = compare_all(tenant)
    return report(results)


def land(landed: Tenant, *, persons: str, days: str) -> None:
    """Simulate the brand and run its daily job."""
    _clear(landed)
    with timed("simulate"):
        landed.run("land", "--persons", persons, "--days", days)
    with timed("daily job (the sources of both builds)"):
        landed.run()


def build_both(landed: Tenant, folder: Path) -> Tenant:
    """Build the sources of `landed` afresh on both engines; returns the tenant built twice."""
    fresh = Tenant(folder / "fresh", TENANT)
    _clear(fresh)
    _copy_sources(landed, fresh, folder / "sources")
    models = ("build", "--exclude-resource-type", "test", "unit_test")
    with timed("dbt on DuckDB, fresh"):
        fresh.run("dbt", *models)
    with timed("dbt on Spark, fresh"):
        fresh.run("dbt", *models, "--target", "spark")
    return fresh


def _clear(tenant: Tenant) -> None:
    """A data folder with nothing but the settings of the tenant."""
    shutil.rmtree(tenant.root, ignore_errors=True)
    settings = PROJECT_ROOT / "data" / "tenants" / TENANT
    shutil.copytree(settings, tenant.root / "tenants" / TENANT)


def _copy_sources(landed: Tenant, fresh: Tenant, folder: Path) -> None:
    """A warehouse that has the source tables of another one, and nothing that was built."""
    with Warehouse(landed.paths.warehouse).connect(read_only=True) as connection:
        tables = export_sources(connection, folder)
    with Warehouse(fresh.paths.warehouse).connect() as connection:
        for table in tables:
            file = folder / table.replace(".", "/") / "part.parquet"
            connection.execute(f"create or replace table {table} as from '{file}'")


def public_tables(manifest_file: Path) -> list[PublicTable]:
    """Every public model of the manifest, with the key that its uniqueness test names."""
    manifest = json.loads(manifest_file.read_text(encoding="utf-8"))
    keys: dict[str, list[str]] = {}
    for node in manifest["nodes"].values():
        test = node.get("test_metadata") or {}
        columns = {
            "unique": [node.get("column_name")],
            "unique_combination_of_columns": test.get("kwargs", {}).get("combination_of_columns"),
        }.get(test.get("name"))
        if columns:  # one that holds for a part of the rows names copies of a key: compare.py
            keys.setdefault(node["attached_node"], columns)
    return sorted(
        (
            PublicTable(name=f"{node['schema']}.{node['alias']}", key=keys[unique_id])
            for unique_id, node in manifest["nodes"].items()
            if node["resource_type"] == "model" and node["config"].get("access") == "public"
        ),
        key=lambda table: table.name,
    )


def compare_all(tenant: Tenant) -> dict[str, Comparison]:
    """Compare every public table of the two builds; Spark's are read from their Parquet files."""
    results = {}
    with Warehouse(tenant.paths.warehouse).connect(read_only=True) as connection:
        for table in public_tables(tenant.paths.dbt_target / "manifest.json"):
            schema, name = table.name.split(".")
            files = tenant.paths.spark_warehouse / "tables" / f"{schema}.db" / name / "*.parquet"
            left_out = NOT_COMPARED.get(table.name, "")
            results[table.name] = compare(
                connection,
                f"(select * {left_out} from {table.name})",
                f"(select * {left_out} from read_parquet('{files}'))",
                key=table.key,
                is_personal=schema == PERSONAL_SCHEMA,
            )
    return results


def report(results: dict[str, Comparison]) -> int:
    """Print a line per table and every difference; returns the exit code."""
    print(f"\n  {'table':<44}{'DuckDB':>10}{'Spark':>10}  equal")
    for name, result in results.items():
        verdict = "yes" if result.is_equal else "NO"
        print(f"  {name:<44}{result.left_rows:>10,}{result.right_rows:>10,}  {verdict}")
    for name, result in results.items():
        print_differences(name, result)
    filled = [result for result in results.values() if result.left_rows]
    empty = [name for name, result in results.items() if not result.left_rows]
    rows = sum(result.left_rows for result in results.values())
    wrong = [name for name, result in results.items() if not result.is_equal]
    print(
        f"\n  {rows:,} rows compared in {len(filled)} tables; empty: {', '.join(empty) or 'none'}"
    )
    if len(filled) < FEWEST_TABLES:
        print(f"  fewer than {FEWEST_TABLES} tables have rows: this proves too little")
        return 1
    print(f"  DIFFERENT: {', '.join(wrong)}" if wrong else "  the engines agree")
    return 1 if wrong else 0


def print_differences(name: str, result: Comparison) -> None:
    """The first differing keys of a table, both rows, and the columns in which they differ."""
    for problem in result.problems:
        print(f"\n{name}: {problem}")
    if result.different_rows:
        print(f"\n{name}: {result.different_rows:,} rows differ, the first of them:")
    for difference in result.differences:
        print(f"  key     {difference.key}")
        one, other = difference.left, difference.right
        if one and other:
            print(
                f"  differs {', '.join(column for column in one if one[column] != other[column])}"
            )
        print(f"  DuckDB  {one or 'has no such row'}\n  Spark   {other or 'has no such row'}")


@contextmanager
def timed(step: str) -> Generator[None]:
    """Print how long a step took."""
    started = time.monotonic()
    yield
    print(f"  {step:<44}{time.monotonic() - started:>8.1f} s", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (AssertionError, duckdb.Error) as error:
        print(error, file=sys.stderr)
        sys.exit(1)
