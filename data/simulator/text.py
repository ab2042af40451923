"""Arrays to text: times, money and rows of JSON lines and CSV, without a Python loop over rows.

Belongs here: formatting of whole columns with pyarrow. Does not belong here: what is written
(sources/) and into which file (landing.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from data.simulator.arrow import pc
from data.simulator.declarations import Column, Table
from data.simulator.settings import DAY, Arguments

NULL = np.iinfo(np.int64).min  # marks a missing integer (time, money)
Values = np.ndarray | pa.Array | str | None
_SECONDS = np.array(
    [f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}".encode() for s in range(DAY)], dtype="S8"
)


def strings(values: np.ndarray, where: np.ndarray | None = None) -> pa.Array:
    """Bytes, integers or text to an Arrow string array; null where `where` is False."""
    mask = None if where is None else ~np.asarray(where, dtype=bool)
    if values.dtype.kind == "S":
        values = np.ascontiguousarray(values)
        return pa.array(values, type=pa.binary(), mask=mask).cast(pa.string())
    return pa.array(values, mask=mask).cast(pa.string())


def only(values: pa.Array, where: np.ndarray) -> pa.Array:
    """`values` where `where`, else null."""
    return pc.if_else(pa.array(np.asarray(where, dtype=bool)), values, pa.scalar(None, pa.string()))


def join(*parts: pa.Array | str) -> pa.Array:
    """Texts put together row by row; null when any is null."""
    return pc.binary_join_element_wise(*parts, "")


def pick(words: Sequence[str | None], index: np.ndarray) -> pa.Array:
    """words[index]; a negative index gives null."""
    places = np.asarray(index).astype(np.int64)
    places = pa.array(places, mask=places < 0)
    return pa.array(list(words), type=pa.string()).take(places)


class Clock:
    """Text of moments (UTC epoch milliseconds), in UTC or in the brand's local time."""

    def __init__(self, args: Arguments) -> None:
        self.args = args
        first = -40_000
        days = range(first, args.days + 800)
        self._first = first
        self._dates = np.array([args.date(day).isoformat().encode() for day in days], dtype="S10")
        self._changes, self._offsets = args.offset_changes()

    def offset(self, seconds: np.ndarray) -> np.ndarray:
        """Seconds that local time is ahead of UTC at these moments."""
        return self._offsets[np.searchsorted(self._changes, seconds, side="right") - 1]

    def day(self, seconds: np.ndarray) -> np.ndarray:
        """Simulated day number of (shifted) epoch seconds."""
        return (seconds - self.args.start_epoch) // DAY

    def date_text(self, day: np.ndarray) -> np.ndarray:
        """ISO date of simulated day numbers, bytes."""
        return self._dates[np.asarray(day) - self._first]

    def texts(self, moments: np.ndarray, table: Table, column: Column) -> pa.Array:
        """`moments` (UTC epoch ms, NULL = none) as the declaration wants them."""
        where = moments != NULL
        moments = np.where(where, moments, self.args.start_epoch * 1000)
        if column.unit == "ms":
            return strings(moments, where)
        seconds, milliseconds = moments // 1000, moments % 1000
        if column.unit == "s":
            return strings(seconds, where)
        zoned = column.local or table.offset_times
        ahead = self.offset(seconds) if zoned else np.zeros_like(seconds)
        shifted = seconds + ahead
        date = strings(self.date_text(self.day(shifted)))
        time = strings(_SECONDS[(shifted - self.args.start_epoch) % DAY])
        if column.format:
            text = self._formatted(date, time, column.format)
        elif column.local:
            text = join(date, " ", time)
        elif table.offset_times:
            text = join(date, "T", time, pick(["+01:00", "+02:00"], ahead // 3600 - 1))
        elif table.milliseconds:
            digits = pc.utf8_lpad(strings(milliseconds), 3, "0")
            text = join(date, "T", time, ".", digits, "Z")
        else:
            text = join(date, "T", time, "Z")
        return only(text, where)

    def _formatted(self, date: pa.Array, time: pa.Array, form: str) -> pa.Array:
        year, month, day = (
            pc.utf8_slice_codeunits(date, start, stop) for start, stop in ((0, 4), (5, 7), (8, 10))
        )
        if form == "%d.%m.%Y %H:%M:%S":
            return join(day, ".", month, ".", year, " ", time)
        if form == "%d/%m/%Y %H:%M:%S":
            return join(day, "/", month, "/", year, " ", time)
        raise ValueError(f"no writer for the time format {form!r}: add it to Clock._formatted")


def money(cents: np.ndarray, decimal: str = ".") -> pa.Array:
    """Integer hundredths as decimal text; NULL stays null."""
    where = cents != NULL
    cents = np.where(where, cents, 0)
    whole, rest = np.abs(cents) // 100, np.abs(cents) % 100
    sign = pick(["", "-"], (cents < 0).astype(int))
    return only(join(sign, strings(whole), decimal, pc.utf8_lpad(strings(rest), 2, "0")), where)


def column_texts(
    table: Table, values: Mapping[str, Values], count: int, clock: Clock
) -> dict[str, pa.Array]:
    """Every declared column as text. Integers mean: times UTC epoch ms, decimals hundredths.

    Raises KeyError for a column that the table does not declare.
    """
    unknown = set(values) - {column.name for column in table.columns}
    if unknown:
        raise KeyError(f"{table.source}.{table.name} declares no column {sorted(unknown)}")
    return {
        column.name: _texts(table, column, values.get(column.name), count, clock)
        for column in table.columns
    }


def _texts(table: Table, column: Column, value: Values, count: int, clock: Clock) -> pa.Array:
    if value is None:
        return pa.nulls(count, pa.string())
    if isinstance(value, str):
        return pa.repeat(value, count)
    if isinstance(value, np.ndarray):
        if column.data_type == "timestamp":
            return clock.texts(value, table, column)
        if column.data_type.startswith("decimal"):
            return money(value, table.decimal)
        if value.dtype.kind == "i":
            return strings(value, value != NULL)
        return strings(value)
    return value


def lines(table: Table, texts: Mapping[str, pa.Array]) -> pa.Array:
    """One line of the file per row, without line end."""
    return _json(table, texts) if table.is_json else _csv(table, texts)


def header(table: Table) -> str | None:
    """The CSV header line, or None for JSON lines."""
    if table.is_json:
        return None
    return table.delimiter.join(column.path for column in table.columns)


def _csv(table: Table, texts: Mapping[str, pa.Array]) -> pa.Array:
    cells = []
    for column in table.columns:
        cell = texts[column.name]
        if column.data_type in ("string", "json"):
            risky = pc.match_substring_regex(cell, f'["\n{table.delimiter}]|^$|^ | $')
            if pc.any(risky).as_py():
                quoted = join('"', pc.replace_substring(cell, '"', '""'), '"')
                cell = pc.if_else(risky, quoted, cell)
        cells.append(pc.fill_null(cell, ""))
    return pc.binary_join_element_wise(*cells, table.delimiter)


def _json(table: Table, texts: Mapping[str, pa.Array]) -> pa.Array:
    """Nested objects by dotted path; a null is left out, an object of nulls too."""
    tree: dict = {}
    for column in table.columns:
        node = tree
        *parents, leaf = column.path.split(".")
        for parent in parents:
            node = node.setdefault(parent, {})
        node[leaf] = column
    return _object(tree, texts)


def _object(tree: Mapping, texts: Mapping[str, pa.Array]) -> pa.Array:
    members = []
    for key, node in tree.items():
        if isinstance(node, Column):
            value = texts[node.name]
            if value.null_count == len(value):
                continue
            if node.is_text:
                value = join('"', _escape(value), '"')
        else:
            value = _object(node, texts)
            value = pc.if_else(pc.equal(value, "{}"), pa.scalar(None, pa.string()), value)
        members.append(pc.fill_null(join(f',"{key}":', value), ""))
    if not members:
        return pa.repeat("{}", len(next(iter(texts.values()))))
    body = pc.binary_join_element_wise(*members, "")
    return join("{", pc.utf8_slice_codeunits(body, 1), "}")


def _escape(value: pa.Array) -> pa.Array:
    if pc.any(pc.match_substring_regex(value, r'["\\]')).as_py():
        value = pc.replace_substring(pc.replace_substring(value, "\\", "\\\\"), '"', '\\"')
    return value
