"""The model of the probabilistic pass on made-up families: whom it joins, whom it keeps apart."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from orchestration.identity.comparisons import CONTACT_COLUMNS
from orchestration.identity.matching import (
    Matches,
    MatchingUnavailable,
    score_pairs,
)
from tests.people import Contact, make_people

PEOPLE = make_people()
LEAST = 0.95


def _table(people: list[Contact], *, with_accounts: bool = True) -> pa.Table:
    accounts: dict[str, int] = {}
    rows = []
    for number, contact in enumerate(sorted(people, key=lambda c: c.record)):
        account = contact.account if with_accounts and contact.account else contact.record
        texts = {name: getattr(contact, name) for name in CONTACT_COLUMNS}
        rows.append(
            {
                "contact_id": number,
                "cluster_id": accounts.setdefault(account, len(accounts)),
                **{name: text and text.lower() for name, text in texts.items()},
            }
        )
    return pa.Table.from_pylist(rows)


@pytest.fixture(scope="module")
def matches(tmp_path_factory: pytest.TempPathFactory) -> Matches:
    return score_pairs(_table(PEOPLE), scratch=tmp_path_factory.mktemp("scratch"))


def _linked(matches: Matches) -> list[tuple[Contact, Contact]]:
    contacts = sorted(PEOPLE, key=lambda c: c.record)
    return [
        (contacts[row["contact_a"]], contacts[row["contact_b"]])
        for row in matches.pairs.to_pylist()
        if row["score"] >= LEAST
    ]


def test_people_are_found_again_and_nobody_else(matches: Matches) -> None:
    linked = _linked(matches)
    right = [pair for pair in linked if pair[0].person == pair[1].person]
    true_pairs = [contact for contact in PEOPLE if contact.account is None]
    assert len(true_pairs) > 50
    assert len(right) / len(linked) >= 0.99
    assert len(right) / len(true_pairs) >= 0.8


def test_father_and_son_and_twins_stay_apart(matches: Matches) -> None:
    """Families share surname and address: a plain model takes them for one person (a flood of
    pairs in a trial, precision 0.65)."""
    homes = {str(number) for number in range(20)}
    pairs = [(one, other) for one, other in _linked(matches) if one.person.split(".")[0] in homes]
    assert pairs
    assert all(one.person == other.person for one, other in pairs)


def test_m_is_learnt_from_pairs_that_identifiers_join(matches: Matches) -> None:
    assert re.fullmatch(r"m from \d+ pairs that identifiers join", matches.trained_on)
    # 200 and more homes of two to four people, few of whom are kept twice without an account
    assert 0.01 <= matches.housemate_share < 0.2
    assert all(0 < share <= 1 for *_, m, u in matches.weights for share in (m, u))


def test_without_such_pairs_it_learns_by_expectation_maximisation(tmp_path: Path) -> None:
    matches = score_pairs(_table(PEOPLE, with_accounts=False), scratch=tmp_path)
    assert matches.trained_on == "m by expectation maximisation"
    linked = _linked(matches)
    right = [pair for pair in linked if pair[0].person == pair[1].person]
    assert len(right) / len(linked) >= 0.98
    assert len(right) > 300


def test_the_order_of_contacts_is_irrelevant(matches: Matches, tmp_path: Path) -> None:
    table = _table(PEOPLE)
    backwards = table.take(list(range(table.num_rows))[::-1])
    again = score_pairs(backwards, scratch=tmp_path)
    assert again.pairs.equals(matches.pairs)
    assert again.model_version == matches.model_version


def test_scores_say_nothing_that_they_do_not_know(matches: Matches) -> None:
    """Three digits, never 1: that is for identifiers."""
    scores = matches.pairs["score"].to_pylist()
    assert all(0.5 <= score <= 0.999 and round(score, 3) == score for score in scores)
    pairs = [(row["contact_a"], row["contact_b"]) for row in matches.pairs.to_pylist()]
    assert all(one < other for one, other in pairs)
    assert len(set(pairs)) == len(pairs)


def test_what_is_told_of_the_model_has_no_value_of_a_contact(matches: Matches) -> None:
    text = matches.text().lower()
    values = {getattr(c, name) for c in PEOPLE for name in CONTACT_COLUMNS}
    assert not [value for value in values if value and value.lower() in text]


def test_too_few_contacts_are_refused_with_a_reason(tmp_path: Path) -> None:
    with pytest.raises(MatchingUnavailable, match="10 contacts are too few"):
        score_pairs(_table(PEOPLE).slice(0, 10), scratch=tmp_path)


def test_without_splink_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "splink", None)
    with pytest.raises(MatchingUnavailable, match=r"pip install 'splink==5\.0\.0'"):
        score_pairs(_table(PEOPLE), scratch=tmp_path)
