"""Words that the warehouse does not know yet, at the gate; every case worked by hand.

The brand's consents are of June 2026; times of words are given by day of July.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from orchestration.activation.connectors.base import Record
from orchestration.activation.gate import GateContext, GateError, refused
from orchestration.activation.late_words import LateWords
from orchestration.preferences.journal import CONSENTS, Journal
from tests.syncs import NOON, Brand, ScriptedDestination, definition, make_brand


@dataclass
class Words:
    """A brand, and the journal of its preference centre."""

    brand: Brand

    @property
    def journal(self) -> Journal:
        return Journal.of(self.brand.paths)

    def say(
        self,
        key: str,
        status: str = "withdrawn",
        *,
        channel: str = "email",
        purpose: str = "marketing",
        day: int = 2,
        kind: str = "email_key",
    ) -> None:
        """A word from the link that the address `key` got."""
        row = {
            "id": f"{key}-{channel}-{day}",
            "occurred_at": datetime(2026, 7, day, 9).isoformat() + "Z",
            "identifier_type": kind,
            "identifier_key": key,
            "channel": channel,
            "purpose": purpose,
            "status": status,
            "method": "page",
        }
        self.journal.append(CONSENTS, [row])

    def ask(self, *rows: tuple[str, str], channel: str = "email") -> list[str | None]:
        """Reasons for (person, address) on a channel for marketing, by a run that begins now."""
        context = GateContext(channel, "marketing", True, LateWords(self.journal))
        return self.ask_again(context, *rows)

    def ask_again(self, context: GateContext, *rows: tuple[str, str]) -> list[str | None]:
        """The same, by a run that goes on."""
        connection = self.brand.connection
        connection.execute(
            "create or replace temp table activation_plan (position bigint, operation varchar, "
            "person_id varchar, identifier_key varchar)"
        )
        for position, (person, key) in enumerate(rows, start=1):
            connection.execute(
                "insert into activation_plan values (?, 'add', ?, ?)", [position, person, key]
            )
        reasons = refused(connection, context, first=1, last=len(rows), at=NOON)
        return [reasons.get(position) for position in range(1, len(rows) + 1)]


@pytest.fixture
def words(tmp_path: Path) -> Words:
    """Anna has the e-mail addresses a1, a2 and the phone a3; Bela has b1. All said yes."""
    brand = make_brand(tmp_path)
    for key, person in (("a1", "anna"), ("a2", "anna"), ("b1", "bela")):
        brand.consent(key, person, status="granted")
    brand.consent("a3", "anna", status="granted", channel="sms")
    return Words(brand)


ALL = (("anna", "a1"), ("anna", "a2"), ("bela", "b1"))


def test_a_word_that_is_not_landed_stops_its_address_and_no_other(words: Words) -> None:
    assert words.ask(*ALL) == [None, None, None]
    words.say("a1")
    assert words.ask(*ALL) == ["consent_withdrawn", None, None]
    assert words.ask(("anna", "a3"), channel="sms") == [None]


def test_a_word_that_is_closed_or_landed_but_not_built_counts_the_same(words: Words) -> None:
    words.say("a1")
    assert len(words.journal.close()) == 1
    words.say("b1")
    assert words.ask(*ALL) == ["consent_withdrawn", None, "consent_withdrawn"]


def test_a_word_that_is_landed_counts_when_its_file_has_left_landing(words: Words) -> None:
    words.brand.connection.execute(
        """
        create table raw.preference_center__consent_events as
        select 'a1' as identifier_key, 'email_key' as identifier_type, 'email' as channel,
            'marketing' as purpose, 'withdrawn' as status, timestamp '2026-07-02' as occurred_at
        """
    )
    assert words.ask(*ALL) == ["consent_withdrawn", None, None]


def test_a_word_for_all_channels_reaches_every_address_of_the_person(words: Words) -> None:
    words.say("a2", channel="all")
    assert words.ask(*ALL) == ["consent_withdrawn", "consent_withdrawn", None]
    assert words.ask(("anna", "a3"), channel="sms") == ["consent_withdrawn"]


def test_a_word_about_another_channel_reaches_the_persons_addresses_there(words: Words) -> None:
    """No SMS, said on the page behind a link in an e-mail."""
    words.say("a1", channel="sms")
    assert words.ask(("anna", "a3"), channel="sms") == ["consent_withdrawn"]
    assert words.ask(*ALL) == [None, None, None]


def test_a_grant_in_the_warehouse_that_is_younger_than_the_word_stands(words: Words) -> None:
    words.say("a1", day=2)
    words.brand.connection.execute(
        "update core.consent_by_identifier set since = timestamp '2026-07-02 09:00:00' "
        "where identifier_key = 'a1'"
    )
    assert words.ask(("anna", "a1")) == ["consent_withdrawn"]  # of the same instant: no
    words.brand.connection.execute(
        "update core.consent_by_identifier set since = timestamp '2026-07-02 09:00:01' "
        "where identifier_key = 'a1'"
    )
    assert words.ask(("anna", "a1")) == [None]


def test_a_late_grant_ends_a_late_withdrawal_of_its_address_only(words: Words) -> None:
    words.say("a1", channel="all", day=2)
    words.say("a1", "granted", day=3)
    assert words.ask(*ALL) == [None, "consent_withdrawn", None]
    words.say("a1", day=4)
    assert words.ask(("anna", "a1")) == ["consent_withdrawn"]


def test_a_late_grant_alone_allows_nothing(words: Words) -> None:
    words.brand.consent("a1", "anna", status="withdrawn")
    words.say("a1", "granted")
    words.say("c1", "granted")
    assert words.ask(("anna", "a1"), ("carl", "c1")) == ["consent_withdrawn", "consent_missing"]


def test_a_word_about_another_purpose_is_none_about_this_one(words: Words) -> None:
    words.say("a1", purpose="service")
    assert words.ask(("anna", "a1")) == [None]
    words.say("a1", purpose="all")
    assert words.ask(("anna", "a1")) == ["consent_withdrawn"]


def test_what_is_said_during_a_run_counts_for_its_next_batch(words: Words) -> None:
    context = GateContext("email", "marketing", True, LateWords(words.journal))
    assert words.ask_again(context, *ALL) == [None, None, None]
    words.say("a1")
    assert words.ask_again(context, *ALL) == ["consent_withdrawn", None, None]
    words.say("b1")
    words.journal.close()  # under a new name, with one row that was read and one that was not
    assert words.ask_again(context, *ALL) == ["consent_withdrawn", None, "consent_withdrawn"]
    (count,) = words.brand.rows("select count(*) from late_consent_events")[0]
    assert count == 2


def test_half_a_line_is_read_when_it_is_whole(words: Words) -> None:
    """The write of another process, seen in its middle."""
    words.say("a1")
    path = words.journal.open_file(CONSENTS)
    line = path.read_bytes().replace(b'"a1"', b'"b1"')
    context = GateContext("email", "marketing", True, LateWords(words.journal))
    with path.open("ab") as stream:
        stream.write(line[:40])
    assert words.ask_again(context, *ALL) == ["consent_withdrawn", None, None]
    with path.open("ab") as stream:
        stream.write(line[40:])
    assert words.ask_again(context, *ALL) == ["consent_withdrawn", None, "consent_withdrawn"]


def test_a_file_that_cannot_be_read_stops_the_run(words: Words) -> None:
    """Fail closed: whoever objected in it would be written to."""
    words.say("a1")
    words.journal.close()[0].write_text("{not json}\n", encoding="utf-8")
    with pytest.raises(GateError, match="nothing is sent"):
        words.ask(*ALL)


def test_an_opt_out_between_two_batches_of_a_run_is_honoured(tmp_path: Path) -> None:
    brand = make_brand(tmp_path)
    for number in range(4):
        brand.person(number)
    words = Words(brand)

    def opt_out(batch: Sequence[Record]) -> None:
        if batch[0].record_key == "p0000":
            words.say("k0003")

    destination = ScriptedDestination(before=opt_out).with_description(batch_size=2)
    report = brand.run(definition(), open_destination=destination.open)
    assert report.blocked_reasons == {"consent_withdrawn": 1}
    assert sorted(destination.members) == ["p0000", "p0001", "p0002"]
