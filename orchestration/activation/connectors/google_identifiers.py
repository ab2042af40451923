"""Google's identifiers of a person: normalised and hashed as its Data Manager API matches them.

Belongs here: the rules of Google's own formatter (`google-ads-datamanager-util`), which the tests
hold this module against. Does not belong here: requests.

A value of which nothing is left gives no identifier; the rest of the person still goes. Stricter
than Google's formatter where it would hash what can match nobody: a phone number that is no E.164
number (a leading zero, more than 15 digits), a region that is not two letters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from orchestration.activation.connectors.hashing import first_of, hashed, values_of

# Payload fields that are read; several e-mail addresses or phone numbers come as a list.
FIELDS = ("email", "phone", "first_name", "last_name", "country", "postal_code")
MAX_IDENTIFIERS = 10
Identifier = dict[str, object]

_GMAIL = frozenset({"gmail.com", "googlemail.com"})
_E164 = re.compile(r"[1-9][0-9]{6,14}")
_REGION = re.compile(r"[A-Z]{2}")


def identifiers(payload: Mapping[str, object]) -> list[Identifier]:
    """The `userIdentifiers` of one person, each once, at most ten; empty when there is none.

    An address needs given name, family name, region and postal code: without all four it is left
    out. Region and postal code are not hashed.
    """
    found: list[Identifier] = [
        {"emailAddress": value}
        for text in values_of(payload.get("email"))
        if (value := hashed(text, email)) is not None
    ]
    found += [
        {"phoneNumber": value}
        for text in values_of(payload.get("phone"))
        if (value := hashed(text, phone)) is not None
    ]
    parts = {
        "givenName": hashed(first_of(payload.get("first_name")), name),
        "familyName": hashed(first_of(payload.get("last_name")), name),
        "regionCode": region(first_of(payload.get("country"))),
        "postalCode": first_of(payload.get("postal_code")).strip(),
    }
    if all(parts.values()):
        found.append({"address": parts})
    unique = [item for number, item in enumerate(found) if item not in found[:number]]
    return unique[:MAX_IDENTIFIERS]


def email(text: str) -> str | None:
    """Trimmed, lower case; a Gmail address without its tag and all dots; None if it is none."""
    address = text.strip().lower()
    user, at, domain = address.partition("@")
    if re.search(r"\s", address) or not (user and at and domain) or "@" in domain:
        return None
    if domain in _GMAIL:
        user = user.split("+")[0].replace(".", "")
    return f"{user}@{domain}" if user else None


def phone(text: str) -> str | None:
    """E.164 with its plus; None if it is no such number."""
    digits = re.sub(r"[^0-9]", "", text)
    return f"+{digits}" if _E164.fullmatch(digits) else None


def name(text: str) -> str | None:
    """Trimmed, lower case."""
    return text.strip().lower() or None


def region(text: str) -> str | None:
    """ISO 3166-1 alpha-2 in upper case; None if it is not two letters."""
    code = text.strip().upper()
    return code if _REGION.fullmatch(code) else None
