"""What a run says about itself: counts per operation, under one law.

Belongs here: the shapes that a run returns and the law that every planned row has one outcome.
They carry counts, ids and reasons, no payload.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Literal

Status = Literal["succeeded", "partial", "stopped", "failed", "interrupted", "dry_run"]


class LawBroken(AssertionError):
    """planned <> succeeded + rejected + blocked + unknown + aborted: a row was lost or doubled."""


@dataclass
class OperationCounts:
    """Outcomes of one operation. `attempted` = handed to the destination."""

    planned: int = 0
    attempted: int = 0
    succeeded: int = 0
    rejected: int = 0
    blocked: int = 0
    unknown: int = 0
    aborted: int = 0

    def assert_law(self, where: str) -> None:
        """Raise `LawBroken` unless every planned row has exactly one outcome."""
        ended = self.succeeded + self.rejected + self.blocked + self.unknown + self.aborted
        attempted = self.succeeded + self.rejected + self.unknown
        if self.planned != ended or self.attempted != attempted:
            raise LawBroken(f"{where}: {asdict(self)}")


@dataclass
class SyncReport:
    """One run of one sync.

    `waiting`: rejects that are not due or parked; `in_doubt`: rows held because nobody knows
    whether they arrived; `uncertain`: rows whose person is less certain than the sync's level of
    identity asks for; `blocked_reasons`: rows per reason of the gate; `rejected_classes`: rows
    per error class; `figures`: what the destination says besides (a match rate); `sample`: the
    first rows of a dry run (record_key, operation, verdict of the gate); `resumed_runs`: runs that
    had been killed and were closed by this one.
    """

    sync: str
    run_id: str
    destination: str
    status: Status
    is_dry_run: bool
    started_at: datetime
    finished_at: datetime
    operations: dict[str, OperationCounts] = field(default_factory=dict)
    source_rows: int = 0
    held_rows: int = 0
    waiting: int = 0
    in_doubt: int = 0
    uncertain: int = 0
    blocked_reasons: dict[str, int] = field(default_factory=dict)
    rejected_classes: dict[str, int] = field(default_factory=dict)
    figures: dict[str, int | float | str] = field(default_factory=dict)
    error: str | None = None
    sample: list[dict[str, str]] = field(default_factory=list)
    resumed_runs: list[str] = field(default_factory=list)

    @property
    def is_ok(self) -> bool:
        """Whether nothing needs a human: not stopped, not failed, nothing unknown."""
        return self.status in {"succeeded", "partial", "dry_run"} and not self.total.unknown

    @property
    def is_accounted(self) -> bool:
        """Whether the law holds for every operation."""
        try:
            self.assert_law()
        except LawBroken:
            return False
        return True

    @property
    def rejected_share(self) -> float:
        """Rejected per record that was handed to the destination; 0 where nothing was."""
        total = self.total
        return total.rejected / total.attempted if total.attempted else 0.0

    @property
    def counts(self) -> dict[str, int | float | str]:
        """Counts and reasons as flat figures, for metadata of a run."""
        total = self.total
        return {
            **asdict(total),
            **{f"blocked: {reason}": count for reason, count in self.blocked_reasons.items()},
            **{f"rejected: {name}": count for name, count in self.rejected_classes.items()},
            **{f"destination: {name}": value for name, value in self.figures.items()},
            "source_rows": self.source_rows,
            "waiting": self.waiting,
            "in_doubt": self.in_doubt,
            "uncertain": self.uncertain,
            "rejected_share": round(self.rejected_share, 4),
            "acknowledged_share": round(total.succeeded / total.attempted, 4)
            if total.attempted
            else 0,
            "status": self.status,
            "error": self.error or "",
        }

    @property
    def total(self) -> OperationCounts:
        """Sum over the operations."""
        sums = OperationCounts()
        for counts in self.operations.values():
            for name, value in asdict(counts).items():
                setattr(sums, name, getattr(sums, name) + value)
        return sums

    def assert_law(self) -> None:
        """Raise `LawBroken` unless the law holds for every operation."""
        for operation, counts in self.operations.items():
            counts.assert_law(f"{self.sync} {self.run_id} {operation}")

    def line(self) -> str:
        """One line for people."""
        total = self.total
        parts = [f"{self.sync}: {self.status}", f"planned {total.planned}"]
        parts += [
            f"{'would be sent' if self.is_dry_run and name == 'aborted' else name} "
            f"{getattr(total, name)}"
            for name in ("succeeded", "rejected", "blocked", "unknown", "aborted")
            if getattr(total, name)
        ]
        reasons = ", ".join(f"{name} {count}" for name, count in self.blocked_reasons.items())
        if reasons:
            parts.append(f"blocked for {reasons}")
        if self.uncertain:
            parts.append(f"{self.uncertain} left out: identity not certain enough")
        if self.error:
            parts.append(self.error)
        return "; ".join(parts)
