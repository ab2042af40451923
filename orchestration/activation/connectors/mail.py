"""One finished mail as the bytes that go over the wire.

Belongs here: headers (names in any script, one-click unsubscribe by RFC 8058), the two parts, the
DKIM signature. Does not belong here: what is written in the mail, and the conversation with a
server.

A value with a control character in a header would be another header: it is refused. Errors name
fields, never values.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime

import dkim

# What DKIM signs; RFC 8058 asks for both List-Unsubscribe headers. Some are signed once more than
# they are there, so that nobody can add another one.
_SIGNED_TWICE = (b"from", b"to", b"subject", b"list-unsubscribe", b"list-unsubscribe-post")
_SIGNED_ONCE = (b"reply-to", b"date", b"message-id", b"mime-version", b"content-type")
SIGNED_HEADERS = (*_SIGNED_TWICE, *_SIGNED_TWICE, *_SIGNED_ONCE)
LONGEST_NAME = 100
LONGEST_SUBJECT = 255
LONGEST_URL = 900  # a line has at most 998 characters (RFC 5322)
ENCODED_BYTES = 45  # an encoded word has at most 75 characters (RFC 2047), 60 of them Base64
_ATOM = r"[^\s()<>\[\]:;@\\,.\"\x00-\x20\x7f]+"
_LOCAL = re.compile(rf"{_ATOM}(\.{_ATOM})*")
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}", re.IGNORECASE)
_URL = re.compile(r"https?://[!-;=?-~]+")  # printable ASCII but < and >


class MailError(ValueError):
    """This mail cannot be made; `code` is short, the message names fields."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Signer:
    """A DKIM key: `d=` and `s=` of the signature, private key as PEM."""

    domain: str
    selector: str
    private_key: bytes

    def sign(self, mail: bytes) -> bytes:
        """The mail with its signature in front. Raises `dkim.DKIMException` for a bad key."""
        signature = dkim.sign(
            mail,
            self.selector.encode(),
            self.domain.encode(),
            self.private_key,
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=list(SIGNED_HEADERS),
        )
        return signature + mail


@dataclass(frozen=True)
class Mail:
    """What a mail is made of; addresses are bare, names may be empty."""

    sender_name: str
    sender: str
    recipient_name: str
    recipient: str
    reply_to: str | None
    subject: str
    text: str
    html: str
    locale: str
    message_id: str
    date: datetime
    unsubscribe_url: str

    @property
    def needs_utf8(self) -> bool:
        """Whether the recipient's address can only be written in UTF-8 (RFC 6532)."""
        return not self.recipient.isascii()


def to_bytes(mail: Mail, signer: Signer | None) -> bytes:
    """The mail with CRLF line ends, signed if there is a key. Raises `MailError`.

    Headers are written here: the library (Python 3.11) loses blanks between encoded words of a
    name, and cuts a long URL into encoded words.
    """
    lines = [
        f"From: {_mailbox('sender_name', mail.sender_name, mail.sender)}",
        f"To: {_mailbox('name', mail.recipient_name, mail.recipient)}",
        f"Subject: {_encoded(header_text('subject', mail.subject)[:LONGEST_SUBJECT])}",
        f"Date: {format_datetime(mail.date)}",
        f"Message-ID: {mail.message_id}",
        f"List-Unsubscribe: <{_link(mail.unsubscribe_url)}>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        f"Content-Language: {mail.locale}",
    ]
    if mail.reply_to is not None:
        lines.insert(2, f"Reply-To: <{mail.reply_to}>")
    body = EmailMessage(policy=policy.SMTP)
    body.set_content(mail.text, cte="quoted-printable")
    body.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    body.set_boundary(f"=_{mail.message_id.strip('<>').partition('@')[0]}")
    finished = "".join(f"{line}\r\n" for line in lines).encode() + body.as_bytes()
    return finished if signer is None else signer.sign(finished)


def wire_address(address: str) -> str:
    """An address as SMTP takes it: the domain in ASCII (IDNA), the local part as it is.

    Raises `MailError` for what is no address.
    """
    local, _, domain = address.strip().rpartition("@")
    try:
        domain = domain.encode("idna").decode() if not domain.isascii() else domain
    except UnicodeError:
        domain = ""
    if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain) or _controls(local):
        raise MailError("invalid_address", "email is no address")
    if len(local.encode()) > 64 or len(domain) > 253:
        raise MailError("invalid_address", "email is too long")
    return f"{local}@{domain}"


def header_text(field: str, text: str) -> str:
    """Text that may stand in a header, blanks run together; `MailError` for control characters."""
    if _controls(text):
        raise MailError("header_injection", f"control characters in {field}")
    return " ".join(text.split())


def _mailbox(field: str, name: str, address: str) -> str:
    """Name and address for a header: the name quoted, or encoded where it is not ASCII."""
    plain = header_text(field, name)[:LONGEST_NAME].strip()
    if not plain:
        return f"<{address}>"
    if _is_plain(plain):
        quoted = plain.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{address}>'
    return f"{_encoded(plain)} <{address}>"


def _encoded(text: str) -> str:
    """Text as it is, or as encoded words of whole characters (RFC 2047), folded between them."""
    if _is_plain(text):
        return text
    words, word = [], b""
    for letter in (letter.encode() for letter in text):
        if len(word) + len(letter) > ENCODED_BYTES:
            words.append(word)
            word = b""
        word += letter
    words.append(word)
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(word).decode()}?=" for word in words)


def _is_plain(text: str) -> bool:
    return text.isascii() and "=?" not in text


def _controls(text: str) -> bool:
    """Control characters, line and paragraph ends, halves of surrogate pairs."""
    return any(unicodedata.category(letter) in {"Cc", "Zl", "Zp", "Cs"} for letter in text)


def _link(url: str) -> str:
    if not _URL.fullmatch(url) or len(url) > LONGEST_URL:
        raise MailError("invalid_link", "the unsubscribe link cannot stand in a header")
    return url
