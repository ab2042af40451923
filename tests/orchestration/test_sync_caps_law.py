"""The law of caps: however two runs interleave, nobody gets more than a cap allows.

Two threads run three syncs each; they stop before every batch, and a drawn schedule says who goes
on and how far the clock moves meanwhile. The oracle counts what arrived by local dates.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.activation.connectors.base import Record
from tests.syncs import Brand, ScriptedDestination, definition, make_brand

ZONES = ["Europe/Zurich", "America/New_York", "Asia/Tokyo", None]
TENANT_ZONE = "Europe/Zurich"
# the evening before clocks go back in Zurich
START = datetime(2026, 10, 24, 20, 0)


@dataclass
class Clock:
    """One time for both threads."""

    now: datetime = START

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@dataclass
class Stage:
    """A thread that goes on to its next stop when it is told to."""

    go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    stopped: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    is_done: bool = False
    failure: BaseException | None = None

    def stop(self) -> None:
        self.stopped.release()
        self.go.acquire()

    def step(self) -> None:
        if not self.is_done:
            self.go.release()
            self.stopped.acquire()


@dataclass
class SharedBrand(Brand):
    """A brand whose clock is shared with another one on the same warehouse."""

    shared: Clock = field(default_factory=Clock)

    def now(self) -> datetime:
        return self.shared()


Arrival = tuple[str, datetime]


def _start(
    brand: SharedBrand, name: str, batch_size: int, arrivals: list[Arrival]
) -> tuple[Stage, threading.Thread]:
    stage = Stage()

    def before(batch: Sequence[Record]) -> None:
        stage.stop()
        arrivals.extend((record.record_key, brand.shared.now) for record in batch)

    destination = ScriptedDestination(before=before).with_description(
        batch_size=batch_size, is_message=True
    )

    def work() -> None:
        stage.go.acquire()
        try:
            for number in range(3):
                brand.run(
                    definition(sync=f"{name}_{number}", mode="insert"),
                    open_destination=destination.open,
                )
        except BaseException as error:  # told to the test below
            stage.failure = error
        stage.is_done = True
        stage.stopped.release()

    thread = threading.Thread(target=work)
    thread.start()
    return stage, thread


@settings(max_examples=15, deadline=None)
@given(
    cap=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    of_household=st.none() | st.tuples(st.integers(1, 4), st.integers(1, 3)),
    zones=st.lists(st.sampled_from(ZONES), min_size=4, max_size=4),
    batch_sizes=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    schedule=st.lists(
        st.tuples(st.booleans(), st.sampled_from([0, 1, 30, 240, 600, 1_440])), max_size=40
    ),
)
def test_two_runs_together_hold_every_cap(
    cap: tuple[int, int],
    of_household: tuple[int, int] | None,
    zones: list[str | None],
    batch_sizes: tuple[int, int],
    schedule: list[tuple[bool, int]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        brand = make_brand(Path(folder))
        brand.connection.execute("update ops.settings set timezone = ?", [TENANT_ZONE])
        household = {f"p{number:04d}": f"h{number // 2}" for number in range(4)}
        zone_of = {}
        for number, zone in enumerate(zones):
            person = brand.person(number)
            brand.profile(person, timezone=zone, household=household[person])
            zone_of[person] = ZoneInfo(zone or TENANT_ZONE)
        brand.cap(*cap)
        if of_household:
            brand.cap(*of_household, per="household")
        clock, arrivals = Clock(), list[Arrival]()
        runs = [
            _start(
                SharedBrand(brand.connection.cursor(), brand.paths, START, clock),
                name, size, arrivals,
            )
            for name, size in zip(("left", "right"), batch_sizes, strict=True)
        ]  # fmt: skip
        for is_right, minutes in schedule:
            clock.now += timedelta(minutes=minutes)
            runs[is_right][0].step()
        for stage, thread in runs:
            while not stage.is_done:
                stage.step()
            thread.join()
            assert stage.failure is None, stage.failure
        brand.connection.close()

    def local_date(person: str, at: datetime) -> int:
        return at.replace(tzinfo=UTC).astimezone(zone_of[person]).date().toordinal()

    for position, (person, at) in enumerate(arrivals, start=1):
        limits = [(cap, {person})]
        if of_household:
            limits.append((of_household, _home(household, person)))
        for (count, days), group in limits:
            first = local_date(person, at) - days + 1
            got = [
                (who, when)
                for who, when in arrivals[:position]
                if who in group and local_date(person, when) >= first
            ]
            assert len(got) <= count, (person, at, got)
    # and a cap is no ban: of every household somebody got something
    assert {household[person] for person, _ in arrivals} == {"h0", "h1"}


def _home(household: dict[str, str], person: str) -> set[str]:
    return {who for who, home in household.items() if home == household[person]}
