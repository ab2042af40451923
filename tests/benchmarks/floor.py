"""The floor: how long DuckDB takes to read the raw tables and write them back sorted.

`python -m tests.benchmarks.floor export|sort --warehouse FILE --folder FOLDER`

No build of any kind can do less than read every raw row once and bring the rows of one person
together in order of time, so a build's time over the floor's says what the models cost on top,
whatever the machine. `export` writes each raw table as Parquet (not timed); `sort` reads each file
and writes it back sorted by the source's main identifier and time (timed), one after another, with
the memory limit of the warehouse and as many threads as DuckDB takes by itself (as in dbt).
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from pathlib import Path

import duckdb

from orchestration.ingestion.declarations import RawTable, read_declarations
from orchestration.settings import current_paths, load_tenant
from orchestration.warehouse import MEMORY_LIMIT

# What tells a source's people apart; a table that is not listed is sorted by its key.
MAIN_IDENTIFIER = {
    "web__events": "anonymous_id",
    "app__events": "device_id",
    "call_center__calls": "phone_number",
    "chat__conversations": "visitor_id",
    "consent__events": "subject_value",
    "consent__preferences": "customer_no",
    "crm__contacts": "contact_id",
    "direct_mail__mailings": "customer_no",
    "email__events": "email",
    "events__attendees": "email",
    "experiments__assignments": "customer_no",
    "kiosk__sessions": "loyalty_card_no",
    "loyalty__members": "card_no",
    "loyalty__points": "card_no",
    "offers__grants": "customer_no",
    "pos__receipts": "loyalty_card_no",
    "pos__receipt_lines": "receipt_no",
    "pos__visits": "loyalty_card_no",
    "push__events": "device_id",
    "shop__orders": "customer_id",
    "shop__refunds": "customer_id",
    "sms__messages": "to_number",
    "social__interactions": "handle",
    "surveys__responses": "email",
}


def sort_columns(table: RawTable) -> tuple[str, str]:
    """Main identifier and time of a raw table; `_loaded_at` where it has no time of its own."""
    names = [column.name for column in table.columns]
    identifier = MAIN_IDENTIFIER.get(table.identifier)
    if identifier not in names:
        identifier = table.key[0] if table.key else names[0]
    times = [column.name for column in table.columns if column.event_time]
    return identifier, times[0] if times else table.loaded_at or "_loaded_at"


def raw_tables() -> list[RawTable]:
    """Declared raw tables of the tenant."""
    paths = current_paths()
    return [
        table
        for source in load_tenant(paths).source_names
        for table in read_declarations(paths, source)
    ]


def export(warehouse: Path, folder: Path) -> dict[str, int]:
    """Write every raw table to `folder`/<identifier>.parquet; returns rows per table."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = {}
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'; set timezone = 'UTC'")
        for table in raw_tables():
            target = _quoted(folder / f"{table.identifier}.parquet")
            connection.execute(f"copy (from {table.relation}) to {target} (format parquet)")
            ((rows[table.identifier],),) = connection.execute(
                f"select count(*) from {target}"
            ).fetchall()
    return rows


def sort(folder: Path) -> dict[str, object]:
    """Read, sort and write every table of `folder`; returns seconds, in all and per table."""
    target = folder / "sorted"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    seconds = {}
    with duckdb.connect() as connection:
        connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'; set timezone = 'UTC'")
        connection.execute(f"set temp_directory = {_quoted(folder / 'spill')}")
        ((threads,),) = connection.execute("select current_setting('threads')").fetchall()
        for table in raw_tables():
            identifier, moment = sort_columns(table)
            file = f"{table.identifier}.parquet"
            started = time.perf_counter()
            connection.execute(
                f'copy (from {_quoted(folder / file)} order by "{identifier}", "{moment}") '
                f"to {_quoted(target / file)} (format parquet)"
            )
            seconds[table.identifier] = time.perf_counter() - started
    shutil.rmtree(target)
    return {"seconds": sum(seconds.values()), "tables": seconds, "threads": threads}


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def main() -> int:
    """Run one step and print its figures as one line of JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.floor", description=__doc__)
    parser.add_argument("step", choices=["export", "sort"])
    parser.add_argument("--warehouse", type=Path, help="needed by export")
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()
    if options.step == "export":
        if options.warehouse is None:
            parser.error("export needs --warehouse")
        print(json.dumps(export(options.warehouse, options.folder)))
    else:
        print(json.dumps(sort(options.folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
