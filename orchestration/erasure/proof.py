"""The proof of an erasure: what was done where, and what a search found afterwards.

Keys, ids, counts and names of tables and files; no clear value and no reason as it was typed.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from orchestration.erasure.rows import Step
from orchestration.erasure.scan import Found
from orchestration.private_files import write_private


@dataclass(frozen=True)
class Delivery:
    """A destination that received the person, or may have; `state` as `deliveries.py` says it."""

    sync: str
    destination: str
    records: int
    state: str


@dataclass
class Proof:
    """`is_dry`: nothing was done, `steps` say what would be. Times are UTC."""

    erasure_id: str
    scope: str
    is_dry: bool
    erased_at: datetime
    author: str
    identifiers: dict[str, int]
    person_ids: list[str]
    former_ids: list[str]
    steps: list[Step] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    searched_values: int = 0
    left: list[Step] = field(default_factory=list)
    tables: list[Found] = field(default_factory=list)
    files: list[Found] = field(default_factory=list)
    bytes_before: int = 0
    bytes_after: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def failures(self) -> list[str]:
        """What is still there."""
        found = [f"{f.name}: {f.hits} hits" for f in (*self.tables, *self.files) if f.hits]
        return [f"{s.name}: {s.changed} rows, {s.action}" for s in self.left if s.changed] + found

    @property
    def is_complete(self) -> bool:
        """Nothing was found where nothing may be."""
        return not self.is_dry and not self.failures

    def text(self) -> str:
        """Lines for a terminal."""
        told = ", ".join(f"{count} {kind}" for kind, count in sorted(self.identifiers.items()))
        lines = [
            f"{self.erasure_id}{' (dry run: nothing is done)' if self.is_dry else ''}: "
            f"{len(self.person_ids)} persons, {told or 'no identifiers'}"
        ]
        lines += [
            f"  {step.name}: {step.changed:,} of {step.rows:,} rows {step.action}"
            for step in self.steps
            if step.changed
        ]
        lines += [f"  {d.destination} ({d.sync}): {d.records} records, {d.state}"
                  for d in self.deliveries]  # fmt: skip
        if not self.is_dry:
            lines.append(
                f"  searched for {self.searched_values} spellings in {len(self.tables):,} tables "
                f"and {len(self.files):,} files: "
                f"{sum(f.hits for f in (*self.tables, *self.files))} hits"
            )
        lines += [f"  {note}" for note in self.notes]
        lines += [f"  STILL THERE: {failure}" for failure in self.failures]
        return "\n".join(lines)

    def markdown(self) -> str:
        """The document that is filed, or handed to who asked."""
        result = "complete: nothing is left" if self.is_complete else "NOT COMPLETE"
        lines = [
            f"# Proof of {self.erasure_id}",
            "",
            f"Scope {self.scope}, {self.erased_at:%Y-%m-%d %H:%M} UTC, by "
            f"{self.author or 'unknown'}. Result: **{result}**.",
            "",
            f"Identifiers: {self.identifiers}. Persons: {', '.join(self.person_ids) or 'none'}"
            f" (former ids: {', '.join(self.former_ids) or 'none'}).",
            "",
            "## What was done",
            "",
            "| table or file | rows | of these | what |",
            "|---|---:|---:|---|",
            *(f"| {s.name} | {s.rows} | {s.changed} | {s.action} |" for s in self.steps),
            "",
            "## Destinations that received the person",
            "",
            "| sync | destination | records | state |",
            "|---|---|---:|---|",
            *(f"| {d.sync} | {d.destination} | {d.records} | {d.state} |" for d in self.deliveries),
            "",
            "## What a search found afterwards",
            "",
            f"{self.searched_values} spellings were searched for. Warehouse file: "
            f"{self.bytes_before} bytes before, {self.bytes_after} after it was written anew.",
            "",
            "| searched | size (rows or bytes) | hits |",
            "|---|---:|---:|",
            *(f"| {f.name} | {f.size} | {f.hits} |" for f in (*self.tables, *self.files)),
            *(f"| {s.name} (person ids) | {s.rows} | {s.changed} |" for s in self.left),
            "",
            *(f"- {note}" for note in (*self.notes, *self.failures)),
        ]
        return "\n".join(lines).rstrip() + "\n"

    def write(self, folder: Path) -> Path:
        """Write `<erasure>.json` and `<erasure>.md`, mode 0600; returns the latter.

        An earlier proof stays, as it searched for what was still known then: later ones are
        numbered.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        earlier = len(list(folder.glob(f"{self.erasure_id}*.md")))
        stem = f"{self.erasure_id}_{earlier + 1}" if earlier else self.erasure_id
        document = {**asdict(self), "is_complete": self.is_complete, "failures": self.failures}
        texts = {
            f"{stem}.json": json.dumps(document, indent=2, default=str) + "\n",
            f"{stem}.md": self.markdown(),
        }
        for name, text in texts.items():
            write_private(folder / name, text)
        return folder / f"{stem}.md"
