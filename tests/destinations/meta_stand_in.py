"""A stand-in for Meta's Custom Audiences: members by external id, counts, error codes.

Belongs here: what `/{audience_id}/users` takes, refuses and answers, after the reference (v25.0,
2026) and the calls of `facebook-business` 26.0.3, which run against it too. Does not belong here:
expectations.

An audience is its rows: EXTERN_ID and match keys. Removing fewer than `floor` rows leaves is
refused, as Meta does with small audiences.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from tests.destinations.http_server import Reply, Request

MAX_ROWS = 10_000
_HASH = re.compile(r"[0-9a-f]{64}")
_CLEAR = {"EXTERN_ID", "MADID", "DATA_PROCESSING_OPTIONS"}
_KEYS = {"EXTERN_ID", "EMAIL", "PHONE", "GEN", "DOBY", "DOBM", "DOBD", "LN", "FN", "FI", "CT", "ST",
         "ZIP", "MADID", "COUNTRY", "APPUID", "DATA_PROCESSING_OPTIONS"}  # fmt: skip

Row = tuple[tuple[str, str], ...]


@dataclass
class MetaStandIn:
    """The Graph API behind `tests.destinations.http_server`."""

    audiences: dict[str, set[Row]] = field(default_factory=lambda: {"99": set()})
    token: str = "token"
    app_secret: str | None = None
    floor: int = 0
    is_invalid: Callable[[dict[str, str]], bool] = lambda row: False
    calls: list[dict[str, Any]] = field(default_factory=list)

    @property
    def members(self) -> dict[str, list[dict[str, str]]]:
        """Rows of audience 99 by external id."""
        found: dict[str, list[dict[str, str]]] = {}
        for row in sorted(self.audiences["99"]):
            found.setdefault(dict(row)["EXTERN_ID"], []).append(
                {key: value for key, value in row if key != "EXTERN_ID"}
            )
        return found

    def answer(self, request: Request) -> Reply:
        """One call of the API."""
        found = re.fullmatch(r"/v[0-9]+\.[0-9]+/([0-9]+)/users", request.path)
        if found is None or request.method not in ("POST", "DELETE"):
            return error(2500, "Unknown path components")
        form = {**request.query, **_form(request)}
        if form.get("access_token") != self.token:
            return error(190, "Error validating access token: Session has expired", 463, status=401)
        if self.app_secret is not None:
            proof = hmac.new(self.app_secret.encode(), self.token.encode(), hashlib.sha256)
            if form.get("appsecret_proof") != proof.hexdigest():
                return error(100, "Invalid appsecret_proof provided in the API argument")
        audience = found[1]
        if audience not in self.audiences:
            return error(100, "Custom Audience Unavailable", 1487301)
        payload, session = json.loads(form["payload"]), json.loads(form.get("session", "null"))
        self.calls.append({"method": request.method, "payload": payload, "session": session})
        return self._users(request.method, audience, payload, session or {})

    def _users(
        self, method: str, audience: str, payload: dict[str, Any], session: dict[str, Any]
    ) -> Reply:
        schema, data = payload["schema"], payload["data"]
        if isinstance(schema, str):
            schema, data = [schema], [[item] for item in data]
        if not set(schema) <= _KEYS or any(len(row) != len(schema) for row in data):
            return error(100, "Data is missing or does not match schema")
        if not 1 <= len(data) <= MAX_ROWS:
            return error(100, "The number of users is limited to 10000")
        rows = [dict(zip(schema, row, strict=True)) for row in data]
        invalid = [row for row in rows if self._is_wrong(row) or self.is_invalid(row)]
        good = [row for row in rows if row not in invalid]
        members = self.audiences[audience]
        if method == "POST":
            members.update(_row(row) for row in good)
        else:
            gone = {
                member
                for member in members
                if any(_matches(dict(member), row) for row in good)
            }  # fmt: skip
            if gone and len(members - gone) < self.floor:
                return error(
                    2650,
                    "Audience Size too low: You cannot remove users from this audience because it "
                    "will result in a low audience size.",
                )
            members -= gone
        return Reply(
            200,
            {
                "audience_id": audience,
                "session_id": str(session.get("session_id", "1")),
                "num_received": len(rows),
                "num_invalid_entries": len(invalid),
                "invalid_entry_samples": {str(number): "wrong" for number, _ in enumerate(invalid)},
            },
        )

    def _is_wrong(self, row: dict[str, str]) -> bool:
        hashes = [value for key, value in row.items() if key not in _CLEAR and value]
        return not all(_HASH.fullmatch(value) for value in hashes) or not (
            hashes or row.get("EXTERN_ID")
        )


def error(code: int, message: str, subcode: int | None = None, *, status: int = 400) -> Reply:
    """An error of the Graph API."""
    found: dict[str, object] = {"message": message, "type": "OAuthException", "code": code}
    if subcode is not None:
        found["error_subcode"] = subcode
    return Reply(status, {"error": {**found, "fbtrace_id": "trace"}})


def _form(request: Request) -> dict[str, str]:
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(request.body.decode()))
    return {}


def _row(row: dict[str, str]) -> Row:
    kept = {key: value for key, value in row.items() if key != "DATA_PROCESSING_OPTIONS" and value}
    return tuple(sorted({"EXTERN_ID": "", **kept}.items()))


def _matches(member: dict[str, str], row: dict[str, str]) -> bool:
    """Whether a row to remove means this member: each key that it has is the member's."""
    keys = {key: value for key, value in row.items() if value}
    return bool(keys) and all(member.get(key) == value for key, value in keys.items())
