"""The table of the `postgres` destination: its columns, and the statements over it.

Belongs here: making the table, upserts, deletes, and the deliveries beside it. Does not belong
here: connections, and what an error means (`postgres.py`).

    <schema>.<table>              a column per field, the key is primary; idempotency_key of the
                                  record that wrote the row (unique)
    <schema>.<table>__deliveries  idempotency_key (primary key), run_id, operation, delivered_at

Columns have the types of the payload model (`serving/postgres_types.py`: nothing is lost). A table
that was made by hand needs the same columns and a unique key; columns beside ours are left alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb
from pydantic import Field

from orchestration.activation.connectors.base import (
    ConnectorContext,
    ConnectorSettings,
    DestinationDown,
    Record,
    SyncOptions,
)
from orchestration.activation.connectors.lines import plain
from orchestration.serving.postgres_types import postgres_type

NAME = r"^[a-z_][a-z0-9_]*$"
NAME_LENGTH = 50  # PostgreSQL cuts at 63, and one name of ours is longer by 12
KEEP_DELIVERIES_DAYS = 400  # longer than a row's outcome can stay unknown


class PostgresSettings(ConnectorSettings):
    """Where the server is. The password is a secret, the certificate a file of the tenant."""

    host: str
    port: int = 5432
    database: str
    user: str
    sslmode: Literal["disable", "require", "verify-ca", "verify-full"] = "verify-full"
    sslrootcert: str | None = Field(
        default=None, description="certificate of the authority; default: those of the system"
    )
    timeout_s: float = Field(default=60, gt=0, le=3600)

    def root_certificate(self, folder: Path) -> str | None:
        """What libpq is told; a relative path starts at the tenant's folder."""
        if self.sslrootcert is not None:
            return str(folder / self.sslrootcert)
        return "system" if self.sslmode == "verify-full" else None


class PostgresOptions(SyncOptions):
    """Which table a sync fills; by default one of its own name."""

    db_schema: str = Field(default="public", alias="schema", pattern=NAME, max_length=NAME_LENGTH)
    table: str | None = Field(default=None, pattern=NAME, max_length=NAME_LENGTH)
    create: bool = Field(default=True, description="make the table, and columns that it lacks")


@dataclass(frozen=True)
class TargetTable:
    """The table of one sync. `types`: PostgreSQL type by field, in order; `key` is one of them."""

    schema: str
    name: str
    sync: str
    run_id: str
    key: str
    types: Mapping[str, str]
    may_create: bool

    @classmethod
    def of(cls, context: ConnectorContext, options: PostgresOptions) -> TargetTable:
        """The table that the options of a sync name."""
        return cls(
            schema=options.db_schema,
            name=(options.table or context.sync)[:NAME_LENGTH],
            sync=context.sync,
            run_id=context.run_id,
            key=context.key,
            types={
                field: postgres_type(context.types.get(field, "VARCHAR"))
                for field in context.fields
            },
            may_create=options.create,
        )

    def prepare(self, session: psycopg.Connection) -> None:
        """Make what is missing, or say what is.

        Raises `DestinationDown` when the table is another sync's, or lacks something that may not
        be made.
        """
        self.lock(session)
        if self.may_create:
            self._create(session)
        have = {
            name
            for (name,) in session.execute(
                "select attname from pg_attribute "
                "where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped",
                [f"{self.schema}.{self.name}"],
            ).fetchall()
        }
        missing = [name for name in (*self.types, "idempotency_key") if name not in have]
        deliveries = session.execute(
            "select to_regclass(%s) is null", [f"{self.schema}.{self.name}__deliveries"]
        ).fetchall()[0][0]
        if missing or deliveries:
            what = ", ".join(missing) if have else "the table itself"
            raise DestinationDown(
                f"{self.schema}.{self.name} lacks {what if missing else 'its table of deliveries'};"
                " make it, or let the sync do it (options: create: true)"
            )
        session.execute(
            sql.SQL("delete from {} where delivered_at < now() - make_interval(days => %s)").format(
                self._deliveries
            ),
            [KEEP_DELIVERIES_DAYS],
        )

    def lock(self, session: psycopg.Connection) -> None:
        """Wait until no other transaction of ours is at this table; held to the end of ours."""
        session.execute(
            "select pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"crossweave {self.schema}.{self.name}"],
        )

    def write(self, session: psycopg.Connection, batch: Sequence[Record]) -> None:
        """Removals, then rows by their key, then the deliveries."""
        self.delete(session, [r.record_key for r in batch if r.operation == "remove"])
        columns = [*self.types, "idempotency_key"]
        upsert = sql.SQL(
            "insert into {table} ({columns}) values ({values}) "
            "on conflict ({key}) do update set {changes}"
        ).format(
            table=self._table,
            columns=_names(columns),
            values=sql.SQL(", ").join([sql.Placeholder()] * len(columns)),
            key=sql.Identifier(self.key),
            changes=sql.SQL(", ").join(
                sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name))
                for name in columns
                if name != self.key
            ),
        )
        deliver = sql.SQL(
            "insert into {} (idempotency_key, run_id, operation) values (%s, %s, %s) "
            "on conflict (idempotency_key) do nothing"
        ).format(self._deliveries)
        with session.cursor() as cursor:
            rows = [self._row(record) for record in batch if record.operation != "remove"]
            if rows:
                cursor.executemany(upsert, rows)
            cursor.executemany(
                deliver, [(r.idempotency_key, self.run_id, r.operation) for r in batch]
            )

    def delete(self, session: psycopg.Connection, record_keys: Sequence[str]) -> None:
        """Delete the rows of these keys."""
        if record_keys:
            session.execute(
                sql.SQL("delete from {} where cast({} as text) = any(%s)").format(
                    self._table, sql.Identifier(self.key)
                ),
                [list(record_keys)],
            )

    def delivered(self, session: psycopg.Connection, idempotency_keys: Sequence[str]) -> set[str]:
        """Those of the keys that a committed batch had."""
        rows = session.execute(
            sql.SQL("select idempotency_key from {} where idempotency_key = any(%s)").format(
                self._deliveries
            ),
            [list(idempotency_keys)],
        ).fetchall()
        return {key for (key,) in rows}

    def has_rows(self, session: psycopg.Connection) -> bool:
        """Whether anything is in the table."""
        query = sql.SQL("select exists (select from {})").format(self._table)
        return bool(session.execute(query).fetchall()[0][0])

    def _create(self, session: psycopg.Connection) -> None:
        columns = sql.SQL(", ").join(self._declared(name) for name in self.types)
        known = "select 1 from pg_namespace where nspname = %s"
        if not session.execute(known, [self.schema]).fetchall():
            session.execute(sql.SQL("create schema {}").format(sql.Identifier(self.schema)))
        session.execute(
            sql.SQL(
                "create table if not exists {} ({}, idempotency_key text unique, primary key ({}))"
            ).format(self._table, columns, sql.Identifier(self.key))
        )
        session.execute(
            sql.SQL(
                "create table if not exists {} (idempotency_key text primary key, "
                "run_id text not null, operation text not null, "
                "delivered_at timestamptz not null default now())"
            ).format(self._deliveries)
        )
        own = sql.SQL("idempotency_key text unique")
        for column in (*(self._declared(name) for name in self.types), own):
            session.execute(
                sql.SQL("alter table {} add column if not exists {}").format(self._table, column)
            )
        self._claim(session)

    def _claim(self, session: psycopg.Connection) -> None:
        """Write the sync into the comment of its deliveries; two syncs never share a table."""
        name = f"{self.schema}.{self.name}__deliveries"
        owner = session.execute(
            "select obj_description(to_regclass(%s), 'pg_class')", [name]
        ).fetchall()[0][0]
        mine = f"crossweave: what the sync {self.sync} delivered"
        if owner is not None and owner != mine:
            raise DestinationDown(f"{self.schema}.{self.name} is another sync's; name a table")
        if owner is None:
            session.execute(
                sql.SQL("comment on table {} is {}").format(self._deliveries, sql.Literal(mine))
            )

    def _declared(self, name: str) -> sql.Composed:
        # the types are of our own list, not of anybody's input
        return sql.SQL("{} {}").format(
            sql.Identifier(name),
            sql.SQL(self.types[name]),  # ty: ignore
        )

    def _row(self, record: Record) -> list[object]:
        cells = [_cell(record.payload.get(name), kind) for name, kind in self.types.items()]
        return [*cells, record.idempotency_key]

    @property
    def _table(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)

    @property
    def _deliveries(self) -> sql.Identifier:
        return sql.Identifier(self.schema, f"{self.name}__deliveries")


def _names(names: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(name) for name in names)


def _cell(value: object, kind: str) -> object:
    if kind == "jsonb" and value is not None:
        return Jsonb(plain(value), dumps=lambda item: json.dumps(item, ensure_ascii=False))
    return value
