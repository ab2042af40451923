"""`python -m orchestration.content`: check and show the messages of a brand.

Belongs here: arguments and what is printed. Exit code 1 when there is something to mend.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from orchestration.content.lint import lint
from orchestration.content.preview import write_previews
from orchestration.content.registry import load_content
from orchestration.content.rendering import Renderer
from orchestration.content.uses import uses_of
from orchestration.settings import Paths, current_paths


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m orchestration.content", description=__doc__)
    parser.add_argument("--tenant", help="default: CROSSWEAVE_TENANT, else demo")
    parser.add_argument("--lint", action="store_true", help="check every message (the default)")
    parser.add_argument("--every-tenant", action="store_true", help="check those of all tenants")
    parser.add_argument("--preview", metavar="MESSAGE", help="write what it looks like to --out")
    parser.add_argument("--out", type=Path, default=Path("preview"), help="folder of previews")
    options = parser.parse_args(arguments)
    if options.tenant:
        os.environ["CROSSWEAVE_TENANT"] = options.tenant
    paths = current_paths()
    if options.every_tenant:
        brands = sorted((paths.root / "tenants").glob("*/content/brand.yml"))
        return max((_checked(replace(paths, tenant=file.parts[-3])) for file in brands), default=0)
    if not options.preview or options.lint:
        return _checked(paths)
    try:
        registry = load_content(paths.tenant_folder)
        message = registry.message(options.preview)
        files = write_previews(Renderer(registry), message, options.out)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{len(files)} files; open {options.out / 'index.html'}")
    return 0


def _checked(paths: Paths) -> int:
    """Print every finding of a tenant; 1 when there is something to mend."""
    try:
        registry = load_content(paths.tenant_folder)
        findings = lint(registry, uses_of(paths))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    for finding in findings:
        print(f"{'error' if finding.is_error else 'note'}: {finding.where}: {finding.text}")
    mails = sum(len(m.variants) * len(m.locales) for m in registry.messages.values())
    wrong = sum(finding.is_error for finding in findings)
    print(
        f"{paths.tenant}: {len(registry.messages)} messages, {mails} mails rendered, {wrong} errors"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
