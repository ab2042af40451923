"""`python -m orchestration.content`: check and show the messages of a brand.

Belongs here: arguments and what is printed. Exit code 1 when there is something to mend.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from orchestration.content.lint import Use, lint
from orchestration.content.preview import write_previews
from orchestration.content.registry import Registry, load_content
from orchestration.content.rendering import Renderer
from orchestration.content.uses import uses_of
from orchestration.settings import current_paths


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m orchestration.content", description=__doc__)
    parser.add_argument("--tenant", help="default: CROSSWEAVE_TENANT, else demo")
    parser.add_argument("--lint", action="store_true", help="check every message (the default)")
    parser.add_argument("--preview", metavar="MESSAGE", help="write what it looks like to --out")
    parser.add_argument("--out", type=Path, default=Path("preview"), help="folder of previews")
    options = parser.parse_args(arguments)
    if options.tenant:
        os.environ["CROSSWEAVE_TENANT"] = options.tenant
    paths = current_paths()
    try:
        registry = load_content(paths.tenant_folder)
        if options.preview:
            message = registry.message(options.preview)
            files = write_previews(Renderer(registry), message, options.out)
            print(f"{len(files)} files; open {options.out / 'index.html'}")
        return _lint(registry, uses_of(paths)) if options.lint or not options.preview else 0
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1


def _lint(registry: Registry, uses: Sequence[Use]) -> int:
    findings = lint(registry, uses)
    for finding in findings:
        print(f"{'error' if finding.is_error else 'note'}: {finding.where}: {finding.text}")
    mails = sum(len(m.variants) * len(m.locales) for m in registry.messages.values())
    wrong = sum(finding.is_error for finding in findings)
    print(f"{len(registry.messages)} messages, {mails} mails rendered, {wrong} errors")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
