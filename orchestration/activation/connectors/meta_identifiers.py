"""Meta's match keys of a person: normalised and hashed as Custom Audiences match them.

Belongs here: the rules of Meta's own normaliser (`facebook-business`, serverside/normalize.py),
which the tests hold this module against. Does not belong here: requests.

A phone number has no plus here, so that its hash differs from Google's. A value of which nothing is
left is an empty cell; the rest of the person still goes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from itertools import zip_longest

from orchestration.activation.connectors.hashing import first_of, hashed, values_of

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"[1-9][0-9]{6,14}")
_LOCATION = re.compile(r"[0-9.\s\-()]")
_MD5 = re.compile(r"[0-9a-f]{32}")


def email(text: str) -> str | None:
    """Trimmed, lower case; None if it is no address."""
    address = text.strip().lower()
    return address if _EMAIL.fullmatch(address) else None


def phone(text: str) -> str | None:
    """Country code and number, digits alone: no plus, no leading 00; None if it is no number."""
    digits = re.sub(r"^\+?0{0,2}", "", re.sub(r"[\s\-()./]", "", text))
    return digits if _PHONE.fullmatch(digits) else None


def name(text: str) -> str | None:
    """Trimmed, lower case."""
    return text.strip().lower() or None


def place(text: str) -> str | None:
    """City or state: lower case without digits, dots, spaces, dashes and brackets."""
    return _LOCATION.sub("", text.strip().lower()) or None


def postal_code(text: str) -> str | None:
    """Lower case without spaces, and without what follows a dash."""
    return re.sub(r"\s", "", text.strip().lower()).split("-")[0] or None


def country(text: str) -> str | None:
    """ISO 3166-1 alpha-2 in lower case; None if it is not two letters."""
    code = re.sub(r"[^a-z]", "", text.strip().lower())
    return code if len(code) == 2 else None


def gender(text: str) -> str | None:
    """m or f."""
    letter = text.strip().lower()[:1]
    return letter if letter in {"m", "f"} else None


def birth_year(text: str) -> str | None:
    """YYYY of an ISO date."""
    parts = _date_parts(text)
    return parts[0] if parts else None


def birth_month(text: str) -> str | None:
    """MM of an ISO date."""
    parts = _date_parts(text)
    return parts[1] if parts else None


def birth_day(text: str) -> str | None:
    """DD of an ISO date."""
    parts = _date_parts(text)
    return parts[2] if parts else None


# Match key: (payload field it is read from, its rule).
KEYS: dict[str, tuple[str, Callable[[str], str | None]]] = {
    "EMAIL": ("email", email),
    "PHONE": ("phone", phone),
    "FN": ("first_name", name),
    "LN": ("last_name", name),
    "CT": ("city", place),
    "ST": ("state", place),
    "ZIP": ("postal_code", postal_code),
    "COUNTRY": ("country", country),
    "GEN": ("gender", gender),
    "DOBY": ("birth_date", birth_year),
    "DOBM": ("birth_date", birth_month),
    "DOBD": ("birth_date", birth_day),
}
FIELDS = tuple(dict.fromkeys(field for field, _ in KEYS.values()))
_SEVERAL = ("EMAIL", "PHONE")


def keys_of(fields: tuple[str, ...]) -> tuple[str, ...]:
    """The match keys that these payload fields feed, in Meta's order of this module."""
    return tuple(key for key, (field, _) in KEYS.items() if field in fields)


def cells(payload: Mapping[str, object], keys: tuple[str, ...]) -> list[list[str]]:
    """Rows of `data` for one person, in the order of `keys`; unknown is an empty text.

    One row, or as many as there are addresses or numbers (`email` or `phone` as a list): names and
    places stand in each. Empty when the person has no usable value at all.
    """
    several = {
        key: _hashes(values_of(payload.get(KEYS[key][0])), KEYS[key][1])
        for key in keys
        if key in _SEVERAL
    }
    single = {
        key: (_hashes([first_of(payload.get(KEYS[key][0]))], KEYS[key][1]) or [""])[0]
        for key in keys
        if key not in _SEVERAL
    }
    groups = [dict(zip(several, group, strict=True)) for group in zip_longest(
        *several.values(), fillvalue="")] or [{}]  # fmt: skip
    rows = [[group.get(key, single.get(key, "")) for key in keys] for group in groups]
    return [row for row in rows if any(row)]


def hash_of(text: str, normalise: Callable[[str], str | None]) -> str | None:
    """Hash of the normalised text; a hash (SHA-256, MD5) of either case passes in lower case."""
    lowered = text.strip().lower()
    return lowered if _MD5.fullmatch(lowered) else hashed(text, normalise)


def _hashes(texts: list[str], normalise: Callable[[str], str | None]) -> list[str]:
    found = [hash_of(text, normalise) for text in texts]
    return list(dict.fromkeys(value for value in found if value is not None))


def _date_parts(text: str) -> tuple[str, str, str] | None:
    try:
        day: date = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return f"{day.year:04d}", f"{day.month:02d}", f"{day.day:02d}"
