"""Values inside the nested columns of a Parquet file, as flat Arrow columns.

Belongs here: what a declared `path` means in a file with structs and lists of them, such as an
export of BigQuery. Does not belong here: types (`casting.py`), and JSON lines, whose paths DuckDB
takes apart (`typed_rows.py`).

`device.category` is a field of a struct. `event_params[page_location]` is the element of a list of
(key, value) pairs that has this key, by its value; of several the first. A value that is a struct
of one field per type (`string_value`, `int_value`, ...) is the one that is given, as text.
"""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.ingestion.declarations import Column

_STEP = re.compile(r"([^.\[\]]+)(?:\[([^\[\]]+)\])?(?:\.|$)")
_TYPED_VALUE = re.compile(r"(string|int|double|float)_value")


class NestedColumns:
    """The columns of one table of a Parquet file, by declared path.

    The keys of a list of pairs are looked through once, whatever the number of paths into it.
    """

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self._tops = {name.lower(): name for name in reversed(table.column_names)}
        self._pairs: dict[str, _Pairs] = {}

    def top(self, path: str) -> str | None:
        """The column of the file that `path` starts from: of that name, or nested; else None."""
        if path in self._table.column_names:
            return path
        whole = self._tops.get(path.lower())
        return whole or self._tops.get(re.split(r"[.\[]", path, maxsplit=1)[0].lower())

    def value(self, column: Column) -> pa.Array | pa.ChunkedArray | None:
        """The values of `column`, one per row; None where the file has nothing at its path."""
        top = self.top(column.path)
        if top is None:
            return None
        if column.path.lower() == top.lower():
            return _with_fields(self._table[top], column.fields)
        steps = _STEP.findall(column.path)
        values: pa.Array = _whole(self._table[top])
        for place, (name, key) in enumerate(steps):
            if place:
                if not pa.types.is_struct(values.type) or values.type.get_field_index(name) < 0:
                    return None
                values = _field(values, name)
            if key:
                path = ".".join(part for part, _ in steps[: place + 1])
                if path not in self._pairs:
                    if not _is_pairs(values.type):
                        return None
                    self._pairs[path] = _Pairs(values)
                values = self._pairs[path].values_of(key)
        return _given(values)


class _Pairs:
    """A column of lists of (key, value) structs."""

    def __init__(self, lists: pa.Array) -> None:
        elements = lists.flatten()
        self._length = len(lists)
        self._parents = lists.value_parent_indices().to_numpy()
        self._values = _field(elements, "value")
        coded = _field(elements, "key").cast(pa.string()).dictionary_encode()
        self._numbers = {key: number for number, key in enumerate(coded.dictionary.to_pylist())}
        self._codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)

    def values_of(self, key: str) -> pa.Array:
        """The value of the first pair with this key, per list; null where no pair has it."""
        found = np.flatnonzero(self._codes == self._numbers.get(key, -2))
        rows = self._parents[found]
        # from the last to the first, so that of several the first stays
        places = np.full(self._length, -1, np.int64)
        places[rows[::-1]] = found[::-1]
        return self._values.take(pa.array(places, mask=places < 0))


def _is_pairs(wanted: pa.DataType) -> bool:
    if not (pa.types.is_list(wanted) or pa.types.is_large_list(wanted)):
        return False
    element = wanted.value_type
    return pa.types.is_struct(element) and {"key", "value"} <= {part.name for part in element}


def _given(values: pa.Array) -> pa.Array:
    """`values`; of a struct of one field per type the field that is given, as text."""
    if not pa.types.is_struct(values.type):
        return values
    typed = [part.name for part in values.type if _TYPED_VALUE.fullmatch(part.name)]
    if not typed:
        return values
    parts = [_field(values, name).cast(pa.string()) for name in typed]
    return pc.call_function("coalesce", parts)


def _with_fields(
    values: pa.ChunkedArray, fields: tuple[str, ...] | None
) -> pa.Array | pa.ChunkedArray:
    """A column of lists of structs with these fields of the structs alone."""
    wanted = values.type
    is_list = pa.types.is_list(wanted) or pa.types.is_large_list(wanted)
    if fields is None or not is_list or not pa.types.is_struct(wanted.value_type):
        return values
    lists = _whole(values)
    # of a slice, the elements of the slice: offsets that start at 0, lists that are null stay so
    elements = lists.flatten()
    kept = [name for name in fields if wanted.value_type.get_field_index(name) >= 0]
    parts = [_field(elements, name) for name in kept]
    if not parts:
        return values
    lengths = lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    structs = pa.StructArray.from_arrays(parts, kept)
    is_large = pa.types.is_large_list(wanted)
    made = pa.LargeListArray if is_large else pa.ListArray
    index = pa.array(offsets, pa.int64() if is_large else pa.int32())
    return made.from_arrays(index, structs, mask=lists.is_null())


def _field(structs: pa.Array, name: str) -> pa.Array:
    """A field of a column of structs, null where the struct is."""
    return structs.flatten()[structs.type.get_field_index(name)]


def _whole(values: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], values.type)
