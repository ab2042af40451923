"""An erasure from the first tombstone to the proof: the order of its steps.

    1  tombstones, ledger, names, memberships     one transaction, written to the state at once
    2  raw tables emptied                         one transaction, with the files to read again
    3  landing read again                         the gate writes those files without the rows
    4  payload files of the outbox
    5  dbt build                                  every other table is made anew from what is left
    6  the warehouse file written anew            blocks of deleted rows go
    7  search for every clear value, proof        in all tables and all files

It may be killed anywhere: asked for again it finds its tombstones and goes through all of it; what
is done already changes nothing.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orchestration.dbt import ensure_manifest, export_environment, run_dbt
from orchestration.erasure.compact import rewrite_warehouse
from orchestration.erasure.deliveries import QUEUED, deliveries_of
from orchestration.erasure.outbox import clean_outbox
from orchestration.erasure.proof import Proof
from orchestration.erasure.rows import (
    Step,
    persons_left,
    raw_step,
    read_again,
    table_steps,
    write_tombstones,
)
from orchestration.erasure.scan import search_files, search_tables
from orchestration.erasure.target import Scope, Target, find_target
from orchestration.identity.lookup import IdentityError
from orchestration.ingestion.declarations import RawTable, all_declarations
from orchestration.ingestion.gate import land_tenant
from orchestration.ingestion.phones import forget_phone_numbers
from orchestration.ingestion.raw_tables import is_view
from orchestration.ingestion.tombstones import read_tombstones
from orchestration.ops_tables import ensure_ops_tables
from orchestration.rules import refresh_rules
from orchestration.settings import PROJECT_ROOT, Paths, TenantSettings
from orchestration.state import save_state
from orchestration.warehouse import Warehouse

Progress = Callable[[str], None]


def erase(
    asked: Sequence[str],
    *,
    scope: Scope = "person",
    reason: str = "",
    author: str = "",
    is_dry: bool = False,
    progress: Progress = lambda line: None,
) -> Proof:
    """Erase persons or identifiers of the current tenant, and prove it.

    `asked`: person ids, identifier keys or `type=value`. The proof is also written to
    `data/receipts/`. Raises `IdentityError` where it cannot be done as asked, `DbtError` when the
    build fails: then nothing is lost, ask for it again.
    """
    settings, paths = export_environment()
    warehouse = Warehouse(paths.warehouse)
    with warehouse.connect() as connection:
        ensure_ops_tables(connection)
        tables = _declared(connection, paths, settings)
        target = find_target(connection, asked, scope=scope, settings=settings)
        if any(value.lower() in reason.lower() for value in target.values):
            raise IdentityError("the reason names what is to be erased; say it without")
        proof = _opened(target, author=author, is_dry=is_dry)
        proof.deliveries = deliveries_of(connection, target, paths)
        gone = _record_keys(connection, target)
        connection.begin()
        try:
            if not is_dry:
                now = proof.erased_at
                write_tombstones(connection, target, reason=reason, author=author, now=now)
            proof.steps = _rows(connection, target, settings, tables, is_dry=is_dry)
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
        if not is_dry:
            save_state(connection, paths.state)
    proof.steps += clean_outbox(paths.outbox, {*gone, *target.values}, is_dry=is_dry)
    _note(proof, tables, settings, paths)
    if is_dry:
        return proof
    _build(warehouse, settings, paths, progress)
    if paths.spark_warehouse.exists():  # a copy of raw tables; the next use of Spark makes it
        shutil.rmtree(paths.spark_warehouse)
    progress("writing the warehouse file anew")
    proof.bytes_before, proof.bytes_after = rewrite_warehouse(warehouse, settings)
    progress("searching every table and every file")
    _search(proof, target, warehouse, settings, paths, tables)
    with warehouse.connect() as connection:
        if proof.is_complete:
            connection.execute(
                "update ops.erasures set finished_at = ? where erasure_id = ? "
                "and finished_at is null",
                [_now(), target.erasure_id],
            )
        save_state(connection, paths.state)
    proof.write(paths.receipts)
    return proof


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


def _declared(
    connection: duckdb.DuckDBPyConnection, paths: Paths, settings: TenantSettings
) -> list[RawTable]:
    """Raw tables of the tenant that were landed; each must say what is personal in it."""
    tables = all_declarations(settings, paths)
    for table in tables:
        if table.unclassified:
            raise IdentityError(
                f"{table.source}.{table.name}: {'; '.join(table.unclassified)} (docs/erasure.md)"
            )
    rows = connection.execute(
        "select table_name from information_schema.tables where table_schema = 'raw' "
        "and table_catalog = current_database()"
    ).fetchall()
    landed = {name for (name,) in rows}
    return [table for table in tables if table.identifier in landed]


def _opened(target: Target, *, author: str, is_dry: bool) -> Proof:
    kinds = [kind for _, kind in target.keys]
    return Proof(
        erasure_id=target.erasure_id,
        scope=target.scope,
        is_dry=is_dry,
        erased_at=_now(),
        author=author,
        identifiers={kind: kinds.count(kind) for kind in sorted(set(kinds))},
        person_ids=list(target.person_ids),
        former_ids=list(target.former_ids),
        searched_values=len(target.values),
    )


def _rows(
    connection: duckdb.DuckDBPyConnection,
    target: Target,
    settings: TenantSettings,
    tables: list[RawTable],
    *,
    is_dry: bool,
) -> list[Step]:
    """Steps 1 and 2: every table, raw ones first (a record's own tables in declared order)."""
    tombstones = read_tombstones(connection, settings, target.tombstones)
    assert tombstones is not None, "the target's own are among them"
    steps = []
    for table in tables:
        step, files = raw_step(connection, tombstones, table, is_dry=is_dry)
        if step.rows:
            steps.append(step)
        if not is_dry:
            read_again(connection, table, files)
    return steps + table_steps(connection, target, tombstones, is_dry=is_dry)


def _build(
    warehouse: Warehouse, settings: TenantSettings, paths: Paths, progress: Progress
) -> None:
    """Steps 3 and 5."""
    with warehouse.connect() as connection:
        for report in land_tenant(connection, paths=paths, settings=settings, progress=progress):
            if not report.is_conserved:
                raise IdentityError(f"{report.source}: the books of landing do not balance")
        # also of a landline, which is a household's and has no tombstone
        forget_phone_numbers(connection, settings, paths)
        refresh_rules(connection, settings, paths)
    progress("dbt build: every table from what is left")
    with warehouse.lock():
        run_dbt(
            "build", "--quiet",
            "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test",
        )  # fmt: skip
    if paths.serving.exists():
        from orchestration.serving.publish import publish

        progress("serving copy")
        publish(
            warehouse=warehouse, paths=paths, settings=settings, manifest=ensure_manifest(paths)
        )


def _record_keys(connection: duckdb.DuckDBPyConnection, target: Target) -> set[str]:
    """Names under which outbox files have the person."""
    rows = connection.execute(
        "select distinct record_key from ops.activation_sync_rows "
        "where person_id in (select unnest($1::varchar[])) "
        "or identifier_key in (select unnest($2::varchar[]))",
        [target.ids, [key for key, _ in target.keys]],
    ).fetchall()
    return {key for (key,) in rows} | set(target.ids)


def _note(proof: Proof, tables: list[RawTable], settings: TenantSettings, paths: Paths) -> None:
    for source in settings.sources:
        if source.kind == "tables":
            proof.notes.append(
                f"source {source.name} is read where it lies: erase there too; here its erased "
                "identifiers link nobody"
            )
    other = Paths(paths.tenant, env="dev" if paths.env == "prod" else "prod", root=paths.root)
    if other.warehouse.exists():
        proof.notes.append(f"environment {other.env} has a warehouse of its own: erase there too")
    if any(delivery.state == QUEUED for delivery in proof.deliveries):
        proof.notes.append("run the syncs: their next run removes the person (docs/erasure.md)")


def _search(
    proof: Proof,
    target: Target,
    warehouse: Warehouse,
    settings: TenantSettings,
    paths: Paths,
    tables: list[RawTable],
) -> None:
    """Step 7: by key in raw tables, by person id in all tables, by value everywhere."""
    with warehouse.connect() as connection:
        tombstones = read_tombstones(connection, settings)
        assert tombstones is not None, "the target's own are among them"
        for table in tables:
            if not is_view(connection, table):
                step, _ = raw_step(connection, tombstones, table, is_dry=True)
                proof.left.append(
                    Step(step.name, step.rows, step.changed, "holds something erased")
                )
        proof.left += persons_left(connection, target.ids)
        proof.tables = search_tables(connection, target.values)
    home = Path(os.environ.get("DAGSTER_HOME") or PROJECT_ROOT / ".dagster")
    folders = [
        paths.landing, *sorted(paths.warehouse.parent.glob(f"{paths.tenant}.*")), paths.state,
        paths.models, paths.outbox, paths.receipts, paths.serving.parent, paths.dbt_target, home,
    ]  # fmt: skip
    found = search_files([f for f in folders if f.exists()], target.values, paths.root)
    # what the simulator invented its people from is no data of a brand, and the judge of the demo
    truth = str((paths.landing / "_truth").relative_to(paths.root))
    proof.files = [file for file in found if not file.name.startswith(truth)]
