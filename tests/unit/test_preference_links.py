"""Signed links: what is in them, who can make them, and how long they are good.

The signature is held against HMAC by hand (RFC 2104), not against the library that makes it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.preferences.links import (
    DEVELOPMENT_KEY,
    LONGEST_TOKEN,
    VARIABLE,
    LinkInvalid,
    LinkKeyError,
    LinkKeys,
    Recipient,
    link_keys,
    preferences_url,
    read,
    sign,
    unsubscribe_url,
)

OLD = "the key of last year"
NEW = "the key of this year"
KEYS = LinkKeys((NEW, OLD))
ANNA = Recipient("5f" * 32, "email", "marketing")


def token_by_hand(kind: str, key: str, recipient: Recipient) -> str:
    """The token by RFC 2104: a key derived for this use, then HMAC-SHA256 over the body."""
    text = "\x1f".join([recipient.identifier_key, recipient.channel, recipient.purpose])
    body = base64.urlsafe_b64encode(text.encode()).rstrip(b"=")
    derived = hmac.new(key.encode(), f"crossweave.{kind}.1".encode(), hashlib.sha256).digest()
    signature = hmac.new(derived, body, hashlib.sha256).digest()
    return f"{body.decode()}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def test_a_token_is_an_hmac_over_hash_channel_and_purpose() -> None:
    assert sign("unsubscribe", KEYS, ANNA) == token_by_hand("unsubscribe", NEW, ANNA)
    assert read("unsubscribe", KEYS, token_by_hand("unsubscribe", NEW, ANNA)) == ANNA


def test_a_link_signed_before_the_key_changed_still_works() -> None:
    assert read("unsubscribe", KEYS, token_by_hand("unsubscribe", OLD, ANNA)) == ANNA
    with pytest.raises(LinkInvalid):
        read("unsubscribe", LinkKeys((NEW,)), token_by_hand("unsubscribe", OLD, ANNA))


def test_a_link_of_one_kind_is_no_link_of_the_other() -> None:
    with pytest.raises(LinkInvalid):
        read("preferences", KEYS, sign("unsubscribe", KEYS, ANNA))


def test_no_byte_of_what_a_token_says_can_be_changed() -> None:
    token = sign("unsubscribe", KEYS, ANNA)
    signature = token.rpartition(".")[2]
    for other in (replace(ANNA, purpose="service"), replace(ANNA, identifier_key="60" * 32)):
        body = sign("unsubscribe", KEYS, other).rpartition(".")[0]
        with pytest.raises(LinkInvalid):
            read("unsubscribe", KEYS, f"{body}.{signature}")
    for position in range(len(token) - 1):  # the last character has two unused bits
        changed = "A" if token[position] != "A" else "B"
        with pytest.raises(LinkInvalid):
            read("unsubscribe", KEYS, token[:position] + changed + token[position + 1 :])


@given(st.text(max_size=200))
def test_any_other_text_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(LinkInvalid) as caught:
        read("unsubscribe", KEYS, text)
    assert len(text) < 8 or text not in str(caught.value)


def test_a_token_beyond_all_measure_is_not_even_looked_at() -> None:
    with pytest.raises(LinkInvalid, match="too long"):
        read("unsubscribe", KEYS, "A" * (LONGEST_TOKEN + 1))


@given(*[st.text(min_size=1).filter(lambda text: not {"\x1f", "@"} & {*text})] * 3)
def test_what_was_signed_is_read_again(identifier_key: str, channel: str, purpose: str) -> None:
    try:
        recipient = Recipient(identifier_key, channel, purpose)
        token = sign("preferences", KEYS, recipient)
    except UnicodeEncodeError:  # half of a surrogate pair is no text
        return
    if len(token) <= LONGEST_TOKEN:
        assert read("preferences", KEYS, token) == recipient


def test_a_url_holds_no_address_and_needs_no_escaping() -> None:
    values = {"identifier_key": "5f" * 32, "channel": "email", "purpose": "marketing"}
    url = unsubscribe_url("https://brand.example/mail/", KEYS, **values)
    assert url == f"https://brand.example/mail/unsubscribe/{sign('unsubscribe', KEYS, ANNA)}"
    page = preferences_url("https://brand.example", KEYS, **values)
    assert page == f"https://brand.example/preferences/{sign('preferences', KEYS, ANNA)}"
    for link in (url, page):
        assert "@" not in link
        assert all(character.isalnum() or character in "-_./:" for character in link)


def test_an_address_in_place_of_its_hash_is_refused() -> None:
    with pytest.raises(ValueError, match="keyed hash"):
        Recipient("anna@example.com", "email", "marketing")


@pytest.mark.parametrize("base_url", ["", "brand.example", "ftp://brand.example", "https://b.ch?a"])
def test_a_base_that_is_no_web_address_is_refused(base_url: str) -> None:
    with pytest.raises(ValueError, match="https://"):
        unsubscribe_url(base_url, KEYS, identifier_key="k1", channel="email", purpose="marketing")


def test_keys_come_from_the_environment_newest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "a-key-long-enough-1, a-key-long-enough-2")
    assert link_keys("prod").keys == ("a-key-long-enough-1", "a-key-long-enough-2")
    assert "long-enough" not in repr(link_keys("prod"))


def test_development_needs_no_key_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with caplog.at_level(logging.WARNING):
        assert link_keys("dev").keys == (DEVELOPMENT_KEY,)
    assert VARIABLE in caplog.text


@pytest.mark.parametrize(
    "value", [None, "", "short", f"{DEVELOPMENT_KEY}", "good-and-long-one short"]
)
def test_production_takes_no_missing_weak_or_published_key(
    monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    if value is not None:
        monkeypatch.setenv(VARIABLE, value)
    with pytest.raises(LinkKeyError, match=VARIABLE):
        link_keys("prod")
