"""How a row of the payload model becomes a destination record.

Belongs here: the choice and renaming of columns, and the version of that choice. Does not belong
here: values; a payload is shaped in SQL, by its model.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

# What the engine itself writes beside the payload.
RESERVED_FIELDS = frozenset({"operation", "idempotency_key", "record_key"})
# The address that is used, as hash; read by the gate, never sent.
ADDRESS_COLUMN = "identifier_key"
# Columns of the model that the delivery ledger takes along where the model has them.
LEDGER_COLUMNS = {
    "campaign_id": "varchar",
    "content_id": "varchar",
    "content_version": "varchar",
    "offer_id": "varchar",
    "decision_id": "varchar",
    "variant": "varchar",
    "message_id": "varchar",
    "cost_amount": "decimal(18,4)",
}
# Those of them that a connector which renders knows better than the model.
RENDERED_COLUMNS = ("content_id", "content_version", "variant", "message_id")


class MappingError(ValueError):
    """The payload model lacks a column that the sync needs."""


@dataclass(frozen=True)
class FieldMapping:
    """Pairs of (destination field, model column), and the column of the key."""

    key: str
    pairs: tuple[tuple[str, str], ...]

    @classmethod
    def of(
        cls, key: str, fields: Mapping[str, str] | None, columns: tuple[str, ...]
    ) -> FieldMapping:
        """Mapping of a sync over the columns of its model.

        `fields` None takes every column by its own name but the address. Raises `MappingError`
        with the columns that the model lacks.
        """
        pairs = (
            tuple(fields.items())
            if fields is not None
            else tuple((column, column) for column in columns if column != ADDRESS_COLUMN)
        )
        missing = sorted({key, *(column for _, column in pairs)} - set(columns))
        if missing:
            raise MappingError(f"the model lacks {', '.join(missing)}; it has {', '.join(columns)}")
        reserved = sorted(RESERVED_FIELDS & {field for field, _ in pairs})
        if reserved:
            raise MappingError(f"{', '.join(reserved)} is written by the engine; rename the column")
        return cls(key=key, pairs=pairs)

    @property
    def fields(self) -> tuple[str, ...]:
        """Destination fields, in order."""
        return tuple(field for field, _ in self.pairs)

    @property
    def columns(self) -> tuple[str, ...]:
        """Model columns, in the order of the fields."""
        return tuple(column for _, column in self.pairs)

    @property
    def key_field(self) -> str:
        """The destination field that carries the key."""
        return next(field for field, column in self.pairs if column == self.key)

    @property
    def version(self) -> str:
        """Changes when a field is added, dropped or fed from another column; not with order."""
        text = json.dumps([self.key, sorted(self.pairs)])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def apply(self, row: Mapping[str, object]) -> dict[str, object]:
        """The payload of one row of the model."""
        return {field: row[column] for field, column in self.pairs}
