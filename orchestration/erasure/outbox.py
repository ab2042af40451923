"""Payload files that the destination `file` delivered, without the lines of an erased person.

Belongs here: the files of every sync, also of one that is not defined any more. Does not belong
here: telling destinations to forget, which the next run of each sync does.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Iterator
from pathlib import Path

from orchestration.erasure.rows import Step
from orchestration.private_files import write_private


def clean_outbox(folder: Path, gone: Collection[str], *, is_dry: bool) -> list[Step]:
    """Drop lines that have one of `gone` (record keys, person ids, clear values) as a field.

    A remove keeps its line: it carries the key alone, and whoever reads the outbox needs it.
    """
    steps = []
    for file in sorted(folder.rglob("*")):
        if file.suffix not in {".jsonl", ".csv"} or file.name.startswith("."):
            continue
        lines = list(_lines(file))
        kept = [text for text, fields, is_remove in lines if is_remove or not fields & set(gone)]
        if len(kept) < len(lines) and not is_dry:
            write_private(file, "".join(kept))
        name = str(file.relative_to(folder.parent.parent))
        steps.append(Step(f"outbox/{name}", len(lines), len(lines) - len(kept), "taken out"))
    return steps


def _lines(file: Path) -> Iterator[tuple[str, set[str], bool]]:
    """(text, fields, is a remove) of every line; the header of a CSV file is one without fields."""
    if file.suffix == ".jsonl":
        with file.open(encoding="utf-8", newline="") as handle:
            for text in handle:
                line = json.loads(text) if text.strip() else {}
                yield text, {str(value) for value in line.values()}, _is_remove(line)
        return
    with file.open(encoding="utf-8", newline="") as handle:
        reader = csv.reader(handle)
        header = next(reader, None)
        if header is None:
            return
        yield _csv_text(header), set(), True
        for cells in reader:
            line = dict(zip(header, cells, strict=False))
            yield _csv_text(cells), set(cells), _is_remove(line)


def _is_remove(line: dict) -> bool:
    return line.get("operation") == "remove"


def _csv_text(cells: list[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()
