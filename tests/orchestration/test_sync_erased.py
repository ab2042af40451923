"""Who was erased leaves every destination that received the person, whatever the sync's mode."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.syncs import Brand, ScriptedDestination, definition, make_brand


@pytest.fixture
def brand(tmp_path: Path) -> Brand:
    return make_brand(tmp_path)


def _erase(brand: Brand, person: str, key: str) -> None:
    brand.connection.execute(
        "insert into ops.erasures (erasure_id, identifier_key, identifier_type, scope, person_id) "
        "values ('e1', ?, 'email', 'person', ?)",
        [key, person],
    )


def _forget(brand: Brand, person: str) -> None:
    brand.connection.execute("delete from pii.people where person_id = ?", [person])


@pytest.mark.parametrize("mode", ["mirror", "upsert", "insert"])
def test_the_next_run_removes_who_was_erased_and_nobody_else(brand: Brand, mode: str) -> None:
    destination = ScriptedDestination()
    gone, left, stays = (brand.person(number) for number in (1, 2, 3))
    sync = definition(mode=mode)
    brand.run(sync, open_destination=destination.open)
    assert set(destination.members) == {gone, left, stays}
    _erase(brand, gone, "k0001")
    _forget(brand, gone)
    _forget(brand, left)  # out of the segment: only a mirror removes it
    report = brand.run(sync, open_destination=destination.open)
    assert report.status == "succeeded"
    assert set(destination.members) == ({stays} if mode == "mirror" else {left, stays})
    assert brand.rows(
        "select outcome from ops.activation_delivery_ledger where operation = 'remove' "
        f"and person_id = '{gone}'"
    ) == [("succeeded",)]
    again = brand.run(sync, open_destination=destination.open)
    assert again.operations.get("remove") is None or again.operations["remove"].planned == 0


def test_guards_do_not_hold_an_erasure_back(brand: Brand) -> None:
    destination = ScriptedDestination()
    gone = brand.person(1)
    sync = definition(guards={"max_remove_pct": 1, "min_source_rows": 1})
    brand.run(sync, open_destination=destination.open)
    _erase(brand, gone, "k0001")
    _forget(brand, gone)  # the model is empty now, and all that is held would go
    assert brand.run(sync, open_destination=destination.open).status == "succeeded"
    assert destination.members == {}


def test_guards_still_hold_everybody_else_back(brand: Brand) -> None:
    destination = ScriptedDestination()
    gone, left = brand.person(1), brand.person(2)
    sync = definition(guards={"max_remove_pct": 1, "min_source_rows": 1})
    brand.run(sync, open_destination=destination.open)
    _erase(brand, gone, "k0001")
    _forget(brand, gone)
    _forget(brand, left)
    assert brand.run(sync, open_destination=destination.open).status == "stopped"
    assert set(destination.members) == {gone, left}


def test_an_erased_person_is_not_added_although_the_model_still_has_it(brand: Brand) -> None:
    destination = ScriptedDestination()
    person = brand.person(1)
    _erase(brand, person, "k0001")
    report = brand.run(definition(), open_destination=destination.open)
    assert report.blocked_reasons == {"erased": 1}
    assert destination.members == {}
