"""The `google_audience` destination: a Customer Match list, through Google's Data Manager API.

Belongs here: requests of at most 10,000 members, waiting for what became of them, and the meaning
of Google's errors. Does not belong here: how a value is normalised (`google_identifiers.py`).

Google answers a request with an id and works on it afterwards; per request it says SUCCESS, FAILED
or PARTIAL_SUCCESS with counts per reason, and never which member failed. So the members of a
request that failed in parts end as `unknown`: adding twice has the effect of once, and the next run
sends them again. A change first removes the identifiers that the person no longer has and waits for
that, because Google promises no order of two requests.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import Field, field_validator

from orchestration.activation.connectors import google_identifiers
from orchestration.activation.connectors.base import (
    OPERATIONS,
    BatchRefused,
    ConnectorContext,
    ConnectorType,
    Description,
    NotDelivered,
    OutcomeUnknown,
    Record,
    RowResult,
    SendError,
    SyncOptions,
)
from orchestration.activation.connectors.google_answers import FINAL, MembersRefused, Result, judge
from orchestration.activation.connectors.google_identifiers import Identifier
from orchestration.activation.connectors.google_token import GoogleToken
from orchestration.activation.connectors.http import HttpClient, HttpSettings

MAX_MEMBERS = 10_000
REQUESTS_PER_SECOND = 5.0  # 300 a minute and project
IN_PARALLEL = 5
NAMING_ROUNDS = 5
_ID = r"^[0-9]+$"


class GoogleSettings(HttpSettings):
    """Settings of a Google Ads account.

    `first_look_s`: Google asks to wait half an hour before the first look at a result;
    `longest_wait_s`: what has no result by then ends as unknown. `waits_for_result` false takes an
    accepted request for delivered: no run waits, and nobody learns of a failure or a match rate.
    """

    account_id: str = Field(pattern=_ID)
    account_type: Literal["GOOGLE_ADS", "DISPLAY_VIDEO_ADVERTISER"] = "GOOGLE_ADS"
    login_account_id: str | None = Field(default=None, pattern=_ID)
    customer_match_terms_accepted: bool
    service_account_file: Path | None = None
    waits_for_result: bool = True
    first_look_s: float = Field(default=1800, ge=0)
    look_again_s: float = Field(default=300, gt=0)
    longest_wait_s: float = Field(default=7200, gt=0)
    base_url: str = "https://datamanager.googleapis.com/v1"

    @field_validator("customer_match_terms_accepted")
    @classmethod
    def _terms_are_accepted(cls, value: bool) -> bool:
        if not value:
            raise ValueError("accept the Customer Match terms in Google Ads first, then say true")
        return value


class GoogleOptions(SyncOptions):
    """The list, and what is told about consent of everybody who passed the gate."""

    audience_id: str = Field(pattern=_ID)
    ad_user_data: Literal["granted", "denied"] = "granted"
    ad_personalization: Literal["granted", "denied"] = "granted"


class GoogleAudience:
    """A Customer Match list, opened for one run of one sync; batches may go in several threads."""

    def __init__(self, context: ConnectorContext) -> None:
        self._settings = cast(GoogleSettings, context.settings)
        self._options = cast(GoogleOptions, context.options)
        if not set(google_identifiers.FIELDS) & set(context.fields):
            known = ", ".join(google_identifiers.FIELDS)
            raise ValueError(f"{context.sync}: no field that Google can match; it reads {known}")
        token = GoogleToken(
            context.secrets.get("access_token"), self._settings.service_account_file
        )
        self._client = HttpClient(
            self._settings.base_url,
            self._settings,
            authorize=token.headers,
            judge=judge,
            connections=IN_PARALLEL,
        )
        self._counting = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._match_rates: set[str] = set()

    def describe(self) -> Description:
        """Idempotent, no read-back: a list never tells who is on it."""
        return Description(
            destination="google_audience",
            channel="paid_social",
            batch_size=MAX_MEMBERS,
            operations=OPERATIONS,
            is_local=self._client.is_local,
            is_idempotent=True,
            read_back="none",
            requests_per_second=REQUESTS_PER_SECOND,
            parallel=IN_PARALLEL,  # so many requests are waited for at once
            batches_per_receipt=IN_PARALLEL,
        )

    def handles(self, record: Record) -> list[str]:
        """The identifiers of a member; Google removes by nothing else."""
        found = google_identifiers.identifiers(record.payload)
        return [json.dumps(item, sort_keys=True, separators=(",", ":")) for item in found]

    def send(self, batch: Sequence[Record]) -> list[RowResult]:
        """Remove what the members no longer are, then add what they are."""
        results: dict[int, RowResult] = {}
        gone: dict[int, list[Identifier]] = {}
        present: dict[int, list[Identifier]] = {}
        for number, record in enumerate(batch):
            now = [] if record.operation == "remove" else self.handles(record)
            former = [
                text
                for text in record.handles
                if text not in now and text not in record.shared_handles
            ]
            if former:
                gone[number] = [json.loads(text) for text in former]
            if now:
                present[number] = [json.loads(text) for text in now]
            elif record.operation != "remove":
                results[number] = _refused("no_identifiers")
            elif not record.handles:
                results[number] = _refused("identifiers_unknown")
            elif not former:  # other members have them all
                results[number] = RowResult("succeeded")
        removed = self._carry_out("remove", gone)
        for number, result in removed.items():
            if batch[number].operation == "remove" or result.outcome != "succeeded":
                results.setdefault(number, result)
                present.pop(number, None)
        results.update(self._carry_out("ingest", present))
        return [results[number] for number in range(len(batch))]

    def read_back(self, idempotency_keys: Sequence[str]) -> list[RowResult | None]:
        """A list never tells who is on it."""
        return [None for _ in idempotency_keys]

    def holds_records(self) -> bool | None:
        """A list never tells who is on it."""
        return None

    def figures(self) -> dict[str, int | float | str]:
        """Match rates that Google reported, and how many records it warned of or refused."""
        rates = {"match_rate": ", ".join(sorted(self._match_rates))} if self._match_rates else {}
        return {**rates, **dict(sorted(self._counts.items()))}

    def _carry_out(
        self, verb: Literal["ingest", "remove"], members: Mapping[int, list[Identifier]]
    ) -> dict[int, RowResult]:
        """One request, and again without the members that it names as wrong; then its result."""
        results: dict[int, RowResult] = {}
        left = dict(members)
        for _ in range(NAMING_ROUNDS):
            if not left:
                return results
            try:
                request_id = self._ask(verb, list(left.values()))
            except MembersRefused as error:
                numbers = list(left)
                for place, reason in error.reasons.items():
                    if place < len(numbers):
                        results[numbers[place]] = _refused(reason)
                        del left[numbers[place]]
                continue
            outcome = self._result_of(request_id, len(left))
            return {**results, **dict.fromkeys(left, outcome)}
        if not left:
            return results
        raise BatchRefused("400: Google names ever more members", error_class="members_refused")

    def _ask(self, verb: Literal["ingest", "remove"], members: list[list[Identifier]]) -> str:
        """The id of the request."""
        settings, options = self._settings, self._options
        destination: dict[str, Any] = {
            "operatingAccount": {
                "accountType": settings.account_type,
                "accountId": settings.account_id,
            },
            "productDestinationId": options.audience_id,
        }
        if settings.login_account_id is not None:
            destination["loginAccount"] = {
                "accountType": "GOOGLE_ADS",
                "accountId": settings.login_account_id,
            }
        body: dict[str, Any] = {
            "destinations": [destination],
            "audienceMembers": [{"userData": {"userIdentifiers": member}} for member in members],
            "encoding": "HEX",
        }
        if verb == "ingest":
            body["consent"] = {
                "adUserData": f"CONSENT_{options.ad_user_data.upper()}",
                "adPersonalization": f"CONSENT_{options.ad_personalization.upper()}",
            }
            body["termsOfService"] = {"customerMatchTermsOfServiceStatus": "ACCEPTED"}
        answer = self._client.request(
            "POST", f"/audienceMembers:{verb}", json_body=body, is_repeatable=True
        ).json()
        request_id = answer.get("requestId") if isinstance(answer, dict) else None
        if not isinstance(request_id, str) or not request_id:
            name = "no_request_id"
            raise OutcomeUnknown("200 without it", error_class=name, is_repeatable=True)
        return request_id

    def _result_of(self, request_id: str, members: int) -> RowResult:
        """Wait for the result of a request; the outcome of each of its members."""
        if not self._settings.waits_for_result:
            return RowResult("succeeded", external_id=request_id)
        waited, pause = 0.0, self._settings.first_look_s
        while waited < self._settings.longest_wait_s:
            pause = min(pause, self._settings.longest_wait_s - waited)
            time.sleep(pause)
            waited += pause
            pause = self._settings.look_again_s * max(1.0, waited / self._settings.longest_wait_s)
            try:
                status = self._look(request_id)
            except (OutcomeUnknown, NotDelivered) as error:  # the next look may see it
                pause = max(pause, error.retry_after_s or 0.0)
                continue
            except SendError as error:  # the request was taken, whatever a look at it says
                return RowResult(
                    "unknown", request_id, error_class="result_not_shown", message=str(error)
                )
            if status.get("requestStatus") in FINAL:
                return self._judged(status, request_id, members)
        return RowResult(
            "unknown",
            external_id=request_id,
            error_class="still_processing",
            message=f"no result after {self._settings.longest_wait_s:.0f} s",
        )

    def _look(self, request_id: str) -> dict[str, Any]:
        answer = self._client.request(
            "GET",
            "/requestStatus:retrieve",
            params={"requestId": request_id},
            is_repeatable=True,
        ).json()
        found = answer.get("requestStatusPerDestination") if isinstance(answer, dict) else None
        return found[0] if isinstance(found, list) and found else {}

    def _judged(self, status: Mapping[str, Any], request_id: str, members: int) -> RowResult:
        """What a final status says of every member of the request; its figures are kept."""
        result = Result.of(status)
        with self._counting:
            self._counts["requests"] += 1
            for word, reasons in (("error", result.errors), ("warning", result.warnings)):
                for reason, count in reasons.items():
                    self._counts[f"{word}: {reason}"] += count
            if result.match_rate is not None:
                self._match_rates.add(result.match_rate)
        return replace(result.outcome(members), external_id=request_id)


def _refused(error_class: str) -> RowResult:
    return RowResult("rejected", error_class=error_class, is_terminal=True)


CONNECTOR = ConnectorType(
    GoogleAudience,
    settings=GoogleSettings,
    options=GoogleOptions,
    optional_secrets=("access_token",),
)
