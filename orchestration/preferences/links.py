"""Signed links for one recipient: one-click unsubscribe (RFC 8058) and the preference page.

Belongs here: making and reading the tokens, and the keys that sign them. Does not belong here: what
happens when a link is opened.

A token names an identifier by its keyed hash, a channel and a purpose; no address is in it, and it
never expires: the link in a mail of last year must still end the mailings. What makes it good is
an HMAC-SHA256 under one of the keys in CROSSWEAVE_PREFERENCE_KEY. The first of them signs, all of
them are accepted: to change the key, put the new one in front and keep the earlier ones.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import logging
import os
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from itsdangerous import BadSignature, Signer

VARIABLE = "CROSSWEAVE_PREFERENCE_KEY"
DEVELOPMENT_KEY = "crossweave-development-preference-key"
MINIMUM_LENGTH = 16
LONGEST_TOKEN = 1024
# Part of what is signed: a later layout gets the next number, and old tokens are still read.
VERSION = 1
Kind = Literal["unsubscribe", "preferences"]
_SEPARATOR = "\x1f"
_log = logging.getLogger(__name__)


class LinkKeyError(RuntimeError):
    """The key for links is missing or weak."""


class LinkInvalid(ValueError):
    """A token that no key of ours has signed; the message never quotes it."""


@dataclass(frozen=True)
class LinkKeys:
    """The keys of links, newest first: the first one signs, every one is accepted."""

    keys: tuple[str, ...] = field(repr=False)

    def __post_init__(self) -> None:
        if not self.keys or any(len(key) < MINIMUM_LENGTH for key in self.keys):
            raise LinkKeyError(
                f"set {VARIABLE} to a secret of at least {MINIMUM_LENGTH} characters (for example "
                "from: openssl rand -hex 32); several, newest first, are separated by blanks"
            )


@dataclass(frozen=True)
class Recipient:
    """Whom a link is for: an identifier by its keyed hash, the channel and purpose of the message.

    `purpose` is what a one-click unsubscribe withdraws.
    """

    identifier_key: str
    channel: str
    purpose: str

    def __post_init__(self) -> None:
        parts = (self.identifier_key, self.channel, self.purpose)
        if not all(parts) or any(_SEPARATOR in part or "@" in part for part in parts):
            raise ValueError("a link needs identifier_key (a keyed hash), channel and purpose")


def link_keys(env: str) -> LinkKeys:
    """The keys of CROSSWEAVE_PREFERENCE_KEY, separated by blanks or commas, newest first.

    Outside `prod` a missing variable means a development key, with a warning. Raises `LinkKeyError`
    in `prod` when it is missing or holds the development key, and everywhere when a key is weak.
    """
    keys = tuple((os.environ.get(VARIABLE) or "").replace(",", " ").split())
    if env == "prod":
        return LinkKeys(tuple(key for key in keys if key != DEVELOPMENT_KEY))
    if not keys:
        _log.warning("%s is not set: using the development key; anybody can sign links", VARIABLE)
        keys = (DEVELOPMENT_KEY,)
    return LinkKeys(keys)


def unsubscribe_url(
    base_url: str, keys: LinkKeys, *, identifier_key: str, channel: str, purpose: str
) -> str:
    """The URL for `List-Unsubscribe`: a POST to it withdraws `purpose` on `channel` at once.

    `base_url` is where the service answers (`https://preferences.example.com`, a path is fine).
    Raises `ValueError` where it is no http(s) URL or a part of the recipient is missing.
    """
    recipient = Recipient(identifier_key, channel, purpose)
    return f"{_base(base_url)}/unsubscribe/{sign('unsubscribe', keys, recipient)}"


def preferences_url(
    base_url: str, keys: LinkKeys, *, identifier_key: str, channel: str, purpose: str
) -> str:
    """The URL of the recipient's preference page; arguments as for `unsubscribe_url`."""
    recipient = Recipient(identifier_key, channel, purpose)
    return f"{_base(base_url)}/preferences/{sign('preferences', keys, recipient)}"


def sign(kind: Kind, keys: LinkKeys, recipient: Recipient) -> str:
    """The token of a recipient: URL-safe text, the same for the same recipient and key."""
    text = _SEPARATOR.join((recipient.identifier_key, recipient.channel, recipient.purpose))
    body = base64.urlsafe_b64encode(text.encode()).rstrip(b"=")
    return _signer(kind, keys).sign(body).decode()


def read(kind: Kind, keys: LinkKeys, token: str) -> Recipient:
    """Whom a token is for; compared in constant time with every key.

    Raises `LinkInvalid` for whatever was not made by `sign` with the same kind and one of the keys.
    """
    if len(token) > LONGEST_TOKEN:
        raise LinkInvalid("the link is too long")
    try:
        body = _signer(kind, keys).unsign(token)
        text = base64.urlsafe_b64decode(body + b"=" * (-len(body) % 4)).decode()
        identifier_key, channel, purpose = text.split(_SEPARATOR)
        return Recipient(identifier_key, channel, purpose)
    except (BadSignature, binascii.Error, UnicodeError, ValueError) as error:
        raise LinkInvalid("the link is not valid") from error


def _signer(kind: Kind, keys: LinkKeys) -> Signer:
    return Signer(
        list(reversed(keys.keys)),  # the library signs with the last one
        salt=f"crossweave.{kind}.{VERSION}",
        key_derivation="hmac",
        digest_method=hashlib.sha256,
    )


def _base(base_url: str) -> str:
    parts = urlsplit(base_url)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
        raise ValueError("the base URL of links must be like https://preferences.example.com")
    return base_url.rstrip("/")
