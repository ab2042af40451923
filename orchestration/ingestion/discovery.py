"""Which landing file belongs to which raw table, and what its name says about its date.

Belongs here: walking a source's landing folder, dates in names, content hashes.
Does not belong here: reading rows (`reading.py`) or remembering files (`manifest.py`).
"""

from __future__ import annotations

import calendar
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

FORMATS = ("csv", "jsonl", "parquet")
_DATE = re.compile(
    r"(?<!\d)(?P<year>\d{4})-(?P<month>\d{2})(?:-(?P<day>\d{2}))?(?!\d)"
    r"|(?<!\d)(?P<year2>\d{4})(?P<month2>\d{2})(?P<day2>\d{2})(?!\d)"
)


@dataclass(frozen=True)
class LandingFile:
    """A file of one raw table. `name` is its path relative to the source's landing folder."""

    table: str
    name: str
    path: Path
    format: str
    is_gzip: bool

    @property
    def dated_at(self) -> datetime | None:
        """The last second of the last day (or month) that the name carries, else None."""
        return date_in_name(self.name)


def find_files(folder: Path, tables: list[str]) -> tuple[list[LandingFile], list[str]]:
    """Return the files of `tables` below `folder` in name order, and names that fit no table.

    A file belongs to a table as `<table>.<ext>`, `<table>_<anything>.<ext>` or
    `<table>/<anything>.<ext>`; the longest table name that fits wins (`order_lines_x.csv` is no
    file of `order`). Hidden files are passed over in silence.
    """
    files: list[LandingFile] = []
    strangers: list[str] = []
    if not folder.is_dir():
        return files, strangers
    by_length = sorted(tables, key=len, reverse=True)
    for path in sorted(folder.rglob("*"), key=lambda item: item.as_posix()):
        name = path.relative_to(folder).as_posix()
        if any(part.startswith(".") for part in name.split("/")) or not path.is_file():
            continue
        shape = _shape(path.name)
        table = next((t for t in by_length if _belongs(name, t)), None)
        if shape is None or table is None:
            strangers.append(name)
            continue
        files.append(LandingFile(table, name, path, *shape))
    return files, strangers


def _shape(file_name: str) -> tuple[str, bool] | None:
    stem = file_name.lower()
    is_gzip = stem.endswith(".gz")
    extension = stem.removesuffix(".gz").rpartition(".")[2]
    return (extension, is_gzip) if extension in FORMATS and "." in stem else None


def _belongs(name: str, table: str) -> bool:
    first, slash, _ = name.partition("/")
    if slash:
        return first == table
    return name.startswith((f"{table}.", f"{table}_"))


def date_in_name(name: str) -> datetime | None:
    """The last date in `name` (YYYY-MM-DD, YYYYMMDD or YYYY-MM), at 23:59:59 of its last day."""
    result = None
    for match in _DATE.finditer(name):
        year = int(match["year"] or match["year2"])
        month = int(match["month"] or match["month2"])
        if not (1900 <= year <= 2200 and 1 <= month <= 12):
            continue
        last_day = calendar.monthrange(year, month)[1]
        day = int(match["day"] or match["day2"] or last_day)
        if 1 <= day <= last_day:
            result = datetime(year, month, day, 23, 59, 59)
    return result


def content_hash(path: Path) -> tuple[str, int]:
    """SHA-256 (hex) and size in bytes of a file's content."""
    with path.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256")
        return digest.hexdigest(), handle.tell()
