"""Sending a batch: retries, splitting, lost answers, and what messages may say."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from orchestration.activation.connectors.base import (
    BatchRefused,
    DestinationDown,
    NotDelivered,
    OutcomeUnknown,
    Record,
    RowResult,
)
from orchestration.activation.send import Sender, clean
from tests.syncs import ScriptedDestination


def _batch(count: int) -> list[Record]:
    return [
        Record("add", f"p{number}", f"i{number}", {"email": f"person{number}@example.com"})
        for number in range(count)
    ]


def _sender(destination: ScriptedDestination, waits: list[float] | None = None) -> Sender:
    def wait(seconds: float) -> None:
        if waits is not None:
            waits.append(seconds)

    return Sender(destination, destination.describe(), split_batch=True, sleep=wait)


def _outcomes(results: Sequence[RowResult | None]) -> list[str | None]:
    return [None if result is None else result.outcome for result in results]


def test_what_did_not_arrive_is_sent_again_after_the_time_it_asks_for() -> None:
    failures = [NotDelivered("429", retry_after_s=7.0), NotDelivered("429")]

    def throttle(batch: Sequence[Record]) -> None:
        if failures:
            raise failures.pop(0)

    waits: list[float] = []
    destination = ScriptedDestination(before=throttle)
    assert _outcomes(_sender(destination, waits).send(_batch(2))) == ["succeeded"] * 2
    assert waits == [7.0, 2.0]
    assert set(destination.arrived.values()) == {1}


def test_what_never_arrives_is_rejected_and_may_be_tried_later() -> None:
    def refuse(batch: Sequence[Record]) -> None:
        raise NotDelivered("connection refused")

    destination = ScriptedDestination(before=refuse)
    results = _sender(destination).send(_batch(2))
    assert [(row.outcome, row.error_class, row.is_terminal) for row in results if row] == [
        ("rejected", "not_delivered", False)
    ] * 2
    assert len(destination.batches) == 4


def test_one_bad_record_of_a_thousand_is_found_and_the_others_arrive_once() -> None:
    def refuse(batch: Sequence[Record]) -> None:
        if any(record.record_key == "p617" for record in batch):
            raise BatchRefused("400", error_class="invalid_address")

    destination = ScriptedDestination(before=refuse).with_description(batch_size=1000)
    results = _sender(destination).send(_batch(1000))
    assert [number for number, row in enumerate(results) if row and row.outcome == "rejected"] == [
        617
    ]
    assert destination.arrived.total() == 999
    assert set(destination.arrived.values()) == {1}
    assert len(destination.batches) <= 21  # two per halving


def test_without_splitting_the_whole_batch_is_rejected() -> None:
    def refuse(batch: Sequence[Record]) -> None:
        raise BatchRefused("400")

    destination = ScriptedDestination(before=refuse)
    sender = Sender(destination, destination.describe(), split_batch=False)
    assert _outcomes(sender.send(_batch(3))) == ["rejected"] * 3
    assert len(destination.batches) == 1


def test_an_answer_lost_after_delivery_is_read_back_and_not_sent_again() -> None:
    def lose(batch: Sequence[Record]) -> None:
        raise TimeoutError("person0@example.com took too long")

    destination = ScriptedDestination(after=lose)
    assert _outcomes(_sender(destination).send(_batch(2))) == ["succeeded"] * 2
    assert len(destination.batches) == 1


@pytest.mark.parametrize(
    ("read_back", "outcome"),
    [("complete", "rejected"), ("partial", "unknown"), ("none", "unknown")],
)
def test_an_answer_lost_before_delivery_is_what_the_destination_can_tell(
    read_back: str, outcome: str
) -> None:
    def lose(batch: Sequence[Record]) -> None:
        raise TimeoutError

    destination = ScriptedDestination(before=lose).with_description(read_back=read_back)
    assert _outcomes(_sender(destination).send(_batch(2))) == [outcome] * 2
    assert len(destination.batches) == 1


def test_a_batch_that_may_be_repeated_is_tried_again_before_it_ends_as_unknown() -> None:
    faults = [OutcomeUnknown("500", error_class="http_500", is_repeatable=True)]

    def fail(batch: Sequence[Record]) -> None:
        if faults:
            raise faults.pop(0)

    destination = ScriptedDestination(before=fail).with_description(read_back="none")
    assert _outcomes(_sender(destination).send(_batch(2))) == ["succeeded"] * 2
    faults.extend([OutcomeUnknown("500", error_class="http_500", is_repeatable=True)] * 4)
    results = _sender(destination).send(_batch(2))
    assert [(row.outcome, row.error_class) for row in results if row] == [
        ("unknown", "http_500")
    ] * 2
    assert (len(destination.batches), faults) == (6, [])


def test_a_batch_that_may_not_be_repeated_is_sent_once() -> None:
    def fail(batch: Sequence[Record]) -> None:
        raise OutcomeUnknown("500", error_class="http_500")

    destination = ScriptedDestination(before=fail).with_description(read_back="none")
    assert _outcomes(_sender(destination).send(_batch(2))) == ["unknown"] * 2
    assert len(destination.batches) == 1


@pytest.mark.parametrize("later", [NotDelivered("429"), DestinationDown("401")])
def test_a_doubt_is_not_settled_by_a_later_try_that_did_not_arrive(later: Exception) -> None:
    """500 after the batch was stored, then 429: `rejected` would deny what has arrived."""
    faults = [OutcomeUnknown("500", is_repeatable=True), later, later, later]

    def fail(batch: Sequence[Record]) -> None:
        raise faults.pop(0)

    destination = ScriptedDestination(before=fail).with_description(read_back="none")
    assert _outcomes(_sender(destination).send(_batch(2))) == ["unknown"] * 2


def test_a_destination_that_asks_for_more_time_than_a_run_has_is_left_alone() -> None:
    """A Retry-After of a day would hold the warehouse for a day."""

    def throttle(batch: Sequence[Record]) -> None:
        raise NotDelivered("429", retry_after_s=86_400.0)

    waits: list[float] = []
    sender = _sender(ScriptedDestination(before=throttle), waits)
    assert _outcomes(sender.send(_batch(2))) == [None, None]
    assert waits == []
    assert sender.down == "the destination asks to come back in 86400 s; run the sync later"


@pytest.mark.parametrize("read_back", ["complete", "none"])
def test_an_answer_that_is_too_short_is_no_success(read_back: str) -> None:
    """200 with fewer results than records: who is missing cannot be known from it."""
    destination = ScriptedDestination(shorten=3).with_description(read_back=read_back)
    outcome = "succeeded" if read_back == "complete" else "unknown"
    assert _outcomes(_sender(destination).send(_batch(3))) == [outcome] * 3


def test_a_destination_that_is_down_gets_no_further_batch() -> None:
    def expire(batch: Sequence[Record]) -> None:
        raise DestinationDown("401 token expired for owner@example.com")

    destination = ScriptedDestination(before=expire)
    sender = _sender(destination)
    assert _outcomes(sender.send(_batch(2))) == [None, None]
    assert _outcomes(sender.send(_batch(2))) == [None, None]
    assert len(destination.batches) == 1
    assert sender.down == "DestinationDown: 401 token expired for ***"


def test_what_was_split_off_before_the_destination_went_down_keeps_its_answer() -> None:
    def script(batch: Sequence[Record]) -> None:
        if len(batch) == 4:
            raise BatchRefused("400")
        if batch[0].record_key == "p2":
            raise DestinationDown("401")

    destination = ScriptedDestination(before=script)
    assert _outcomes(_sender(destination).send(_batch(4))) == ["succeeded", "succeeded", None, None]


def test_the_request_rate_is_kept() -> None:
    clock = [100.0]
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(round(seconds, 3))
        clock[0] += seconds

    destination = ScriptedDestination().with_description(requests_per_second=4.0)
    sender = Sender(
        destination, destination.describe(), split_batch=True, sleep=sleep, clock=lambda: clock[0]
    )
    for _ in range(3):
        sender.send(_batch(1))
    assert waits == [0.25, 0.25]


def test_batches_go_out_side_by_side_and_their_answers_stay_in_order() -> None:
    together = threading.Barrier(3, timeout=60)

    def meet(batch: Sequence[Record]) -> None:
        together.wait()  # breaks unless three batches are under way at once

    destination = ScriptedDestination(before=meet).with_description(batch_size=2, parallel=3)
    results = _sender(destination).send(_batch(6))
    assert [row.external_id for row in results if row] == [f"x-p{number}" for number in range(6)]


def test_a_destination_that_goes_down_ends_all_batches_that_have_not_begun() -> None:
    def expire(batch: Sequence[Record]) -> None:
        if batch[0].record_key != "p0":
            raise DestinationDown("401")

    destination = ScriptedDestination(before=expire).with_description(batch_size=1)
    assert _outcomes(_sender(destination).send(_batch(4))) == ["succeeded", None, None, None]
    assert len(destination.batches) == 2


def test_messages_carry_no_value_of_the_record() -> None:
    destination = ScriptedDestination(
        answer=lambda record: RowResult(
            "rejected",
            error_class="bad address PERSON0@example.com",
            message=f"{record.payload['email'].upper()} bounced, see +41 79 123 45 67",
        )
    )
    (result,) = _sender(destination).send(_batch(1))
    assert result is not None
    assert (result.error_class, result.message) == ("other", "*** bounced, see ***")


def test_clean_takes_out_addresses_and_cuts() -> None:
    assert clean("no <anna@example.com>, no 0041791234567") == "no <***>, no ***"
    assert len(clean("x" * 1000)) == 300
