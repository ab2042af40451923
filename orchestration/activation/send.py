"""Handing records to a destination, and finding out what became of every one.

Belongs here: batches in parallel, pacing, retries of what surely did not arrive, splitting a
refused batch until the bad record is alone, asking back when an answer was lost, and cleaning
messages of personal data.
Does not belong here: SQL, the gate, the ledgers.

A batch that may have arrived is sent again only where the connector says that twice has the effect
of once; else its rows are looked up (`read_back`) or end as `unknown`.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from orchestration.activation.connectors.base import (
    BatchRefused,
    Connector,
    Description,
    DestinationDown,
    NotDelivered,
    OutcomeUnknown,
    Record,
    RowResult,
)
from orchestration.activation.mapping import RENDERED_COLUMNS

MAX_TRIES = 4
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
PATIENCE_S = 600.0  # a destination that asks for more is left alone until the next run
MESSAGE_LENGTH = 300
_CODE = re.compile(r"^[A-Za-z0-9_.\-]{1,60}$")
_ADDRESSES = re.compile(r"[^\s\"'<>,;:=(]+@[^\s\"'<>,;)]+|\+?\d[\d\s().\-]{6,}\d")


@dataclass
class Sender:
    """Sends records through one connector; `down` tells why no further batch can succeed."""

    connector: Connector
    description: Description
    split_batch: bool
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    down: str | None = None
    _next_request_at: float = field(default=0.0, init=False)
    _turn: threading.Lock = field(default_factory=threading.Lock, init=False)

    def send(self, records: Sequence[Record]) -> list[RowResult | None]:
        """One result per record, in order; None for a record that was never handed over.

        More records than a batch has are cut into batches, `parallel` of them under way at once.
        """
        size = self.description.batch_size
        batches = [records[first : first + size] for first in range(0, len(records), size)]
        threads = min(self.description.parallel, len(batches))
        if threads > 1:
            with ThreadPoolExecutor(threads) as pool:
                answered = list(pool.map(self._send_unless_down, batches))
        else:
            answered = [self._send_unless_down(batch) for batch in batches]
        results = [result for batch in answered for result in batch]
        return [
            None if result is None else _without_values(result, record)
            for record, result in zip(records, results, strict=True)
        ]

    def _send_unless_down(self, batch: Sequence[Record]) -> list[RowResult | None]:
        return [None] * len(batch) if self.down is not None else self._send(batch)

    def _send(self, batch: Sequence[Record]) -> list[RowResult | None]:
        doubt: OutcomeUnknown | None = None  # of any try: what arrived once has arrived
        message = ""
        for attempt in range(MAX_TRIES):
            self._pace()
            try:
                results = self.connector.send(batch)
            except (NotDelivered, OutcomeUnknown) as error:
                if isinstance(error, OutcomeUnknown):
                    doubt = error
                    if not error.is_repeatable:
                        break
                message = str(error)
                if attempt + 1 < MAX_TRIES and not self._wait(attempt, error.retry_after_s):
                    break
                continue
            except BatchRefused as error:
                return self._split(batch, error)
            except DestinationDown as error:
                self.down = f"{type(error).__name__}: {clean(str(error))}"
                break
            except Exception as error:
                # the class name alone: a foreign message may quote what was sent
                return self._ask_back(batch, type(error).__name__)
            if len(results) != len(batch):
                return self._ask_back(batch, "answer_incomplete")
            return self._resolve_unknown(batch, results)
        if doubt is not None:
            return self._ask_back(batch, doubt.error_class)
        if self.down is not None:
            return [None] * len(batch)
        return [RowResult("rejected", error_class="not_delivered", message=message) for _ in batch]

    def _wait(self, attempt: int, asked_s: float | None) -> bool:
        """Wait before the next try; False when the destination asks for more than patience has."""
        if asked_s is not None and asked_s > PATIENCE_S:
            self.down = f"the destination asks to come back in {asked_s:.0f} s; run the sync later"
            return False
        self.sleep(min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**attempt) if asked_s is None else asked_s)
        return True

    def _split(self, batch: Sequence[Record], error: BatchRefused) -> list[RowResult | None]:
        """Halve a refused batch until the bad record is alone."""
        if len(batch) == 1 or not self.split_batch:
            outcome = "unknown" if error.may_have_arrived else "rejected"
            refused = RowResult(outcome, error_class=error.error_class, message=str(error))
            return [refused for _ in batch]
        middle = len(batch) // 2
        first = self._send(batch[:middle])
        second = self._send(batch[middle:]) if self.down is None else [None] * len(batch[middle:])
        return [*first, *second]

    def _resolve_unknown(
        self, batch: Sequence[Record], results: Sequence[RowResult]
    ) -> list[RowResult | None]:
        unknown = [number for number, row in enumerate(results) if row.outcome == "unknown"]
        if not unknown:
            return list(results)
        found = self._ask_back(
            [batch[number] for number in unknown], results[unknown[0]].error_class or "unknown"
        )
        resolved: list[RowResult | None] = list(results)
        for number, row in zip(unknown, found, strict=True):
            if row is not None:
                known = {column: getattr(results[number], column) for column in RENDERED_COLUMNS}
                resolved[number] = replace(row, **known)
        return resolved

    def _ask_back(self, batch: Sequence[Record], error_class: str) -> list[RowResult | None]:
        return list(
            read_back(
                self.connector,
                self.description,
                [record.idempotency_key for record in batch],
                error_class=error_class,
            )
        )

    def _pace(self) -> None:
        """Keep the destination's request rate."""
        rate = self.description.requests_per_second
        if rate is None:
            return
        with self._turn:
            now = self.clock()
            turn = max(now, self._next_request_at)
            self._next_request_at = turn + 1 / rate
        if turn > now:
            self.sleep(turn - now)


def read_back(
    connector: Connector,
    description: Description,
    idempotency_keys: Sequence[str],
    *,
    error_class: str,
) -> list[RowResult]:
    """What became of records whose answer was lost.

    Found: what the destination says. Not found where it can tell: rejected as `not_delivered`, to
    be sent again. Else unknown, with `error_class`.
    """
    unknown = RowResult("unknown", error_class=error_class)
    if description.read_back == "none":
        return [unknown for _ in idempotency_keys]
    try:
        found = connector.read_back(idempotency_keys)
    except Exception:
        return [unknown for _ in idempotency_keys]
    if len(found) != len(idempotency_keys):
        return [unknown for _ in idempotency_keys]
    missing = (
        RowResult("rejected", error_class="not_delivered", message=f"after {error_class}")
        if description.read_back == "complete"
        else unknown
    )
    return [missing if row is None else row for row in found]


def clean(message: str) -> str:
    """A message without anything that looks like an address or a phone number, cut to length."""
    return _ADDRESSES.sub("***", message)[:MESSAGE_LENGTH]


def _without_values(result: RowResult, record: Record) -> RowResult:
    """The result with payload values and addresses taken out of its texts."""
    if result.error_class is None and result.message is None:
        return result
    message = result.message
    if message is not None:
        for value in record.payload.values():
            text = "" if value is None else str(value)
            if len(text) > 2 and text != record.record_key:
                message = re.sub(re.escape(text), "***", message, flags=re.IGNORECASE)
        message = clean(message)
    error_class = result.error_class
    if error_class is not None and not _CODE.match(error_class):
        error_class = "other"
    return replace(result, error_class=error_class, message=message)
