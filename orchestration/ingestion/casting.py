"""Text (or Parquet values) to the declared type, as SQL expressions.

Belongs here: how a value of a file becomes a value of a raw column; a value that cannot be cast
becomes null here, and the checks see that its text was not. Does not belong here: whether the
value is allowed.
"""

from __future__ import annotations

import re

from orchestration.ingestion.declarations import Column, Dialect
from orchestration.ingestion.sql import literal

_INTEGERS = {
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT",
    "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
}  # fmt: skip
_OFFSET = r":[0-9.]+ *(Z|[+-][0-9]{2}(:?[0-9]{2})?)$"
_NO_SECONDS = r"^(.{10})[T ]([0-9]{2}:[0-9]{2}) *(Z|[+-].*)$"
# Beyond the year 9999 DuckDB has times that Python has not.
_LAST_SECOND = 253_402_300_799


def json_path(path: str) -> str:
    """A dotted path as DuckDB writes it: `a.b[0]` becomes `$."a"."b"[0]`."""
    result = "$"
    for segment in path.split("."):
        name = re.sub(r"(\[\d+\])+$", "", segment)
        escaped = name.replace('"', '\\"')
        result += f'."{escaped}"{segment[len(name) :]}'
    return result


def json_pointer(key: str) -> str:
    """A top-level key as a JSON pointer: unlike a path it takes any key as it is, `*` and quotes
    included."""
    return "/" + key.replace("~", "~0").replace("/", "~1")


def as_text(expression: str, source_type: str) -> str:
    """SQL for a file value of DuckDB type `source_type` as text."""
    if source_type == "VARCHAR":
        return expression
    if source_type.endswith("[]") or source_type.startswith(("STRUCT", "MAP", "UNION")):
        return f"cast(to_json({expression}) as varchar)"
    if source_type == "TIMESTAMP WITH TIME ZONE":
        # Text of this type is in the session's zone, which is UTC.
        return f"strftime({expression} at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')"
    return f"cast({expression} as varchar)"


def native_cast(column: Column, expression: str, source_type: str) -> str | None:
    """SQL that casts a Parquet value without the detour through text, or None if there is none."""
    wanted = column.sql_type
    is_number = source_type in _INTEGERS or source_type in {"DOUBLE", "FLOAT"}
    is_number = is_number or source_type.startswith("DECIMAL")
    if column.data_type == "timestamp" and source_type.startswith("TIMESTAMP"):
        if source_type == "TIMESTAMP WITH TIME ZONE":
            return f"{expression} at time zone 'UTC'"
        plain = f"cast({expression} as timestamp)"
        return _local(plain, column.timezone) if column.timezone else plain
    if source_type == wanted and column.data_type not in {"json", "double"}:
        return expression
    if source_type in _INTEGERS and wanted in {"INTEGER", "BIGINT"}:
        return f"try_cast({expression} as {wanted})"
    if is_number and wanted.startswith("DECIMAL"):
        return f"try_cast({expression} as {wanted})"
    if is_number and wanted == "DOUBLE":
        return _finite(f"cast({expression} as double)")
    return None


def text_cast(column: Column, text: str, dialect: Dialect) -> str:
    """SQL that casts the SQL expression `text` to the type of `column`; null where it cannot.

    Empty text is null for every type but string. Times come out as UTC without zone.
    """
    if column.data_type == "string":
        return text
    value = f"nullif(trim({text}), '')"
    if column.data_type == "json":
        return f"case when json_valid({value}) then {value} end"
    if column.data_type == "date":
        return f"cast({_time(column, value)} as date)"
    if column.data_type == "timestamp":
        return _time(column, value)
    if column.data_type == "boolean":
        return f"try_cast({value} as boolean)"
    if dialect.decimal != ".":
        # A point in the text would be a thousands mark: it makes the cast fail, and is seen.
        value = f"replace(replace({value}, '.', '?'), {literal(dialect.decimal)}, '.')"
    if column.data_type in {"integer", "bigint"}:
        # DuckDB casts '1.5' to 2 and '0x10' to 16; 3.0 (as pandas writes 3) is meant as 3.
        return (
            f"case when try_cast({value} as double) = cast(try_cast({value} as bigint) as double) "
            f"then try_cast({value} as {column.sql_type}) end"
        )
    if column.data_type == "double":
        return _finite(f"try_cast({value} as double)")
    return f"try_cast({value} as {column.sql_type})"


def _finite(expression: str) -> str:
    return f"case when isfinite({expression}) then {expression} end"


def _local(timestamp: str, timezone: str) -> str:
    return f"({timestamp} at time zone {literal(timezone)} at time zone 'UTC')"


def _time(column: Column, value: str) -> str:
    instant = _instant(column, value)
    # a day is its last second, as a date in a file's name is
    return f"({instant} + interval 86399 second)" if column.end_of_day else instant


def _instant(column: Column, value: str) -> str:
    if column.unit == "us":
        number = f"try_cast({value} as bigint)"
        return f"case when abs({number}) <= {_LAST_SECOND}000000 then make_timestamp({number}) end"
    if column.unit in {"s", "ms"}:
        number = f"try_cast({value} as double)"
        seconds = number if column.unit == "s" else f"{number} / 1000"
        return (
            f"case when abs({seconds}) <= {_LAST_SECOND} "
            f"then make_timestamp(cast(round({seconds} * 1000000) as bigint)) end"
        )
    if column.format:
        parsed = f"try_strptime({value}, {literal(column.format)})"
        if "%z" in column.format:
            return f"({parsed} at time zone 'UTC')"
        return _local(parsed, column.timezone) if column.timezone else parsed
    if column.data_type == "date":
        # The day as written, whatever the offset behind it; words such as 'epoch' are no date.
        return f"case when ascii({value}) between 48 and 57 then try_cast({value} as date) end"
    utc = (
        f"coalesce(try_cast({value} as timestamptz), try_cast(regexp_replace(upper({value}), "
        rf"{literal(_NO_SECONDS)}, '\1 \2:00\3') as timestamptz)) at time zone 'UTC'"
    )
    if column.timezone:
        local = _local(f"try_cast({value} as timestamp)", column.timezone)
        has_offset = f"regexp_matches(upper({value}), {literal(_OFFSET)})"
        utc = f"case when {has_offset} then {utc} else {local} end"
    return f"case when ascii({value}) between 48 and 57 then {utc} end"
