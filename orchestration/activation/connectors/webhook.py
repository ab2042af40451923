"""The `webhook` destination: signed HTTP requests to a till, a kiosk, a call-centre desktop.

Belongs here: Standard Webhooks (https://www.standardwebhooks.com): headers, signature, limits, and
the answer per row that this project asks of receivers of many rows at once. Does not belong here:
what an HTTP status says about a request (`http.py`).

One row per request (`rows_per_request: 1`): `webhook-id` is the row's idempotency key, the body

    {"type": "<sync>.<operation>", "timestamp": "<start of the run>", "data": {<payload>}}

and any 2xx means that the row arrived. Many rows per request: `webhook-id` is a hash over the rows'
keys, the body

    {"type": "<sync>.batch", "timestamp": "...", "data": [
        {"id": "<idempotency key>", "type": "<sync>.<operation>", "data": {<payload>}}, ...]}

and the answer, 200 or 207, names every row:

    {"results": [{"id": "<idempotency key>", "status": "accepted"}, ...]}

`status` is `accepted`, `duplicate` (this id was there before) or `rejected`, the last with `code`
and, where the same data can never be taken, `final: true`. A row that the answer leaves out has not
succeeded: nobody knows.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import cast

import httpx
from pydantic import Field, field_validator

from orchestration.activation.connectors.base import (
    OPERATIONS,
    BatchRefused,
    ConnectorContext,
    ConnectorType,
    Description,
    OutcomeUnknown,
    Record,
    RowResult,
)
from orchestration.activation.connectors.http import Answer, HttpClient, HttpSettings
from orchestration.activation.connectors.lines import plain
from orchestration.activation.connectors.network import is_loopback

PREFIX = "whsec_"
LONGEST_BODY = 20_000  # bytes; receivers need not take more
ROWS_PER_RECEIPT = 2_000
TURNS_PER_RECEIPT = 25  # requests that one of the parallel ones makes between two looks at consent
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]{0,59}")


class WebhookSettings(HttpSettings):
    """Where the receiver is, and what it can take."""

    url: str = Field(description="https, or http to this machine")
    rows_per_request: int = Field(default=1, ge=1, le=1_000)
    parallel_requests: int = Field(default=8, ge=1, le=32)
    requests_per_second: float | None = Field(default=None, gt=0)
    ignores_known_ids: bool = Field(
        default=True,
        description="the receiver takes an id that it has seen for done, as the standard asks; "
        "false: what may have arrived is never sent again",
    )

    @field_validator("url")
    @classmethod
    def _url_is_safe(cls, url: str) -> str:
        parts = httpx.URL(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.host)):
            raise ValueError("https is needed to any other machine")
        return url


class WebhookConnector:
    """A receiver, opened for one run."""

    def __init__(
        self,
        context: ConnectorContext,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = cast(WebhookSettings, context.settings)
        self._sync = context.sync
        self._clock = clock
        self._keys = [signing_key(secret.get_secret_value()) for secret in context.secrets.values()]
        self._started = datetime.fromtimestamp(clock(), UTC).isoformat(timespec="seconds")
        self._client = HttpClient(
            self._settings.url, self._settings, connections=self._settings.parallel_requests
        )

    def describe(self) -> Description:
        """The rate is that of requests; nothing can be asked back."""
        settings = self._settings
        parallel = settings.parallel_requests
        requests = min(ROWS_PER_RECEIPT // settings.rows_per_request, TURNS_PER_RECEIPT * parallel)
        return Description(
            destination="webhook",
            channel=None,
            batch_size=settings.rows_per_request,
            operations=OPERATIONS,
            is_local=self._client.is_local,
            is_idempotent=settings.ignores_known_ids,
            read_back="none",
            requests_per_second=settings.requests_per_second,
            takes_mixture=True,
            parallel=parallel,
            batches_per_receipt=requests if settings.ignores_known_ids else parallel,
        )

    def send(self, batch: Sequence[Record]) -> list[RowResult]:
        """One request; a batch that is too large for it is refused and comes back in halves."""
        is_single = self._settings.rows_per_request == 1
        body = self._single(batch[0]) if is_single else self._batch(batch)
        if len(body) >= LONGEST_BODY:
            if len(batch) > 1:
                raise BatchRefused("the batch is over 20 kB", error_class="payload_too_large")
            return [
                RowResult(
                    "rejected",
                    error_class="payload_too_large",
                    message=f"{len(body)} bytes, fewer than {LONGEST_BODY} are allowed",
                    is_terminal=True,
                )
            ]
        message_id = batch[0].idempotency_key if is_single else _batch_id(batch)
        answer = self._client.request(
            "POST",
            content=body,
            headers=self._headers(message_id, body),
            is_repeatable=self._settings.ignores_known_ids,
        )
        return [RowResult("succeeded")] if is_single else _results(batch, answer)

    def read_back(self, idempotency_keys: Sequence[str]) -> list[RowResult | None]:
        """Webhooks cannot be asked."""
        return [None for _ in idempotency_keys]

    def holds_records(self) -> None:
        """Webhooks cannot be asked."""
        return

    def _single(self, record: Record) -> bytes:
        return _json(
            {
                "type": f"{self._sync}.{record.operation}",
                "timestamp": self._started,
                "data": plain(record.payload),
            }
        )

    def _batch(self, batch: Sequence[Record]) -> bytes:
        rows = [
            {
                "id": record.idempotency_key,
                "type": f"{self._sync}.{record.operation}",
                "data": plain(record.payload),
            }
            for record in batch
        ]
        return _json({"type": f"{self._sync}.batch", "timestamp": self._started, "data": rows})

    def _headers(self, message_id: str, body: bytes) -> dict[str, str]:
        timestamp = int(self._clock())
        signatures = [sign(key, message_id, timestamp, body) for key in self._keys]
        return {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": " ".join(signatures),
        }


CONNECTOR = ConnectorType(
    WebhookConnector,
    settings=WebhookSettings,
    secrets=("secret",),
    optional_secrets=("former_secret",),
)


def signing_key(secret: str) -> bytes:
    """The key of a `whsec_` secret. Raises `ValueError` that does not show it."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or not 24 <= len(key) <= 64:
        raise ValueError(
            f"the secret of a webhook is {PREFIX} and 24 to 64 bytes in base64; make one with: "
            f"python -c \"import base64, os; print('{PREFIX}' + "
            'base64.b64encode(os.urandom(32)).decode())"'
        )
    return key


def sign(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """Signature of version 1: HMAC-SHA256 over `id.timestamp.body`, in base64."""
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    return f"v1,{base64.b64encode(hmac.digest(key, signed, 'sha256')).decode()}"


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _batch_id(batch: Sequence[Record]) -> str:
    keys = ".".join(record.idempotency_key for record in batch)
    return hashlib.sha256(keys.encode()).hexdigest()


def _results(batch: Sequence[Record], answer: Answer) -> list[RowResult]:
    """Match the answer's rows to the batch by id; contradicting and missing rows are unknown."""
    content = answer.json()
    rows = content.get("results") if isinstance(content, dict) else None
    if not isinstance(rows, list):
        raise OutcomeUnknown(
            f"{answer.status} without results",
            error_class="answer_unreadable",
            is_repeatable=answer.is_repeatable,
        )
    said: dict[str, RowResult] = {}
    for row in rows:
        if isinstance(row, dict) and isinstance(row.get("id"), str):
            result = _result(row)
            if said.setdefault(row["id"], result) != result:
                said[row["id"]] = RowResult("unknown", error_class="answer_contradicts")
    missing = RowResult("unknown", error_class="answer_incomplete")
    return [said.get(record.idempotency_key, missing) for record in batch]


def _result(row: dict[str, object]) -> RowResult:
    status = row.get("status")
    if status in ("accepted", "duplicate"):
        return RowResult("succeeded")
    if status == "rejected":
        code = str(row.get("code"))
        return RowResult(
            "rejected",
            error_class=code if _CODE.fullmatch(code) else "rejected",
            message="rejected by the receiver",
            is_terminal=row.get("final") is True,
        )
    return RowResult("unknown", error_class="answer_unreadable")
