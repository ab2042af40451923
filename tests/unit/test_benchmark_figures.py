"""The arithmetic of the benchmark, worked by hand; no test here looks at a clock."""

from __future__ import annotations

from datetime import date

import pytest

from tests.benchmarks.figures import (
    by_layer,
    delivery_day,
    exponent,
    growth,
    layer_of,
    ratios,
    split_last_day,
    spread,
    touched_summary,
)


def test_a_spread_is_minimum_median_maximum() -> None:
    assert spread([3.0, 1.0, 2.0]) == {"runs": 3, "min": 1.0, "median": 2.0, "max": 3.0}
    assert spread([4.0])["runs"] == 1
    with pytest.raises(ValueError, match="at least one"):
        spread([])


def test_runs_are_paired_in_their_order_and_the_shorter_list_begins_again() -> None:
    assert ratios([10.0, 30.0], [5.0, 10.0]) == [2.0, 3.0]
    assert ratios([12.0], [2.0, 3.0, 4.0]) == [6.0, 4.0, 3.0]
    with pytest.raises(ValueError, match="above 0"):
        ratios([1.0], [0.0])


@pytest.mark.parametrize(
    ("rows", "seconds", "expected"),
    [
        ((1e5, 1e6), (10.0, 100.0), 1.0),
        ((1e5, 1e6), (10.0, 1000.0), 2.0),
        ((100.0, 400.0), (3.0, 6.0), 0.5),
        ((100.0, 400.0), (3.0, 3.0), 0.0),
    ],
)
def test_the_exponent_is_one_where_time_grows_as_rows(rows, seconds, expected) -> None:
    assert exponent(rows, seconds) == pytest.approx(expected)


def test_an_exponent_that_says_nothing_is_none() -> None:
    assert exponent((5.0, 5.0), (1.0, 2.0)) is None
    assert exponent((5.0, 50.0), (0.0, 2.0)) is None


@pytest.mark.parametrize(
    ("kind", "path", "expected"),
    [
        ("model", "models/staging/web/stg_web__touchpoints.sql", ("staging", "web")),
        ("model", "models/marts/core/dim_profiles.sql", ("marts", "core")),
        ("seed", "seeds/identity/jurisdictions.csv", ("seeds", "identity")),
        ("model", "../data/tenants/mine/models/segments/seg_vip.sql", ("marts", "segments")),
        ("model", "models/activation/file/act_file__x.sql", ("activation", "file")),
    ],
)
def test_a_node_belongs_to_the_layer_of_its_folder(kind, path, expected) -> None:
    assert layer_of(kind, path) == expected


def _model(layer: str, domain: str, rows: int | None, seconds: float) -> dict:
    return {"layer": layer, "domain": domain, "rows": rows, "seconds": seconds}


def test_layers_add_up_their_models_and_stand_in_the_order_of_the_flow() -> None:
    layers = by_layer(
        {
            "fct": _model("marts", "core", 10, 2.0),
            "dim": _model("marts", "core", 5, 1.0),
            "stg": _model("staging", "web", None, 0.5),
        }
    )
    assert list(layers) == ["staging/web", "marts/core"]
    assert layers["marts/core"] == {"models": 2, "rows": 15, "seconds": 3.0}
    assert layers["staging/web"]["rows"] == 0


def _size(rows: int, seconds: float, models: dict[str, float]) -> dict:
    described = {name: _model("marts", "core", 1, taken) for name, taken in models.items()}
    return {
        "rows_raw": rows,
        "seconds": {"median": seconds},
        "models": described,
        "layers": by_layer(described),
    }


def test_growth_ranks_models_and_leaves_out_those_that_are_overhead() -> None:
    small = _size(100, 5.0, {"linear": 1.0, "square": 0.5, "tiny": 0.001})
    large = _size(1000, 50.0, {"linear": 10.0, "square": 50.0, "tiny": 0.9, "new": 9.0})
    figures = growth(small, large)
    assert figures["build"] == pytest.approx(1.0)
    assert list(figures["worst_models"]) == ["square", "linear"]
    assert figures["worst_models"]["square"]["exponent"] == pytest.approx(2.0)
    assert figures["rows_raw"] == [100, 1000]


def test_a_late_file_belongs_to_the_day_it_came() -> None:
    assert delivery_day("web/events_2026-06-30.jsonl.gz") == date(2026, 6, 30)
    assert delivery_day("pos/receipts_2026-03-15_late_2026-03-19.csv") == date(2026, 3, 19)
    assert delivery_day("pos/stores.csv") is None


def test_the_last_day_is_every_file_that_came_on_it() -> None:
    names = ["a/x_2026-06-29.csv", "b/y_2026-06-27_late_2026-06-30.csv", "a/x_2026-06-30.csv"]
    before, last, day = split_last_day([*names, "c/undated.csv"])
    assert before == ["a/x_2026-06-29.csv", "c/undated.csv"]
    assert last == names[1:]
    assert day == date(2026, 6, 30)
    with pytest.raises(ValueError, match="no landing file carries a date"):
        split_last_day(["undated.csv"])


def test_what_an_added_day_touched_leaves_out_models_that_were_built_in_full() -> None:
    increments = {
        "contracts": {"unit": "record_key", "touched": 50, "written": 60},
        "sessions": {"unit": "person_id", "touched": 7, "written": 20},
        "orders": {"unit": "person_id", "touched": 9, "written": 5},
        "anew": {"unit": "person_id", "touched": None, "written": None},
    }
    assert touched_summary(increments) == {
        "models": 3,
        "models_in_full": 1,
        "rows_written": 85,
        "persons_touched": 9,
    }
    assert touched_summary({})["persons_touched"] is None
