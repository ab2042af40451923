"""The Great Expectations suite of a raw table, and the rows of a chunk that do not meet it.

Belongs here: values against what their declaration says (missing, ranges, allowed values,
patterns, length). Does not belong here: casts, duplicates, future times and rules, which SQL
decides while loading.

Great Expectations takes 8 s to import, so nothing of it is imported before there are new rows.
One validation costs 50 ms whatever the number of rows: it runs once per table and chunk.
"""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from orchestration.ingestion.declarations import Column, RawTable
from orchestration.ingestion.sql import quoted
from orchestration.startup import starting

MAX_FIELD_BYTES = 64 * 1024
LONGEST = "_longest_field"
# Declared columns start with a letter, so these names are free.
GIVEN = "_given_"


@dataclass(frozen=True)
class Expectation:
    """One expectation of a suite: its GX class and arguments, and what a row that fails is told.

    `column` is None for the length of a field, which is checked over all columns at once.
    """

    kind: str
    arguments: dict[str, Any]
    column: Column | None
    reason: str
    detail: str


def suite_of(table: RawTable) -> list[Expectation]:
    """The expectations of `table`, from its declaration; the longest field is always among them."""
    length = Expectation(
        "ExpectColumnValuesToBeBetween",
        {"column": LONGEST, "max_value": MAX_FIELD_BYTES},
        None,
        "field over 64 KiB",
        "a field is longer than 65,536 bytes",
    )
    return [length, *(item for column in table.columns for item in _expectations(column))]


def _expectations(column: Column) -> Iterator[Expectation]:
    values = {"column": column.name}
    if column.required:
        # A number instead of the text itself: Great Expectations hashes every column it is given.
        yield Expectation(
            "ExpectColumnValuesToNotBeNull",
            {"column": GIVEN + column.name},
            column,
            "required value missing",
            "a value is required",
        )
    if column.allowed is not None:
        allowed = list(column.allowed)
        if not column.is_numeric:
            allowed = [
                str(item).lower() if item in (True, False) else str(item) for item in allowed
            ]
        yield Expectation(
            "ExpectColumnValuesToBeInSet",
            values | {"value_set": allowed},
            column,
            "value not allowed",
            f"allowed are {', '.join(map(str, column.allowed))}",
        )
    if column.pattern is not None:
        yield Expectation(
            "ExpectColumnValuesToMatchRegex",
            values | {"regex": column.pattern},
            column,
            "pattern not matched",
            f"must match {column.pattern}",
        )
    if column.is_numeric and (column.min is not None or column.max is not None):
        bounds = {"min_value": column.min, "max_value": column.max}
        yield Expectation(
            "ExpectColumnValuesToBeBetween",
            values | {key: value for key, value in bounds.items() if value is not None},
            column,
            "out of range",
            f"must lie in {column.min if column.min is not None else '-inf'} .. "
            f"{column.max if column.max is not None else 'inf'}",
        )


def frame_columns(table: RawTable) -> str:
    """SQL select list (over the chunk's typed rows) of the columns that the suite looks at."""
    parts = {LONGEST: LONGEST, "_i": "_i"}
    for expectation in suite_of(table):
        column = expectation.column
        if column is None:
            continue
        name = expectation.arguments["column"]
        value = quoted("_v_" + column.name)
        if name.startswith(GIVEN):
            parts[name] = f"case when {quoted('_g_' + column.name)} then 1 end"
        elif column.is_text:
            # A blank is no value: required columns refuse it, the other checks pass over it.
            parts[name] = f"case when trim({value}) <> '' then {value} end"
        elif column.is_numeric:
            parts[name] = f"cast({value} as double)"
        else:
            parts[name] = f"cast({value} as varchar)"
    return ", ".join(f"{sql} as {quoted(name)}" for name, sql in parts.items())


def failing_rows(table: RawTable, frame: pd.DataFrame) -> list[tuple[Expectation, np.ndarray]]:
    """Validate `frame` (columns of `frame_columns`) once; return each expectation's failing `_i`.

    Raises `RuntimeError` when Great Expectations could not evaluate an expectation.
    """
    expectations = suite_of(table)
    results = _validate(table.identifier, expectations, frame.set_index("_i").rename_axis(None))
    found = []
    for expectation, result in zip(expectations, results, strict=True):
        if result.success:
            continue
        rows = result.result.get("unexpected_index_list")
        if rows is None:
            raise RuntimeError(
                f"{table.source}.{table.name}: Great Expectations could not evaluate "
                f"{expectation.kind} on {expectation.arguments['column']}; check its arguments"
            )
        found.append((expectation, np.asarray(rows, np.int64)))
    return found


def _validate(name: str, expectations: list[Expectation], frame: pd.DataFrame) -> list[Any]:
    gx, definition = start_great_expectations()
    suite = gx.ExpectationSuite(
        name=name,
        expectations=[
            getattr(gx.expectations, item.kind)(**item.arguments, meta={"position": position})
            for position, item in enumerate(expectations)
        ],
    )
    batch = definition.get_batch({"dataframe": frame})
    validation = batch.validate(suite, result_format={"result_format": "COMPLETE"})
    # Results come in an order of their own.
    return sorted(validation.results, key=lambda item: item.expectation_config.meta["position"])


@functools.cache
def start_great_expectations() -> tuple[Any, Any]:
    """Its module and a batch definition for frames; the first call takes seconds."""
    with starting("Great Expectations"):
        return _start()


def _start() -> tuple[Any, Any]:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    import great_expectations.expectations
    from great_expectations.data_context.types.base import ProgressBarsConfig

    # This module sets its own level to INFO and tells of a temporary folder at every start.
    for name in ("great_expectations", "great_expectations.data_context.types.base"):
        logging.getLogger(name).setLevel(logging.WARNING)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("landing").add_dataframe_asset("chunk")
    return gx, asset.add_batch_definition_whole_dataframe("rows")
