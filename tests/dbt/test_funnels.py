"""Funnels: exactly ClickHouse's windowFunnel, and what their definition says, chain by chain.

chdb (ClickHouse in a process) is installed in an environment of its own when it is first needed;
where it cannot be installed the tests fail with the installer's reason.
"""

from __future__ import annotations

import itertools
import json
import random
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from tests.benchmarks.peers.environments import run_peer
from tests.dbt.funnel_project import CHANNELS, Event, Funnel, build, event_table, write_project

pytestmark = pytest.mark.slow

MINUTES, DAY = 60, 86_400
# Few steps and many, windows from none to all; ordered ones first, for ClickHouse.
ORDERED = [
    Funnel(number, "ordered", window, steps)
    for number, (window, steps) in enumerate(
        itertools.product([0, 30 * MINUTES, DAY, 7 * DAY, 365 * DAY], [2, 3, 6]), start=1
    )
]
# With what ends a chain, and the two modes that ClickHouse does not have: every chain is looked at.
OTHERS = [
    Funnel(len(ORDERED) + number, mode, window, steps)
    for number, (mode, window, steps) in enumerate(
        itertools.product(["ordered", "strict_order", "any_order"], [0, 3, 10, 1000], [2, 3, 4]),
        start=1,
    )
]
Result = dict[tuple[str, int], list[float]]  # (channel or (all), person) -> shortest way per step


def random_events() -> Iterator[Event]:
    """Seeded: for ClickHouse crowded seconds and long pauses, for the others few events in few
    seconds, so that ties, repeats and what ends chains are everywhere."""
    draws = random.Random(20260630)
    for funnel in ORDERED:
        for person in range(1, 301):
            second = draws.randrange(DAY)
            for _ in range(draws.randrange(1, 40)):
                second += draws.choice([0, 0, 1, 40, 900, 1800, DAY // 3, 3 * DAY])
                step = min(1 + int(draws.expovariate(0.7)), funnel.step_count)
                yield Event(funnel.number, person, second, step, draws.choice(CHANNELS))
    for funnel in OTHERS:
        for person in range(1, 121):
            for _ in range(draws.randrange(1, 11)):
                step = draws.choice([0, *range(1, funnel.step_count + 1)])
                second = draws.randrange(14)
                yield Event(funnel.number, person, second, step, draws.choice(CHANNELS))


class Built:
    """The project after one dbt run, and its input."""

    def __init__(self, folder: Path) -> None:
        self.events = list(random_events())
        self.parquet = folder / "events.parquet"
        pq.write_table(event_table(self.events), self.parquet)
        self.file = write_project(folder / "dbt", [*ORDERED, *OTHERS], str(self.parquet))
        build(folder / "dbt")
        self._levels: dict[tuple[int, str], dict[int, int]] = defaultdict(dict)
        for number, value, person, level in self.query(
            "select funnel_number, slice_value, person_number, step_count"
            " from int_journeys__funnel_entries"
        ):
            self._levels[number, value][person] = level

    def query(self, sql: str) -> list[tuple]:
        with duckdb.connect(str(self.file), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def levels(self, funnel: Funnel, channel: str | None) -> dict[int, int]:
        """Person -> steps reached, of one slice."""
        return self._levels[funnel.number, channel or "(all)"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return Built(tmp_path_factory.mktemp("funnels"))


def test_an_ordered_funnel_is_windowfunnel_of_clickhouse(built: Built, tmp_path: Path) -> None:
    """Person by person, over all entries and over those of each channel."""
    asked = [(funnel, channel) for funnel in ORDERED for channel in [None, *CHANNELS]]
    questions = tmp_path / "funnels.json"
    questions.write_text(
        json.dumps([[funnel.number, funnel.window_s, channel] for funnel, channel in asked]),
        encoding="utf-8",
    )
    answers = run_peer("chdb", built.parquet, questions)["levels"]
    deepest = 0
    for (funnel, channel), answer in zip(asked, answers, strict=True):
        expected = {person: level for person, level in answer}
        assert built.levels(funnel, channel) == expected, (funnel, channel)
        deepest = max(deepest, *expected.values())
    assert deepest == 6


def test_the_first_entry_alone_is_not_the_funnel(built: Built) -> None:
    """Accident: the usual SQL takes each person's first event of step 1 and looks from there; on a
    shop's public log it finds 160 of the 482 persons who filled a cart within a day."""
    funnel = next(one for one in ORDERED if one.window_s == DAY and one.step_count == 6)
    first: dict[int, int] = {}
    for event in built.events:
        if event.funnel == funnel.number and event.step == 1:
            first.setdefault(event.person, event.second)
    naive = {
        event.person
        for event in built.events
        if event.funnel == funnel.number
        and event.step == 2
        and event.person in first
        and first[event.person] <= event.second <= first[event.person] + DAY
    }
    found = {person for person, level in built.levels(funnel, None).items() if level >= 2}
    assert naive < found
    assert len(found) > 1.2 * len(naive)


def test_both_implementations_find_the_same_chains(built: Built) -> None:
    """What Spark runs, run here: the same rows as the asof joins."""
    columns = (
        "funnel_number, person_number, entry_at, deadline_at, channel, step_number, reached_at"
    )
    for one, other in itertools.permutations(["chains_by_asof", "chains_by_joins"]):
        rows = f"select {columns} from {one} except all select {columns} from {other}"
        assert built.query(f"select count(*) from ({rows})") == [(0,)]
    [(count,)] = built.query("select count(*) from chains_by_joins where step_number >= 2")
    assert count > 1000


def test_a_chain_that_ended_does_not_go_on(built: Built) -> None:
    """Accident: DuckDB's asof left join matched the null of a chain that had ended with some other
    event, so that nearly everybody reached the last step. A step needs the one before it."""
    [(count,)] = built.query(
        """
        select count(*) from chains_by_asof as later
        where step_number > 1 and not exists (
            select 1 from chains_by_asof as former
            where former.funnel_number = later.funnel_number
                and former.person_number = later.person_number
                and former.entry_at = later.entry_at
                and former.step_number = later.step_number - 1
                and former.reached_at <= later.reached_at
        )
        """
    )
    assert count == 0


def spans(funnel: Funnel, events: list[Event]) -> Iterator[tuple[str, int, float]]:
    """Every chain of one person, by definition: (channel of the entry, steps, seconds it took).

    `events` are in the order of time, at the same second by step; every choice of events is tried,
    none is preferred.
    """
    of_step = [[event for event in events if event.step == step] for step in range(9)]
    for count in range(1, funnel.step_count + 1):
        for chain in itertools.product(*of_step[1 : count + 1]):
            if funnel.mode == "any_order":
                last = max(event.second for event in chain)
                begun = min(event.second for event in chain)
                for entry in events:
                    before = entry.step > 0 and entry.second <= begun
                    if before and _fits(funnel, of_step[0], entry.second, last):
                        yield entry.channel, count, last - entry.second
            elif all(a.second <= b.second for a, b in itertools.pairwise(chain)):
                entry, last = chain[0], chain[-1].second
                ends = [] if funnel.mode == "strict_order" else of_step[0]
                if funnel.mode == "strict_order" and not _adjacent(chain, events):
                    continue
                if _fits(funnel, ends, entry.second, last):
                    yield entry.channel, count, last - entry.second


def _fits(funnel: Funnel, ends: list[Event], first: int, last: int) -> bool:
    """Within the window, and nothing that ends a chain lies strictly between."""
    within = last - first <= funnel.window_s
    return within and not any(first < end.second < last for end in ends)


def _adjacent(chain: tuple[Event, ...], events: list[Event]) -> bool:
    """Between two steps lies nothing but the former one again."""
    places = [next(i for i, one in enumerate(events) if one is event) for event in chain]
    return all(
        a < b and all(event.step == step for event in events[a + 1 : b])
        for step, (a, b) in enumerate(itertools.pairwise(places), start=1)
    )


@pytest.mark.parametrize("mode", ["ordered", "strict_order", "any_order"])
def test_every_mode_finds_the_best_of_all_chains(built: Built, mode: str) -> None:
    """Level and shortest way of every person, in all and by channel, with what ends chains."""
    of_person: dict[tuple[int, int], list[Event]] = defaultdict(list)
    for event in built.events:
        of_person[event.funnel, event.person].append(event)
    steps = ", ".join(f"step_{step}_s" for step in range(2, 9))
    deepest = 0
    for funnel in (one for one in OTHERS if one.mode == mode):
        expected: dict[tuple[str, int], dict[int, float]] = defaultdict(dict)
        for person in range(1, 121):
            events = sorted(of_person[funnel.number, person], key=lambda e: (e.second, e.step))
            for channel, count, seconds in spans(funnel, events):
                for value in ("(all)", channel):
                    ways = expected[value, person]
                    ways[count] = min(seconds, ways.get(count, seconds))
        found = {
            (value, person): {1: None, **{n: s for n, s in enumerate(ways, 2) if s is not None}}
            for value, person, *ways in built.query(
                f"select slice_value, person_number, {steps} from int_journeys__funnel_entries"
                f" where funnel_number = {funnel.number}"
            )
        }
        told = {who: {**ways, 1: None} for who, ways in expected.items()}
        assert found == told, funnel
        deepest = max(deepest, *(len(ways) for ways in told.values()))
    assert deepest == 4


def test_results_count_the_persons(built: Built) -> None:
    """Counts and rates of the mart are those of the persons' levels."""
    rows = built.query(
        "select funnel, slice_value, step_number, reached_count, step_rate, overall_rate"
        " from funnel_results order by funnel, slice_value, step_number"
    )
    reached = {(funnel, value, step): count for funnel, value, step, count, *_ in rows}
    for funnel in [*ORDERED, *OTHERS]:
        for channel in [None, *CHANNELS]:
            levels = built.levels(funnel, channel).values()
            for step in range(1, funnel.step_count + 1):
                assert reached.get((funnel.name, channel or "(all)", step), 0) == sum(
                    level >= step for level in levels
                )
    for funnel, value, step, count, step_rate, overall_rate in rows:
        entered, before = reached[funnel, value, 1], reached[funnel, value, max(step - 1, 1)]
        assert overall_rate == (count / entered if entered else None)
        assert step_rate == (count / before if before else None)
