"""Markov attribution, exact: what every channel's removal would cost, from transition counts.

Belongs here: the chain of an order k, its removal effects, shares, and their intervals by Poisson
bootstrap. Does not belong here: counting transitions (dbt), reading them, Dagster.

States are the last k channels of a journey (all of them, where there are fewer). Removing a
channel means that everybody who comes to a state with it leaves there: such states lead to `LOST`,
nobody is sent elsewhere. Nothing is simulated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Ends of a transition that are no state.
START, CONVERSION, LOST = -1, -1, -2
QUANTILES = (0.025, 0.975)


class NoConversions(ValueError):
    """There is nothing to attribute: no transition leads to a conversion."""


@dataclass(frozen=True)
class Counts:
    """Transitions of the journeys of one period, in groups of journeys that are drawn together.

    Parallel arrays, a row per (group, from, to): `origin` a state or START, `target` a state,
    CONVERSION or LOST, `group` 0 .. `group_count` - 1, `count` of transitions. `values` has a row
    per measure (revenue, new customers ...), summed over the row's transitions, 0 unless they
    convert. `states[i]` are the channels of state i.
    """

    states: Sequence[tuple[str, ...]]
    origin: Integers
    target: Integers
    group: Integers
    group_count: int
    count: Floats
    values: Floats

    @property
    def channels(self) -> list[str]:
        """All channels, in the order of the rows of `Attribution`."""
        return sorted({channel for state in self.states for channel in state})


@dataclass(frozen=True)
class Attribution:
    """Shares per channel (rows as in `Counts.channels`), of conversions and of each measure.

    `removal_effects`, `shares`: n channels. `value_shares`: measures x n. Shares sum to 1; those of
    a measure that is 0 altogether are those of the conversions. `lows`, `highs`: 95 % limits of
    `shares`, None where nothing was drawn. `conversion_probability` is of a journey.
    """

    channels: list[str]
    removal_effects: Floats
    shares: Floats
    value_shares: Floats
    conversion_probability: float
    lows: Floats | None = None
    highs: Floats | None = None


class Chain:
    """The chain of one set of transition weights, solved for any number of rewards at its end."""

    def __init__(self, counts: Counts, weights: Floats) -> None:
        size = len(counts.states)
        is_start = counts.origin == START
        moves = ~is_start & (counts.target >= 0)
        leaving = np.bincount(counts.origin[~is_start], weights[~is_start], minlength=size)
        self._scale = np.divide(1.0, leaving, out=np.zeros(size), where=leaving > 0)
        self.counts, self.size, self._weights = counts, size, weights
        data = weights[moves] * self._scale[counts.origin[moves]]
        place = (counts.origin[moves], counts.target[moves])
        self.transitions = sparse.csr_matrix((data, place), shape=(size, size))
        started = np.bincount(counts.target[is_start], weights[is_start], minlength=size)
        self.start: Floats = started / started.sum()
        self.members = membership(counts)

    def rewards(self, amounts: Floats) -> Floats:
        """Mean amount of a step out of each state: `amounts` of transitions, summed per row."""
        ends = (self.counts.target == CONVERSION) & (self.counts.origin != START)
        summed = np.bincount(self.counts.origin[ends], amounts[ends], minlength=self.size)
        return summed * self._scale

    def expected(self, rewards: Floats) -> tuple[Floats, Floats]:
        """Expected rewards of a journey: (measures,) of all, (channels, measures) lost by removal.

        `rewards`: states x measures.
        """
        whole = self._solve(np.ones(self.size, dtype=bool), rewards)
        lost = np.empty((len(self.members), rewards.shape[1]))
        for number, is_member in enumerate(self.members):
            lost[number] = whole - self._solve(~is_member, rewards)
        return whole, lost

    def _solve(self, kept: NDArray[np.bool_], rewards: Floats) -> Floats:
        return self.start[kept] @ self._values(kept, rewards)

    def _values(self, kept: NDArray[np.bool_], rewards: Floats) -> Floats:
        if not kept.any():
            return np.zeros((0, rewards.shape[1]))
        inside = self.transitions[kept][:, kept]
        system = (sparse.identity(inside.shape[0], format="csc") - inside).tocsc()
        return splu(system).solve(np.ascontiguousarray(rewards[kept]))

    def influence(self, kept: NDArray[np.bool_], rewards: Floats) -> Floats:
        """What a unit of each row of `counts` adds to the expected reward, to first order.

        `rewards`: states x 1, of conversions. Rows from START count by where they lead.
        """
        counts, values, visits = self.counts, np.zeros(self.size), np.zeros(self.size)
        values[kept] = self._values(kept, rewards)[:, 0]
        inside = self.transitions[kept][:, kept]
        if kept.any():
            system = (sparse.identity(inside.shape[0], format="csc") - inside).T.tocsc()
            visits[kept] = splu(system).solve(self.start[kept])
        is_start = counts.origin == START
        reached = np.where(
            counts.target >= 0, values[np.maximum(counts.target, 0)], counts.target == CONVERSION
        )
        left = np.where(is_start, self.start @ values, values[np.maximum(counts.origin, 0)])
        journeys = self._weights[is_start].sum()
        origin = np.maximum(counts.origin, 0)
        rate = np.where(is_start, 1.0 / journeys, (visits * self._scale)[origin])
        return rate * (reached - left)


def membership(counts: Counts) -> NDArray[np.bool_]:
    """channels x states: the state holds the channel."""
    places = {channel: number for number, channel in enumerate(counts.channels)}
    found = np.zeros((len(places), len(counts.states)), dtype=bool)
    for number, state in enumerate(counts.states):
        found[[places[channel] for channel in state], number] = True
    return found


def attribute(counts: Counts, weights: Floats | None = None) -> Attribution:
    """Shares of the channels in the conversions of `counts`, without intervals.

    `weights` stands in place of `counts.count`. Raises `NoConversions`.
    """
    used = counts.count if weights is None else weights
    if not used[counts.target == CONVERSION].sum() > 0:
        raise NoConversions("no journey converts")
    chain = Chain(counts, used)
    rewards = [chain.rewards(used), *(chain.rewards(value) for value in counts.values)]
    if all(len(state) == 1 for state in counts.states):
        whole, lost = _order_one(chain, np.column_stack(rewards))
    else:
        whole, lost = chain.expected(np.column_stack(rewards))
    effects = lost[:, 0] / whole[0]
    shares = effects / effects.sum()
    value_shares = [
        shares if whole[number] == 0 else lost[:, number] / lost[:, number].sum()
        for number in range(1, len(whole))
    ]
    return Attribution(counts.channels, effects, shares, np.array(value_shares), float(whole[0]))


def _order_one(chain: Chain, rewards: Floats) -> tuple[Floats, Floats]:
    """As `Chain.expected`, for states of one channel: all removals from one inverse.

    Who comes to c for the first time is worth what anybody at c is worth: visits to c over visits
    to c from c is the probability of coming there.
    """
    visits = np.linalg.inv(np.eye(chain.size) - chain.transitions.toarray())
    values = visits @ rewards
    from_start = chain.start @ visits
    order = np.argmax(chain.members, axis=1)  # the one state of each channel
    reached = (from_start / np.diag(visits))[order]
    return chain.start @ values, reached[:, None] * values[order]


def with_intervals(
    counts: Counts, *, draws: int, seed: int, journeys: Floats | None = None
) -> Attribution:
    """`attribute`, with 95 % limits by Poisson bootstrap over the groups of journeys.

    Order 1 is solved again for every draw. For higher orders a draw moves the shares by what its
    groups weigh in them, to first order (one more solve per channel in all): their chains have
    thousands of states. `journeys` says for how many equal journeys a group stands, each of which
    is drawn by itself; without it a group is drawn whole.
    """
    found = attribute(counts)
    sizes = np.ones(counts.group_count) if journeys is None else journeys
    chances = np.random.default_rng(seed).poisson(sizes, (draws, counts.group_count)) / sizes
    if all(len(state) == 1 for state in counts.states):
        shares = _refitted(counts, chances)
    else:
        shares = _moved(counts, chances, found)
    lows, highs = np.quantile(shares, QUANTILES, axis=0)
    return Attribution(
        found.channels,
        found.removal_effects,
        found.shares,
        found.value_shares,
        found.conversion_probability,
        np.minimum(np.clip(lows, 0.0, 1.0), found.shares),
        np.maximum(np.clip(highs, 0.0, 1.0), found.shares),
    )


def _refitted(counts: Counts, chances: Floats) -> Floats:
    """Shares of order 1 per draw, the draws that convert at all."""
    size = len(counts.states)
    # one row per draw: the matrix of counts from (states, start) to (states, conversion, lost)
    row = np.where(counts.origin == START, size, counts.origin)
    column = np.where(counts.target >= 0, counts.target, size - 1 - counts.target)
    cell = row * (size + 2) + column
    cells = sparse.csr_matrix(
        (counts.count, (counts.group, cell)), shape=(counts.group_count, (size + 1) * (size + 2))
    )
    drawn = (cells.T @ chances.T).T.reshape(len(chances), size + 1, size + 2)
    drawn = drawn[drawn[:, :, size].sum(axis=1) > 0]
    leaving = drawn.sum(axis=2, keepdims=True)
    rates = np.divide(drawn, leaving, out=np.zeros_like(drawn), where=leaving > 0)
    visits = np.linalg.inv(np.eye(size) - rates[:, :size, :size])
    values = np.einsum("dst,dt->ds", visits, rates[:, :size, size])
    from_start = np.einsum("ds,dst->dt", rates[:, size, :size], visits)
    lost = from_start / np.einsum("dss->ds", visits) * values
    order = np.argmax(membership(counts), axis=1)
    lost = lost[:, order]
    return lost / lost.sum(axis=1, keepdims=True)


def _moved(counts: Counts, chances: Floats, found: Attribution) -> Floats:
    """Shares per draw to first order: those of all journeys, moved by the weights of the groups."""
    chain = Chain(counts, counts.count)
    rewards = chain.rewards(counts.count)[:, None]
    everything = np.ones(chain.size, dtype=bool)
    groups = sparse.csr_matrix(
        (counts.count, (counts.group, np.arange(len(counts.group)))),
        shape=(counts.group_count, len(counts.group)),
    )
    of_all = groups @ chain.influence(everything, rewards)
    moves = np.stack(
        [of_all - groups @ chain.influence(~is_member, rewards) for is_member in chain.members]
    )
    lost = found.removal_effects * found.conversion_probability
    drawn = lost + (chances - 1.0) @ moves.T
    return drawn / drawn.sum(axis=1, keepdims=True)
