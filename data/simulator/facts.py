"""What happened to one block of persons, as tables of arrays; and the log that fills them.

Belongs here: the shape between behaviour.py (which writes) and sources/ (which read).
Does not belong here: rules of behaviour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SOURCES = (
    "direct", "organic_search", "paid_search", "paid_social", "display", "organic_social",
    "referral", "email", "sms", "push",
)  # fmt: skip
SOURCE = {name: index for index, name in enumerate(SOURCES)}
HORIZON = 30  # days of the true purchase probability


@dataclass
class Facts:
    """What happened to one block. Tables: equally long arrays; `who` = place in the block."""

    tables: dict[str, dict[str, np.ndarray]]
    expected: np.ndarray  # (n, causes): expected purchases that each cause adds
    left_day: np.ndarray  # day on which the person stopped; NEVER = active at the end
    probabilities: dict[int, np.ndarray]  # cutoff day -> probability of a purchase in HORIZON days


class Log:
    """Collects rows day by day."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, np.ndarray]]] = {}

    def add(self, table: str, who: np.ndarray, day: int, **columns: np.ndarray | int) -> None:
        """Append rows of persons `who` on `day`; single values are repeated."""
        if len(who):
            row = {"who": who, "day": np.full(len(who), day), **columns}
            shaped = {
                name: value if isinstance(value, np.ndarray) else np.full(len(who), value)
                for name, value in row.items()
            }
            self.rows.setdefault(table, []).append(shaped)

    def tables(self) -> dict[str, dict[str, np.ndarray]]:
        """One dict of columns per table that has rows."""
        return {
            table: {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
            for table, parts in self.rows.items()
        }
