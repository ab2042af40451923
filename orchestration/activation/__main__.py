"""`python -m orchestration.activation`: run, rehearse or check syncs from the command line.

Belongs here: arguments and what is printed. Exit code 1 when a sync needs a human.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import duckdb

from orchestration.activation import (
    DestinationError,
    SyncDefinition,
    SyncReport,
    SyncRunning,
    claim,
    run_sync,
    syncs_of,
)
from orchestration.activation.definitions import SCHEMA_FILE, SyncDefinitionError, schema_text
from orchestration.activation.engine import utc_now
from orchestration.activation.housekeeping import keep_house
from orchestration.activation.mapping import MappingError
from orchestration.activation.opening import SyncError
from orchestration.activation.source import PlanError
from orchestration.activation.unopened import record_bad_documents
from orchestration.settings import Paths, SettingsError, current_paths, load_tenant
from orchestration.state import save_state
from orchestration.warehouse import Warehouse, WarehouseLocked


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m orchestration.activation", description=__doc__)
    parser.add_argument("--tenant", help="default: CROSSWEAVE_TENANT, else demo")
    parser.add_argument("--env", choices=["dev", "prod"], help="default: CROSSWEAVE_ENV, else dev")
    parser.add_argument("--sync", help="one sync by name; default: all that run daily")
    parser.add_argument("--dry-run", action="store_true", help="plan and gate, write nothing")
    parser.add_argument(
        "--accept-filled-destination",
        action="store_true",
        help="send everything although the destination is filled and the state is empty",
    )
    parser.add_argument(
        "--expire-outbox", action="store_true", help="delete payload files that are old enough"
    )
    parser.add_argument(
        "--compact", action="store_true", help="drop events of the ledgers that were overtaken"
    )
    parser.add_argument("--check", action="store_true", help="only validate the sync documents")
    parser.add_argument("--every-tenant", action="store_true", help="with --check: of all tenants")
    parser.add_argument("--write-schema", action="store_true", help="write sync.schema.json")
    options = parser.parse_args(arguments)
    if options.write_schema:
        SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
        return 0
    if options.tenant:
        os.environ["CROSSWEAVE_TENANT"] = options.tenant
    if options.env:
        os.environ["CROSSWEAVE_ENV"] = options.env
    paths = current_paths()
    if options.check and options.every_tenant:
        return _check_every_tenant(paths)
    try:
        syncs = syncs_of(paths)
    except (DestinationError, SyncDefinitionError) as error:
        print(error, file=sys.stderr)
        if not (options.check or options.dry_run or options.expire_outbox or options.compact):
            _leave_word(paths, options.sync)
        return 1
    if options.check:
        print(f"{len(syncs)} sync documents are valid")
        return 0
    if options.sync:
        known = ", ".join(definition.sync for definition in syncs)
        syncs = [definition for definition in syncs if definition.sync == options.sync]
        if not syncs:
            print(f"no sync {options.sync!r}; there are: {known}", file=sys.stderr)
            return 1
    else:
        syncs = [definition for definition in syncs if definition.daily]
    if not paths.warehouse.exists():
        print(f"{paths.warehouse} does not exist; run `make run` first", file=sys.stderr)
        return 1
    if options.expire_outbox or options.compact:
        return _keep_house(paths, expire=options.expire_outbox, compact=options.compact)
    try:
        return _run(
            paths,
            syncs,
            is_dry_run=options.dry_run,
            accept_filled_destination=options.accept_filled_destination,
        )
    except (SyncRunning, WarehouseLocked) as error:
        print(error, file=sys.stderr)
        return 1


def _run(
    paths: Paths,
    syncs: Sequence[SyncDefinition],
    *,
    is_dry_run: bool,
    accept_filled_destination: bool,
) -> int:
    """Run the syncs; they are claimed before the warehouse is waited for."""
    is_ok = True
    names = [] if is_dry_run else [definition.sync for definition in syncs]
    with claim(paths, names), Warehouse(paths.warehouse).connect() as connection:
        for definition in syncs:
            try:
                report = run_sync(
                    connection,
                    definition,
                    paths=paths,
                    dry_run=is_dry_run,
                    accept_filled_destination=accept_filled_destination,
                )
            except (PlanError, MappingError, SyncError, DestinationError) as error:
                print(f"{definition.sync}: {error}", file=sys.stderr)
                is_ok = False
                continue
            finally:
                if not is_dry_run:  # receipts lost with the warehouse would be sent again
                    save_state(connection, paths.state)
            _show(report)
            is_ok = is_ok and report.is_ok
    return 0 if is_ok else 1


def _leave_word(paths: Paths, sync: str | None) -> None:
    """No document could be read: what should have run is failed, and whoever is on duty is told."""
    if not paths.warehouse.exists():
        return
    with (
        suppress(WarehouseLocked, duckdb.CatalogException),
        Warehouse(paths.warehouse).connect() as connection,
    ):
        record_bad_documents(connection, only=sync, at=utc_now())


def _keep_house(paths: Paths, *, expire: bool, compact: bool) -> int:
    """Delete what is old; prints what went."""
    try:
        gone = keep_house(
            Warehouse(paths.warehouse),
            paths,
            load_tenant(paths),
            now=utc_now(),
            expire=expire,
            compact=compact,
        )
    except (SettingsError, WarehouseLocked) as error:
        print(error, file=sys.stderr)
        return 1
    print("; ".join(f"{what}: {count} gone" for what, count in gone.items()))
    return 0


def _check_every_tenant(paths: Paths) -> int:
    """Validate the destinations and sync documents of all tenants, their mapping tests too."""
    files = sorted((paths.root / "tenants").glob("*/tenant.yml"))
    is_ok = True
    for tenant in [file.parent.name for file in files]:
        try:
            syncs = syncs_of(replace(paths, tenant=tenant))
        except (DestinationError, SyncDefinitionError) as error:
            print(error, file=sys.stderr)
            is_ok = False
            continue
        tests = sum(len(definition.tests) for definition in syncs)
        print(f"{tenant}: {len(syncs)} sync documents are valid, {tests} mapping tests pass")
    return 0 if is_ok else 1


def _show(report: SyncReport) -> None:
    print(report.line())
    for operation, counts in report.operations.items():
        if counts.planned and report.is_dry_run:
            print(f"  {operation}: {counts.aborted} would be sent, {counts.blocked} blocked")
    for row in report.sample:
        print(f"  {row['operation']} {row['record_key']}: {row['verdict']}")


if __name__ == "__main__":
    sys.exit(main())
