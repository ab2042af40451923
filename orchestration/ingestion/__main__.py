"""`python -m orchestration.ingestion [--tenant demo]`: land everything of a tenant."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from dataclasses import replace

from orchestration.ingestion.declarations import DeclarationError
from orchestration.ingestion.gate import land_tenant
from orchestration.ingestion.hash_key import HashKeyError
from orchestration.settings import SettingsError, current_paths, load_tenant
from orchestration.warehouse import Warehouse, WarehouseLocked


def main() -> int:
    """Land the tenant and print progress; 1 when settings, declarations or the key are wrong."""
    parser = argparse.ArgumentParser(prog="python -m orchestration.ingestion", description=__doc__)
    parser.add_argument("--tenant", help="default: CROSSWEAVE_TENANT, else demo")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    start = time.monotonic()
    try:
        paths = current_paths()
        if arguments.tenant:
            paths = replace(paths, tenant=arguments.tenant)
        settings = load_tenant(paths)
        with Warehouse(paths.warehouse).connect() as connection:
            reports = land_tenant(
                connection, paths=paths, settings=settings, progress=lambda text: print(text)
            )
    except (DeclarationError, HashKeyError, SettingsError, WarehouseLocked) as error:
        print(error, file=sys.stderr)
        return 1
    rows = sum(report.rows_loaded for report in reports)
    bad = sum(report.rows_quarantined for report in reports)
    failed = sum(report.files_failed for report in reports)
    print(
        f"landed {rows:,} rows, {bad:,} quarantined, {failed} files failed, "
        f"{time.monotonic() - start:.1f} s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
