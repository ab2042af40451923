"""Records as lines of a file: JSON lines and CSV, for every destination that takes files.

Belongs here: how a value is written in each, and how the files of a run are named. Decimals are
text (money keeps its digits), times are ISO 8601 in UTC. Does not belong here: where a file goes,
and when it counts as delivered.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from orchestration.activation.connectors.base import Record

Line = Mapping[str, object]
LEADING_FIELDS = ("operation", "idempotency_key")


def stem_of(run_id: str, number: int) -> str:
    """Name without suffix of the `number`th file of a run, from 1 on."""
    return run_id if number == 1 else f"{run_id}.{number}"


def run_of(stem: str) -> str:
    """Run id of a file that is named like that."""
    run_id, _, number = stem.rpartition(".")
    return run_id if run_id and number.isdigit() else stem


def number_of(stem: str) -> int:
    """Which file of its run it is."""
    _, _, number = stem.rpartition(".")
    return int(number) if number.isdigit() and number != stem else 1


def lines_of(batch: Sequence[Record]) -> list[dict[str, object]]:
    """A line per record: operation, idempotency key, then the payload in plain values."""
    return [
        {
            "operation": record.operation,
            "idempotency_key": record.idempotency_key,
            **{field: plain(value) for field, value in record.payload.items()},
        }
        for record in batch
    ]


def jsonl_text(lines: Iterable[Line]) -> str:
    """JSON lines: an absent field is absent, a null one is null."""
    return "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)


def csv_text(lines: Iterable[Line], fields: Sequence[str]) -> str:
    """RFC 4180 with a header; an absent or null field is empty, booleans in lower case."""
    columns = [*LEADING_FIELDS, *fields]
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(columns)
    for line in lines:
        writer.writerow([_csv_cell(line.get(column)) for column in columns])
    return buffer.getvalue()


def read_jsonl(text: Iterable[str]) -> Iterator[dict[str, object]]:
    """The lines of a JSON-lines file."""
    return (json.loads(line) for line in text if line.strip())


def read_csv(text: Iterable[str]) -> Iterator[dict[str, str]]:
    """The lines of a CSV file with a header, all values as text."""
    return csv.DictReader(text)


def plain(value: object) -> object:
    """A value as JSON has it."""
    if isinstance(value, datetime):
        return f"{value.isoformat()}Z" if value.tzinfo is None else value.isoformat()
    if isinstance(value, date | Decimal):
        return str(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [plain(item) for item in value]
    return str(value)


def _csv_cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return value
