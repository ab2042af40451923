"""The schemas of the serving copy in PostgreSQL: fresh ones beside those in force, the swap, roles.

Belongs here: whose a schema is (its comment says so), names of fresh and former ones, what the swap
would break, the reader's grants.
"""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg import sql

from orchestration.serving.declared import ServingError

READER = "crossweave_reader"
MARK = "Crossweave serving copy of "
# How long the removal of former tables waits for a reader's transaction; then the next export does.
LOCK_TIMEOUT = "5s"

OURS = "select nspname from pg_namespace where obj_description(oid, 'pg_namespace') = %s"


@dataclass(frozen=True)
class SchemaSet:
    """The schemas of one export: `names` as readers know them, `stamp` unique per export."""

    tenant: str
    env: str
    stamp: str
    names: set[str]

    @property
    def mark(self) -> str:
        """The comment by which a schema is known as this copy's."""
        return f"{MARK}{self.tenant} ({self.env})"

    def fresh(self, name: str) -> str:
        """Where a schema is filled before the swap."""
        return f"{name}__new_{self.stamp}"

    def former(self, name: str) -> str:
        """What a schema is called after the swap, until it is dropped."""
        return f"{name}__old_{self.stamp}"

    def create(self, server: psycopg.Connection, name: str) -> None:
        """An empty fresh schema; tables made in it can be read by the reader role."""
        schema = sql.Identifier(self.fresh(name))
        reader = sql.Identifier(READER)
        server.execute(sql.SQL("create schema {}").format(schema))
        comment = sql.SQL("comment on schema {} is {}")
        server.execute(comment.format(schema, sql.Literal(self.mark)))
        server.execute(sql.SQL("grant usage on schema {} to {}").format(schema, reader))
        server.execute(
            sql.SQL("alter default privileges in schema {} grant select on tables to {}").format(
                schema, reader
            )
        )


def ensure_reader(server: psycopg.Connection) -> None:
    """The role that may read the copy and nothing else; people get it by `grant`. It cannot log in.

    Raises `ServingError` where it is missing and the user of the URL may not create roles.
    """
    if server.execute("select 1 from pg_roles where rolname = %s", [READER]).fetchone():
        return
    try:
        server.execute(sql.SQL("create role {} nologin").format(sql.Identifier(READER)))
    except psycopg.errors.InsufficientPrivilege:
        raise ServingError(
            f"role {READER} is missing and this user may not create it; have an administrator "
            f"run: create role {READER} nologin"
        ) from None


def refuse_what_is_not_ours(server: psycopg.Connection, schemas: SchemaSet) -> None:
    """Raise `ServingError` where the swap would hide or break what others made.

    Three cases: a schema of a wanted name that is not this copy's; an object that somebody put
    into a served schema; a view outside that reads a served table (it would go with the table).
    """
    taken = server.execute(
        "select nspname, coalesce(obj_description(oid, 'pg_namespace'), '') from pg_namespace "
        "where nspname = any(%s) order by nspname",
        [sorted(schemas.names)],
    ).fetchall()
    foreign = [f"{name} ({text or 'no comment'})" for name, text in taken if text != schemas.mark]
    if foreign:
        raise ServingError(
            f"schemas exist that are not {schemas.mark}: {', '.join(foreign)}; "
            "give each tenant and environment a database of its own"
        )
    live = [name for name, _ in taken]
    if "serving" in live:
        added = server.execute(
            "select nspname || '.' || relname from pg_class "
            "inner join pg_namespace on pg_class.relnamespace = pg_namespace.oid "
            "where nspname = any(%s) and nspname <> 'serving' and relkind in ('r','v','m','f','p') "
            "and (nspname::text, relname::text) not in "
            "(select schema_name, table_name from serving.tables) order by 1",
            [live],
        ).fetchall()
        _refuse("objects in served schemas that this copy did not write", added)
    readers = server.execute(
        "select distinct reader_schema.nspname || '.' || reader.relname from pg_depend "
        "inner join pg_rewrite on pg_depend.objid = pg_rewrite.oid "
        "inner join pg_class as reader on pg_rewrite.ev_class = reader.oid "
        "inner join pg_namespace as reader_schema on reader.relnamespace = reader_schema.oid "
        "inner join pg_class as source on pg_depend.refobjid = source.oid "
        "inner join pg_namespace as source_schema on source.relnamespace = source_schema.oid "
        "where pg_depend.classid = 'pg_rewrite'::regclass "
        "and pg_depend.refclassid = 'pg_class'::regclass and source_schema.nspname = any(%s) "
        "and reader_schema.nspname <> all(%s) order by 1",
        [live, live],
    ).fetchall()
    _refuse("views that read served tables and would go with them", readers)


def _refuse(what: str, names: list[tuple]) -> None:
    if names:
        raise ServingError(
            f"{what}: {', '.join(name for (name,) in names)}; make it a mart (models/ of the "
            "tenant's folder), or keep it as a table in a schema of its own, and drop it here"
        )


def swap_schemas(server: psycopg.Connection, schemas: SchemaSet) -> None:
    """Put the fresh schemas in force in one transaction, then drop the former ones.

    Renaming a schema waits for no reader. Schemas of this copy that are no longer served go too.
    """
    rename = sql.SQL("alter schema {} rename to {}")
    with server.transaction():
        live = [
            name
            for (name,) in server.execute(OURS, [schemas.mark]).fetchall()
            if "__new_" not in name and "__old_" not in name
        ]
        for name in live:
            old = sql.Identifier(schemas.former(name))
            server.execute(rename.format(sql.Identifier(name), old))
        for name in sorted(schemas.names):
            fresh = sql.Identifier(schemas.fresh(name))
            server.execute(rename.format(fresh, sql.Identifier(name)))
    drop_leftovers(server, schemas)


def drop_leftovers(server: psycopg.Connection, schemas: SchemaSet) -> None:
    """Drop this copy's schemas that are not in force: former ones, and of killed exports.

    One that a reader's transaction still uses stays until the next export.
    """
    for (name,) in server.execute(OURS, [schemas.mark]).fetchall():
        if "__new_" not in name and "__old_" not in name:
            continue
        try:
            with server.transaction():
                server.execute(f"set local lock_timeout = '{LOCK_TIMEOUT}'")
                server.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(name)))
        except psycopg.errors.LockNotAvailable:
            continue
