"""Rows of a Parquet file without what was erased, nested columns included.

Belongs here: the same for Parquet that `erased_files.py` does for text. Paths into structs and
lists of (key, value) pairs are those of `nested.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from orchestration.ingestion.chunks import snake
from orchestration.ingestion.declarations import Column, RawTable


@dataclass(frozen=True)
class Mark:
    """What goes of one row: everything of a person, or some declared columns."""

    is_whole: bool
    columns: frozenset[str]


def emptied_table(rows: pa.Table, table: RawTable, marks: Mapping[int, Mark]) -> pa.Table:
    """`rows` with the cells emptied that `marks` (by row number, from 1) say."""
    declared: dict[str, list[tuple[list[str], Column]]] = {}
    tops = {name.lower() for name in rows.column_names}
    for column in table.columns:
        path = column.path.lower()
        top, *rest = [path] if path in tops else re.findall(r"[^.\[\]]+", path)
        declared.setdefault(top, []).append((rest, column))
    for place, name in enumerate(rows.column_names):
        inside = declared.get(name.lower(), [])
        pieces, done = [], 0
        values = rows.column(place)
        kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
        for number, mark in sorted(marks.items()):
            before = values[number - 1].as_py()
            after = _emptied(before, name, inside, set(table.personal.none), mark)
            if after != before:
                pieces += values.slice(done, number - 1 - done).cast(kind).chunks
                pieces.append(pa.array([after], kind))
                done = number
        if pieces:
            pieces += values.slice(done).cast(kind).chunks
            rows = rows.set_column(place, pa.field(name, kind), pa.chunked_array(pieces, kind))
    return rows


def _emptied(
    value: Any, name: str, inside: list[tuple[list[str], Column]], kept: set[str], mark: Mark
) -> Any:
    """What is left of one cell of the file; `inside` are the declared columns that it holds."""
    if value is None:
        return None
    if not inside:
        return None if mark.is_whole or snake(name) in mark.columns else value
    if mark.is_whole:
        stays = [path for path, column in inside if column.name in kept]
        if stays:
            return _only(value, stays)
        whole = [column for path, column in inside if not path]
        return whole[0].erased_text if whole else None
    for path, column in inside:
        if column.name in mark.columns:
            if not path:
                return column.erased_text
            value = _without(value, path)
    return value


def _only(value: Any, paths: list[list[str]]) -> Any:
    """`value` with nothing but what stands at `paths`."""
    if not all(paths):
        return value
    by_name: dict[str, list[list[str]]] = {}
    for first, *rest in paths:
        by_name.setdefault(first, []).append(rest)
    if isinstance(value, dict):
        return {
            name: _only(inner, by_name[name.lower()]) if name.lower() in by_name else None
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [pair for pair in value if _key(pair) in by_name]
    return value


def _without(value: Any, path: list[str]) -> Any:
    """`value` without what stands at `path`."""
    first, *rest = path
    if isinstance(value, dict):
        return {
            name: inner if name.lower() != first else _without(inner, rest) if rest else None
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [pair for pair in value if _key(pair) != first]
    return value


def _key(pair: Any) -> str:
    return str(pair.get("key") or "").lower() if isinstance(pair, dict) else ""
