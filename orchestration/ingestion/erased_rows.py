"""Which rows of a raw table hold something erased, and emptying them.

Belongs here: from tombstones and the classes of a table's columns to rows and cells. The landing
gate, erasure itself, its dry run and its proof all ask here. Does not belong here: landing files
(`erased_files.py`).

A row belongs to whom its strongest identifier belongs, as everywhere. Where that one is erased with
its person, everything that names or describes a person goes; where a stronger one is left (a family
address in somebody else's row), the erased values alone go. Numbers, products, times and amounts
always stay: orders and their revenue are kept, and are nobody's.
"""

from __future__ import annotations

import duckdb

from orchestration.ingestion.declarations import TECHNICAL_COLUMNS, Column, RawTable
from orchestration.ingestion.personal import ERASED, IdentifierColumn
from orchestration.ingestion.sql import literal, quoted, row, types_of
from orchestration.ingestion.tombstones import RECORD, Tombstones, add_keys, keyed

EMAILS = r"[^\s@<>\"'',;:()\[\]{}=&?/\\|]+@[^\s@<>\"'',;:()\[\]{}=&?/\\|]+"
_PHONES = r"\+?[0-9][0-9 ()./-]{6,}[0-9]"
_WEAKEST = 20  # ranks from here on are a household's: nobody is told by them


def mark_rows(
    connection: duckdb.DuckDBPyConnection,
    tombstones: Tombstones,
    table: RawTable,
    relation: str,
    new_columns: tuple[str, ...] = (),
) -> int:
    """Create `erased_marks` (_i, is_whole, columns) of `relation`; return how many rows it has.

    `relation` is SQL with `_i` (a name for each row), the declared columns and `new_columns`
    (undeclared ones). `is_whole`: everything of a person goes; else the cells of `columns`.
    Records that are erased whole are added to `erased_keys`.
    """
    _mark_cells(connection, tombstones, table, relation)
    _mark_texts(connection, tombstones, table, relation, new_columns)
    _mark_records(connection, table, relation)
    connection.execute(
        """
        create or replace temp table erased_marks as
        with marked as (
            select _i, true as is_whole, cast(null as varchar) as column_name from erased_whole
            union all
            select _i, false, column_name from erased_cells
            union all
            select _i, false, column_name from erased_texts
        )
        select
            _i,
            bool_or(is_whole) as is_whole,
            coalesce(list(distinct column_name) filter (where column_name is not null), [])
                as columns
        from marked group by _i
        """
    )
    (count,) = row(connection, "select count(*) from erased_marks")
    return count


def _kind(column: IdentifierColumn) -> str:
    return f"cast({quoted(column.type_column)} as varchar)" if column.type_column else literal(
        column.type or ""
    )  # fmt: skip


def _region(tombstones: Tombstones, table: RawTable) -> str:
    """SQL of the countries (a list) in which a national phone number of a row is read."""
    if any(column.name == "country_code" for column in table.columns):
        return (
            "[case when length(trim(country_code)) = 2 then upper(trim(country_code)) "
            f"else {literal(tombstones.region)} end]"
        )
    regions = tombstones.regions if table.personal.record else (tombstones.region,)
    return f"[{', '.join(map(literal, regions))}]"


def _mark_cells(
    connection: duckdb.DuckDBPyConnection, tombstones: Tombstones, table: RawTable, relation: str
) -> None:
    """Create `erased_cells`: cells that hold an erased identifier."""
    columns = [
        column
        for column in table.personal.identifiers
        if column.type is None or tombstones.may_hold(column.type)
    ]
    connection.execute(
        "create or replace temp table erased_cells (_i bigint, column_name varchar, rank integer, "
        "is_person boolean, erasure_id varchar)"
    )
    if not columns:
        return
    region = _region(tombstones, table)
    parts = [
        f"select distinct {literal(column.name)} as column_name, {_kind(column)} as kind, "
        f"cast({column.value} as varchar) as value, {region} as regions "
        f"from ({relation}) as given where nullif(trim({column.value}), '') is not null"
        for column in columns
    ]
    connection.execute(
        "create or replace temp table erased_values as select column_name, kind, value, regions, "
        f"unnest(regions) as region from ({' union all '.join(parts)})"
    )
    add_keys(connection, "erased_values", "erased_keyed")
    connection.execute(
        "create or replace temp table erased_hits as "
        "select column_name, kind, value, regions, min(rank) as rank, "
        "bool_or(is_person) as is_person, min(erasure_id) as erasure_id "
        "from erased_keyed inner join erased_keys using (identifier_key, identifier_type) "
        "group by all"
    )
    for column in columns:
        connection.execute(
            f"""
            insert into erased_cells
            select cells._i, hits.column_name, hits.rank, hits.is_person, hits.erasure_id
            from (
                select _i, cast({column.value} as varchar) as cell, {_kind(column)} as cell_kind,
                    {region} as cell_regions
                from ({relation}) as given
            ) as cells
            inner join erased_hits as hits
                on cells.cell = hits.value and cells.cell_kind = hits.kind
                and cells.cell_regions = hits.regions
            where hits.column_name = {literal(column.name)}
            """
        )


def _mark_texts(
    connection: duckdb.DuckDBPyConnection,
    tombstones: Tombstones,
    table: RawTable,
    relation: str,
    new_columns: tuple[str, ...],
) -> None:
    """Create `erased_texts`: free text in which an erased e-mail address or phone stands."""
    parts = []
    for name in (*table.personal.text, *new_columns):
        text = f"cast({quoted(name)} as varchar)"
        for kind, pattern, is_wanted in (
            ("email", EMAILS, tombstones.has_email),
            ("phone", _PHONES, tombstones.has_phone),
        ):
            if is_wanted:
                condition = f"contains({text}, '@')" if kind == "email" else f"{text} is not null"
                parts.append(
                    f"select _i, {literal(name)} as column_name, {literal(kind)} as kind, "
                    f"unnest(regexp_extract_all({text}, {literal(pattern)})) as token "
                    f"from ({relation}) as given where {condition}"
                )
    connection.execute("create or replace temp table erased_texts (_i bigint, column_name varchar)")
    if not parts:
        return
    connection.execute(
        "create or replace temp table erased_tokens as select *, rtrim(token, '.') as value, "
        f"{literal(tombstones.region)} as region from ({' union all '.join(parts)})"
    )
    add_keys(connection, "(select distinct kind, value, region from erased_tokens)", "erased_keyed")
    connection.execute(
        "insert into erased_texts select distinct _i, column_name from erased_tokens "
        "inner join erased_keyed using (kind, value) "
        "where (identifier_key, identifier_type) in "
        "(select (identifier_key, identifier_type) from erased_keys)"
    )


def _mark_records(connection: duckdb.DuckDBPyConnection, table: RawTable, relation: str) -> None:
    """Create `erased_whole`: rows that are an erased person's, or of a record that is erased."""
    personal = table.personal
    record = "null"
    if personal.record:
        names = ", ".join(f"coalesce(cast({quoted(name)} as varchar), '')" for name in
                          personal.record)  # fmt: skip
        record = keyed(literal(RECORD), literal(table.source), names)
    if personal.record and personal.identifiers:
        connection.execute(
            f"""
            create or replace temp table erased_groups as
            with grouped as (select _i, {record} as record_key from ({relation}) as given)
            select _i, record_key from grouped where record_key in (
                select record_key from grouped where _i in (select _i from erased_cells))
            """
        )
    else:
        connection.execute(
            "create or replace temp table erased_groups as "
            "select distinct _i, cast(_i as varchar) as record_key from erased_cells"
        )
    left = [
        f"select _i, {literal(column.name)} as column_name, {_kind(column)} as kind, "
        f"lower(trim(cast({column.value} as varchar))) as value from ({relation}) as given "
        f"where _i in (select _i from erased_groups) "
        f"and nullif(trim({column.value}), '') is not null"
        for column in personal.identifiers
    ] or ["select 0 as _i, '' as column_name, '' as kind, '' as value where false"]
    connection.execute(
        f"""
        create or replace temp table erased_whole as
        with

        gone as (
            select record_key, min(rank) filter (where is_person) as rank,
                min(erasure_id) as erasure_id
            from erased_cells inner join erased_groups using (_i) group by record_key
        ),

        remaining as (
            select record_key, min(erased_types.rank) as rank
            from ({" union all ".join(left)}) as cells
            inner join erased_groups using (_i)
            inner join erased_types on cells.kind = erased_types.identifier_type
            where erased_types.rank < {_WEAKEST}
                and cells.value not in (select value from erased_placeholders)
                and (cells._i, cells.column_name) not in (
                    select (_i, column_name) from erased_cells)
            group by record_key
        )

        select erased_groups._i, record_key, gone.erasure_id
        from gone
        inner join erased_groups using (record_key)
        left join remaining using (record_key)
        where remaining.rank is null or remaining.rank > gone.rank
        """
    )
    if not personal.record:
        return
    if personal.identifiers:
        connection.execute(
            f"insert into erased_keys select distinct record_key, {literal(RECORD)}, true, "
            "erasure_id from erased_whole "
            "where record_key not in (select identifier_key from erased_keys)"
        )
    left_over = " or ".join(
        f"nullif(nullif(cast({quoted(name)} as varchar), {literal(ERASED)}), '{{}}') is not null"
        for name in personal.erasable
    )
    of_records = f"from erased_keys where identifier_type = {literal(RECORD)}"
    if left_over and row(connection, f"select count(*) {of_records}")[0]:
        connection.execute(
            f"insert into erased_whole select _i, null, null from ({relation}) as given "
            f"where ({left_over}) and {record} in (select identifier_key {of_records})"
        )


def emptied(column: Column) -> str:
    """SQL of what stands in an erased cell of a declared column."""
    return "null" if column.erased_text is None else literal(column.erased_text)


def empty_rows(
    connection: duckdb.DuckDBPyConnection,
    table: RawTable,
    target: str,
    *,
    row_name: str,
    prefix: str = "",
    new_columns: tuple[tuple[str, str], ...] = (),
) -> None:
    """Empty what `erased_marks` says in the table `target`, whose rows are named by `row_name`.

    Declared columns stand there under `prefix` and their name; `new_columns` are (name in
    `erased_marks`, column of `target`).
    """
    declared = {column.name: column for column in table.columns}
    cells = [(name, prefix + name, emptied(declared[name])) for name in table.personal.erasable]
    cells += [(name, column, "null") for name, column in new_columns]
    for name, column, nothing in cells:
        connection.execute(
            f"update {target} set {quoted(column)} = {nothing} from erased_marks as marks "
            f"where marks._i = {target}.{row_name} and {target}.{quoted(column)} is not null "
            f"and (marks.is_whole or list_contains(marks.columns, {literal(name)}))"
        )


def undeclared_columns(connection: duckdb.DuckDBPyConnection, table: RawTable) -> tuple[str, ...]:
    """Columns of the raw table that no declaration names."""
    known = {column.name for column in table.columns} | set(TECHNICAL_COLUMNS)
    return tuple(name for name in types_of(connection, table.relation) if name not in known)
