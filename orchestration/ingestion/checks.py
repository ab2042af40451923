"""Which rows of a chunk fail, and why: `gate_rows` to `gate_failures`.

Belongs here: casts, NUL bytes, future times, bounds of times and declared rules in SQL, and the
calls to the Great Expectations suite. Does not belong here: duplicates, which need whole files
(`loading.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from orchestration.ingestion.declarations import Column, DeclarationError, RawTable
from orchestration.ingestion.expectations import MAX_FIELD_BYTES, failing_rows, frame_columns
from orchestration.ingestion.sql import literal, quoted, row
from orchestration.ingestion.typed_rows import TypedColumn

FUTURE_HOURS = 24


@dataclass(frozen=True)
class Check:
    """An SQL condition over `gate_rows` that is true for rows that fail."""

    column: str | None
    reason: str
    detail: str
    fails: str
    value: str


def sql_checks(table: RawTable, columns: list[TypedColumn], new: list[str]) -> Iterator[Check]:
    """The SQL checks of `table` for a chunk whose columns came as `columns` and `new`."""
    for item in columns:
        column, name = item.column, item.column.name
        value, given = quoted("_v_" + name), quoted("_g_" + name)
        has_text = item.text is not None and column.data_type != "string"
        text = quoted("_t_" + name) if has_text else f"cast({value} as varchar)"
        if column.data_type != "string":
            detail = f"not a valid {column.data_type}"
            yield Check(name, "cast failed", detail, f"{given} and {value} is null", text)
        if item.text is not None:
            yield Check(name, "NUL byte", "", f"contains({text}, chr(0))", text)
        if column.event_time:
            limit = f"{value} > _loaded_at + interval {FUTURE_HOURS} hour"
            detail = f"more than {FUTURE_HOURS} hours after loaded_at"
            yield Check(name, "time in the future", detail, limit, text)
        yield from _time_bounds(column, value, text)
    for name in new:
        text = quoted("_x_" + name)
        yield Check(name, "NUL byte", "", f"contains({text}, chr(0))", text)
    for rule in table.rules:
        value = f"cast({quoted(rule.column)} as varchar)" if rule.column else "null"
        # A rule that is unknown (null) holds: missing values are the matter of `required`.
        yield Check(rule.column, rule.reason, "", f"not coalesce(({rule.sql}), true)", value)


def _time_bounds(column: Column, value: str, text: str) -> Iterator[Check]:
    """Bounds of times in SQL: Great Expectations takes 4 s per million timestamps for them."""
    if column.data_type not in {"date", "timestamp"}:
        return
    bounds = [
        f"{value} {sign} cast({literal(str(bound))} as {column.sql_type})"
        for sign, bound in (("<", column.min), (">", column.max))
        if bound is not None
    ]
    if bounds:
        detail = f"must lie in {column.min or '-inf'} .. {column.max or 'inf'}"
        yield Check(column.name, "out of range", detail, " or ".join(bounds), text)


def validate_rules(connection: duckdb.DuckDBPyConnection, table: RawTable) -> None:
    """Raise `DeclarationError` when a rule of `table` is no SQL over its columns."""
    columns = ", ".join(
        f"cast(null as {column.sql_type}) as {quoted(column.name)}" for column in table.columns
    )
    conditions = [(rule.sql, "rule") for rule in table.rules]
    conditions += [(column.phone, "phone") for column in table.columns if column.phone]
    for sql, kind in conditions:
        try:
            connection.execute(f"select 1 from (select {columns}) as typed where ({sql})")
        except duckdb.Error as error:
            raise DeclarationError(
                f"{table.source}.{table.name}: {kind} {sql!r} is no SQL condition over its "
                f"columns: {error}"
            ) from error


def check_rows(
    connection: duckdb.DuckDBPyConnection,
    table: RawTable,
    columns: list[TypedColumn],
    new: list[str],
) -> None:
    """Add every failed check of every row of `gate_rows` to `gate_failures`."""
    typed = ", ".join(f"{quoted('_v_' + c.name)} as {quoted(c.name)}" for c in table.columns)
    rows = f"(select *, {typed} from gate_rows) as typed_rows"
    checks = list(sql_checks(table, columns, new))
    # One scan finds the checks that fail at all: most fail nowhere.
    counts = [f"count(*) filter (where {check.fails})" for check in checks]
    row_count, *failed = row(connection, f"select {', '.join(['count(*)', *counts])} from {rows}")
    if not row_count:
        return
    for check, count in zip(checks, failed, strict=True):
        if count:
            _add(connection, rows, check)
    frame = connection.execute(f"select {frame_columns(table)} from gate_rows").to_arrow_table()
    for expectation, positions in failing_rows(table, frame.to_pandas()):
        connection.register("gate_positions", pa.table({"_i": positions}))
        fails = "_i in (select _i from gate_positions)"
        if expectation.column is None:
            _add_long_fields(connection, rows, columns, new, fails)
        else:
            name = expectation.column.name
            value = f"cast({quoted(name)} as varchar)"
            check = Check(name, expectation.reason, expectation.detail, fails, value)
            _add(connection, rows, check)
        connection.unregister("gate_positions")


def _add_long_fields(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    columns: list[TypedColumn],
    new: list[str],
    fails: str,
) -> None:
    """The suite finds the rows by their longest field; here each such field is named."""
    fields = {
        c.column.name: quoted(("_v_" if c.column.data_type == "string" else "_t_") + c.column.name)
        for c in columns
        if c.text is not None
    }
    fields |= {name: quoted("_x_" + name) for name in new}
    for name, field in fields.items():
        too_long = f"{fails} and strlen({field}) > {MAX_FIELD_BYTES}"
        check = Check(name, "field over 64 KiB", "", too_long, field)
        _add(connection, rows, check)


def _add(connection: duckdb.DuckDBPyConnection, rows: str, check: Check) -> None:
    column = "null" if check.column is None else literal(check.column)
    connection.execute(
        f"""
        insert into gate_failures
        select _i, _f, _n, _loaded_at, {column}, {literal(check.reason)}, {literal(check.detail)},
            {check.value}
        from {rows} where {check.fails}
        """
    )
