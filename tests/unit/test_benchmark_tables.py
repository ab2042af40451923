"""Results in, Markdown out: what was not measured is a dash, what was measured once says so."""

from __future__ import annotations

import pytest

from tests.benchmarks import tables
from tests.benchmarks.results import merge

GIB = 1024**3


def _size(persons: int, seconds: float) -> dict:
    one = {"runs": 1, "min": seconds, "median": seconds, "max": seconds}
    model = {"layer": "marts", "domain": "core", "rows": 2 * persons, "seconds": seconds}
    return {
        "measured_at": "2026-07-01T10:00:00+00:00",
        "commit": "abc",
        "persons": persons,
        "rows_raw": 40 * persons,
        "simulate_seconds": None,
        "gate": {"wall_seconds": 12.0, "peak_bytes": GIB},
        "full": {
            "rows_raw": 40 * persons,
            "seconds": one,
            "startup_seconds": one,
            "peak_bytes": 2 * GIB,
            "database_bytes": GIB,
            "raw_bytes": GIB // 2,
            "layers": {
                "staging/web": {"models": 1, "rows": 0, "seconds": 0.5},
                "staging/app": {"models": 1, "rows": 0, "seconds": 0.25},
                "marts/core": {"models": 1, "rows": 2 * persons, "seconds": seconds},
            },
            "models": {"fct_touchpoints": model},
        },
        "floor": {"seconds": one},
        "ratio": {"runs": 3, "min": 4.0, "median": 5.0, "max": 6.0},
    }


def test_all_pieces_merge_into_one_file_with_growth_between_neighbours() -> None:
    first = merge({}, {"sizes": {"100000": _size(100_000, 100.0)}, "machine": {"cores": 2}})
    both = merge(first, {"sizes": {"10000": _size(10_000, 10.0)}, "peers": {"identity": {}}})
    assert list(both["sizes"]) == ["10000", "100000"]
    assert both["growth"]["10000 to 100000"]["build"] == pytest.approx(1.0)
    assert both["machine"] == {"cores": 2}
    assert "identity" in both["peers"]
    again = merge(both, {"sizes": {"10000": _size(10_000, 20.0)}})
    assert again["sizes"]["10000"]["full"]["seconds"]["median"] == 20.0
    assert "identity" in again["peers"]


def test_the_tables_show_what_was_measured_and_a_dash_for_the_rest() -> None:
    results = merge({}, {"sizes": {"10000": _size(10_000, 10.0), "100000": _size(100_000, 90.0)}})
    text = tables.render(results)
    assert "| 10,000 | 400,000 | 10.0 (1 run) | 10.00 (1 run) | 5.0 (4.0 to 6.0) | 2.0 " in text
    assert "| 10,000 | 12.0 | 1.0 | 10.0 (1 run) | – | – | – | – | – |" in text
    assert "| staging (views) | 0 | 0.8 | 0 | 0.8 | – |" in text
    assert "One added day" not in text
    assert "| 10000 to 100000 | 10.00 | 0.95 | `fct_touchpoints` 0.95 |" in text


def test_an_added_day_says_what_came_and_what_was_touched() -> None:
    size = _size(10_000, 10.0)
    size["added_day"] = {
        "gate": {"wall_seconds": 3.0},
        "seconds": size["full"]["seconds"],
        "share": {"runs": 3, "min": 0.1, "median": 0.2, "max": 0.25},
        "arrived": {"rows_landed": 2000, "persons_with_touchpoints": 300, "persons": 11_000},
        "increments": {"a": {"unit": "person_id", "touched": 400, "written": 5000}},
        "tables_with_other_row_counts": {},
    }
    assert (
        "| 10,000 | 3.0 | 10.0 (1 run) | 20 (10 to 25) % | 2,000 | 300 of 11,000 | 400 | 5,000 "
        "| 1 (0) | 0 |"
    ) in tables.render(merge({}, {"sizes": {"10000": size}}))


def test_a_peer_that_could_not_run_says_why() -> None:
    peer = {
        "what": "Components of one graph.",
        "inputs": {
            "Edges of a build": {
                "size": "12 edges",
                "contestants": {
                    "Crossweave": {"seconds": {"runs": 3, "min": 1, "median": 2, "max": 3}},
                    "other": {"note": "not installed: no wheel"},
                },
            }
        },
    }
    text = tables.peer_table(peer)
    assert "| Crossweave | 2.00 (1.00 to 3.00) | – | – |  |" in text
    assert "| other | – | – | – | not installed: no wheel |" in text


def test_figures_replace_what_stands_between_the_marks() -> None:
    document = f"head\n{tables.BEGIN}\nold\n{tables.END}\ntail\n"
    assert tables.into_document(document, "new\n") == (
        f"head\n{tables.BEGIN}\n\nnew\n\n{tables.END}\ntail\n"
    )
    with pytest.raises(ValueError, match="needs the lines"):
        tables.into_document("nothing", "new")
