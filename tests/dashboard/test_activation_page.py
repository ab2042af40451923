"""The pages Segments and Activation in Streamlit's own test runner, over hand-made marts."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard.queries import activation as queries
from dashboard.serving_copy import Query, ask
from dashboard.why import reason_in_words, sentence
from orchestration.settings import PROJECT_ROOT
from tests.dashboard.marts_by_hand import ACTIVATION, MARTS, write_copy


@pytest.fixture(autouse=True)
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of tenant mine with marts and ledgers."""
    monkeypatch.setenv("CROSSWEAVE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("CROSSWEAVE_TENANT", "mine")
    monkeypatch.setenv("CROSSWEAVE_ENV", "dev")
    st.cache_data.clear()
    st.cache_resource.clear()
    return write_copy(tmp_path, MARTS, ACTIVATION)


def opened(name: str) -> AppTest:
    page = AppTest.from_file(str(PROJECT_ROOT / f"dashboard/views/{name}.py"), default_timeout=60)
    return ran(page.run())


def ran(page: AppTest) -> AppTest:
    assert not page.exception, [item.message for item in page.exception]
    return page


def table_with(page: AppTest, *columns: str) -> pd.DataFrame:
    """The first shown table that has these columns."""
    return next(f.value for f in page.dataframe if set(columns) <= set(f.value.columns))


def told(page: AppTest) -> list[str]:
    return [item.value for item in page.markdown if item.value.startswith("- ")]


@pytest.mark.parametrize("name", ["activation", "segments"])
def test_every_chart_has_its_sql(name: str) -> None:
    page = opened(name)
    statements = [item for item in page.code if item.language == "sql"]
    assert len(statements) >= len(page.subheader) > 3
    assert not page.info or name == "activation"


def test_every_run_is_as_long_as_its_plan() -> None:
    """r1: five planned, one of each outcome; r2: an add and a removal."""
    page = opened("activation")
    runs = table_with(page, "is_accounted").set_index("run_id")
    outcomes = ["planned", "succeeded", "rejected", "blocked", "unknown", "aborted"]
    assert runs.loc["r1", outcomes].tolist() == [5, 1, 1, 1, 1, 1]
    assert runs.loc["r2", outcomes].tolist() == [2, 2, 0, 0, 0, 0]
    assert runs["is_accounted"].all()
    latest = table_with(page, "acknowledged_share").set_index("sync")
    shown = ["planned", "acknowledged_share", "held", "waiting", "parked"]
    assert latest.loc["carts_file", shown].tolist() == [2, 1.0, 1, 1, 0]
    assert latest.loc["letters_sftp", "blocked"] == 1
    assert pd.isna(latest.loc["letters_sftp", "rejected_share"])


def test_reasons_are_those_of_the_newest_run_of_the_chosen_sync() -> None:
    page = opened("activation")
    blocked = table_with(page, "reason", "records")
    assert blocked[["sync", "reason", "records"]].to_numpy().tolist() == [
        ["letters_sftp", "holdout", 1]
    ]
    page.selectbox[0].select("carts_file")
    ran(page.run())
    assert any("Blocked at the gate" in item.value for item in page.info)
    assert table_with(page, "is_accounted")["sync"].unique().tolist() == ["carts_file"]


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        ("p1", ["was taken out on 2026-07-02 06:00 UTC", "the universal holdout"]),
        ("p2", ["invalid address (attempt 1; tried again not before 2026-07-01 06:05 UTC)",
                "letters_sftp** never planned this person: they are in no segment now"]),
        ("p3", ["held back at the gate on 2026-07-01 06:00 UTC: the consent for this address was "
                "withdrawn", "never planned"]),
        ("p4", ["nobody knows whether it arrived", "never planned"]),
        ("p5", ["the record was added on 2026-07-02 06:00 UTC, and the destination acknowledged "
                "it. The destination holds the record.", "never planned"]),
        ("p6", ["carts_file** never planned", "letters_sftp** never planned"]),
    ],
)  # fmt: skip
def test_why_a_person_did_or_did_not_get_it(person: str, expected: list[str]) -> None:
    """p1 got it and left; p5 was aborted first and got it with the second run."""
    page = opened("activation")
    ran(page.text_input[0].set_value(person).run())
    sentences = told(page)
    assert len(sentences) == len(expected) == 2
    for text, part in zip(sentences, expected, strict=True):
        assert part in text


def test_a_person_is_found_by_a_former_id_and_by_the_hash_of_an_address() -> None:
    page = opened("activation")
    for text, person in (("old1", "p1"), ("A70C121B", "p3")):
        ran(page.text_input[0].set_value(text).run())
        assert any(item.value == f"person {person}" for item in page.caption), text
    consent = table_with(page, "suppressed_for")
    assert consent[["status", "identifier_key"]].to_numpy().tolist() == [["withdrawn", "k-p3"]]
    for text in ("' or 1=1 --", "%", "p77"):
        ran(page.text_input[0].set_value(text).run())
        assert not told(page), text


def test_whoever_is_in_a_segment_but_never_planned_is_told_what_to_look_at() -> None:
    row = next(ask(Query(queries.CONSIDERED, {"person": "p6"})).itertuples())
    assert "held out" in sentence(row, segments=["buyers"], is_holdout=True)
    assert "They are in buyers; if" in sentence(row, segments=["buyers"], is_holdout=False)


def test_a_reason_says_which_cap_and_one_without_words_is_shown_as_it_is() -> None:
    assert reason_in_words("frequency_cap:email_7d").endswith("as the cap allows (email_7d)")
    assert reason_in_words("some_new_class") == "some new class"
    assert reason_in_words(None) == "no reason was given"


def test_a_segments_members_are_reachable_held_out_or_without_consent() -> None:
    """Four members: two reachable, one held out, so one without consent or address."""
    page = opened("segments")
    sizes = table_with(page, "revenue_365d_amount").set_index("segment")
    assert sizes.loc["buyers", "member_count"] == 4
    moves = table_with(page, "entered", "exited")
    assert moves[["entered", "exited"]].to_numpy().tolist() == [[2, 0], [0, 1]]
    lists = table_with(page, "priority_list").to_numpy().tolist()
    assert lists == [["next", 1, "buyers", 2, 1, 1], ["next", 2, "empty", 1, 0, 0]]
