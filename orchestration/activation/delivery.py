"""Carrying out a plan, batch by batch: gate, send, receipt.

Belongs here: the loop over the plan, in windows so that memory does not grow with rows, and the
rehearsal of a dry run over the same windows. Does not belong here: when a plan may be carried out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

from orchestration.activation.connectors.base import Description, Operation, Record, RowResult
from orchestration.activation.erased import erased_sql
from orchestration.activation.gate import refused
from orchestration.activation.handles import settle_handles, with_handles
from orchestration.activation.opening import Run
from orchestration.activation.outcomes import Outcome
from orchestration.activation.plan import PlanFigures
from orchestration.activation.report import OperationCounts
from orchestration.activation.send import Sender
from orchestration.activation.source import read_payloads

WINDOW = 10_000  # rows whose payload is in memory at a time, unless a receipt has more
SAMPLE = 10
# two runs of one process may not both find room under a cap before one of them has taken it
_FROM_GATE_TO_RESERVATION = Lock()

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Planned:
    """A row of `activation_plan`."""

    position: int
    operation: Operation
    record_key: str
    idempotency_key: str
    external_id: str | None
    identifier_key: str | None
    is_erasure: bool = False


def deliver(run: Run, total: int, progress: Progress | None) -> str | None:
    """Send every planned row that the gate lets through; why the destination is down, or None."""
    sender = Sender(
        run.connector, run.description, run.definition.on_reject.split_batch, sleep=run.sleep
    )
    done = 0
    for window in windows(run):
        payloads = read_payloads(
            run.connection,
            model=run.model,
            mapping=run.mapping,
            first=window[0].position,
            last=window[-1].position,
        )
        for batch in batches(window, run.description):
            _deliver_batch(run, sender, batch, payloads)
            done += len(batch)
            if progress is not None:
                progress(done, total)
            if sender.down is not None:
                return sender.down
    return None


def _deliver_batch(
    run: Run,
    sender: Sender,
    batch: Sequence[Planned],
    payloads: Mapping[int, Mapping[str, object]],
) -> None:
    """Gate, send, receipt: the next batch begins when this one is written down."""
    with _FROM_GATE_TO_RESERVATION:
        records, positions = _reserve(run, batch, payloads)
    if not records:
        return
    results = sender.send(records)
    received = [
        _outcome(position, result) for position, result in zip(positions, results, strict=True)
    ]
    _tally(run, received)
    run.receipts.record(received, at=run.now())
    settle_handles(run.connection, run.connector, run.definition.sync, records, results)


def _reserve(
    run: Run, batch: Sequence[Planned], payloads: Mapping[int, Mapping[str, object]]
) -> tuple[list[Record], list[int]]:
    """Ask the gate and write down what is refused and what is on its way; the latter, to send."""
    refusals = refused(
        run.connection,
        run.gate,
        first=batch[0].position,
        last=batch[-1].position,
        at=run.now(),
    )
    positions: list[int] = []
    records: list[Record] = []
    blocked: list[Outcome] = []
    for row in batch:
        payload = (
            {run.mapping.key_field: row.record_key}
            if row.operation == "remove"
            else payloads.get(row.position)
        )
        if row.position in refusals:
            blocked.append(Outcome(row.position, "blocked", reason=refusals[row.position]))
        elif payload is None:
            blocked.append(Outcome(row.position, "blocked", reason="source_changed"))
        else:
            positions.append(row.position)
            records.append(
                Record(
                    row.operation,
                    row.record_key,
                    row.idempotency_key,
                    payload,
                    row.external_id,
                    row.identifier_key,
                    is_erasure=row.is_erasure,
                )
            )
    _tally(run, blocked)
    records = with_handles(run.connection, run.connector, run.definition.sync, records)
    sending = [Outcome(position, "sending") for position in positions]
    run.receipts.record([*blocked, *sending], at=run.now())
    return records, positions


def _outcome(position: int, result: RowResult | None) -> Outcome:
    if result is None:
        return Outcome(position, "aborted")
    return Outcome(
        position,
        result.outcome,
        reason=result.error_class,
        message=result.message,
        external_id=result.external_id,
        is_terminal=result.is_terminal,
        content_id=result.content_id,
        content_version=result.content_version,
        variant=result.variant,
        message_id=result.message_id,
    )


def _tally(run: Run, outcomes: Sequence[Outcome]) -> None:
    run.outcomes.update(item.outcome for item in outcomes)
    for item in outcomes:
        if item.outcome == "blocked":
            run.blocked_reasons[item.reason or "unspecified"] += 1
        elif item.outcome == "rejected":
            run.rejected_classes[item.reason or "unspecified"] += 1


def rehearse(
    run: Run, figures: PlanFigures
) -> tuple[dict[str, OperationCounts], list[dict[str, str]]]:
    """What a run would do: counts (what would be sent counts as aborted) and the first rows."""
    counts: dict[str, OperationCounts] = {
        operation: OperationCounts(planned=number) for operation, number in figures.planned.items()
    }
    sample: list[dict[str, str]] = []
    for window in windows(run):
        refusals = refused(
            run.connection,
            run.gate,
            first=window[0].position,
            last=window[-1].position,
            at=run.now(),
        )
        run.blocked_reasons.update(refusals.values())
        for row in window:
            reason = refusals.get(row.position)
            if reason is None:
                counts[row.operation].aborted += 1
            else:
                counts[row.operation].blocked += 1
            if len(sample) < SAMPLE:
                verdict = f"blocked: {reason}" if reason else "would be sent"
                sample.append(
                    {"record_key": row.record_key, "operation": row.operation, "verdict": verdict}
                )
    return counts, sample


def windows(run: Run) -> Iterator[list[Planned]]:
    """The plan in order of position, a bounded number of rows at a time."""
    size = max(WINDOW, run.description.batch_size * run.description.batches_per_receipt)
    first = 1
    while True:
        rows = run.connection.execute(
            f"""
            select
                position, operation, record_key, idempotency_key, external_id, identifier_key,
                operation = 'remove' and {erased_sql("activation_plan")} is true
            from activation_plan where position between ? and ? order by position
            """,
            [first, first + size - 1],
        ).fetchall()
        if not rows:
            return
        yield [Planned(*row) for row in rows]
        first += size


def batches(window: Sequence[Planned], description: Description) -> Iterator[list[Planned]]:
    """Cut a window to what is written down together, and by operation unless it takes a mixture."""
    size = description.batch_size * description.batches_per_receipt
    batch: list[Planned] = []
    for row in window:
        is_other = bool(batch) and row.operation != batch[0].operation
        if len(batch) == size or (is_other and not description.takes_mixture):
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch
