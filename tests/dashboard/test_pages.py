"""The pages in Streamlit's own test runner, over hand-made marts."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from orchestration.settings import PROJECT_ROOT
from tests.dashboard.marts_by_hand import MARTS, write_copy

VIEWS = sorted((PROJECT_ROOT / "dashboard" / "views").glob("[a-z]*.py"))


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder of tenant mine."""
    monkeypatch.setenv("CROSSWEAVE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("CROSSWEAVE_TENANT", "mine")
    monkeypatch.setenv("CROSSWEAVE_ENV", "dev")
    st.cache_data.clear()
    st.cache_resource.clear()
    return tmp_path


def opened(name: str) -> AppTest:
    """A page after its first run, without an exception."""
    page = AppTest.from_file(str(PROJECT_ROOT / f"dashboard/views/{name}.py"), default_timeout=60)
    return ran(page.run())


def ran(page: AppTest) -> AppTest:
    assert not page.exception, [item.message for item in page.exception]
    return page


@pytest.mark.parametrize("view", VIEWS, ids=lambda path: path.stem)
def test_without_a_copy_a_page_says_how_to_get_one(view: Path, data: Path) -> None:
    page = opened(view.stem)
    assert "make run" in page.info[0].value


@pytest.mark.parametrize("view", VIEWS, ids=lambda path: path.stem)
def test_a_table_that_is_not_built_is_a_friendly_word(view: Path, data: Path) -> None:
    """A copy without any mart: of an older version, or with tables left out."""
    write_copy(data)
    page = opened(view.stem)
    assert any("not built yet" in item.value for item in page.info), view.stem


@pytest.mark.parametrize("view", VIEWS, ids=lambda path: path.stem)
def test_every_chart_has_its_sql(view: Path, data: Path) -> None:
    write_copy(data, MARTS)
    page = opened(view.stem)
    statements = [item for item in page.code if item.language == "sql"]
    assert len(statements) >= max(len(page.subheader), 1)
    assert len(page.expander) >= len(statements)


def test_the_scorecard_is_of_the_newest_week_that_is_over(data: Path) -> None:
    write_copy(data, MARTS)
    page = opened("overview")
    shown = {item.label: (item.value, item.delta) for item in page.metric}
    assert shown == {"Orders": ("4", "+100.0%"), "Click rate": ("12.5%", "-50.0%")}


def test_a_segments_orders_are_those_of_its_present_members(data: Path) -> None:
    """p1 alone is in it; 22:30 UTC of Sunday is Monday in Zurich; a cancelled order is none."""
    write_copy(data, MARTS)
    page = opened("overview")
    page.selectbox(key="segment").select("buyers")
    ran(page.run())
    rows = page.dataframe[0].value
    assert rows[["revenue", "orders", "buyers"]].to_numpy().tolist() == [[100.0, 1, 1]]
    assert rows["week_start"].iloc[0].date() == date(2026, 6, 8)


def test_channel_and_period_filters_reach_the_numbers(data: Path) -> None:
    write_copy(data, MARTS)
    page = opened("channels")
    table = page.dataframe[0].value.set_index("channel")
    assert table.loc["email", ["spend", "revenue", "roas"]].tolist() == [15.0, 150.0, 10.0]
    assert table.loc["display", "roas"] == 0.5
    page.multiselect(key="channels").select("email")
    page.date_input(key="period").set_value((date(2026, 6, 5), date(2026, 6, 9)))
    ran(page.run())
    table = page.dataframe[0].value.set_index("channel")
    assert table.index.tolist() == ["email"]
    assert table.loc["email", ["spend", "revenue"]].tolist() == [5.0, 50.0]


def test_intervals_are_of_one_period_and_scale_with_roas(data: Path) -> None:
    """Markov: 5 of 4 to 7 conversions, 250 revenue for 100: ROAS 2.5, from 2.0 to 3.5."""
    write_copy(data, MARTS)
    page = opened("channels")
    models = page.dataframe[1].value.set_index(["model", "channel"])
    row = models.loc[("markov_1", "email")]
    assert row[["roas_low", "roas", "roas_high"]].tolist() == [2.0, 2.5, 3.5]
    assert row[["cpa", "cac"]].tolist() == [20.0, 50.0]
    assert models.loc[("last", "email"), "roas_low"] != models.loc[("last", "email"), "roas_low"]


def test_a_slice_of_the_path_tree_adds_up(data: Path) -> None:
    """Mature journeys: email>web (1 order), email (1), web, email>web>email. Runs collapse."""
    write_copy(data, MARTS)
    page = opened("journeys")
    page.multiselect(key="channels").select("email")
    ran(page.run())
    tree = next(f.value for f in page.dataframe if "parent_path" in f.value.columns)
    counts = tree.set_index("path")[["journey_count", "conversion_count"]]
    assert {path: tuple(row) for path, row in counts.iterrows()} == {
        "(start) > email": (3, 2),
        "(start) > email > (end)": (1, 1),
        "(start) > email > web": (2, 1),
        "(start) > email > web > (end)": (1, 1),
        "(start) > email > web > email": (1, 0),
    }


def test_steps_can_be_walked_there_and_back(data: Path) -> None:
    write_copy(data, MARTS)
    page = opened("journeys")
    page.selectbox(key="segment").select("buyers")
    ran(page.run())
    ran(page.selectbox(key="next_step").select("email").run())
    after = next(f.value for f in page.dataframe if "next" in f.value.columns)
    assert after["next"].tolist() == ["web"]
    ran(page.button(key="back").click().run())
    after = next(f.value for f in page.dataframe if "next" in f.value.columns)
    assert after["next"].tolist() == ["email"]


def test_what_is_typed_into_the_search_is_never_sql(data: Path) -> None:
    write_copy(
        data,
        "create schema identity; create table identity.persons as select 'p1' as person_id, "
        "2 as identifier_count, 3 as record_count, true as is_known, "
        "timestamp '2026-01-01' as first_seen_at, timestamp '2026-02-01' as last_seen_at;"
        "create table identity.person_redirects as "
        "select 'old1' as old_person_id, 'p1' as person_id;"
        "create table identity.identifier_person as select 'a70c121bffff' as identifier_key, "
        "'email' as identifier_type, 'p1' as person_id, true as is_current",
    )
    page = opened("person")
    for text in ("' or 1=1 --", "%", "a70c121", "p2"):
        ran(page.text_input[0].set_value(text).run())
        assert any("no rows" in item.value for item in page.info), text
    for text in ("p1", "old1", "A70C121B"):
        ran(page.text_input[0].set_value(text).run())
        assert any("person p1" in item.value for item in page.caption), text


def test_a_second_search_is_not_forgotten_for_the_first(data: Path) -> None:
    """The box took its default from the address, which the first search had set: it was a new box
    then, and what was typed into the former one was lost."""
    write_copy(
        data,
        "create schema identity; create table identity.persons as select unnest(['p1', 'p2']) as "
        "person_id, 2 as identifier_count, 3 as record_count, true as is_known, "
        "timestamp '2026-01-01' as first_seen_at, timestamp '2026-02-01' as last_seen_at;"
        "create table identity.person_redirects as select 'o' as old_person_id, 'p1' as person_id;"
        "create table identity.identifier_person as select 'a70c121bffff' as identifier_key, "
        "'email' as identifier_type, 'p1' as person_id, true as is_current",
    )
    page = opened("person")
    for text in ("p1", "p2", "p1"):
        ran(page.text_input[0].set_value(text).run())
        assert any(item.value == f"person {text}" for item in page.caption), text


def test_a_new_copy_is_read_with_the_next_question(data: Path) -> None:
    """The page is open while the copy is swapped: no restart, no stale answer."""
    write_copy(data, MARTS)
    page = opened("channels")
    write_copy(data, MARTS, "update kpis.channel_daily set revenue_amount = 200")
    ran(page.run())
    assert page.dataframe[0].value["revenue"].sum() == 600.0
