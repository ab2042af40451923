"""Journeys as transition counts, written plainly: what the SQL of the project has to agree with.

Belongs here: the definition by the book, one journey at a time, for tests.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from ml.markov import CONVERSION, LOST, START, Counts

# path, conversions, lost journeys, revenue of the conversions
JourneyPath = tuple[list[str], float, float, float]


def steps_of(path: list[str], order: int) -> list[tuple[str, ...]]:
    """The states of a journey: the last `order` channels at each step, equal neighbours once."""
    ends = range(min(order, len(path)), len(path) + 1)
    states = [tuple(path[max(0, end - order) : end]) for end in ends]
    return [
        state for number, state in enumerate(states) if not number or state != states[number - 1]
    ]


def counts_of(paths: Iterable[JourneyPath], order: int) -> Counts:
    """Counts of weighted journeys; each path is a group of its own."""
    rows: list[tuple[tuple[str, ...] | int, tuple[str, ...] | int, int, float, float]] = []
    group = -1
    for path, converted, lost, revenue in paths:
        group += 1
        states = steps_of(path, order)
        count = converted + lost
        if count == 0:
            continue
        rows.append((START, states[0], group, count, 0.0))
        for one, other in pairwise(states):
            rows.append((one, other, group, count, 0.0))
        if converted:
            rows.append((states[-1], CONVERSION, group, converted, revenue))
        if lost:
            rows.append((states[-1], LOST, group, lost, 0.0))
    states = sorted({end for row in rows for end in row[:2] if isinstance(end, tuple)})
    number = {state: place for place, state in enumerate(states)}

    def code(end: tuple[str, ...] | int) -> int:
        return number[end] if isinstance(end, tuple) else end

    return Counts(
        states=states,
        origin=np.array([code(row[0]) for row in rows]),
        target=np.array([code(row[1]) for row in rows]),
        group=np.array([row[2] for row in rows]),
        group_count=group + 1,
        count=np.array([row[3] for row in rows]),
        values=np.array([[row[4] for row in rows]]),
    )
