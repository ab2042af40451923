"""The mapping of columns to fields, its version, and the row hash over it."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.activation.mapping import FieldMapping, MappingError
from orchestration.activation.source import row_hash_sql

COLUMNS = ("person_id", "identifier_key", "email", "city")


def test_by_default_every_column_but_the_address_key_is_sent() -> None:
    mapping = FieldMapping.of("person_id", None, COLUMNS)
    row = {"person_id": "p1", "identifier_key": "k1", "email": "a@example.com", "city": None}
    assert mapping.apply(row) == {"person_id": "p1", "email": "a@example.com", "city": None}


def test_a_column_that_the_model_lacks_is_named() -> None:
    with pytest.raises(MappingError, match="the model lacks phone; it has person_id, "):
        FieldMapping.of("person_id", {"id": "person_id", "tel": "phone"}, COLUMNS)


def test_a_column_that_the_engine_writes_is_refused() -> None:
    with pytest.raises(MappingError, match="operation is written by the engine"):
        FieldMapping.of("person_id", None, (*COLUMNS, "operation"))


def test_the_version_changes_with_the_mapping_and_not_with_its_order() -> None:
    one = FieldMapping.of("person_id", {"id": "person_id", "a": "email", "b": "city"}, COLUMNS)
    same = FieldMapping.of("person_id", {"b": "city", "a": "email", "id": "person_id"}, COLUMNS)
    swapped = FieldMapping.of("person_id", {"id": "person_id", "b": "email", "a": "city"}, COLUMNS)
    fewer = FieldMapping.of("person_id", {"id": "person_id", "a": "email"}, COLUMNS)
    assert one.version == same.version
    assert len({one.version, swapped.version, fewer.version}) == 3


def _hash(email: str | None, city: str | None, *, key: str = "k") -> str:
    mapping = FieldMapping.of("person_id", None, COLUMNS)
    row = duckdb.execute(
        f"select {row_hash_sql(mapping)} from "
        "(select 'p1' as person_id, $email as email, $city as city) as model",
        {"hash_key": key, "email": email, "city": city},
    ).fetchall()[0]
    return row[0]


def test_neighbouring_values_and_nulls_do_not_run_together() -> None:
    hashes = {_hash("ab", "c"), _hash("a", "bc"), _hash("abc", None), _hash(None, "abc"),
              _hash("abc", "")}  # fmt: skip
    assert len(hashes) == 5


def test_the_row_hash_is_keyed() -> None:
    """A plain hash of a payload could be guessed by whoever knows the address."""
    assert _hash("a@example.com", "Bern") != _hash("a@example.com", "Bern", key="other")
