"""`python -m orchestration.identity`: ask the identity graph from the command line.

An identifier is `type=value` (looked up in schema pii, never printed) or its key; a person is an
id, also one that was given up, or one of the person's identifiers.
"""

from __future__ import annotations

import argparse
import os
import sys

from orchestration.identity.explain import Explanation, explain_pair, explain_person
from orchestration.identity.lookup import IdentityError, find_person
from orchestration.settings import SettingsError, current_paths
from orchestration.warehouse import Warehouse, WarehouseLocked


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code (0 answered, 1 no such identifier, 2 wrong call)."""
    parser = argparse.ArgumentParser(prog="python -m orchestration.identity", description=__doc__)
    parser.add_argument("--tenant", help="default: CROSSWEAVE_TENANT, else demo")
    parser.add_argument("--env", choices=["dev", "prod"], help="default: CROSSWEAVE_ENV, else dev")
    commands = parser.add_subparsers(dest="command", required=True)
    explain = commands.add_parser(
        "explain", help="why two identifiers are one person, or what a person is made of"
    )
    explain.add_argument("one", help="an identifier, or a person alone")
    explain.add_argument("other", nargs="?", help="a second identifier")
    explain.add_argument("--mermaid", action="store_true", help="as a Mermaid picture")
    options = parser.parse_args(arguments)
    if options.tenant:
        os.environ["CROSSWEAVE_TENANT"] = options.tenant
    if options.env:
        os.environ["CROSSWEAVE_ENV"] = options.env
    try:
        paths = current_paths()
        if not paths.warehouse.exists():
            print(f"{paths.warehouse} does not exist; run `make run` first", file=sys.stderr)
            return 2
        explanation = _explain(Warehouse(paths.warehouse), options.one, options.other)
    except IdentityError as error:
        print(error, file=sys.stderr)
        return 1
    except (SettingsError, WarehouseLocked) as error:
        print(error, file=sys.stderr)
        return 2
    print(explanation.mermaid() if options.mermaid else explanation.text())
    return 0


def _explain(warehouse: Warehouse, one: str, other: str | None) -> Explanation:
    with warehouse.connect() as connection:
        if other:
            return explain_pair(connection, one, other)
        return explain_person(connection, find_person(connection, one))


if __name__ == "__main__":
    sys.exit(main())
