"""A brand whose files arrive in parts, built in this process; and two warehouses compared.

Belongs here: laying files in landing, landing and building them, keeping and bringing back a
warehouse, and the tables that a law about increments is about. Does not belong here: the law.

dbt is called in this process and parses once: a call of its own would cost more than a build of so
few rows.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import duckdb
from dbt.adapters.duckdb.environments.local import DuckDBConnectionWrapper, LocalEnvironment
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest

from orchestration.dbt import export_environment
from orchestration.ingestion.discovery import date_in_name
from orchestration.ingestion.gate import land_tenant
from orchestration.rules import refresh_rules
from orchestration.settings import DBT_PROJECT_DIR, load_tenant
from orchestration.warehouse import Warehouse
from tests.parity.compare import columns_of, compare
from tests.tenants import Tenant

SCHEMAS = (
    "pii", "intermediate", "identity", "core", "journeys", "attribution", "kpis", "features",
    "segments",
)  # fmt: skip
NOT_BUILT = ("path:models/activation",)  # rows for destinations: views that nothing reads
STANDING = ("path:models/staging", "resource_type:seed")
# Tables that are not a function of the files alone, or that only help to build others.
NOT_COMPARED = {
    "intermediate.int_identity__former_owners": "what was known when is a matter of history",
    "identity.person_ledger": "what happened to persons is a matter of history",
    "identity.person_redirects": "what happened to persons is a matter of history",
    "segments.membership": "recorded forwards: a stay begins at the as_of that saw it first",
    "segments.priority_membership": "tells since when the stays of segments.membership last",
    "pii.hash_keys": "made by the gate",
    "pii.phone_numbers": "kept by the gate; numbers of replaced files stay, nothing reads them",
    "pii.int_identity__values": "values that nobody carries any more stay, nothing reads them",
    "intermediate.int_identity__keys": "one row per value of int_identity__values",
    "intermediate.int_identity__blocked": "one row per blocked value of int_identity__values",
    "intermediate.int_features__known_cutoffs": "counts the arrivals that it saw",
    "intermediate.int_identity__set_persons_before": "sets as they were named when the cutoff was "
    "resolved; the persons and the features of the cutoff are compared",
    "intermediate.int_kpis__loose_persons": "its vertices are numbers of persons' names",
    "intermediate.int_identity__open_cutoffs": "the cutoffs that this build had to resolve",
}
# Persons are compared by who they are: their ids, and what was known when, are a matter of history.
PERSON_COLUMNS = ("person_id", "person_number", "named_person_number", "speaker_id")
MATTERS_OF_HISTORY = ("person_id_as_known", "known_from", "cart_key", "link_key")
WITH_HISTORY = {
    "identity.identifier_person": "known_to is null",
    "identity.quality_daily": "metric_date = (select cast(as_of - interval 1 second as date) from "
    "{database}.ops.settings) and metric not in ('persons_created', 'persons_split', "
    "'persons_merged', 'persons_retired')",
}
# Steps of the resolution of those cutoffs; what they lead to is compared.
NOT_COMPARED_ENDING = "_at_cutoff"


class State(NamedTuple):
    """Version of a model's last full build; values touched and rows written by its last build."""

    full_version: int
    touched: int
    written: int


@dataclass
class Brand:
    """A tenant, all its files in `store`, and one warehouse that is built from those that arrived.

    `settings` are those of its tenant.yml.
    """

    tenant: Tenant
    store: Path
    settings: dict[str, object]
    manifests: dict[str, Manifest] = field(default_factory=dict)
    seeds: str | None = None  # names of the overridden seeds that the warehouse was built with

    @property
    def files(self) -> list[str]:
        """Every file of the store (`<source>/<name>`), oldest first."""
        found = [path for path in self.store.rglob("*") if path.is_file()]
        names = [path.relative_to(self.store).as_posix() for path in found]
        return sorted(names, key=lambda name: (date_in_name(name) is None, day_of(name), name))

    def start(self, kept: str | None = None, files: Iterable[str] = ()) -> None:
        """Begin anew: nothing landed and no warehouse, or the `kept` one with the `files` of it."""
        shutil.rmtree(self.tenant.paths.landing, ignore_errors=True)
        self.tenant.paths.warehouse.unlink(missing_ok=True)
        self.set()
        self.seeds = "" if kept else None
        if kept:
            self.tenant.paths.warehouse.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.kept(kept), self.tenant.paths.warehouse)
            self.lay(files)

    def keep(self, name: str) -> Path:
        """Keep a copy of the warehouse as it is."""
        self.kept(name).parent.mkdir(exist_ok=True)
        shutil.copyfile(self.tenant.paths.warehouse, self.kept(name))
        return self.kept(name)

    def kept(self, name: str) -> Path:
        return self.tenant.root / "kept" / f"{name}.duckdb"

    def set(self, **changes: object) -> None:
        """Write tenant.yml with these changes."""
        self.tenant.settings(**{**self.settings, **changes})

    def lay(self, files: Iterable[str]) -> None:
        """Copy files of the store to landing, over what has their name."""
        for name in files:
            target = self.tenant.paths.landing / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.store / name, target)

    def write(self, name: str, content: bytes) -> None:
        """Lay a file of other content than the store's in landing."""
        target = self.tenant.paths.landing / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

    def arrive(self, files: Iterable[str] = ()) -> None:
        """Lay files and land them."""
        self.lay(files)
        with self._environment(), Warehouse(self.tenant.paths.warehouse).connect() as connection:
            paths = self.tenant.paths
            reports = land_tenant(connection, paths=paths, settings=load_tenant(paths))
        assert not sum(report.files_failed for report in reports), reports

    def build(self, *selection: str) -> None:
        """Build the models that are compared, all or those selected.

        Seeds and staging views stand when files arrive; a new warehouse, or one whose seeds are
        overridden otherwise, gets them first.
        """
        select = ("--select", *selection) if selection else ()
        with self._environment():
            paths = self.tenant.paths
            settings, _ = export_environment()
            with Warehouse(paths.warehouse).connect() as connection:
                refresh_rules(connection, settings, paths)
            seeds = os.environ["CROSSWEAVE_OVERRIDDEN_SEEDS"]
            if seeds not in self.manifests:
                parsed = _dbt("parse").result
                assert isinstance(parsed, Manifest)
                self.manifests[seeds] = parsed
            leave = NOT_BUILT if self.seeds != seeds else (*NOT_BUILT, *STANDING)
            self.seeds = seeds
            types = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
            _dbt("build", *types, *select, "--exclude", *leave, manifest=self.manifests[seeds])

    @contextmanager
    def _environment(self) -> Generator[None]:
        with mock.patch.dict(os.environ, self.tenant.environment()):
            yield

    def query(self, sql: str) -> list[tuple]:
        return self.tenant.query(sql)

    def states(self) -> dict[str, State]:
        """What every model that builds by increments says of its last build."""
        rows = self.query(
            "select model, full_version, coalesce(touched_count, 0), coalesce(written_count, 0) "
            "from increments.states"
        )
        return {name: State(*rest) for name, *rest in rows}


def _dbt(*arguments: str, manifest: Manifest | None = None) -> dbtRunnerResult:
    """Call dbt in this process, and leave no connection to the warehouse open."""
    handles = []
    open_handle = LocalEnvironment.handle

    def handle(environment: LocalEnvironment) -> DuckDBConnectionWrapper:
        handles.append(open_handle(environment))
        return handles[-1]

    printed = io.StringIO()
    with mock.patch.object(LocalEnvironment, "handle", handle), redirect_stdout(printed):
        result = dbtRunner(manifest=manifest).invoke(
            [*arguments, "--project-dir", str(DBT_PROJECT_DIR), "--quiet"]
        )
    for opened in handles:
        opened.close()
        opened._env.close()  # which counts handles that are closed twice, and stays open
    assert result.success, f"{result.exception}\n{printed.getvalue()}"
    return result


def day_of(name: str) -> str:
    """Day in a file's name; empty where there is none."""
    at = date_in_name(name)
    return f"{at:%Y-%m-%d}" if at else ""


def csv_bytes(header: str, rows: Iterable[tuple]) -> bytes:
    """A CSV file; `header` is comma separated."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header.split(","))
    writer.writerows(rows)
    return text.getvalue().encode()


def differences(expected: Path, found: Path) -> Mapping[str, str]:
    """Tables in which the warehouse `found` is not what `expected` is, each with what differs.

    After renaming persons: in both a person is called by its smallest identifier.
    """
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        for name, path in (("expected", expected), ("found", found)):
            connection.execute(f"attach '{path}' as {name} (read_only)")
            connection.execute(
                f"create table {name}_persons as select person_id, person_number, "
                "min(identifier_number) as number "
                f"from {name}.intermediate.int_identity__names group by all"
            )
        tables = {name: _tables(connection, name) for name in ("expected", "found")}
        told = {table: "is not there" for table in tables["expected"] ^ tables["found"]}
        for table in sorted(tables["expected"] & tables["found"]):
            problem = _difference(connection, table)
            if problem:
                told[table] = problem
    return told


def compared_tables(path: Path) -> list[str]:
    """Tables of a warehouse that have to be equal and are not empty."""
    with duckdb.connect(str(path), read_only=True) as connection:
        return [
            table
            for table in sorted(_tables(connection))
            if connection.execute(f"select count(*) from {table}").fetchall() != [(0,)]
        ]


def _tables(connection: duckdb.DuckDBPyConnection, database: str | None = None) -> set[str]:
    rows = connection.execute(
        "select schema_name || '.' || table_name from duckdb_tables() "
        "where database_name = coalesce(?, current_database()) and list_contains(?, schema_name)",
        [database, list(SCHEMAS)],
    ).fetchall()
    return {
        name
        for (name,) in rows
        if name not in NOT_COMPARED and not name.endswith(NOT_COMPARED_ENDING)
    }


def _renamed(connection: duckdb.DuckDBPyConnection, database: str, table: str) -> str:
    """The table, with its persons called by their smallest identifier and without its history."""
    columns = columns_of(connection, f"{database}.{table}")
    # at a past cutoff a person is named by the identifiers of then
    now = f"(select as_of from {database}.ops.settings)"
    condition = f"cutoff_at = {now}" if "cutoff_at" in columns else "true"
    replaced = []
    for name in [name for name in PERSON_COLUMNS if name in columns]:
        key = "person_number" if name.endswith("person_number") else "person_id"
        found = (
            f"(select number from {database}_persons as persons "
            f"where persons.{key} = compared.{name} and {condition})"
        )
        replaced.append(f"coalesce(cast({found} as {columns[name]}), {name}) as {name}")
    replaced += [f"null as {name}" for name in MATTERS_OF_HISTORY if name in columns]
    changed = f"* replace ({', '.join(replaced)})" if replaced else "*"
    condition = WITH_HISTORY.get(table, "true").format(database=database)
    return f"(select {changed} from {database}.{table} as compared where {condition})"


def _difference(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """What differs between the two tables; empty where they are equal."""
    left, right = (_renamed(connection, name, table) for name in ("expected", "found"))
    types = columns_of(connection, left)
    if types == columns_of(connection, right):
        unequal = [
            connection.execute(
                f"select count(*) from (select * from {one} except all select * from {other})"
            ).fetchall()
            for one, other in ((left, right), (right, left))
        ]
        if unequal == [[(0,)], [(0,)]]:
            return ""
    # floats may differ in their last digits: sums of another order
    key = [name for name, kind in types.items() if kind not in {"DOUBLE", "FLOAT"}]
    result = compare(connection, left, right, key=key)
    if result.is_equal:
        return ""
    lines = [f"{result.different_rows} rows differ", *result.problems]
    for row in result.differences[:4]:
        lines.append(f"  full build: {row.left or 'no such row'}")
        lines.append(f"  increments: {row.right or 'no such row'}")
    return "\n".join(lines)
