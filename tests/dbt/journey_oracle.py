"""Journeys, transitions, path tree and paths of raw events in plain Python: the models' oracle.

Written from the definitions in docs/journeys.md, one person and one goal at a time; slow, and
nothing of it is shared with the SQL.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

UTC, ZURICH = ZoneInfo("UTC"), ZoneInfo("Europe/Zurich")


@dataclass(frozen=True)
class Touch:
    """One engaged touchpoint; `priority` is that of its source."""

    person: str
    at: datetime
    priority: int
    name: str
    channel: str


@dataclass(frozen=True)
class Conversion:
    """One conversion; `by` is the name of the touch that it is, None for an order."""

    person: str
    at: datetime
    revenue: Decimal
    by: str | None = None


@dataclass(frozen=True)
class Journey:
    """What `journeys.fct_journeys` says of one journey."""

    person: str
    outcome: str
    started_at: datetime
    ended_at: datetime
    path: tuple[str, ...]
    touched_at: tuple[datetime, ...]
    revenue: Decimal


def journeys(
    touches: Iterable[Touch],
    conversions: Iterable[Conversion],
    *,
    lookback: timedelta,
    as_of: datetime,
) -> list[Journey]:
    """All journeys to one goal, with reset_on_conversion."""
    goals = defaultdict(list)
    for conversion in conversions:
        goals[conversion.person].append(conversion)
    acts = defaultdict(list)
    for touch in touches:
        acts[touch.person].append(touch)
    found = []
    for person, mine in acts.items():
        reached = sorted(goals[person], key=lambda one: one.at)
        themselves = {one.by for one in reached}
        left = sorted(
            (touch for touch in mine if touch.name not in themselves),
            key=lambda touch: (touch.at, touch.priority, touch.name),
        )
        before = datetime.min
        for one in reached:
            counts = [t for t in left if before < t.at <= one.at and one.at - t.at <= lookback]
            before = one.at
            if counts:
                found.append(_journey(counts, "converted", one.at, one.revenue))
                left = [touch for touch in left if touch not in counts]
        tails: list[list[Touch]] = []
        for touch in left:
            last = tails[-1][-1] if tails else None
            if (
                last is None
                or touch.at - last.at > lookback
                or any(last.at <= one.at < touch.at for one in reached)
            ):
                tails.append([])
            tails[-1].append(touch)
        for tail in tails:
            last_at = tail[-1].at
            outcome = "open" if as_of - last_at <= lookback else "lost"
            found.append(_journey(tail, outcome, last_at, Decimal(0)))
    return found


def _journey(touches: Sequence[Touch], outcome: str, ended_at: datetime, revenue: Decimal):
    return Journey(
        touches[0].person,
        outcome,
        touches[0].at,
        ended_at,
        tuple(touch.channel for touch in touches),
        tuple(touch.at for touch in touches),
        revenue,
    )


def month(at: datetime) -> date:
    """First day of the month in Zurich."""
    return at.replace(tzinfo=UTC).astimezone(ZURICH).date().replace(day=1)


def transitions(found: Iterable[Journey]) -> dict[tuple, tuple]:
    """By (period_grain, month, from, to): count, median lag, rate after, drop-off, repeat, lift.

    The month of `total` is None.
    """
    rows = defaultdict(list)
    for journey in found:
        if journey.outcome == "open":
            continue
        end = "(conversion)" if journey.outcome == "converted" else "(lost)"
        states = ["(start)", *journey.path, end]
        times = [None, *journey.touched_at, None if end == "(lost)" else journey.ended_at]
        ends_at = len(states) - 2
        for i, ((a, b), (then, now)) in enumerate(pairwise_both(states, times), start=1):
            lag = None if then is None or now is None else (now - then).total_seconds()
            row = (lag, end == "(conversion)", i == ends_at and end == "(lost)", i < ends_at)
            for period in (("total", None), ("month", month(journey.ended_at))):
                rows[*period, a, b].append(row)
    converts = defaultdict(list)
    for (*period, a, _), moves in rows.items():
        converts[*period, a].extend(move[1] for move in moves)
    result = {}
    for key, moves in rows.items():
        lags = [move[0] for move in moves if move[0] is not None]
        rate, drop, repeat = (sum(move[i] for move in moves) / len(moves) for i in (1, 2, 3))
        among = statistics.mean(map(float, converts[key[:3]]))
        is_end = key[3] in ("(conversion)", "(lost)")
        result[key] = (
            len(moves),
            statistics.median(lags) if lags else None,
            rate,
            None if is_end else drop,
            None if is_end else repeat,
            None if is_end or not among else rate / among,
        )
    return result


def pairwise_both(states: Sequence, times: Sequence) -> Iterable[tuple]:
    """Neighbours of two lists of one length, together."""
    return zip(pairwise(states), pairwise(times), strict=True)


TRANSFORMS: dict[str, Callable[[tuple[str, ...]], tuple[str, ...]]] = {
    "unique": lambda path: path,
    "exposure": lambda path: tuple(channel for channel, _ in groupby(path)),
    "first": lambda path: tuple(dict.fromkeys(path)),
    "last_n": lambda path: path[-3:],
}


def totals(found: Iterable[Journey]) -> tuple[int, int, Decimal]:
    """Journeys, conversions, revenue."""
    listed = list(found)
    converted = [one for one in listed if one.outcome == "converted"]
    return len(listed), len(converted), sum((one.revenue for one in converted), Decimal(0))


def paths(found: Iterable[Journey], transform: str) -> dict[str, tuple[int, int, Decimal]]:
    """Totals of every path, by its text."""
    groups = defaultdict(list)
    for journey in found:
        if journey.outcome != "open":
            groups[" > ".join(TRANSFORMS[transform](journey.path))].append(journey)
    return {path: totals(group) for path, group in groups.items()}


def path_tree(found: Iterable[Journey], *, depth: int, width: int) -> dict[str, tuple]:
    """Totals of every node, by its path: built from the root down."""
    decided = [one for one in found if one.outcome != "open"]
    tree = {"(start)": totals(decided)}

    def grow(path: str, level: int, here: list[tuple[tuple[str, ...], Journey]]) -> None:
        before = f"{path} > "
        if level > depth:
            return
        children = defaultdict(list)
        for steps, journey in here:
            children[steps[level - 1] if len(steps) >= level else "(end)"].append((steps, journey))
        named = [name for name in children if name != "(end)"]
        named.sort(key=lambda name: _rank(name, children[name]))
        rest = [one for name in named[width:] for one in children[name]]
        for name in named[:width]:
            tree[before + name] = totals(journey for _, journey in children[name])
            grow(before + name, level + 1, children[name])
        for name, group in (("(end)", children.get("(end)")), ("(other)", rest)):
            if group:
                tree[before + name] = totals(journey for _, journey in group)

    grow("(start)", 1, [(TRANSFORMS["exposure"](one.path), one) for one in decided])
    return tree


def _rank(name: str, group: list[tuple[tuple[str, ...], Journey]]) -> tuple:
    count, converted, _ = totals(journey for _, journey in group)
    return -count, -converted, name
