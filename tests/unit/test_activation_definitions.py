"""Sync documents: what is accepted, and what a mistake is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from orchestration.activation import SyncDefinitionError, load_syncs, sync_folders, syncs_of
from orchestration.activation.definitions import SCHEMA_FILE, schema_text
from orchestration.settings import Paths

DOCUMENT = {
    "sync": "buyers",
    "model": "act_file__buyers",
    "destination": "file",
    "channel": "email",
    "mode": "mirror",
    "key": "person_id",
    "purpose": "marketing",
}


def _write(folder: Path, name: str = "buyers.yml", **values: object) -> Path:
    file = folder / "file" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    content = {key: value for key, value in {**DOCUMENT, **values}.items() if value is not None}
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    return file


def test_a_document_has_the_guards_of_the_design_by_default(tmp_path: Path) -> None:
    _write(tmp_path)
    (sync,) = load_syncs([tmp_path, tmp_path / "absent"])
    assert (sync.guards.max_remove_pct, sync.guards.min_source_rows) == (20, 1)
    assert (sync.on_reject.split_batch, sync.on_reject.max_attempts) == (True, 5)
    assert sync.refresh_after_days is None


@pytest.mark.parametrize(
    ("values", "key", "reason"),
    [
        ({"mode": "upsrt"}, "mode", "'mirror', 'upsert' or 'insert'"),
        ({"purpose": None}, "purpose", "Field required"),
        ({"gaurds": {}}, "gaurds", "Extra inputs are not permitted"),
        ({"guards": {"max_remove_pct": 120}}, "guards.max_remove_pct", "less than or equal to 100"),
        ({"model": "fct_orders"}, "model", "should match pattern"),
        ({"key": "email"}, "key", "should match pattern"),
        ({"destination": "fax"}, "destination", "no destination 'fax'; there are: file"),
        ({"fields": {"EMAIL": "email"}}, "document", "no field carries the key column 'person_id'"),
        ({"fields": {"operation": "person_id"}}, "document", "operation is written by the engine"),
    ],
)
def test_a_mistake_names_file_key_and_reason(
    tmp_path: Path, values: dict[str, object], key: str, reason: str
) -> None:
    file = _write(tmp_path, **values)
    with pytest.raises(SyncDefinitionError) as error:
        load_syncs([tmp_path])
    assert f"{file}: {key}: " in str(error.value)
    assert reason in str(error.value)


def test_a_key_that_names_a_person_is_refused(tmp_path: Path) -> None:
    """Record keys are kept in ledgers that BI may read; an address must not get there."""
    _write(tmp_path, key="phone")
    with pytest.raises(SyncDefinitionError, match="key"):
        load_syncs([tmp_path])


def test_all_mistakes_of_all_documents_are_told_at_once(tmp_path: Path) -> None:
    _write(tmp_path, "a.yml", mode="x")
    _write(tmp_path, "b.yml", purpose=None)
    (tmp_path / "file" / "c.yml").write_text("sync: [", encoding="utf-8")
    with pytest.raises(SyncDefinitionError) as error:
        load_syncs([tmp_path])
    assert all(f"{name}.yml" in str(error.value) for name in "abc")


def test_two_documents_of_one_name_are_refused(tmp_path: Path) -> None:
    _write(tmp_path, "a.yml")
    _write(tmp_path, "b.yml")
    with pytest.raises(SyncDefinitionError, match="'buyers' is already defined in"):
        load_syncs([tmp_path])


def test_a_mapping_test_that_fails_is_a_mistake(tmp_path: Path) -> None:
    given = {"person_id": "p1", "identifier_key": "k1", "email": "a@example.com"}
    fields = {"EXTERN_ID": "person_id", "EMAIL": "email"}
    expect = {"EXTERN_ID": "p1", "EMAIL": "a@example.com"}
    _write(tmp_path, fields=fields, tests=[{"given": given, "expect": expect}])
    assert len(load_syncs([tmp_path])) == 1
    _write(tmp_path, fields=fields, tests=[{"given": given, "expect": {**expect, "EMAIL": "b"}}])
    with pytest.raises(SyncDefinitionError, match=r"tests: buyers: test 1: expected"):
        load_syncs([tmp_path])


def test_the_json_schema_is_current_and_the_shipped_documents_obey_it() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text(), (
        "run python -m orchestration.activation --write-schema"
    )
    validator = Draft202012Validator(json.loads(schema_text()))
    folders = sync_folders(Paths("demo"))
    files = [file for folder in folders for file in folder.rglob("*.yml")]
    assert len(files) >= 3
    for file in files:
        validator.validate(yaml.safe_load(file.read_text(encoding="utf-8")))


def test_of_the_shipped_syncs_those_that_run_daily_deliver_to_files_only() -> None:
    """`make run` needs no server and mails nobody."""
    syncs = syncs_of(Paths("demo"))
    assert [sync.sync for sync in syncs if sync.daily] == [
        "cart_abandoners_file", "high_value_lapsing_file", "likely_buyers_file",
    ]  # fmt: skip
    assert {sync.destination for sync in syncs if sync.daily} == {"file"}
    assert "high_value_lapsing_mail" in {sync.sync for sync in syncs}
    assert all(sync.tests for sync in syncs)
