"""A new sync from its names: `make sync SEGMENT=win_back DESTINATION=file`.

Writes into the brand's folder what a delivery consists of: the payload view with its description
and exposure, and the sync document. They work as they are, for whoever may be sent e-mail; what
else the destination is to get is then a column in the view.

Belongs here: where the three files go, and refusing what would not work. Nothing is written over.
Does not belong here: their texts (`scaffold_texts.py`), building and sending.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from orchestration.activation import DestinationError, SyncDefinitionError, syncs_of
from orchestration.activation.definitions import SyncDefinition
from orchestration.activation.destinations import load_destinations, mistakes
from orchestration.activation.scaffold_texts import NewSync, described, document_of, payload_sql
from orchestration.seed_overrides import seed_text
from orchestration.settings import DBT_PROJECT_DIR, Paths, current_paths, load_tenant


class ScaffoldError(ValueError):
    """A sync cannot be laid out like this; the message says what to change."""


def scaffold(new: NewSync, paths: Paths) -> list[Path]:
    """Write payload view, its YAML and the sync document; returns the files.

    Raises `ScaffoldError` for a segment, destination or option that does not exist and for a name
    that is taken, and writes nothing then.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", new.name):
        raise ScaffoldError(f"NAME={new.name}: small letters, digits and _ only")
    meta = _meta_of_segment(new.segment, paths)
    purpose = new.purpose or str(meta["purpose"])
    document = document_of(new, purpose)
    _check_list(new, paths)
    _check(new, document, paths)
    folder = paths.tenant_folder / "models" / "activation"
    texts = {
        folder / f"{new.model}.sql": payload_sql(new),
        folder / f"_{new.model}.yml": described(new, owner=str(meta["owner"]), purpose=purpose),
        paths.tenant_folder / "syncs" / f"{new.sync}.yml": yaml.safe_dump(
            document, sort_keys=False, allow_unicode=True
        ),
    }
    taken = [file for file in texts if file.exists()]
    taken += sorted((DBT_PROJECT_DIR / "models").rglob(f"{new.model}.sql"))
    if taken:
        raise ScaffoldError(
            f"{', '.join(map(str, taken))}: exists already, nothing is written; choose another NAME"
        )
    for file, text in texts.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return list(texts)


def _meta_of_segment(segment: str, paths: Paths) -> dict[str, Any]:
    """Owner, purpose, refresh and version of the segment, as its YAML says."""
    folders = [DBT_PROJECT_DIR / "models" / "marts" / "segments", paths.tenant_folder / "models"]
    found = {file.stem: file for folder in folders for file in folder.rglob("seg_*.sql")}
    model = f"seg_{segment}"
    if model not in found:
        known = ", ".join(sorted(name.removeprefix("seg_") for name in found))
        raise ScaffoldError(f"no segment {segment!r}; there are: {known}")
    for file in sorted(found[model].parent.glob("*.yml")):
        content = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        for item in content.get("models") or []:
            meta = item.get("config", {}).get("meta", {})
            if item.get("name") == model and {"owner", "purpose"} <= meta.keys():
                return meta
    raise ScaffoldError(
        f"{model}: no YAML beside it says config.meta owner, purpose, refresh and version"
    )


def _check_list(new: NewSync, paths: Paths) -> None:
    """Raise where the priority list does not have the segment."""
    if new.priority_list is None:
        return
    rows = list(csv.DictReader(io.StringIO(seed_text("segment_priorities", load_tenant(paths)))))
    if not any(
        (row["priority_list"], row["segment"]) == (new.priority_list, new.segment)
        and row["priority"]
        for row in rows
    ):
        known = ", ".join(sorted({row["priority_list"] for row in rows}))
        raise ScaffoldError(
            f"list {new.priority_list!r} does not have the segment {new.segment}; add it in "
            f"tenant.yml, overrides.segment_priorities (lists: {known})"
        )


def _check(new: NewSync, document: Mapping[str, Any], paths: Paths) -> None:
    """Raise unless the document would be valid among the tenant's others."""
    try:
        destinations = load_destinations(paths)
        known = {definition.sync for definition in syncs_of(paths)}
        if new.destination not in destinations:
            raise ScaffoldError(
                f"no destination {new.destination!r}; there are: {', '.join(sorted(destinations))} "
                f"({paths.tenant_folder / 'destinations.yml'})"
            )
        definition = SyncDefinition.model_validate(document)
        destinations[new.destination].type.options.model_validate(dict(new.options))
    except ValidationError as error:
        raise ScaffoldError("\n".join(mistakes(f"{new.sync}: options", error))) from error
    except (DestinationError, SyncDefinitionError) as error:
        raise ScaffoldError(str(error)) from error
    if new.sync in known:
        raise ScaffoldError(f"the sync {new.sync} exists already; choose another NAME")
    if failures := definition.failed_tests():
        raise ScaffoldError("\n".join(failures))


def _option(text: str) -> tuple[str, Any]:
    name, found, value = text.partition("=")
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r}: write name=value")
    return name, yaml.safe_load(value)


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m orchestration.activation.scaffold", description=__doc__.split("\n\n")[0]
    )
    parser.add_argument("--tenant", help="default: CROSSWEAVE_TENANT, else demo")
    parser.add_argument("--segment", required=True, help="segment whose members get it")
    parser.add_argument("--destination", required=True, help="file, or a name of destinations.yml")
    parser.add_argument("--name", help="what the sync is called before _<destination>; the segment")
    parser.add_argument("--list", help="priority list: those for whom the segment is the first")
    parser.add_argument("--channel", default="email", help="whose consent is asked")
    parser.add_argument("--purpose", help="consent purpose; that of the segment")
    parser.add_argument("--mode", default="mirror", choices=["mirror", "upsert", "insert"])
    parser.add_argument(
        "--option", type=_option, action="append", default=[], metavar="NAME=VALUE",
        help="what the sync tells its connector, as often as needed",
    )  # fmt: skip
    asked = parser.parse_args(arguments)
    if asked.tenant:
        os.environ["CROSSWEAVE_TENANT"] = asked.tenant
    paths = current_paths()
    new = NewSync(
        segment=asked.segment,
        destination=asked.destination,
        name=asked.name or asked.segment,
        priority_list=asked.list or None,
        channel=asked.channel,
        purpose=asked.purpose,
        mode=asked.mode,
        options=dict(asked.option),
    )
    try:
        files = scaffold(new, paths)
    except ScaffoldError as error:
        print(error, file=sys.stderr)
        return 1
    for file in files:
        print(file)
    print(
        f'next: make dbt TENANT={paths.tenant} ARGS="build -s seg_{new.segment}+"\n'
        f"      {Path(sys.executable)} -m orchestration.activation --tenant {paths.tenant} "
        f"--sync {new.sync} --dry-run"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
