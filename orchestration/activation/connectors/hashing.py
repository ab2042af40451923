"""What the two ad platforms have in common before a value is hashed.

Belongs here: SHA-256 as hexadecimal, recognising a value that is a hash already, and reading one or
several values of a payload field. Does not belong here: rules of one vendor
(`google_identifiers.py`, `meta_identifiers.py`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence

_SHA256 = re.compile(r"[0-9a-f]{64}")


def sha256(text: str) -> str:
    """SHA-256 of the text in UTF-8, 64 lower-case hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def as_hash(text: str) -> str | None:
    """The text itself, in lower case, when it is a SHA-256 already (of either case); else None."""
    lowered = text.strip().lower()
    return lowered if _SHA256.fullmatch(lowered) else None


def hashed(text: str, normalise: Callable[[str], str | None]) -> str | None:
    """Hash of the normalised text; a hash passes; None when nothing is left of the text."""
    known = as_hash(text)
    if known is not None:
        return known
    normal = normalise(text)
    return sha256(normal) if normal else None


def values_of(value: object) -> list[str]:
    """The values of a payload field as texts: none, one, or each of a list; blanks are left out."""
    if value is None:
        return []
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [text for item in value for text in values_of(item)]
    text = str(value)
    return [text] if text.strip() else []


def first_of(value: object) -> str:
    """The first value of a payload field, empty when there is none."""
    return next(iter(values_of(value)), "")
