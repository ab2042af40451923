"""Markov attribution against hand-worked chains, published figures and plain definitions."""

from __future__ import annotations

import csv
import subprocess

import numpy as np
import pytest

from ml.markov import Attribution, NoConversions, attribute, with_intervals
from tests.benchmarks.peers.path_data import PATH_DATA_FILE, fetch
from tests.unit.markov_paths import JourneyPath, counts_of, steps_of


def credits_of(paths: list[JourneyPath], order: int) -> tuple[dict[str, float], Attribution]:
    """Conversions per channel, and the attribution."""
    found = attribute(counts_of(paths, order))
    conversions = sum(path[1] for path in paths)
    return dict(zip(found.channels, found.shares * conversions, strict=True)), found


def test_the_textbook_example() -> None:
    """C1 > C2 > C3 converts, C1 and C2 > C3 do not: removing C2 or C3 loses everything."""
    paths: list[JourneyPath] = [
        (["C1", "C2", "C3"], 1, 0, 10.0), (["C1"], 0, 1, 0.0), (["C2", "C3"], 0, 1, 0.0)
    ]  # fmt: skip
    credits, found = credits_of(paths, 1)
    assert found.conversion_probability == pytest.approx(1 / 3, abs=1e-9)
    assert found.removal_effects == pytest.approx([0.5, 1, 1], abs=1e-9)
    assert credits == pytest.approx({"C1": 0.2, "C2": 0.4, "C3": 0.4}, abs=1e-9)
    assert found.value_shares[0] == pytest.approx([0.2, 0.4, 0.4], abs=1e-9)


def test_a_channel_that_comes_twice_in_a_row_is_one_state() -> None:
    paths: list[JourneyPath] = [
        (list("ABABBA"), 1, 0, 0.0), (list("ABBAA"), 1, 0, 0.0), (list("AA"), 1, 0, 0.0)
    ]  # fmt: skip
    credits, found = credits_of(paths, 1)
    assert credits == pytest.approx({"A": 2.0, "B": 1.0}, abs=1e-9)
    assert found.conversion_probability == pytest.approx(1.0, abs=1e-9)


def test_order_two_removes_every_state_that_holds_the_channel() -> None:
    paths: list[JourneyPath] = [
        (list("ABA"), 2, 1, 0.0),
        (["B"], 1, 3, 0.0),
        (list("AB"), 0, 2, 0.0),
    ]
    credits, found = credits_of(paths, 2)
    assert found.conversion_probability == pytest.approx(1 / 3, abs=1e-9)
    assert found.removal_effects == pytest.approx([2 / 3, 1], abs=1e-9)
    assert credits == pytest.approx({"A": 1.2, "B": 1.8}, abs=1e-9)


def test_states_of_a_journey_slide_and_equal_neighbours_collapse_afterwards() -> None:
    assert steps_of(list("AAB"), 2) == [("A", "A"), ("A", "B")]
    assert steps_of(list("AAAB"), 2) == [("A", "A"), ("A", "B")]
    assert steps_of(["A"], 2) == [("A",)]


def test_without_a_conversion_there_is_nothing_to_share() -> None:
    with pytest.raises(NoConversions):
        attribute(counts_of([(["A"], 0, 5, 0.0)], 1))


# Exact figures of order 1 on ChannelAttribution's demo data: conversions, revenue, removal effect.
PATH_DATA = {
    "alpha": (5344.948, 18799.171, 0.558399), "beta": (2527.352, 9687.809, 0.264039),
    "delta": (4.614, 13.918, 0.000482), "epsilon": (599.571, 2348.654, 0.062639),
    "eta": (3340.847, 12991.737, 0.349026), "gamma": (171.145, 719.237, 0.017880),
    "iota": (3884.615, 14978.437, 0.405835), "kappa": (274.363, 1136.093, 0.028663),
    "lambda": (1282.847, 5142.720, 0.134022), "mi": (1.722, 5.445, 0.000180),
    "theta": (1971.913, 7511.048, 0.206010), "zeta": (381.063, 1468.703, 0.039811),
}  # fmt: skip


def test_the_demo_data_of_channelattribution() -> None:
    """10,000 weighted paths, 12 channels; simulation is off by up to 89 conversions on them.

    The data are GPL and not part of this project: they are fetched once.
    """
    try:
        fetch()
    except subprocess.SubprocessError as error:
        pytest.skip(f"no demo data, they could not be fetched: {error}")
    with PATH_DATA_FILE.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    paths: list[JourneyPath] = []
    for row in rows:
        path, lost = row["path"].split(" > "), float(row["total_null"])
        converted, value = float(row["total_conversions"]), float(row["total_conversion_value"])
        paths += [(path, converted, 0.0, value), (path, 0.0, lost, 0.0)]
    counts = counts_of(paths, 1)
    sizes = np.array([max(path[1] + path[2], 1.0) for path in paths])
    found = with_intervals(counts, draws=500, seed=1, journeys=sizes)
    conversions, revenue = (sum(path[place] for path in paths) for place in (1, 3))
    assert found.conversion_probability == pytest.approx(0.223845, abs=1e-6)
    assert found.channels == sorted(PATH_DATA)
    assert found.lows is not None
    assert found.highs is not None
    for number, channel in enumerate(found.channels):
        credit, value, effect = PATH_DATA[channel]
        assert found.shares[number] * conversions == pytest.approx(credit, abs=1e-3)
        assert found.value_shares[0, number] * revenue == pytest.approx(value, abs=1e-3)
        assert found.removal_effects[number] == pytest.approx(effect, abs=1e-6)
    # published limits of another 500 draws, per cent: the draws differ, by a tenth of the width
    for channel, low, high in (("alpha", 26.73, 27.34), ("delta", 0.013, 0.037)):
        number = found.channels.index(channel)
        assert 100 * found.lows[number] == pytest.approx(low, abs=0.15 * (high - low))
        assert 100 * found.highs[number] == pytest.approx(high, abs=0.15 * (high - low))
    assert [len(counts_of(paths, order).states) for order in (1, 2, 3)] == [12, 120, 933]


def random_paths(seed: int, *, count: int, channels: str) -> list[JourneyPath]:
    """Journeys of every length in which some channels convert more than others."""
    random = np.random.default_rng(seed)
    paths: list[JourneyPath] = []
    for _ in range(count):
        path = list(random.choice(list(channels), size=random.integers(1, 9)))
        converts = random.random() < 0.2 + 0.1 * (path[-1] == channels[0])
        paths.append((path, float(converts), float(not converts), float(converts) * 7.0))
    return paths


@pytest.mark.parametrize("order", [1, 2, 3])
def test_removal_effects_are_those_of_walking_all_paths(order: int) -> None:
    """By definition: probability mass is pushed along the chain, step by step, until it is gone."""
    counts = counts_of(random_paths(order, count=400, channels="ABCDE"), order)
    found = attribute(counts)
    size = len(counts.states)
    matrix = np.zeros((size + 1, size + 2))  # from states and start; to states, conversion, lost
    for origin, target, count in zip(counts.origin, counts.target, counts.count, strict=True):
        matrix[origin, target if target >= 0 else size - 1 - target] += count
    matrix /= matrix.sum(axis=1, keepdims=True)

    def walk(banned: set[int]) -> float:
        mass, converted = matrix[-1].copy(), 0.0
        for _ in range(2000):
            converted += mass[size]
            here = mass[:size].copy()
            here[list(banned)] = 0.0
            mass = here @ matrix[:size]
        return converted

    whole = walk(set())
    assert found.conversion_probability == pytest.approx(whole, abs=1e-9)
    for channel, effect in zip(found.channels, found.removal_effects, strict=True):
        banned = {n for n, state in enumerate(counts.states) if channel in state}
        assert effect == pytest.approx(1 - walk(banned) / whole, abs=1e-9)
    # every conversion is worth 7, so revenue is shared as conversions are
    assert found.value_shares[0] == pytest.approx(found.shares, abs=1e-9)
    assert found.shares.sum() == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_intervals_are_those_of_fitting_every_draw_again(order: int) -> None:
    """The limits (solved again in a batch; to first order) against one plain refit per draw."""
    counts = counts_of(random_paths(10 + order, count=3000, channels="ABCD"), order)
    found = with_intervals(counts, draws=400, seed=1)
    random = np.random.default_rng(99)
    refitted = []
    for _ in range(400):
        chance = random.poisson(1.0, counts.group_count)
        refitted.append(attribute(counts, counts.count * chance[counts.group]).shares)
    lows, highs = np.quantile(refitted, (0.025, 0.975), axis=0)
    assert found.lows is not None
    assert found.highs is not None
    width = highs - lows
    # Limits of 400 draws are themselves uncertain by about a tenth of the width.
    assert np.all(np.abs(found.lows - lows) < 0.25 * width)
    assert np.all(np.abs(found.highs - highs) < 0.25 * width)
    assert np.all((found.lows <= found.shares) & (found.shares <= found.highs))
