"""What Google's Data Manager API means by its answers.

Belongs here: errors of a request (`google.rpc.Status`) and the status of a request that was worked
on. Does not belong here: requests.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from orchestration.activation.connectors.base import (
    BatchRefused,
    DestinationDown,
    OutcomeUnknown,
    RowResult,
)
from orchestration.activation.connectors.http import Answer, failure_of

FINAL = frozenset({"SUCCESS", "FAILED", "PARTIAL_SUCCESS"})
_MEMBER = re.compile(r"audience_?members\[(\d+)\]", re.IGNORECASE)


@dataclass(frozen=True)
class Result:
    """A final status: its word, records per reason, and the match rate where there is one."""

    word: str
    errors: dict[str, int]
    warnings: dict[str, int]
    match_rate: str | None

    @classmethod
    def of(cls, status: Mapping[str, Any]) -> Result:
        """Read an item of `requestStatusPerDestination`."""
        ingested = status.get("audienceMembersIngestionStatus", {})
        rate = str(ingested.get("userDataIngestionStatus", {}).get("uploadMatchRateRange", ""))
        rate = rate.removeprefix("MATCH_RATE_RANGE_").lower().replace("_", " ")
        return cls(
            word=str(status["requestStatus"]),
            errors=_reasons(status, "errorInfo", "errorCounts"),
            warnings=_reasons(status, "warningInfo", "warningCounts"),
            match_rate=None if rate in {"", "unknown"} else rate,
        )

    def outcome(self, members: int) -> RowResult:
        """What became of each of the request's members: with counts alone, nobody knows who."""
        reason = next(iter(self.errors), "processing_failed")
        if self.word == "SUCCESS":
            return RowResult("succeeded")
        if self.word == "FAILED" or members == 1:
            return RowResult("rejected", error_class=reason, message=self.word)
        failed = sum(self.errors.values())
        return RowResult(
            "unknown",
            error_class="partial_success",
            message=f"{failed} of {members} members failed, Google does not say who",
        )


class MembersRefused(BatchRefused):
    """A request was refused for some of its members: place in the request -> reason."""

    def __init__(self, reasons: Mapping[int, str]) -> None:
        super().__init__("400: members refused", error_class="members_refused")
        self.reasons = reasons


def judge(answer: Answer) -> None:
    """What Google's errors say beyond their code; `google.rpc.Status` with details."""
    try:
        error = cast(dict[str, Any], answer.json())["error"]
        details = {str(item.get("@type", "")).rpartition(".")[2]: item for item in error["details"]}
    except (OutcomeUnknown, LookupError, TypeError, AttributeError):
        return
    violations = details.get("BadRequest", {}).get("fieldViolations", [])
    places = {
        int(found[1]): str(item.get("reason") or "invalid_member").lower()
        for item in violations
        if (found := _MEMBER.search(str(item.get("field", ""))))
    }
    if answer.status == 400 and places:
        raise MembersRefused(places)
    reasons = [str(item.get("reason", "")) for item in violations]
    reason = next(filter(None, [*reasons, str(details.get("ErrorInfo", {}).get("reason", ""))]), "")
    if reason and 400 <= answer.status < 500 and answer.status not in (408, 429):
        raise DestinationDown(f"{answer.status}: {reason}")
    raise failure_of(answer)


def _reasons(status: Mapping[str, Any], info: str, counts: str) -> dict[str, int]:
    """Records per reason, most first; Google writes 64-bit numbers as text."""
    found = {
        re.sub(r"^processing_(error|warning)_(reason_)?", "", str(item.get("reason", "")).lower())
        or "unspecified": int(item.get("recordCount", 0))
        for item in status.get(info, {}).get(counts, [])
    }
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))
