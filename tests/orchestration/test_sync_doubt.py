"""Which delivery is which: keys of records that come back, and rows whose outcome stays unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from orchestration.activation.connectors.base import OutcomeUnknown, Record, RowResult
from tests.destinations.http_server import Fault
from tests.destinations.till import open_till
from tests.syncs import Brand, ScriptedDestination, definition, make_brand


@dataclass
class Receiver(ScriptedDestination):
    """Drops what has a key that it has seen, as receivers of Standard Webhooks do."""

    seen: list[str] = field(default_factory=list)

    def send(self, batch: Sequence[Record]) -> list[RowResult]:
        new = [record for record in batch if record.idempotency_key not in self.seen]
        self.seen += [record.idempotency_key for record in batch]
        super().send(new)
        return [RowResult("succeeded") for _ in batch]


@pytest.fixture
def brand(tmp_path: Path) -> Brand:
    return make_brand(tmp_path)


def _leave(brand: Brand, person: str) -> None:
    brand.connection.execute("delete from pii.people where person_id = ?", [person])


def _silent(**values: object) -> ScriptedDestination:
    """Takes everything, answers nothing and cannot be asked."""

    def no_answer(batch: Sequence[Record]) -> None:
        raise OutcomeUnknown("time-out", error_class="ReadTimeout")

    return ScriptedDestination(after=no_answer).with_description(read_back="none", **values)


def _answers(destination: ScriptedDestination) -> None:
    destination.after = lambda batch: None


def _operations(destination: ScriptedDestination) -> list[tuple[str, str]]:
    return [
        (record.operation, record.record_key) for batch in destination.batches for record in batch
    ]


def test_who_leaves_and_comes_back_and_leaves_is_removed_the_second_time_too(
    brand: Brand,
) -> None:
    """The key was a hash of the data alone: a receiver dropped the second removal as known."""
    receiver = Receiver()
    person, stays = brand.person(1), brand.person(2)
    for _ in range(2):
        brand.run(open_destination=receiver.open)
        assert set(receiver.members) == {person, stays}
        _leave(brand, person)
        brand.run(open_destination=receiver.open)
        assert set(receiver.members) == {stays}
        brand.person(1, status=None)
    assert len(receiver.seen) == len(set(receiver.seen)) == 5


def test_each_refresh_is_a_delivery_of_its_own(brand: Brand) -> None:
    receiver = Receiver()
    brand.person(1)
    for _ in range(3):
        brand.run(definition(refresh_after_days=180), open_destination=receiver.open)
        brand.clock += timedelta(days=181)
    assert len(receiver.seen) == len(set(receiver.seen)) == 3


def test_a_retry_has_the_key_of_the_first_try(brand: Brand) -> None:
    destination = ScriptedDestination(answer=lambda record: RowResult("rejected"))
    brand.person(1)
    brand.run(open_destination=destination.open)
    destination.answer = lambda record: RowResult("succeeded")
    brand.clock += timedelta(hours=1)
    brand.run(open_destination=destination.open)
    first, second = (batch[0].idempotency_key for batch in destination.batches)
    assert first == second


@pytest.mark.parametrize("mode", ["mirror", "insert"])
def test_a_row_that_stays_unknown_counts_as_delivered_in_the_end(brand: Brand, mode: str) -> None:
    destination = _silent()
    sync = definition(mode=mode)
    brand.person(1)
    assert brand.run(sync, open_destination=destination.open).total.unknown == 1
    _answers(destination)
    brand.clock += timedelta(days=13)
    assert brand.run(sync, open_destination=destination.open).in_doubt == 1
    brand.clock += timedelta(days=2)
    report = brand.run(sync, open_destination=destination.open)
    assert (report.in_doubt, report.total.planned, report.held_rows) == (0, 0, 1)
    assert _operations(destination) == [("add", "p0001")]
    assert brand.rows(
        "select outcome, reason from ops.activation_delivery_ledger order by sequence"
    ) == [("unknown", "ReadTimeout"), ("unknown", "never_confirmed")]
    before = brand.rows("select count(*) from ops.activation_sync_rows")
    assert brand.run(sync, open_destination=destination.open).total.planned == 0
    assert brand.rows("select count(*) from ops.activation_sync_rows") == before  # asked no more
    _leave(brand, "p0001")
    brand.person(2)
    brand.run(sync, open_destination=destination.open)
    left = [("remove", "p0001")] if mode == "mirror" else []
    assert _operations(destination) == [("add", "p0001"), *left, ("add", "p0002")]


def test_a_removal_that_stays_unknown_is_sent_again_in_the_end(brand: Brand) -> None:
    """Twice removed is once removed; not removed would be for ever."""
    destination = _silent()
    _answers(destination)
    gone, stays = brand.person(1), brand.person(2)
    brand.run(open_destination=destination.open)
    _leave(brand, gone)
    destination.after = _silent().after
    brand.run(open_destination=destination.open)
    _answers(destination)
    brand.clock += timedelta(days=1)
    assert brand.run(open_destination=destination.open).in_doubt == 1
    brand.clock += timedelta(days=14)
    assert brand.run(open_destination=destination.open).total.succeeded == 1
    assert _operations(destination)[2:] == [("remove", gone), ("remove", gone)]
    assert brand.rows(
        "select record_key from ops.activation_sync_state group by record_key "
        "having not max_by(is_removed, sequence)"
    ) == [(stays,)]


def test_a_doubt_that_a_later_delivery_overtook_is_closed_without_a_word_on_the_state(
    brand: Brand,
) -> None:
    destination = _silent()
    brand.person(1)
    brand.run(open_destination=destination.open)
    _answers(destination)
    brand.connection.execute("update pii.people set first_name = 'Eva'")
    assert brand.run(open_destination=destination.open).total.succeeded == 1
    state = brand.rows("select row_hash, sequence from ops.activation_sync_state")
    brand.clock += timedelta(days=15)
    assert brand.run(open_destination=destination.open).total.planned == 0
    assert brand.rows("select row_hash, sequence from ops.activation_sync_state") == state
    assert brand.rows(
        "select count(*) from ops.activation_delivery_ledger where reason = 'overtaken'"
    ) == [(1,)]


def test_a_message_in_doubt_is_not_sent_with_other_data(brand: Brand) -> None:
    """What is only ever added may have arrived: another spelling of a name is no reason."""
    destination = _silent()
    brand.person(1)
    sync = definition(mode="insert")
    brand.run(sync, open_destination=destination.open)
    _answers(destination)
    brand.connection.execute("update pii.people set first_name = 'Eva'")
    assert brand.run(sync, open_destination=destination.open).in_doubt == 1
    assert destination.arrived.total() == 1


@pytest.mark.parametrize("mode", ["mirror", "upsert", "insert"])
def test_who_is_erased_while_in_doubt_is_removed_at_once(brand: Brand, mode: str) -> None:
    """The destination may have the person: nobody waits for two weeks to find out."""
    destination = _silent()
    person = brand.person(1)
    sync = definition(mode=mode)
    brand.run(sync, open_destination=destination.open)
    assert set(destination.members) == {person}
    _answers(destination)
    brand.connection.execute(
        "insert into ops.erasures (erasure_id, identifier_key, identifier_type, scope, person_id) "
        "values ('e1', 'k0001', 'email', 'person', ?)",
        [person],
    )
    _leave(brand, person)
    assert brand.run(sync, open_destination=destination.open).total.succeeded == 1
    assert destination.members == {}


@pytest.mark.parametrize("is_idempotent", [True, False])
def test_who_leaves_while_in_doubt_is_removed_by_the_next_run(
    brand: Brand, is_idempotent: bool
) -> None:
    """It waited until the doubt was closed, two weeks, and the destination had the person."""
    destination = _silent(is_idempotent=is_idempotent)
    gone, stays = brand.person(1), brand.person(2)
    assert brand.run(open_destination=destination.open).total.unknown == 2
    _answers(destination)
    destination.batches.clear()
    _leave(brand, gone)
    report = brand.run(open_destination=destination.open)
    assert report.operations["remove"].succeeded == 1
    assert set(destination.members) == {stays}
    (remove,) = (r for batch in destination.batches for r in batch if r.operation == "remove")
    assert (remove.record_key, remove.payload) == (gone, {"person_id": gone})
    for days in (1, 20):  # not again, nor when the doubt is closed
        brand.clock += timedelta(days=days)
        assert brand.run(open_destination=destination.open).total.planned == 0
    brand.person(1, status=None)
    assert brand.run(open_destination=destination.open).operations["add"].succeeded == 1
    assert set(destination.members) == {stays, gone}


def test_a_removal_after_a_doubt_that_is_in_doubt_itself_is_one_delivery(brand: Brand) -> None:
    """Where a key twice is not once, it is held; where it is, it goes again under its key."""
    keys: dict[bool, list[str]] = {}
    for is_idempotent in (True, False):
        sync = definition(sync=f"people_{int(is_idempotent)}")
        destination = _silent(is_idempotent=is_idempotent)
        gone, _ = brand.person(1), brand.person(2)
        brand.run(sync, open_destination=destination.open)
        _leave(brand, gone)
        destination.batches.clear()
        for _ in range(2):
            brand.run(sync, open_destination=destination.open)
        keys[is_idempotent] = [
            record.idempotency_key
            for batch in destination.batches
            for record in batch
            if record.operation == "remove"
        ]
        brand.connection.execute("delete from pii.people")
    assert len(set(keys[True])) == 1 < len(keys[True])
    assert len(keys[False]) == 1


@pytest.mark.parametrize("mode", ["mirror", "upsert"])
def test_who_leaves_after_a_kill_in_mid_send_is_removed(brand: Brand, mode: str) -> None:
    """Rows of a killed run go again under their keys; of who had left since, nobody thought."""

    def die(batch: Sequence[Record]) -> None:
        raise KeyboardInterrupt

    destination = ScriptedDestination(after=die)
    destination.with_description(is_idempotent=True, read_back="none")
    gone, stays = brand.person(1), brand.person(2)
    with pytest.raises(KeyboardInterrupt):
        brand.run(definition(mode=mode), open_destination=destination.open)
    assert set(destination.members) == {gone, stays}
    _answers(destination)
    _leave(brand, gone)
    brand.run(definition(mode=mode), open_destination=destination.open)
    assert set(destination.members) == ({stays} if mode == "mirror" else {gone, stays})
    assert brand.run(definition(mode=mode), open_destination=destination.open).total.planned == 0


def test_at_a_till_that_answered_too_late_who_left_is_gone_with_the_next_run(
    tmp_path: Path,
) -> None:
    """A webhook removes by the record's key, so nothing of the person is needed for it."""
    with open_till(tmp_path, persons=3) as till:
        assert till.run(*[Fault(status=500, commits=True)] * 4).total.unknown == 3
        assert set(till.receiver.members) == {"p0000", "p0001", "p0002"}
        _leave(till.brand, "p0001")
        report = till.run()
        assert report.operations["remove"].succeeded == 1
        assert set(till.receiver.members) == {"p0000", "p0002"}
        assert till.run().total.planned == 0


@pytest.mark.parametrize("happened", ["rejected", "killed", "answer lost"])
def test_an_opt_out_before_a_second_try_is_honoured(brand: Brand, happened: str) -> None:
    """A second send path without the check mailed people who had unsubscribed, for days."""

    def harm(batch: Sequence[Record]) -> None:
        raise KeyboardInterrupt if happened == "killed" else OutcomeUnknown("time-out")

    destination = ScriptedDestination().with_description(is_idempotent=True, read_back="none")
    if happened == "rejected":
        destination.answer = lambda record: RowResult("rejected")
    else:
        destination.before = harm
    gone, stays = brand.person(1), brand.person(2)
    try:
        brand.run(open_destination=destination.open)
    except KeyboardInterrupt:
        assert happened == "killed"
    assert destination.members == {}
    destination.answer, destination.before = ScriptedDestination().answer, lambda batch: None
    brand.consent("k0001", gone, status="withdrawn", day=30)
    brand.clock += timedelta(hours=1)
    report = brand.run(open_destination=destination.open)
    assert report.blocked_reasons == {"consent_withdrawn": 1}
    assert set(destination.members) == {stays}
