"""`python -m orchestration.identity`: ask the identity graph, and decide by hand who is who.

An identifier is `type=value` (looked up in schema pii, never printed) or its key; a person is an
id, also one that was given up, or one of the person's identifiers. Decisions survive every rebuild
and take effect with the next build; --dry-run shows what they would do. `erase` takes effect at
once; give it `-` and type what is to be erased on the standard input, so that no shell keeps it.
"""

from __future__ import annotations

import argparse
import os
import sys

import duckdb

from orchestration.dbt import DbtError
from orchestration.erasure.erase import erase
from orchestration.erasure.lift import find_keys, lift
from orchestration.identity.explain import explain_pair, explain_person
from orchestration.identity.links import drop_links, link_contacts
from orchestration.identity.lookup import IdentityError, find_person
from orchestration.identity.matching import MatchingUnavailable
from orchestration.identity.preview import preview
from orchestration.identity.steward import (
    keep_rule,
    kept_rules,
    make_rule,
    named_rule,
    withdraw_rule,
)
from orchestration.settings import SettingsError, current_paths, load_tenant
from orchestration.state import save_state
from orchestration.warehouse import Warehouse, WarehouseLocked

DECISIONS = {
    "unmerge": ("never_merge", "keep two identifiers in two persons from now on"),
    "merge": ("always_merge", "make two identifiers one person"),
    "block": ("block_value", "take one identifier out of the graph"),
}


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code (0 done, 1 not to be done, 2 wrong call)."""
    options = _parser().parse_args(arguments)
    if options.tenant:
        os.environ["CROSSWEAVE_TENANT"] = options.tenant
    if options.env:
        os.environ["CROSSWEAVE_ENV"] = options.env
    try:
        paths = current_paths()
        if not paths.warehouse.exists():
            print(f"{paths.warehouse} does not exist; run `make run` first", file=sys.stderr)
            return 2
        print(_answer(Warehouse(paths.warehouse), options))
    except duckdb.CatalogException:
        print("the warehouse lacks tables of this version; run `make run` first", file=sys.stderr)
        return 2
    except (IdentityError, MatchingUnavailable, DbtError) as error:
        print(error, file=sys.stderr)
        return 1
    except (SettingsError, WarehouseLocked) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m orchestration.identity",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--tenant", help="default: CROSSWEAVE_TENANT, else demo")
    parser.add_argument("--env", choices=["dev", "prod"], help="default: CROSSWEAVE_ENV, else dev")
    commands = parser.add_subparsers(dest="command", required=True)
    explain = commands.add_parser(
        "explain", help="why two identifiers are one person, or what a person is made of"
    )
    explain.add_argument("one", help="an identifier, or a person alone")
    explain.add_argument("other", nargs="?", help="a second identifier")
    explain.add_argument("--mermaid", action="store_true", help="as a Mermaid picture")
    commands.add_parser(
        "preview", help="what the rules as they stand in the files now would do to persons"
    )
    for name, (rule, text) in DECISIONS.items():
        decision = commands.add_parser(name, help=f"{text} (rule {rule})")
        decision.add_argument("one", help="an identifier")
        if rule != "block_value":
            decision.add_argument("other", help="a second identifier")
        decision.add_argument("--reason", default="", help="why; kept with the rule")
        decision.add_argument("--author", default=os.environ.get("USER", ""), help="who decides")
        decision.add_argument("--dry-run", action="store_true", help="only show what it would do")
    link = commands.add_parser(
        "link", help="find contacts that are one person by name, birth date and address"
    )
    link.add_argument(
        "--dry-run", action="store_true", help="show what it would find, keep nothing"
    )
    link.add_argument("--drop", action="store_true", help="forget all links instead")
    erasing = commands.add_parser("erase", help="forget persons or identifiers, with a proof")
    erasing.add_argument("asked", nargs="+", help="person ids or identifiers; - reads lines")
    erasing.add_argument(
        "--scope", choices=["person", "identifier"], default="person",
        help="person (default): every identifier of the person; identifier: just those given",
    )  # fmt: skip
    lifting = commands.add_parser("lift", help="let an erased identifier come again")
    lifting.add_argument("asked", nargs="+", help="identifiers, or an erasure; - reads lines")
    for command in (erasing, lifting):
        command.add_argument("--reason", default="", help="why; kept, so name nobody in it")
    erasing.add_argument("--author", default=os.environ.get("USER", ""), help="who decides")
    erasing.add_argument("--dry-run", action="store_true", help="only show what would go")
    commands.add_parser("rules", help="decisions made by command")
    withdraw = commands.add_parser("withdraw", help="take a decision back")
    withdraw.add_argument("rule_id", help="its name, as `rules` lists it")
    withdraw.add_argument("--dry-run", action="store_true", help="only show what it would do")
    return parser


def _answer(warehouse: Warehouse, options: argparse.Namespace) -> str:
    match options.command:
        case "preview":
            return preview().text()
        case "explain":
            return _explain(warehouse, options)
        case "link":
            return _link(warehouse, options)
        case "erase":
            return _erase(options)
        case "lift":
            return _lift(warehouse, options)
    with warehouse.connect() as connection:
        match options.command:
            case "rules":
                lines = [rule.line() for rule in kept_rules(connection)]
                return "\n".join(lines) or "no decisions were made by command"
            case "withdraw" if options.dry_run:
                rule = named_rule(connection, options.rule_id)
            case "withdraw":
                rule = withdraw_rule(connection, options.rule_id)
                save_state(connection, current_paths().state)
                return f"{rule.line()}\ntaken back; takes effect with the next build (make run)"
            case _:
                rule = make_rule(
                    connection,
                    DECISIONS[options.command][0],
                    options.one,
                    getattr(options, "other", None),
                    reason=options.reason,
                    author=options.author,
                )
                if not options.dry_run:
                    keep_rule(connection, rule)
                    save_state(connection, current_paths().state)
                    return f"{rule.line()}\nkept; takes effect with the next build (make run)"
    if options.command == "withdraw":
        return preview(without=rule.rule_id).text()
    return preview(rule).text()


def _link(warehouse: Warehouse, options: argparse.Namespace) -> str:
    paths = current_paths()
    with warehouse.connect() as connection:
        if options.drop:
            told = f"{drop_links(connection):,} links forgotten"
        else:
            report = link_contacts(
                connection,
                scratch=paths.warehouse.parent,
                dry_run=options.dry_run,
                progress=lambda line: print(line, flush=True),
            )
            if options.dry_run:
                return report.text()
            told = report.text()
        save_state(connection, paths.state)
    return f"{told}\nkept; takes effect with the next build (make run)"


def _asked(options: argparse.Namespace) -> list[str]:
    typed = [line.strip() for line in sys.stdin] if "-" in options.asked else []
    return [item for item in (*options.asked, *typed) if item not in {"-", ""}]


def _erase(options: argparse.Namespace) -> str:
    proof = erase(
        _asked(options),
        scope=options.scope,
        reason=options.reason,
        author=options.author,
        is_dry=options.dry_run,
        progress=lambda line: print(line, file=sys.stderr, flush=True),
    )
    if proof.failures and not proof.is_dry:
        raise IdentityError(proof.text())
    return proof.text()


def _lift(warehouse: Warehouse, options: argparse.Namespace) -> str:
    paths = current_paths()
    with warehouse.connect() as connection:
        keys = find_keys(connection, _asked(options), load_tenant(paths))
        count, erasures = lift(connection, keys, reason=options.reason)
        save_state(connection, paths.state)
    return f"{count} tombstones of {', '.join(erasures)} lifted; takes effect with the next landing"


def _explain(warehouse: Warehouse, options: argparse.Namespace) -> str:
    with warehouse.connect() as connection:
        if options.other:
            explanation = explain_pair(connection, options.one, options.other)
        else:
            explanation = explain_person(connection, find_person(connection, options.one))
    return explanation.mermaid() if options.mermaid else explanation.text()


if __name__ == "__main__":
    sys.exit(main())
