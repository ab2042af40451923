"""A chunk in DuckDB: its text taken apart (JSON lines) and cast to the declared types.

Belongs here: the temporary tables `gate_rows` and `gate_failures` of one chunk. Does not belong
here: which typed values are good (`checks.py`).

`gate_rows` has `_i` (position), `_f` (file), `_n` (row number), `_loaded_at`, `_longest_field`
(bytes), and per declared column `_v_<name>` (typed), `_g_<name>` (a value was given) and, where it
was cast from text, `_t_<name>`; `_x_<name>` is a new column. `gate_failures` has one row per
failed check of a row.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from orchestration.ingestion.casting import as_text, json_path, json_pointer, native_cast, text_cast
from orchestration.ingestion.chunks import DECLARED, NEW, Chunk, FileResult, new_names
from orchestration.ingestion.declarations import Column, RawTable
from orchestration.ingestion.reading import LINE
from orchestration.ingestion.sql import literal, quoted, types_of
from orchestration.ingestion.utf8_stream import UnreadableFile

FAILURES = """
    _i bigint, _f integer, _n bigint, loaded_at timestamp, column_name varchar, reason varchar,
    detail varchar, value varchar"""
_IS_OBJECT = "case when json_valid(line) then json_type(line) = 'OBJECT' else false end"


@dataclass(frozen=True)
class TypedColumn:
    """SQL of one declared column of a chunk: its text (None if it came typed) and its value."""

    column: Column
    text: str | None
    value: str
    given: str


def type_rows(
    connection: duckdb.DuckDBPyConnection,
    table: RawTable,
    chunk: Chunk,
    results: list[FileResult],
) -> tuple[list[TypedColumn], list[str]]:
    """Create `gate_rows` and `gate_failures` from `chunk`; malformed rows are failures already.

    Returns the declared columns as they stand in `gate_rows` and the names of new columns. New
    columns of JSON lines are noted in `results`.
    """
    connection.execute(f"create or replace temp table gate_failures ({FAILURES})")
    connection.register("gate_malformed", chunk.malformed)
    connection.execute(
        "insert into gate_failures select null, gate_malformed._f, _n, loaded_at, null, "
        "'malformed row', 'another number of fields than the header', value "
        "from gate_malformed inner join gate_files on gate_files._f = gate_malformed._f"
    )
    connection.unregister("gate_malformed")
    connection.register("gate_chunk", chunk.table)
    try:
        if chunk.is_lines:
            relation, new = _take_apart(connection, table, results)
        else:
            relation = "gate_chunk"
            names = chunk.table.column_names
            new = [name.removeprefix(NEW) for name in names if name.startswith(NEW)]
        columns = _create_rows(connection, table, relation, new)
    finally:
        connection.unregister("gate_chunk")
        connection.execute("drop table if exists gate_texts")
    return columns, new


def _take_apart(
    connection: duckdb.DuckDBPyConnection, table: RawTable, results: list[FileResult]
) -> tuple[str, list[str]]:
    """Create `gate_texts` from the lines of `gate_chunk`: one text column per declared path."""
    declared = {column.path.partition(".")[0].partition("[")[0] for column in table.columns}
    shapes = connection.execute(
        f"select _f, json_keys(line) as keys from gate_chunk where {_IS_OBJECT} group by all"
    ).fetchall()
    keys: dict[int, set[str]] = {}
    for file, keys_of_row in shapes:
        keys.setdefault(file, set()).update(set(keys_of_row) - declared)
    kept: set[str] = set()
    for file in sorted(keys):
        try:
            new_names(table, sorted(kept | keys[file]))
            kept |= keys[file]
        except UnreadableFile as error:
            # Its rows are taken back with those of all failed files.
            results[file].failure = str(error)
    new = new_names(table, sorted(kept))
    for file in keys:
        results[file].new_columns |= {new[key] for key in keys[file] if key in new}
    # One call with all paths parses a line once; a call per path would parse it per column.
    texts = [column for column in table.columns if column.data_type != "json"]
    objects = [column for column in table.columns if column.data_type == "json"]
    text_paths = [json_path(column.path) for column in texts]
    text_paths += [json_pointer(key) for key in new]
    object_paths = [json_path(column.path) for column in objects]
    names = [DECLARED + column.name for column in texts] + [NEW + name for name in new.values()]
    selected = [f"texts[{i}] as {quoted(name)}" for i, name in enumerate(names, 1)]
    selected += [
        # JSON null is null, as everywhere else.
        f"nullif(cast(objects[{i}] as varchar), 'null') as {quoted(DECLARED + column.name)}"
        for i, column in enumerate(objects, 1)
    ]
    connection.execute(
        f"""
        create or replace temp table gate_texts as
        select _i, _f, _n, is_object, line, {", ".join(selected)}
        from (
            select _i, _f, _n, is_object, case when not is_object then line end as line,
                case when is_object then {_extract("json_extract_string", text_paths)} end as texts,
                case when is_object then {_extract("json_extract", object_paths)} end as objects
            from (select *, {_IS_OBJECT} as is_object from gate_chunk) as lines
        ) as extracted
        """
    )
    connection.execute(
        """
        insert into gate_failures
        select null, gate_texts._f, _n, loaded_at, null,
            case when contains(line, chr(0)) then 'NUL byte' else 'malformed row' end,
            'not one JSON object', line
        from gate_texts inner join gate_files on gate_files._f = gate_texts._f
        where not is_object
        """
    )
    return "(select * from gate_texts where is_object)", list(new.values())


def _extract(function: str, paths: list[str]) -> str:
    if not paths:
        return "null"
    return f"{function}({LINE}, [{', '.join(map(literal, paths))}])"


def _create_rows(
    connection: duckdb.DuckDBPyConnection, table: RawTable, relation: str, new: list[str]
) -> list[TypedColumn]:
    types = types_of(connection, relation)
    columns = typed_columns(table, types)
    parts = []
    for item in columns:
        name = item.column.name
        parts.append(f"{item.value} as {quoted('_v_' + name)}")
        parts.append(f"{item.given} as {quoted('_g_' + name)}")
        if item.text is not None and item.column.data_type != "string":
            parts.append(f"{item.text} as {quoted('_t_' + name)}")
    texts = [item.text for item in columns if item.text is not None]
    for name in new:
        text = as_text(quoted(NEW + name), types[NEW + name])
        texts.append(text)
        parts.append(f"{text} as {quoted('_x_' + name)}")
    longest = ", ".join(["0", *(f"strlen({text})" for text in texts)])
    loaded_at = "gate_files.loaded_at"
    for item in columns:
        if item.column.name == table.loaded_at:
            loaded_at = f"coalesce({item.value}, {loaded_at})"
    connection.execute(
        f"""
        create or replace temp table gate_rows as
        select _i, source_rows._f, _n, {loaded_at} as _loaded_at, greatest({longest}) as
            _longest_field, {", ".join(parts)}
        from {relation} as source_rows
        inner join gate_files on gate_files._f = source_rows._f
        """
    )
    return columns


def typed_columns(table: RawTable, types: dict[str, str]) -> list[TypedColumn]:
    """SQL of every declared column over a relation whose columns (`c_<name>`) have `types`."""
    return [_typed(table, column, types) for column in table.columns]


def _typed(table: RawTable, column: Column, types: dict[str, str]) -> TypedColumn:
    name = DECLARED + column.name
    if name not in types or types[name] == '"NULL"':
        nothing = f"cast(null as {column.sql_type})"
        return TypedColumn(column, None, nothing, "false")
    expression, source_type = quoted(name), types[name]
    native = native_cast(column, expression, source_type)
    if native is not None and column.data_type != "string":
        return TypedColumn(column, None, native, f"{expression} is not null")
    text = as_text(expression, source_type)
    value = text_cast(column, text, table.dialect)
    return TypedColumn(column, text, value, f"coalesce(trim({text}) <> '', false)")
