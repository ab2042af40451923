"""The `meta_audience` destination: a Custom Audience, through Meta's Marketing API.

Belongs here: one request per batch of rows, and the meaning of Meta's answers. Does not belong
here: how a value is normalised (`meta_identifiers.py`).

The record's key goes along as EXTERN_ID, so that a member is removed by it alone, whatever the
person's addresses were. A change removes and adds: else the former address would stay.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any, Literal, cast
from urllib.parse import urlencode

from pydantic import Field

from orchestration.activation.connectors import meta_identifiers
from orchestration.activation.connectors.base import (
    OPERATIONS,
    BatchRefused,
    ConnectorContext,
    ConnectorType,
    Description,
    DestinationDown,
    NotDelivered,
    OutcomeUnknown,
    Record,
    RowResult,
    SendError,
    SyncOptions,
)
from orchestration.activation.connectors.http import Answer, HttpClient, HttpSettings, failure_of

MAX_ROWS = 10_000
KEY_LENGTH = 40  # of EXTERN_ID, when the size of a row is estimated
CELL_LENGTH = 67  # a hash, its quotes and a comma
_BUSY_S = 300.0  # Meta counts calls per hour and gives back a little at a time
# Codes and subcodes of https://developers.facebook.com/docs/graph-api/guides/error-handling and of
# the reference of custom-audience/users (v25.0, 2026).
_TOO_MANY = frozenset({4, 17, 32, 613, 80003})
_NO_ACCESS = frozenset({10, 102, 190, 294, *range(200, 300)})
_NO_AUDIENCE = frozenset({1487301, 1713230})
_TRANSIENT = frozenset({1, 2})


class MetaSettings(HttpSettings):
    """Settings of the Marketing API. `max_payload_bytes`: Meta publishes no limit; 60 kB works."""

    api_version: str = Field(default="v25.0", pattern=r"^v[0-9]+\.[0-9]+$")
    max_payload_bytes: int = Field(default=60_000, ge=1_000)
    requests_per_second: float = Field(default=2.0, gt=0)
    base_url: str = "https://graph.facebook.com"


class MetaOptions(SyncOptions):
    """The audience, and what is told about everybody who passed the gate."""

    audience_id: str = Field(pattern=r"^[0-9]+$")
    customer_consent: bool = True
    limited_data_use: bool = False


class MetaAudience:
    """A Custom Audience, opened for one run of one sync."""

    def __init__(self, context: ConnectorContext) -> None:
        self._settings = cast(MetaSettings, context.settings)
        self._options = cast(MetaOptions, context.options)
        self._run = f"{context.sync} {context.run_id}"
        self._keys = meta_identifiers.keys_of(context.fields)
        if not self._keys:
            known = ", ".join(meta_identifiers.FIELDS)
            raise ValueError(f"{context.sync}: no field that Meta can match; it reads {known}")
        self._token = context.secrets["access_token"].get_secret_value()
        secret = context.secrets.get("app_secret")
        self._proof = (
            None
            if secret is None
            else hmac.new(
                secret.get_secret_value().encode(), self._token.encode(), hashlib.sha256
            ).hexdigest()
        )
        self._client = HttpClient(
            f"{self._settings.base_url}/{self._settings.api_version}", self._settings, judge=_judge
        )

    def describe(self) -> Description:
        """Idempotent, no read-back: an audience never tells who is in it."""
        row = KEY_LENGTH + CELL_LENGTH * (len(self._keys) + self._options.limited_data_use)
        return Description(
            destination="meta_audience",
            channel="paid_social",
            batch_size=max(1, min(MAX_ROWS, (self._settings.max_payload_bytes - 500) // row)),
            operations=OPERATIONS,
            is_local=self._client.is_local,
            is_idempotent=True,
            read_back="none",
            requests_per_second=self._settings.requests_per_second,
        )

    def handles(self, record: Record) -> list[str]:
        """That Meta may hold the record; it is removed by its key."""
        return [record.record_key]

    def send(self, batch: Sequence[Record]) -> list[RowResult]:
        """Remove who is gone or changed, then add who is there."""
        rows: dict[int, list[list[str]]] = {}
        for number, record in enumerate(batch):
            if record.operation != "remove":
                rows[number] = meta_identifiers.cells(record.payload, self._keys)
        former = [
            number
            for number, record in enumerate(batch)
            if record.operation in ("remove", "change") or (record.handles and not rows[number])
        ]
        results: dict[int, RowResult] = {}
        if former:
            data = [[batch[number].record_key] for number in former]
            try:
                answer = self._ask("DELETE", ["EXTERN_ID"], data, batch[former[0]])
            except _RemoveRefused as error:
                answer = RowResult(
                    "rejected",
                    error_class="remove_refused",
                    message=str(error),
                    is_terminal=True,
                )
            for number in former:
                if batch[number].operation == "remove" or answer.outcome != "succeeded":
                    results[number] = answer
        for number, person in rows.items():
            if not person:
                results.setdefault(
                    number, RowResult("rejected", error_class="no_identifiers", is_terminal=True)
                )
        present = [number for number in rows if number not in results]
        if present:
            schema = ["EXTERN_ID", *self._keys]
            tail: list[list[str]] = []
            if self._options.limited_data_use:
                schema, tail = [*schema, "DATA_PROCESSING_OPTIONS"], [["LDU"]]
            added = [
                [batch[number].record_key, *row, *tail]
                for number in present
                for row in rows[number]
            ]
            answer = self._ask("POST", schema, added, batch[present[0]])
            results.update(dict.fromkeys(present, answer))
        return [results[number] for number in range(len(batch))]

    def read_back(self, idempotency_keys: Sequence[str]) -> list[RowResult | None]:
        """An audience never tells who is in it."""
        return [None for _ in idempotency_keys]

    def holds_records(self) -> bool | None:
        """An audience never tells who is in it."""
        return None

    def _ask(
        self,
        method: Literal["POST", "DELETE"],
        schema: Sequence[str],
        data: Sequence[Sequence[object]],
        first: Record,
    ) -> RowResult:
        """One request; the outcome of each of its rows."""
        payload: dict[str, Any] = {"schema": schema, "data": data}
        if method == "POST":
            payload["is_raw"] = True
        content = json.dumps(payload, separators=(",", ":"))
        if len(data) > 1 and (
            len(data) > MAX_ROWS or len(content) > self._settings.max_payload_bytes
        ):
            raise BatchRefused("longer than max_payload_bytes", error_class="payload_too_large")
        form = {
            "payload": content,
            "session": json.dumps(
                {
                    "session_id": self._session_id(method, first),
                    "batch_seq": 1,
                    "last_batch_flag": True,
                    "estimated_num_total": len(data),
                }
            ),
            "access_token": self._token,
        }
        if method == "POST" and self._options.customer_consent:
            form["customer_consent"] = "true"
        if self._proof is not None:
            form["appsecret_proof"] = self._proof
        answer = self._client.request(
            method,
            f"/{self._options.audience_id}/users",
            content=urlencode(form).encode(),
            headers={"content-type": "application/x-www-form-urlencoded"},
            is_repeatable=True,
        ).json()
        return self._judged(answer, len(data))

    def _judged(self, answer: object, rows: int) -> RowResult:
        """What Meta's counts say of every row. It acknowledges only what it counted."""
        found = answer if isinstance(answer, dict) else {}
        received, invalid = found.get("num_received"), found.get("num_invalid_entries")
        audience = str(found.get("audience_id", ""))
        session = str(found.get("session_id", "")) or None
        if audience != self._options.audience_id or received != rows or not _is_count(invalid):
            raise OutcomeUnknown(
                "200 without the count of rows that were sent",
                error_class="answer_incomplete",
                is_repeatable=True,
            )
        if not invalid:
            return RowResult("succeeded", external_id=session)
        if invalid >= rows or rows == 1:
            return RowResult("rejected", external_id=session, error_class="invalid_entry")
        raise BatchRefused(
            f"{invalid} of {rows} rows invalid", error_class="invalid_entry", may_have_arrived=True
        )

    def _session_id(self, method: str, first: Record) -> int:
        """A number of this request, the same when it is sent again."""
        text = f"{self._run} {method} {first.idempotency_key}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big")


class _RemoveRefused(SendError):
    """The audience is so small that Meta lets nobody go."""


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _judge(answer: Answer) -> None:
    """What Meta's error codes say beyond the status, which is mostly 400."""
    try:
        error = cast(dict[str, Any], answer.json())["error"]
        code, subcode = int(error.get("code", 0)), int(error.get("error_subcode", 0))
        text = f"{error.get('error_user_title', '')} {error.get('message', '')}".lower()
        is_transient = bool(error.get("is_transient"))
    except (OutcomeUnknown, LookupError, TypeError, AttributeError, ValueError):
        return
    codes = f"{answer.status}: code {code}" + (f"/{subcode}" if subcode else "")
    if "audience size too low" in text or "low audience size" in text:
        raise _RemoveRefused(f"{codes}: the audience is too small to remove from")
    if code in _TOO_MANY:
        raise NotDelivered(
            f"{codes}: too many calls", retry_after_s=answer.retry_after_s or _BUSY_S
        )
    if {code, subcode} & _NO_AUDIENCE:
        raise DestinationDown(f"{codes}: the audience is blocked or gone; look at it in Meta")
    if code in _NO_ACCESS:
        raise DestinationDown(f"{codes}: token or permission refused; renew it")
    if code in _TRANSIENT or is_transient:
        raise OutcomeUnknown(codes, error_class=f"meta_{code}", is_repeatable=True)
    if answer.status == 400:
        raise BatchRefused(codes, error_class=f"meta_{code}")
    raise failure_of(answer)


CONNECTOR = ConnectorType(
    MetaAudience,
    settings=MetaSettings,
    options=MetaOptions,
    secrets=("access_token",),
    optional_secrets=("app_secret",),
)
