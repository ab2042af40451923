"""`python -m orchestration.segments`: what a segment is worth before anybody is sent anything."""

from __future__ import annotations

import argparse
import os
import sys

import duckdb

from orchestration.dbt import DbtError, export_environment
from orchestration.segments.preview import PreviewError, preview
from orchestration.settings import SettingsError
from orchestration.warehouse import WarehouseLocked


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code (0 done, 1 not to be done, 2 wrong call)."""
    parser = argparse.ArgumentParser(prog="python -m orchestration.segments", description=__doc__)
    parser.add_argument("--tenant", help="default: CROSSWEAVE_TENANT, else demo")
    parser.add_argument("--env", choices=["dev", "prod"], help="default: CROSSWEAVE_ENV, else dev")
    commands = parser.add_subparsers(dest="command", required=True)
    asked = commands.add_parser(
        "preview",
        help="size, held out, reachable per channel, revenue, overlap; writes nothing",
        description="Size, holdout, reach per channel with live consent, revenue of 365 days and "
        "overlap with the other segments, of a segment that need not be built. Writes nothing.",
    )
    asked.add_argument("segment", help="its name, without seg_")
    options = parser.parse_args(arguments)
    if options.tenant:
        os.environ["CROSSWEAVE_TENANT"] = options.tenant
    if options.env:
        os.environ["CROSSWEAVE_ENV"] = options.env
    try:
        _, paths = export_environment()
        if not paths.warehouse.exists():
            print(f"{paths.warehouse} does not exist; run `make run` first", file=sys.stderr)
            return 2
        print(preview(options.segment, paths).text())
    except duckdb.CatalogException as error:
        print(f"a table is missing, run `make run` first: {error}", file=sys.stderr)
        return 2
    except (SettingsError, WarehouseLocked) as error:
        print(error, file=sys.stderr)
        return 2
    except (PreviewError, DbtError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
