"""One run of a sync on a hand-made warehouse: what is planned, sent, refused and remembered."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest

from orchestration.activation import delivery
from orchestration.activation.connectors.base import (
    BatchRefused,
    DestinationDown,
    Record,
    RowResult,
)
from orchestration.activation.opening import SyncError
from orchestration.activation.source import PlanError
from tests.syncs import Brand, ScriptedDestination, definition, make_brand


@pytest.fixture
def brand(tmp_path: Path) -> Brand:
    """Five people with consent, p0000 to p0004."""
    brand = make_brand(tmp_path)
    for number in range(5):
        brand.person(number)
    return brand


def _planned(report: object) -> dict[str, int]:
    operations = report.operations  # type: ignore[attr-defined]
    return {name: counts.planned for name, counts in operations.items() if counts.planned}


def _rename(brand: Brand, person: str, name: str) -> None:
    brand.connection.execute(
        "update pii.people set first_name = ? where person_id = ?", [name, person]
    )


def _leave(brand: Brand, *persons: str) -> None:
    for person in persons:
        brand.connection.execute("delete from pii.people where person_id = ?", [person])


def test_a_mirror_adds_changes_and_removes_and_then_rests(brand: Brand) -> None:
    audience = ScriptedDestination()
    first = brand.run(open_destination=audience.open)
    assert (_planned(first), first.total.succeeded, first.status) == ({"add": 5}, 5, "succeeded")
    _rename(brand, "p0001", "Bea")
    _leave(brand, "p0002")
    brand.person(5)
    second = brand.run(open_destination=audience.open)
    assert _planned(second) == {"add": 1, "change": 1, "remove": 1}
    assert sorted(audience.members) == ["p0000", "p0001", "p0003", "p0004", "p0005"]
    assert audience.members["p0001"]["first_name"] == "Bea"
    assert _planned(brand.run(open_destination=audience.open)) == {}


def test_what_the_destination_called_a_record_comes_back_with_its_change(brand: Brand) -> None:
    audience = ScriptedDestination()
    brand.run(open_destination=audience.open)
    _leave(brand, "p0002")
    brand.run(open_destination=audience.open)
    (removal,) = audience.batches[-1]
    assert (removal.operation, removal.external_id) == ("remove", "x-p0002")
    assert removal.payload == {"person_id": "p0002"}


def test_every_intention_has_a_key_of_its_own_and_its_retries_the_same(brand: Brand) -> None:
    """Who came back with the same data had the key of the first time: a destination that ignores
    keys it has seen never took the second delivery, and it was written down as succeeded."""
    sync = definition(refresh_after_days=30)
    audience = ScriptedDestination()
    brand.run(sync, open_destination=audience.open)
    for name in ("Bea", "Anna", "Bea", "Anna"):
        _rename(brand, "p0001", name)
        brand.run(sync, open_destination=audience.open)
    for _ in range(2):
        _leave(brand, "p0002")
        brand.run(sync, open_destination=audience.open)
        brand.person(2, status=None)
        brand.run(sync, open_destination=audience.open)
    for _ in range(2):
        brand.clock += timedelta(days=31)
        brand.run(sync, open_destination=audience.open)
    assert (len(audience.arrived), audience.arrived.total()) == (5 + 4 + 4 + 10, 23)
    audience.answer = lambda record: RowResult("unknown")
    audience.with_description(read_back="none", is_idempotent=True)
    _rename(brand, "p0003", "Cleo")
    brand.run(sync, open_destination=audience.open)
    brand.run(sync, open_destination=audience.open)
    first, second = (batch[0].idempotency_key for batch in audience.batches[-2:])
    assert first == second


def test_upsert_never_removes_and_insert_never_changes(brand: Brand) -> None:
    for mode, expected in [("upsert", {"change": 1}), ("insert", {})]:
        sync = definition(sync=mode, mode=mode)
        audience = ScriptedDestination()
        brand.run(sync, open_destination=audience.open)
        _rename(brand, "p0001", f"name for {mode}")
        _leave(brand, "p0004")
        assert _planned(brand.run(sync, open_destination=audience.open)) == expected
        brand.person(4)


def test_another_mapping_makes_every_record_a_change(brand: Brand) -> None:
    audience = ScriptedDestination()
    brand.run(definition(fields={"ID": "person_id", "A": "email", "B": "city"}),
              open_destination=audience.open)  # fmt: skip
    swapped = definition(fields={"ID": "person_id", "B": "email", "A": "city"})
    report = brand.run(swapped, open_destination=audience.open)
    assert _planned(report) == {"change": 5}
    assert audience.members["p0000"]["A"] == "Bern"


def test_records_are_affirmed_again_before_they_expire(brand: Brand) -> None:
    audience = ScriptedDestination()
    sync = definition(refresh_after_days=180)
    brand.run(sync, open_destination=audience.open)
    brand.clock += timedelta(days=179)
    assert _planned(brand.run(sync, open_destination=audience.open)) == {}
    brand.clock += timedelta(days=2)
    assert _planned(brand.run(sync, open_destination=audience.open)) == {"refresh": 5}
    assert _planned(brand.run(sync, open_destination=audience.open)) == {}


def test_a_refused_record_is_tried_again_although_its_data_did_not_change(brand: Brand) -> None:
    """Other tools save the fingerprint before delivery and skip a failed row for ever."""
    audience = ScriptedDestination(
        answer=lambda record: (
            RowResult("rejected", error_class="full")
            if record.record_key == "p0003"
            else RowResult("succeeded")
        )
    )
    first = brand.run(open_destination=audience.open)
    assert (first.status, first.total.succeeded, first.rejected_classes) == (
        "partial", 4, {"full": 1},
    )  # fmt: skip
    waiting = brand.run(open_destination=audience.open)
    assert (_planned(waiting), waiting.waiting) == ({}, 1)
    audience.answer = lambda record: RowResult("succeeded")
    brand.clock += timedelta(minutes=6)
    assert _planned(brand.run(open_destination=audience.open)) == {"add": 1}
    assert "p0003" in audience.members
    latest = brand.rows("select is_resolved from ops.activation_rejects order by sequence")
    assert latest[-1] == (True,)


def test_a_record_is_parked_after_its_last_attempt_until_its_data_changes(brand: Brand) -> None:
    audience = ScriptedDestination(
        answer=lambda record: RowResult(
            "rejected" if record.payload.get("first_name") == "Anna" else "succeeded"
        )
    )
    sync = definition(on_reject={"max_attempts": 3})
    for attempts in (1, 2, 3):
        report = brand.run(sync, open_destination=audience.open)
        assert report.total.rejected == 5, attempts
        brand.clock += timedelta(days=2)
    parked = brand.run(sync, open_destination=audience.open)
    assert (_planned(parked), parked.waiting) == ({}, 5)
    _rename(brand, "p0000", "Bea")
    assert brand.run(sync, open_destination=audience.open).total.succeeded == 1


def test_a_record_that_left_waits_no_longer(brand: Brand) -> None:
    audience = ScriptedDestination(answer=lambda record: RowResult("rejected"))
    brand.run(open_destination=audience.open)
    _leave(brand, "p0000", "p0001")
    report = brand.run(open_destination=audience.open)
    assert report.waiting == 3
    rows = brand.rows(
        "select record_key from ops.activation_rejects group by 1 "
        "having not max_by(is_resolved, sequence) order by 1"
    )
    assert rows == [("p0002",), ("p0003",), ("p0004",)]


def test_an_opt_out_between_plan_and_send_is_honoured(brand: Brand) -> None:
    """Consent is read per batch, right before it goes out, not when the plan was made."""

    def opt_out(batch: Sequence[Record]) -> None:
        brand.consent("k0003", "p0003", status="withdrawn", day=30)

    audience = ScriptedDestination(before=opt_out).with_description(batch_size=1)
    report = brand.run(open_destination=audience.open)
    assert (report.total.succeeded, report.blocked_reasons) == (4, {"consent_withdrawn": 1})
    assert "p0003" not in audience.members
    rows = brand.rows(
        "select record_key, reason from ops.activation_delivery_ledger where outcome = 'blocked'"
    )
    assert rows == [("p0003", "consent_withdrawn")]


def test_the_address_that_opted_out_is_not_used(brand: Brand) -> None:
    """Two addresses of one person; the view uses the one that is opted out."""
    brand.consent("k0001", "p0001", status="withdrawn")
    brand.consent("another address", "p0001", status="granted")
    audience = ScriptedDestination()
    assert brand.run(open_destination=audience.open).blocked_reasons == {"consent_withdrawn": 1}
    brand.connection.execute(
        "update pii.people set identifier_key = 'another address', email = 'new@example.com' "
        "where person_id = 'p0001'"
    )
    assert _planned(brand.run(open_destination=audience.open)) == {"add": 1}
    assert audience.members["p0001"]["email"] == "new@example.com"


def test_data_that_changed_since_the_plan_waits_for_the_next_run(
    brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Idempotency key and receipt name the planned data; other data must not go out under them."""

    def change(batch: Sequence[Record]) -> None:
        _rename(brand, "p0003", "Zoe")
        _leave(brand, "p0004")

    monkeypatch.setattr(delivery, "WINDOW", 1)
    audience = ScriptedDestination(before=change).with_description(batch_size=1)
    first = brand.run(open_destination=audience.open)
    assert (first.total.succeeded, first.blocked_reasons) == (3, {"source_changed": 2})
    assert _planned(brand.run(open_destination=audience.open)) == {"add": 1}
    assert audience.members["p0003"]["first_name"] == "Zoe"


def test_an_empty_source_removes_nobody(brand: Brand) -> None:
    audience = ScriptedDestination()
    brand.run(open_destination=audience.open)
    brand.connection.execute("delete from pii.people")
    report = brand.run(open_destination=audience.open)
    assert (report.status, report.is_ok, report.total.aborted) == ("stopped", False, 5)
    assert "nobody was removed of 5 records held" in (report.error or "")
    assert len(audience.members) == 5


def test_a_source_cut_in_half_stops_before_sending(brand: Brand) -> None:
    audience = ScriptedDestination()
    brand.run(open_destination=audience.open)
    sent = len(audience.batches)
    _leave(brand, "p0000", "p0001")
    _rename(brand, "p0002", "Bea")
    report = brand.run(definition(guards={}), open_destination=audience.open)
    assert report.status == "stopped"
    assert "2 of 5 records would be removed (40.0 %)" in (report.error or "")
    assert report.total.aborted == report.total.planned == 3
    assert (len(audience.batches), len(audience.members)) == (sent, 5)
    # and when the source is whole again, nothing was lost
    brand.person(0)
    brand.person(1)
    assert _planned(brand.run(definition(guards={}), open_destination=audience.open)) == {
        "change": 1
    }


def test_a_filled_destination_with_an_empty_state_stops_and_asks(brand: Brand) -> None:
    brand.run()
    for table in ("sync_state", "sync_rows", "sync_runs", "delivery_ledger"):
        brand.connection.execute(f"delete from ops.activation_{table}")
    report = brand.run()
    assert (report.status, report.total.aborted) == ("stopped", 5)
    assert "make restore" in (report.error or "")
    assert brand.run(accept_filled_destination=True).total.succeeded == 5


def test_a_dry_run_counts_and_writes_nothing(brand: Brand, tmp_path: Path) -> None:
    brand.person(5, status="withdrawn")
    before = brand.everything_written()
    report = brand.run(dry_run=True)
    assert (report.status, report.is_dry_run) == ("dry_run", True)
    assert (report.total.planned, report.total.blocked, report.total.succeeded) == (6, 1, 0)
    assert report.line().startswith("people: dry_run; planned 6; blocked 1; would be sent 5")
    assert report.sample[5] == {
        "record_key": "p0005", "operation": "add", "verdict": "blocked: consent_withdrawn",
    }  # fmt: skip
    assert brand.everything_written() == before
    assert list(tmp_path.rglob("*")) == []


def test_outside_prod_only_local_destinations_are_reached(tmp_path: Path) -> None:
    for env, succeeded in [("dev", 0), ("prod", 2)]:
        brand = make_brand(tmp_path, env=env)
        brand.person(0)
        brand.person(1)
        audience = ScriptedDestination().with_description(is_local=False)
        report = brand.run(open_destination=audience.open)
        assert report.total.succeeded == succeeded
        assert len(audience.members) == succeeded
        if env == "dev":
            assert report.blocked_reasons == {"environment": 2}


@pytest.mark.parametrize(("env", "asked"), [("dev", False), ("prod", True)])
def test_outside_prod_another_machine_is_not_even_asked(
    tmp_path: Path, env: str, asked: bool
) -> None:
    """No row was sent, but every run logged in there to see what it holds, rehearsals too; with
    the state of production restored, it asked for rows in doubt as well."""

    class Elsewhere(ScriptedDestination):
        calls: ClassVar[list[str]] = []

        def holds_records(self) -> bool:
            self.calls.append("holds")
            return super().holds_records()

        def read_back(self, idempotency_keys: Sequence[str]) -> list[RowResult | None]:
            self.calls.append("read back")
            return super().read_back(idempotency_keys)

    brand = make_brand(tmp_path, env="prod")
    brand.person(0)

    def die(batch: Sequence[Record]) -> None:
        raise KeyboardInterrupt

    elsewhere = Elsewhere(before=die).with_description(is_local=False)
    with pytest.raises(KeyboardInterrupt):
        brand.run(open_destination=elsewhere.open)
    elsewhere.before = lambda batch: None
    Elsewhere.calls.clear()
    brand.paths = replace(brand.paths, env=env)
    brand.run(open_destination=elsewhere.open, dry_run=True)
    report = brand.run(open_destination=elsewhere.open)
    assert len(report.resumed_runs) == 1
    assert set(Elsewhere.calls) == ({"holds", "read back"} if asked else set())
    assert len(elsewhere.members) == int(asked)


def test_a_lost_answer_is_never_sent_again_blindly(brand: Brand) -> None:
    """A message channel without read-back: five mails may have gone out; nobody mails again."""

    def lose(batch: Sequence[Record]) -> None:
        raise TimeoutError

    audience = ScriptedDestination(after=lose).with_description(read_back="none")
    first = brand.run(open_destination=audience.open)
    assert (first.total.unknown, first.status, first.is_ok) == (5, "partial", False)
    audience.after = lambda batch: None
    second = brand.run(open_destination=audience.open)
    assert (_planned(second), second.in_doubt) == ({}, 5)
    # the destination learns to tell: the old run is corrected, nothing is sent
    audience.with_description(read_back="complete")
    third = brand.run(open_destination=audience.open)
    assert (_planned(third), third.in_doubt) == ({}, 0)
    assert set(audience.arrived.values()) == {1}
    assert brand.rows(
        "select max_by(succeeded, sequence), max_by(unknown, sequence), max_by(status, sequence) "
        f"from ops.activation_sync_runs where run_id = '{first.run_id}' and operation = 'add'"
    ) == [(5, 0, "succeeded")]


def test_a_lost_answer_of_a_destination_that_knows_its_keys_is_sent_again(brand: Brand) -> None:
    def lose(batch: Sequence[Record]) -> None:
        raise TimeoutError

    audience = ScriptedDestination(before=lose)
    audience.with_description(read_back="none", is_idempotent=True)
    assert brand.run(open_destination=audience.open).total.unknown == 5
    audience.before = lambda batch: None
    assert brand.run(open_destination=audience.open).total.succeeded == 5


def test_the_destination_going_down_aborts_the_rest_and_says_so(brand: Brand) -> None:
    def expire(batch: Sequence[Record]) -> None:
        if batch[0].record_key >= "p0002":
            raise DestinationDown("401 token expired")

    audience = ScriptedDestination(before=expire).with_description(batch_size=1)
    report = brand.run(open_destination=audience.open)
    assert (report.status, report.total.succeeded, report.total.aborted) == ("failed", 2, 3)
    assert report.error == "DestinationDown: 401 token expired"
    audience.before = lambda batch: None
    assert brand.run(open_destination=audience.open).total.succeeded == 3


@pytest.mark.parametrize("statement", [
    "insert into pii.people select * from pii.people where person_id = 'p0001'",
    "update pii.people set person_id = null where person_id = 'p0001'",
])  # fmt: skip
def test_double_and_missing_keys_are_refused(brand: Brand, statement: str) -> None:
    brand.connection.execute(statement)
    with pytest.raises(PlanError, match="a payload model has one row per record"):
        brand.run()


def test_a_sync_that_does_not_fit_says_what_to_change(brand: Brand) -> None:
    with pytest.raises(PlanError, match="act_test__nobody: expected one relation"):
        brand.run(definition(model="act_test__nobody"))
    with pytest.raises(SyncError, match="destination file implies no channel; add one"):
        brand.run(definition(channel=None))
    with pytest.raises(SyncError, match="names files"):
        brand.run(run_id="../r1")
    only_adds = ScriptedDestination().with_description(operations=("add",))
    with pytest.raises(SyncError, match="cannot remove; use upsert"):
        brand.run(open_destination=only_adds.open)


def test_no_payload_value_is_written_or_logged(
    brand: Brand, caplog: pytest.LogCaptureFixture
) -> None:
    """A destination that quotes the record in its error must not put it into our ledgers."""

    def quote(batch: Sequence[Record]) -> None:
        if any(record.record_key == "p0003" for record in batch):
            raise BatchRefused(f"invalid: {dict(batch[0].payload)}", error_class="invalid person3")

    brand.connection.execute("update pii.people set first_name = concat('Änne', person_id)")
    audience = ScriptedDestination(before=quote)
    with caplog.at_level(logging.DEBUG):
        report = brand.run(open_destination=audience.open)
    assert (report.total.succeeded, report.rejected_classes) == (4, {"other": 1})
    written = brand.everything_written() + caplog.text + str(report)
    for word in ("example.com", "person3", "Änne", "Bern"):
        assert word not in written
    assert "p0003" in written


def test_what_a_payload_names_goes_into_the_ledger(brand: Brand) -> None:
    brand.connection.execute(
        "create or replace view activation.act_test__people as "
        "select *, 'spring' as campaign_id, 'd1' as decision_id from pii.people"
    )
    brand.run()
    rows = brand.rows(
        "select distinct campaign_id, decision_id, offer_id, channel, destination "
        "from ops.activation_delivery_ledger"
    )
    assert rows == [("spring", "d1", None, "email", "file")]


def test_ten_thousand_rows_go_out_in_batches_and_each_once(tmp_path: Path) -> None:
    brand = make_brand(tmp_path)
    brand.connection.execute(
        "insert into pii.people select concat('p', i), concat('k', i), concat(i, '@example.com'), "
        "'Anna', 'Bern' from range(10001) as numbers (i)"
    )
    brand.connection.execute(
        "insert into core.consent_by_identifier select identifier_key, person_id, 'email', "
        "'marketing', 'granted', timestamp '2026-06-01' from pii.people"
    )
    steps: list[tuple[int, int]] = []
    report = brand.run(run_id="r1", progress=lambda done, total: steps.append((done, total)))
    assert report.total.succeeded == 10_001
    assert steps == [(10_000, 10_001), (10_001, 10_001)]
    folder = tmp_path / "outbox" / "dev" / "test" / "people"
    keys = Counter(
        json.loads(line)["person_id"]
        for file in folder.glob("*.jsonl")
        for line in file.read_text(encoding="utf-8").splitlines()
    )
    assert len(keys) == keys.total() == 10_001


@pytest.mark.parametrize(
    ("level", "reached"),
    [
        ("strict", ["p0000", "p0003", "p0004"]),
        ("default", ["p0000", "p0001", "p0003", "p0004"]),
        ("loose", ["p0000", "p0001", "p0002", "p0003", "p0004"]),
    ],
)
def test_a_sync_reaches_persons_who_are_certain_enough(
    brand: Brand, level: str, reached: list[str]
) -> None:
    """p0001 and p0002 were joined by names and addresses; p0003 is not in the graph at all."""
    brand.connection.execute(
        "insert into identity.persons values "
        "('p0000', 1.0), ('p0001', 0.99), ('p0002', 0.95), ('p0004', 1.0)"
    )
    audience = ScriptedDestination()
    report = brand.run(definition(identity=level), open_destination=audience.open)
    assert sorted(audience.members) == reached
    assert report.uncertain == 5 - len(reached)


def test_who_becomes_uncertain_leaves_a_mirror_and_may_come_back(brand: Brand) -> None:
    brand.connection.execute("insert into identity.persons values ('p0001', 1.0)")
    audience = ScriptedDestination()
    brand.run(definition(identity="strict"), open_destination=audience.open)
    brand.connection.execute("update identity.persons set confidence_score = 0.98")
    report = brand.run(definition(identity="strict"), open_destination=audience.open)
    assert _planned(report) == {"remove": 1}
    assert sorted(audience.members) == ["p0000", "p0002", "p0003", "p0004"]
    assert "1 left out: identity not certain enough" in report.line()
    brand.connection.execute("update identity.persons set confidence_score = 1.0")
    assert _planned(brand.run(definition(identity="strict"), open_destination=audience.open)) == {
        "add": 1
    }


def test_a_level_that_the_seed_lacks_is_refused(brand: Brand) -> None:
    brand.connection.execute("delete from seeds.identity_levels where identity_level = 'loose'")
    with pytest.raises(PlanError, match="no level 'loose'"):
        brand.run(definition(identity="loose"))


def test_the_ledger_says_what_was_rendered(brand: Brand) -> None:
    """A connector that renders knows content and message better than the model; an unknown
    outcome keeps them too, for a mail that may have arrived must be told apart from others."""
    rendered = {"content_id": "winback", "content_version": "2-abc", "variant": "b"}
    answers = {"p0000": "succeeded", "p0001": "unknown", "p0002": "rejected"}
    mail = ScriptedDestination(
        answer=lambda record: RowResult(
            answers.get(record.record_key, "succeeded"),  # type: ignore[arg-type]
            message_id=f"<{record.identifier_key}>",
            **rendered,
        )
    ).with_description(read_back="none")
    brand.run(open_destination=mail.open)
    assert brand.rows(
        "select record_key, outcome, content_id, content_version, variant, message_id "
        "from ops.activation_delivery_ledger order by 1"
    ) == [
        (f"p000{number}", outcome, "winback", "2-abc", "b", f"<k000{number}>")
        for number, outcome in enumerate(
            ("succeeded", "unknown", "rejected", "succeeded", "succeeded")
        )
    ]
