"""The file destination: what a reader of the outbox finds, also after a kill."""

from __future__ import annotations

import csv
import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.activation.connectors.base import ConnectorContext, Record
from orchestration.activation.connectors.file import FileConnector

FIELDS = ("person_id", "email", "first_name", "value", "at")


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    return tmp_path / "outbox"


def _open(outbox: Path, run_id: str = "r1") -> FileConnector:
    return FileConnector(ConnectorContext("people", run_id, "person_id", FIELDS, outbox))


def _record(number: int, operation: str = "add", **payload: object) -> Record:
    person = f"p{number}"
    fields = {"person_id": person, **payload}
    return Record(operation, person, f"i{number}-{operation}", fields)  # type: ignore[arg-type]


def _lines(outbox: Path) -> list[dict[str, object]]:
    files = sorted((outbox / "people").glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]


def _csv_rows(outbox: Path) -> list[dict[str, str]]:
    files = sorted((outbox / "people").glob("*.csv"))
    return [
        row for file in files for row in csv.DictReader(file.open(encoding="utf-8", newline=""))
    ]


def test_both_files_say_the_same(outbox: Path) -> None:
    batch = [
        _record(
            1, email="o'neill@example.com", first_name='Zoë "Z", Ólafs\ndóttir',
            value=Decimal("12.5000"), at=datetime(2026, 7, 1, 8, 30),
        ),
        _record(2, email="b@example.com", first_name=None, value=True, at=date(2026, 7, 1)),
        _record(3, "remove"),
    ]  # fmt: skip
    results = _open(outbox).send(batch)
    assert [(row.outcome, row.external_id) for row in results] == [("succeeded", "r1.jsonl")] * 3
    lines = _lines(outbox)
    assert lines[0] == {
        "operation": "add",
        "idempotency_key": "i1-add",
        "person_id": "p1",
        "email": "o'neill@example.com",
        "first_name": 'Zoë "Z", Ólafs\ndóttir',
        "value": "12.5000",
        "at": "2026-07-01T08:30:00Z",
    }
    assert lines[2] == {"operation": "remove", "idempotency_key": "i3-remove", "person_id": "p3"}
    rows = _csv_rows(outbox)
    assert list(rows[0]) == ["operation", "idempotency_key", *FIELDS]
    assert rows[0] == {key: str(value) for key, value in lines[0].items()}
    assert (rows[1]["first_name"], rows[1]["value"], rows[1]["at"]) == ("", "true", "2026-07-01")
    assert (rows[2]["operation"], rows[2]["email"]) == ("remove", "")


def test_only_the_owner_may_read_and_nothing_half_written_is_seen(outbox: Path) -> None:
    _open(outbox).send([_record(1)])
    folder = outbox / "people"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert sorted(file.name for file in folder.iterdir()) == ["r1.csv", "r1.jsonl"]
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}


def test_each_batch_is_a_pair_of_files_that_never_changes(outbox: Path) -> None:
    connector = _open(outbox)
    connector.send([_record(1)])
    first = (outbox / "people" / "r1.jsonl").read_bytes()
    results = connector.send([_record(2)])
    assert results[0].external_id == "r1.2.jsonl"
    assert (outbox / "people" / "r1.jsonl").read_bytes() == first
    assert [row["person_id"] for row in _csv_rows(outbox)] == ["p2", "p1"]  # r1.2 sorts before r1


def test_an_empty_batch_writes_nothing(outbox: Path) -> None:
    assert _open(outbox).send([]) == []
    assert not outbox.exists()


def test_read_back_finds_the_keys_of_its_run_in_all_batches(outbox: Path) -> None:
    connector = _open(outbox)
    connector.send([_record(1)])
    connector.send([_record(2)])
    _open(outbox, "r2").send([_record(3)])
    found = _open(outbox).read_back(["i2-add", "i3-add", "i1-add"])
    assert [row and row.external_id for row in found] == ["r1.2.jsonl", None, "r1.jsonl"]


def test_read_back_tidies_up_after_a_kill(outbox: Path) -> None:
    """Killed with a half-written file and before the second rename: the CSV is made again."""
    _open(outbox).send([_record(1, email="a@example.com")])
    folder = outbox / "people"
    before = (folder / "r1.csv").read_text(encoding="utf-8")
    (folder / "r1.csv").unlink()
    (folder / ".r1.2.jsonl.tmp").write_text('{"operation": "add", "idem', encoding="utf-8")
    assert _open(outbox).read_back(["i2-add"]) == [None]
    assert (folder / "r1.csv").read_text(encoding="utf-8") == before
    assert sorted(file.name for file in folder.iterdir()) == ["r1.csv", "r1.jsonl"]


def test_whether_the_outbox_holds_anything(outbox: Path) -> None:
    assert not _open(outbox).holds_records()
    _open(outbox).send([_record(1)])
    assert _open(outbox, "r2").holds_records()
