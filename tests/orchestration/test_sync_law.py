"""Properties of sending: every planned row has one outcome, and nothing is sent twice.

Random people, batch sizes, answers and faults over several runs; then a healthy run. The scripted
destination is the oracle: it counts what really arrived.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.activation.connectors.base import (
    BatchRefused,
    DestinationDown,
    NotDelivered,
    Record,
    RowResult,
)
from orchestration.activation.report import LawBroken, OperationCounts
from tests.syncs import Brand, ScriptedDestination, definition, make_brand

FAULTS = (None, None, NotDelivered("429"), BatchRefused("400"), DestinationDown("401"), OSError())
ANSWERS = ("succeeded", "succeeded", "succeeded", "rejected", "unknown")


def _misbehave(audience: ScriptedDestination, chance: random.Random) -> None:
    """Any fault, before or after delivery, and any answer per record."""

    def fail(batch: Sequence[Record]) -> None:
        fault = chance.choice(FAULTS)
        if fault is not None:
            raise fault

    def lose(batch: Sequence[Record]) -> None:
        if chance.random() < 0.2:
            raise TimeoutError

    audience.before, audience.after = fail, lose
    audience.answer = lambda record: RowResult(chance.choice(ANSWERS))  # type: ignore[arg-type]
    audience.shorten = chance.choice((0, 0, 0, 1))


def _behave(audience: ScriptedDestination) -> None:
    audience.before = audience.after = lambda batch: None
    audience.answer = lambda record: RowResult("succeeded")
    audience.shorten = 0


def _live(brand: Brand, chance: random.Random, step: int) -> None:
    """Some people change, some leave for good, some opt out, some are new."""
    people = [row[0] for row in brand.rows("select person_id from pii.people order by 1")]
    for person in people:
        event = chance.random()
        if event < 0.2:
            brand.connection.execute(
                "update pii.people set first_name = ? where person_id = ?", [f"name {step}", person]
            )
        elif event < 0.3 and len(people) > 2:
            brand.connection.execute("delete from pii.people where person_id = ?", [person])
        elif event < 0.4:
            brand.consent(f"k{person[1:]}", person, status="withdrawn", day=10 + step)
    for number in range(chance.randrange(3)):
        brand.person(100 * step + number)


def _assert_the_tables_say_what_arrived(brand: Brand, audience: ScriptedDestination) -> None:
    """Latest ledger entry per key against the destination; unknown may be either."""
    ledger = dict(
        brand.rows(
            "select idempotency_key, max_by(outcome, sequence) "
            "from ops.activation_delivery_ledger where outcome <> 'blocked' group by 1"
        )
    )
    for key, outcome in ledger.items():
        if outcome != "unknown":
            assert (audience.arrived[key] == 1) == (outcome == "succeeded"), (key, outcome)
    assert set(audience.arrived) <= set(ledger)


@given(
    seed=st.integers(0, 2**32 - 1),
    people=st.integers(1, 12),
    batch_size=st.integers(1, 5),
    read_back=st.sampled_from(["complete", "none"]),
    takes_mixture=st.booleans(),
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_row_is_accounted_for_and_nothing_arrives_twice(
    seed: int, people: int, batch_size: int, read_back: str, takes_mixture: bool
) -> None:
    chance = random.Random(seed)
    sync = definition(on_reject={"max_attempts": 99})
    with tempfile.TemporaryDirectory() as folder:
        brand = make_brand(Path(folder))
        for number in range(people):
            brand.person(number)
        audience = ScriptedDestination().with_description(
            batch_size=batch_size, read_back=read_back, takes_mixture=takes_mixture
        )
        for step in (1, 2):
            _misbehave(audience, chance)
            brand.run(sync, open_destination=audience.open).assert_law()
            _assert_the_tables_say_what_arrived(brand, audience)
            _live(brand, chance, step)
            brand.clock += timedelta(days=2)
        _behave(audience)
        brand.run(sync, open_destination=audience.open).assert_law()
        assert set(audience.arrived.values()) <= {1}
        _assert_the_tables_say_what_arrived(brand, audience)
        broken = brand.rows(
            "select * from ops.activation_sync_runs where status <> 'running' "
            "and planned <> succeeded + rejected + blocked + unknown + aborted"
        )
        assert broken == []
        if read_back == "complete":
            in_source = brand.rows("select person_id from pii.people order by 1")
            refused = brand.rows(
                "select person_id from core.consent_by_identifier where status <> 'granted'"
            )
            wanted = {person for (person,) in in_source if (person,) not in refused}
            held = {
                person: values["first_name"]
                for person, values in audience.members.items()
                if (person,) not in refused
            }
            assert held == dict(
                brand.rows(
                    "select person_id, first_name from pii.people where person_id in "
                    f"({', '.join(repr(person) for person in sorted(wanted)) or 'null'})"
                )
            )


def test_a_lost_row_is_noticed() -> None:
    with pytest.raises(LawBroken):
        OperationCounts(planned=3, attempted=2, succeeded=2).assert_law("people add")
    with pytest.raises(LawBroken):
        OperationCounts(planned=2, attempted=1, succeeded=2).assert_law("people add")
    OperationCounts(planned=3, attempted=2, succeeded=2, blocked=1).assert_law("people add")
