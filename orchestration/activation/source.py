"""The payload model in the warehouse: finding it, hashing its rows, reading payloads to send.

Belongs here: the only SQL that touches payload columns. Payloads leave as a window of rows right
before they are sent and are stored nowhere. Does not belong here: the ledgers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from orchestration.activation.mapping import ADDRESS_COLUMN, LEDGER_COLUMNS, FieldMapping


class PlanError(ValueError):
    """The payload model cannot be planned (missing, without a column, double or null keys)."""


@dataclass(frozen=True)
class Model:
    """A payload model in the warehouse: name, quoted relation, columns in order, their types."""

    name: str
    relation: str
    columns: tuple[str, ...]
    types: Mapping[str, str]


def find_model(connection: duckdb.DuckDBPyConnection, name: str) -> Model:
    """Find the payload model by its name, in whatever schema dbt put it. Raises `PlanError`."""
    rows = connection.execute(
        """
        select table_schema, column_name, data_type from information_schema.columns
        where table_catalog = current_database() and table_name = ?
        order by table_schema, ordinal_position
        """,
        [name],
    ).fetchall()
    schemas = sorted({schema for schema, *_ in rows})
    if len(schemas) != 1:
        where = ", ".join(schemas) or "nowhere"
        raise PlanError(
            f"{name}: expected one relation of this name, found {where}; build it first: "
            f"make dbt ARGS='build -s +{name}'"
        )
    types = {column: kind for _, column, kind in rows}
    columns = tuple(types)
    missing = sorted({"person_id", ADDRESS_COLUMN} - set(columns))
    if missing:
        raise PlanError(f"{name}: column {', '.join(missing)} is missing; the gate needs it")
    return Model(name=name, relation=f'"{schemas[0]}"."{name}"', columns=columns, types=types)


def source_sql(model: Model, mapping: FieldMapping) -> str:
    """SELECT of the rows of the model as ids, row hash and the ledger columns it has.

    `is_certain`: the person is as certain as the sync's level of identity asks for. `$hash_key` and
    `$min_confidence` are parameters.
    """
    ledger = "".join(
        f", cast({column} as {LEDGER_COLUMNS[column]}) as {column}"
        for column in ledger_columns(model)
    )
    return f"""
        select
            cast("{mapping.key}" as varchar) as record_key,
            cast(person_id as varchar) as person_id,
            cast({ADDRESS_COLUMN} as varchar) as identifier_key,
            {row_hash_sql(mapping)} as row_hash,
            (
                person_id in (
                    select person_id from identity.persons
                    where confidence_score < $min_confidence
                )
            ) is not true as is_certain{ledger}
        from {model.relation} as model
    """


def ledger_columns(model: Model) -> tuple[str, ...]:
    """Columns of the delivery ledger that the model has."""
    return tuple(column for column in LEDGER_COLUMNS if column in model.columns)


def min_confidence(connection: duckdb.DuckDBPyConnection, level: str) -> object:
    """The least confidence of a level of identity. Raises `PlanError` where there is no such."""
    known = connection.execute(
        "select min_confidence from seeds.identity_levels where identity_level = ?", [level]
    ).fetchall()
    if len(known) != 1:
        raise PlanError(f"identity: seed identity_levels has no level {level!r}")
    return known[0][0]


def read_payloads(
    connection: duckdb.DuckDBPyConnection,
    *,
    model: Model,
    mapping: FieldMapping,
    first: int,
    last: int,
) -> dict[int, dict[str, object]]:
    """Payloads by position for the rows of the plan from `first` to `last`, as they are now.

    A row that left the model, or has other data than when it was planned, is absent.
    """
    columns = ", ".join(f'model."{column}"' for column in mapping.columns)
    rows = connection.execute(
        f"""
        select plan.position, {columns}
        from {model.relation} as model
        inner join activation_plan as plan
            on cast(model."{mapping.key}" as varchar) = plan.record_key
        where
            plan.position between $first and $last
            and plan.operation <> 'remove'
            and {row_hash_sql(mapping)} = plan.row_hash
        """,
        {"hash_key": hash_key(connection), "first": first, "last": last},
    ).fetchall()
    return {
        int(position): dict(zip(mapping.fields, values, strict=True)) for position, *values in rows
    }


def row_hash_sql(mapping: FieldMapping) -> str:
    """SQL of the row hash over a row of the relation `model`; `$hash_key` is a parameter.

    Parts are joined by chr(31) and a null is chr(30), so that neighbours cannot run together;
    fields are sorted, so that their order in the document does not matter.
    """
    parts = ", ".join(
        f'coalesce(cast(model."{column}" as varchar), chr(30))'
        for _, column in sorted(mapping.pairs)
    )
    return f"sha256(concat_ws(chr(31), $hash_key, '{mapping.version}', {parts}))"


def hash_key(connection: duckdb.DuckDBPyConnection) -> str:
    """The key of keyed hashes; never logged."""
    rows = connection.execute("select hash_key from pii.hash_keys order by hash_key").fetchall()
    if len(rows) != 1:
        raise PlanError(f"pii.hash_keys has {len(rows)} rows, expected one; run the landing step")
    return str(rows[0][0])
