"""A mail as bytes: headers that every reader takes the same way, signed as RFC 8058 asks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import getaddresses

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from orchestration.activation.connectors.mail import (
    LONGEST_NAME,
    Mail,
    MailError,
    Signer,
    to_bytes,
    wire_address,
)
from orchestration.activation.connectors.smtp import SmtpSettings

MAIL = Mail(
    sender_name="Arve & Grat",
    sender="news@example.com",
    recipient_name="Anna",
    recipient="anna@example.com",
    reply_to="shop@example.com",
    subject="Thank you",
    text="Dear Anna",
    html="<p>Dear Anna</p>",
    locale="de",
    message_id="<0123@example.com>",
    date=datetime(2026, 7, 1, 12, tzinfo=UTC),
    unsubscribe_url="https://preferences.example.com/unsubscribe/" + "t" * 300,
)
TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=200)


def _decoded(header: str) -> str:
    return str(make_header(decode_header(header))).replace("\r\n", "")


@given(name=TEXTS, subject=TEXTS)
@example(name="0 0000ࠀࠀࠀࠀࠀࠀࠀࠀࠀࠀࠀࠀࠀ :", subject="=?utf-8?q?no?=")
@example(name='O\'Brien, "Bob" \\ <x@y>', subject="王小明")
@settings(max_examples=300, deadline=None)
def test_every_name_and_subject_reads_as_it_was_written(name: str, subject: str) -> None:
    """Python 3.11 lost the blank between two encoded words (the first example). The reader here is
    the library's older parser, which shares no code with the writer."""
    finished = to_bytes(replace(MAIL, recipient_name=name, subject=subject), None)
    mail = message_from_bytes(finished)
    [(shown, address)] = getaddresses([mail["To"]])
    assert address == "anna@example.com"
    assert _decoded(shown) == " ".join(name.split())[:LONGEST_NAME].strip()
    assert _decoded(mail["Subject"]) == " ".join(subject.split())
    assert mail["List-Unsubscribe"] == f"<{MAIL.unsubscribe_url}>"
    head = finished.partition(b"\r\n\r\n")[0]
    assert head.isascii()
    assert max(len(line) for line in head.split(b"\r\n")) <= 998


@pytest.mark.parametrize("field", ["recipient_name", "subject", "sender_name"])
@pytest.mark.parametrize("letter", ["\r\n", "\n", "\r", "\x00", "\u2028", "\x85"])
def test_a_value_cannot_begin_another_header(field: str, letter: str) -> None:
    with pytest.raises(MailError, match="control characters") as caught:
        to_bytes(replace(MAIL, **{field: f"Anna{letter}Bcc: eve@example.com"}), None)
    assert "eve" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["https://x.example/a> <https://eve.example", "https://x.example/ü", "javascript:1", ""]
)
def test_a_link_that_would_break_the_header_is_refused(url: str) -> None:
    with pytest.raises(MailError, match="unsubscribe link"):
        to_bytes(replace(MAIL, unsubscribe_url=url), None)


@pytest.mark.parametrize(
    ("address", "wire"),
    [
        ("anna@example.com", "anna@example.com"),
        (" anna.o'brien+x@example.com ", "anna.o'brien+x@example.com"),
        ("anna@bücher.example", "anna@xn--bcher-kva.example"),
        ("grüße@example.com", "grüße@example.com"),
    ],
)
def test_addresses_as_smtp_takes_them(address: str, wire: str) -> None:
    assert wire_address(address) == wire


@pytest.mark.parametrize(
    "address",
    ["", "anna", "@example.com", "anna@", "anna@example", "a b@example.com", "a@b@example.com",
     "anna@example.com\r\nRCPT TO:<eve@example.com>", "<anna@example.com>", "a..b@example.com",
     "anna@exa_mple.com", "anna@-example.com", f"{'a' * 65}@example.com", "an,na@example.com"],
)  # fmt: skip
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(MailError) as caught:
        wire_address(address)
    assert caught.value.code == "invalid_address"
    assert "example" not in str(caught.value)


def test_both_unsubscribe_headers_are_signed() -> None:
    """RFC 8058, section 4: the DKIM signature covers both List-Unsubscribe headers."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    record = b"v=DKIM1; k=rsa; p=" + b"".join(public.splitlines()[1:-1])
    finished = to_bytes(MAIL, Signer("example.com", "s1", private))

    def is_signed(mail: bytes) -> bool:
        return dkim.verify(mail, dnsfunc=lambda name, timeout=5: record)

    assert is_signed(finished)
    for header in (b"List-Unsubscribe:", b"List-Unsubscribe-Post:", b"To:", b"Subject:", b"From:"):
        lines = finished.split(b"\r\n")
        [line] = [line for line in lines if line.startswith(header)]
        assert not is_signed(finished.replace(line, line + b"x", 1)), header
        assert not is_signed(finished.replace(line + b"\r\n", b"", 1)), header
    for another in (b"From: eve@example.com", b"List-Unsubscribe: <https://eve.example.com>"):
        assert not is_signed(finished.replace(b"\r\nTo:", b"\r\n" + another + b"\r\nTo:", 1))
    assert not is_signed(finished.replace(b"Dear Anna", b"Dear Eve"))


GOOD = {"host": "smtp.example.com", "sender": "a@example.com", "links_url": "https://x.example"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"tls": "none"}, "tls: none is only for this machine"),
        ({"sender": "Arve <a@example.com>"}, "no address"),
        ({"reply_to": "a@bücher.example"}, "addresses in ASCII"),
        ({"links_url": "http://x.example"}, "https is needed"),
    ],
)
def test_settings_that_would_harm_are_refused(change: dict[str, str], told: str) -> None:
    SmtpSettings.model_validate(GOOD)
    SmtpSettings.model_validate({**GOOD, "host": "localhost", "tls": "none"})
    with pytest.raises(ValidationError, match=told):
        SmtpSettings.model_validate({**GOOD, **change})
