"""Which columns of a raw table may name or describe a person, as its declaration says.

Belongs here: the block `config.meta.personal` of a table, its rules, and what stands in place of a
value that is erased. Does not belong here: which rows are erased (`erased_rows.py`).

    personal:
      identifiers:                    # columns that hold an identifier, and of which type
        email: email
        instagram: {type: social_handle, value: "'instagram:' || instagram"}
        subject_value: {type_column: subject_type}
        client_id: {type: [cookie_id, device_id]}    # one or the other
      attributes: [first_name]        # describe the person of the row: erased with the person
      text: [comment]                 # may name anybody: goes where an erased address stands in it
      record: [source, record_id]     # rows of the source's tables with equal values are one record
      none: [order_id, amount]        # nothing of a person: kept, so that facts stay
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

# Stands where a value is erased and may not be missing; the blocklist of identity knows it.
ERASED = "(erased)"
_KEYS = {"identifiers", "attributes", "text", "record", "none"}
_IDENTIFIER_KEYS = {"type", "type_column", "value"}


@dataclass(frozen=True)
class IdentifierColumn:
    """A column that holds an identifier: of `type`, or of the type that `type_column` names.

    `value` is SQL over the columns of the row: the text as staging hands it to identity.
    """

    name: str
    value: str
    type: str | None = None
    type_column: str | None = None


@dataclass(frozen=True)
class Personal:
    """The classes of a table's columns; every column is in exactly one of the first four."""

    identifiers: tuple[IdentifierColumn, ...] = ()
    attributes: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    record: tuple[str, ...] = ()

    @property
    def erasable(self) -> tuple[str, ...]:
        """Columns that are emptied in a row of an erased person."""
        names = dict.fromkeys(column.name for column in self.identifiers)
        return (*names, *self.attributes, *self.text)


def read_personal(node: Any, columns: Iterable[str]) -> tuple[Personal, list[str]]:
    """The block of one table (None: there is none), and what is wrong with it."""
    names = list(columns)
    if node is None:
        return Personal(), ["it has no config.meta.personal; say what its columns hold"]
    if not isinstance(node, dict) or set(node) - _KEYS:
        return Personal(), [f"personal has the keys {', '.join(sorted(_KEYS))} and no others"]
    problems = []
    identifiers = []
    for name, told in (node.get("identifiers") or {}).items():
        spec = told if isinstance(told, dict) else {"type": told}
        if set(spec) - _IDENTIFIER_KEYS or ("type" in spec) == ("type_column" in spec):
            problems.append(f"identifier {name} needs type or type_column, and may have value")
            continue
        value = str(spec.get("value") or name)
        kinds = spec.get("type")
        identifiers += [
            IdentifierColumn(str(name), value, kind, spec.get("type_column"))
            for kind in (kinds if isinstance(kinds, list) else [kinds])
        ]
    personal = Personal(
        tuple(identifiers),
        *(tuple(node.get(key) or ()) for key in ("attributes", "text", "none", "record")),
    )
    told_names = [*personal.erasable, *personal.none]
    for name in sorted(set(told_names) - set(names)):
        problems.append(f"{name} is no column of it")
    for name in sorted(set(names) - set(told_names)):
        problems.append(f"column {name} has no class")
    for name in sorted({name for name in told_names if told_names.count(name) > 1}):
        problems.append(f"column {name} has two classes")
    for name in personal.record:
        if name not in personal.none:
            problems.append(f"{name} ties records together, so it stays: list it in none too")
    return personal, problems
