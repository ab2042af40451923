"""Guards: what stops a run before anything is sent."""

from __future__ import annotations

import pytest

from orchestration.activation.definitions import Guards
from orchestration.activation.guards import check_guards
from orchestration.activation.plan import PlanFigures


def _check(
    source_rows: int, held_rows: int, removed: int, *, filled: bool = True, **guards: float
) -> str | None:
    figures = PlanFigures(source_rows, held_rows, {"add": 1, "remove": removed}, 0, 0)
    return check_guards(
        Guards.model_validate(guards),
        figures,
        has_history=held_rows > 0,
        destination_holds_records=filled and held_rows > 0,
    )


@pytest.mark.parametrize(("removed", "stops"), [(20, False), (21, True)])
def test_twenty_percent_may_go_and_not_one_more(removed: int, stops: bool) -> None:
    message = _check(80, 100, removed)
    assert (message is not None) == stops
    if message:
        assert message.startswith("21 of 100 records would be removed (21.0 %)")


def test_an_empty_source_removes_nobody_even_where_all_may_be_removed() -> None:
    message = _check(0, 100, 100, max_remove_pct=100, min_source_rows=0)
    assert message is not None
    assert "nobody was removed of 100 records held" in message


def test_an_empty_source_of_an_empty_audience_is_no_alarm() -> None:
    assert _check(0, 0, 0) is None


def test_fewer_rows_than_expected_stop_the_first_run_too() -> None:
    assert _check(9, 0, 0, min_source_rows=10) is not None
    assert _check(10, 0, 0, min_source_rows=10) is None


def test_a_filled_destination_that_nobody_remembers_stops_and_asks() -> None:
    figures = PlanFigures(10, 0, {"add": 10}, 0, 0)
    stopped = check_guards(Guards(), figures, has_history=False, destination_holds_records=True)
    assert stopped is not None
    assert "make restore" in stopped
    for holds, accepts in [(True, True), (False, False), (None, False)]:
        assert (
            check_guards(
                Guards(),
                figures,
                has_history=False,
                destination_holds_records=holds,
                accept_filled_destination=accepts,
            )
            is None
        )
