"""A stand-in for Google's Data Manager API: lists, requests with an id, results that come later.

Belongs here: what the API takes, refuses and answers, after its reference (v1, 2026) and the types
of `google-ads-datamanager` 0.9.4, which run against it too. Does not belong here: expectations.

A list is a set of identifiers. What a request does is done when its result is final, which is after
`looks_until_done` looks; `fails` gives the reason for which a member fails then.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.destinations.http_server import Reply, Request

MAX_MEMBERS, MAX_IDENTIFIERS, MAX_DESTINATIONS = 10_000, 10, 10
# An enum is its name or its number: the official client sends numbers.
_HEX_ENCODING, _ACCEPTED = ("HEX", 1), ("ACCEPTED", 1)
_HEX = re.compile(r"[0-9a-f]{64}")
_KNOWN = {
    "ingest": {"destinations", "audienceMembers", "consent", "validateOnly", "encoding",
               "encryptionInfo", "termsOfService"},
    "remove": {"destinations", "audienceMembers", "validateOnly", "encoding", "encryptionInfo"},
}  # fmt: skip
_ADDRESS = {"givenName", "familyName", "regionCode", "postalCode"}
_RATES = (
    (20, "LESS_THAN_20"), (31, "20_TO_30"), (41, "31_TO_40"), (51, "41_TO_50"), (61, "51_TO_60"),
    (71, "61_TO_70"), (81, "71_TO_80"), (91, "81_TO_90"), (101, "91_TO_100"),
)  # fmt: skip
EXHAUSTED = {"error": {"code": 429, "message": "Quota exceeded.", "status": "RESOURCE_EXHAUSTED"}}
EXPIRED = {"error": {"code": 401, "message": "Expired.", "status": "UNAUTHENTICATED"}}


def canonical(identifier: object) -> str:
    """An identifier as text."""
    return json.dumps(identifier, sort_keys=True)


@dataclass
class Work:
    """A request that was taken."""

    verb: str
    audience: str
    destination: dict[str, Any]
    members: list[list[dict[str, Any]]]
    looks: int = 0
    result: dict[str, Any] | None = None


@dataclass
class GoogleStandIn:
    """The API behind `tests.destinations.http_server`."""

    audiences: dict[str, set[str]] = field(default_factory=lambda: {"77": set()})
    tokens: set[str] = field(default_factory=lambda: {"token"})
    looks_until_done: int = 1
    match_percent: int = 75
    fails: Callable[[list[dict[str, Any]]], str | None] = lambda member: None
    refuses: Callable[[list[dict[str, Any]]], str | None] = lambda member: None
    work: dict[str, Work] = field(default_factory=dict)
    bodies: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    results: list[dict[str, Any]] = field(default_factory=list)

    @property
    def members(self) -> set[str]:
        """What is on list 77."""
        return self.audiences["77"]

    def answer(self, request: Request) -> Reply:
        """One call of the API."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.tokens:
            return Reply(401, EXPIRED)
        if request.method == "GET" and request.path == "/v1/requestStatus:retrieve":
            return self._retrieve(request.query.get("requestId", ""))
        for verb in ("ingest", "remove"):
            if request.method == "POST" and request.path == f"/v1/audienceMembers:{verb}":
                return self._take(verb, request.json())
        return Reply(404, b"<html>not found</html>")

    def _take(self, verb: str, body: dict[str, Any]) -> Reply:
        unknown = sorted(set(body) - _KNOWN[verb])
        if unknown:
            return _error(400, "INVALID_ARGUMENT", f"Unknown name {unknown[0]}")
        destinations = body.get("destinations", [])
        members = [member["userData"]["userIdentifiers"] for member in body["audienceMembers"]]
        if not 1 <= len(destinations) <= MAX_DESTINATIONS:
            return _refusal([("destinations", "TOO_MANY_DESTINATIONS")])
        if not 1 <= len(members) <= MAX_MEMBERS:
            return _refusal([("audience_members", "TOO_MANY_AUDIENCE_MEMBERS")])
        if body.get("encoding") not in _HEX_ENCODING:
            return _refusal([("encoding", "REQUIRED_FIELD_MISSING")])
        terms = body.get("termsOfService", {}).get("customerMatchTermsOfServiceStatus")
        if verb == "ingest" and terms not in _ACCEPTED:
            return _refusal([("terms_of_service", "TERMS_AND_CONDITIONS_NOT_SIGNED")])
        wrong = [
            (f"audience_members.audience_members[{number}].user_data.user_identifiers", reason)
            for number, member in enumerate(members)
            if (reason := _wrong(member) or self.refuses(member))
        ]
        if wrong:
            return _refusal(wrong)
        (destination,) = destinations
        audience = destination.get("productDestinationId")
        if audience not in self.audiences:
            return _refusal([("destinations[0].product_destination_id", "INVALID_USER_LIST_ID")])
        request_id = f"request-{len(self.work) + 1}"
        self.bodies.append((verb, body))
        if not body.get("validateOnly"):
            self.work[request_id] = Work(verb, audience, destination, members)
        return Reply(200, {"requestId": request_id})

    def _retrieve(self, request_id: str) -> Reply:
        if request_id not in self.work:
            return _error(404, "NOT_FOUND", "no such request")
        work = self.work[request_id]
        work.looks += 1
        if work.looks < self.looks_until_done:
            status = {"destination": work.destination, "requestStatus": "PROCESSING"}
        else:
            work.result = work.result or self._do(work)
            status = work.result
        answer = {"requestStatusPerDestination": [status]}
        self.results.append(answer)
        return Reply(200, answer)

    def _do(self, work: Work) -> dict[str, Any]:
        """What the request does, and its final status; 64-bit numbers are text in JSON."""
        failed: dict[str, int] = {}
        for member in work.members:
            reason = self.fails(member)
            if reason is not None:
                failed[reason] = failed.get(reason, 0) + 1
            elif work.verb == "ingest":
                self.audiences[work.audience].update(canonical(item) for item in member)
            else:
                self.audiences[work.audience].difference_update(map(canonical, member))
        count = sum(failed.values())
        word = "FAILED" if count == len(work.members) else "PARTIAL_SUCCESS" if count else "SUCCESS"
        counts: dict[str, Any] = {
            "recordCount": str(len(work.members)),
            "userIdentifierCount": str(sum(len(member) for member in work.members)),
        }
        status: dict[str, Any] = {"destination": work.destination, "requestStatus": word}
        if work.verb == "ingest":
            rate = next(name for below, name in _RATES if self.match_percent < below)
            counts["uploadMatchRateRange"] = f"MATCH_RATE_RANGE_{rate}"
            status["audienceMembersIngestionStatus"] = {"userDataIngestionStatus": counts}
        else:
            status["audienceMembersRemovalStatus"] = {"userDataRemovalStatus": counts}
        if failed:
            status["errorInfo"] = {
                "errorCounts": [
                    {"recordCount": str(number), "reason": reason}
                    for reason, number in failed.items()
                ]
            }
        return status


def _wrong(member: list[dict[str, Any]]) -> str | None:
    if not 1 <= len(member) <= MAX_IDENTIFIERS:
        return "TOO_MANY_USER_IDENTIFIERS"
    for item in member:
        ((name, value),) = item.items()
        if name == "address":
            if set(value) != _ADDRESS:
                return "REQUIRED_FIELD_MISSING"
            hashes = [value["givenName"], value["familyName"]]
        elif name in ("emailAddress", "phoneNumber"):
            hashes = [value]
        else:
            return "INVALID_AUDIENCE_MEMBER"
        if not all(_HEX.fullmatch(text) for text in hashes):
            return "INVALID_SHA256_FORMAT"
    return None


def _refusal(violations: list[tuple[str, str]]) -> Reply:
    """400 as `google.rpc.Status` with the fields that are wrong."""
    return _error(
        400,
        "INVALID_ARGUMENT",
        "There was a problem with the request.",
        {
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [
                {"field": name, "description": "wrong", "reason": reason}
                for name, reason in violations
            ],
        },
    )


def _error(code: int, status: str, message: str, *details: dict[str, Any]) -> Reply:
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": status,
        "domain": "datamanager.googleapis.com",
    }
    error = {"code": code, "message": message, "status": status, "details": [info, *details]}
    return Reply(code, {"error": error})
