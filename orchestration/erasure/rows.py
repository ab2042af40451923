"""Rows of the warehouse that hold what is erased: counted for the plan, emptied or taken out.

Belongs here: raw tables, the tables that Python or a ledger keeps, tombstones and the event
`erased`. Everything else is built anew from these by dbt. Does not belong here: files.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from orchestration.erasure.target import Target
from orchestration.ingestion.declarations import RawTable
from orchestration.ingestion.erased_rows import empty_rows, mark_rows, undeclared_columns
from orchestration.ingestion.raw_tables import is_view
from orchestration.ingestion.sql import row, types_of
from orchestration.ingestion.tombstones import (
    FORMER,
    Tombstones,
    add_keys,
    remember_records,
)


@dataclass(frozen=True)
class Step:
    """What an erasure did (or would do) to one table or file: `action` says what to its rows."""

    name: str
    rows: int
    changed: int
    action: str


# State that no build makes anew: rows of a person go, in the second also those of an identifier.
_OF_PERSONS = ("ops.ml_scores", "segments.membership")
_OF_IDENTIFIERS = ("intermediate.int_identity__names", "ops.identifier_history")
_IS_PERSON = "person_id in (select unnest($1::varchar[]))"


def raw_step(
    connection: duckdb.DuckDBPyConnection,
    tombstones: Tombstones,
    table: RawTable,
    *,
    is_dry: bool,
) -> tuple[Step, list[str]]:
    """Empty the rows of a raw table, also of files that left landing; name the files that had them.

    `remember_records` and the marks at the manifest belong to the same transaction.
    """
    new = undeclared_columns(connection, table)
    key = "row_number() over ()" if is_view(connection, table) else "rowid"
    changed = mark_rows(
        connection, tombstones, table, f"select {key} as _i, * from {table.relation}", new
    )
    (count,) = row(connection, f"select count(*) from {table.relation}")
    name = f"raw.{table.identifier}"
    if is_view(connection, table):
        return Step(name, count, changed, "lies elsewhere: to be erased there"), []
    files = connection.execute(
        f"select distinct _file_name from {table.relation} where rowid in "
        "(select _i from erased_marks) order by 1"
    ).fetchall()
    if not is_dry and changed:
        remember_records(connection)
        empty_rows(
            connection,
            table,
            table.relation,
            row_name="rowid",
            new_columns=tuple((column, column) for column in new),
        )
    return Step(name, count, changed, "emptied"), [file for (file,) in files]


def read_again(
    connection: duckdb.DuckDBPyConnection, table: RawTable, files: list[str] | None = None
) -> None:
    """Have the gate read files of a table at the next landing: it writes them without the rows.

    Those given, and those of which rows are in quarantine or that failed: what they hold is not in
    raw.
    """
    connection.execute(
        """
        update ops.landing_files set declaration_hash = 'erasure'
        where source = $1 and table_name = $2 and (
            file_name in (select unnest($3::varchar[]))
            or quarantined_count > 0 or status = 'failed')
        """,
        [table.source, table.name, files or []],
    )


def table_steps(
    connection: duckdb.DuckDBPyConnection, target: Target, tombstones: Tombstones, *, is_dry: bool
) -> list[Step]:
    """Take the persons out of the tables that no build makes anew."""
    keys = [key for key, _ in target.keys]
    numbered = (
        f"{_IS_PERSON} or identifier_number in ("
        "select identifier_number from intermediate.int_identity__keys "
        "where identifier_key in (select unnest($2::varchar[])))"
    )
    steps = [
        _taken_out(connection, name, _IS_PERSON, [target.ids], is_dry=is_dry)
        for name in _OF_PERSONS
    ]
    steps += [
        _taken_out(connection, name, numbered, [target.ids, keys], is_dry=is_dry)
        for name in _OF_IDENTIFIERS
    ]
    ruled = " or ".join(
        f"identifier_key_{end} in (select unnest($1::varchar[]))" for end in ("a", "b")
    )
    steps += [
        _taken_out(connection, name, ruled, [keys], is_dry=is_dry)
        for name in ("ops.manual_rules", "ops.probabilistic_links")
    ]
    steps.append(_phone_step(connection, tombstones, is_dry=is_dry))
    return [step for step in steps if step.rows]


def _taken_out(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    condition: str,
    values: list[list[str]],
    *,
    is_dry: bool,
) -> Step:
    try:
        rows, changed = connection.execute(
            f"select count(*), count(*) filter (where {condition}) from {name}", values
        ).fetchall()[0]
    except duckdb.CatalogException:  # not built yet, as segments of a tenant without any
        return Step(name, 0, 0, "taken out")
    if changed and not is_dry:
        connection.execute(f"delete from {name} where {condition}", values)
    return Step(name, rows, changed, "taken out")


def _phone_step(
    connection: duckdb.DuckDBPyConnection, tombstones: Tombstones, *, is_dry: bool
) -> Step:
    """Readings of erased phone numbers in `pii.phone_numbers`."""
    name = "pii.phone_numbers"
    (rows,) = row(connection, f"select count(*) from {name}")
    if not tombstones.has_phone:
        return Step(name, rows, 0, "taken out")
    add_keys(
        connection, f"(select raw as value, region, 'phone' as kind from {name})", "erased_keyed"
    )
    condition = (
        "(raw, region) in (select (value, region) from erased_keyed "
        "where identifier_key in (select identifier_key from erased_keys))"
    )
    (changed,) = row(connection, f"select count(*) from {name} where {condition}")
    if changed and not is_dry:
        connection.execute(f"delete from {name} where {condition}")
    return Step(name, rows, changed, "taken out")


def write_tombstones(
    connection: duckdb.DuckDBPyConnection,
    target: Target,
    *,
    reason: str,
    author: str,
    now: datetime,
) -> None:
    """The tombstones, the event `erased`, redirects that lead nowhere any more; once."""
    known = connection.execute(
        "select 1 from ops.erasures where erasure_id = ?", [target.erasure_id]
    ).fetchall()
    if known:
        return
    persons = dict(
        connection.execute(
            "select identifier_key, person_id from intermediate.int_identity__identifiers "
            f"where {_IS_PERSON}",
            [list(target.person_ids)],
        ).fetchall()
    )
    connection.executemany(
        "insert into ops.erasures (erasure_id, identifier_key, identifier_type, scope, person_id, "
        "reason, author, erased_at) values (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (target.erasure_id, key, kind, target.scope, person, reason, author, now)
            for key, kind, person in (
                *((key, kind, persons.get(key)) for key, kind in target.keys),
                *((old, FORMER, old) for old in target.former_ids),
            )
        ],
    )
    if not target.ids:
        return
    # times of the ledger are as_of, as those that a build writes
    connection.execute(
        """
        insert into ops.person_events by name
        select
            left(sha256(concat_ws('|', $2, person_id)), 32) as event_id, 'erased' as event,
            person_id, settings.as_of as effective_at, settings.as_of as detected_at,
            'erasure' as rule_version, $2 as run_id,
            (select coalesce(max(sequence), 0) + 1 from ops.person_events) as sequence
        from (select unnest($1::varchar[]) as person_id) as persons
        cross join ops.settings as settings
        """,
        [list(target.person_ids), target.erasure_id],
    )
    connection.execute(
        """
        insert into ops.person_redirects by name
        select
            old_person_id, cast(null as varchar) as person_id, settings.as_of as redirected_at,
            (select max(sequence) from ops.person_events) as sequence
        from (select unnest($1::varchar[]) as old_person_id) as former
        cross join ops.settings as settings
        """,
        [list(target.former_ids)],
    )


def persons_left(connection: duckdb.DuckDBPyConnection, ids: list[str]) -> list[Step]:
    """Tables that still name one of `ids`, but for the ledgers whose work it is to remember."""
    tables = connection.execute(
        "select schema_name, table_name from duckdb_columns() "
        "inner join duckdb_tables() using (database_name, schema_name, table_name) "
        "where database_name = current_database() and column_name = 'person_id' "
        "and not temporary and schema_name not in ('activation', 'increments') order by all"
    ).fetchall()
    steps = []
    for schema, table in tables:
        name = f"{schema}.{table}"
        if name in REMEMBERING or name.startswith("ops.activation_"):
            continue
        if types_of(connection, f'"{schema}"."{table}"')["person_id"] != "VARCHAR":
            continue
        rows, found = connection.execute(
            f'select count(*), count(*) filter (where {_IS_PERSON}) from "{schema}"."{table}"',
            [ids],
        ).fetchall()[0]
        steps.append(Step(name, rows, found, "names an erased person"))
    return steps


# They keep the id of an erased person, and nothing else of it, so that it is never given again.
REMEMBERING = {
    "ops.erasures",
    "ops.person_events",
    "ops.person_redirects",
    "identity.person_ledger",
}
