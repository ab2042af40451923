"""The one row of `ops.settings`: what models read instead of the environment.

Belongs here: `as_of` and the tenant's values as a row. Does not belong here: validation of
tenant.yml (`orchestration/settings.py`).
"""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta

import duckdb

from orchestration.ingestion.sql import quoted, row
from orchestration.ingestion.tables import attach_sources
from orchestration.ops_tables import ensure_ops_tables
from orchestration.rules import rules_fingerprint
from orchestration.seed_overrides import seed_text
from orchestration.settings import Paths, SettingsError, TenantSettings

# A word behind a link comes at any hour: alone it begins no new day for all that is measured. The
# gate of sending honours it at once (activation/late_words.py), the marts with the next day.
LIVE_SOURCES = frozenset({"preference_center"})


def land_settings(
    connection: duckdb.DuckDBPyConnection, settings: TenantSettings, paths: Paths
) -> datetime:
    """Replace the row of `ops.settings`, trait registry and contact rules; return as_of (UTC).

    as_of is the one of tenant.yml, else the midnight after the newest loaded_at over the raw
    tables of the enabled sources but `LIVE_SOURCES`, else (nothing has landed) the coming midnight.
    """
    ensure_ops_tables(connection)
    as_of = _fixed(settings.as_of) if settings.as_of else _after_newest(connection, settings)
    values = {
        "tenant": settings.tenant,
        "as_of": as_of,
        "rules_fingerprint": rules_fingerprint(connection, settings, paths),
    }
    columns = [name for name, *_ in connection.execute("describe ops.settings").fetchall()]
    for name in columns:
        if name not in values:
            values[name] = getattr(settings, name)
    marks = ", ".join("?" * len(columns))
    connection.execute("begin transaction")
    try:
        connection.execute("delete from ops.settings")
        connection.execute(
            f"insert into ops.settings ({', '.join(columns)}) values ({marks})",
            [values[name] for name in columns],
        )
        connection.execute("delete from ops.trait_rules")
        for trait, rule in settings.traits.items():
            connection.execute(
                "insert into ops.trait_rules values (?, ?, ?)", [trait, rule.type, rule.rule]
            )
        _land_contact_rules(connection, settings)
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise
    return as_of


def _land_contact_rules(connection: duckdb.DuckDBPyConnection, settings: TenantSettings) -> None:
    known = {row["channel"] for row in csv.DictReader(seed_text("channels", settings).splitlines())}
    for name in ("caps", "quiet_hours"):
        for rule in getattr(settings, name):
            if rule.channel not in known | {"all"}:
                raise SettingsError(
                    f"tenant.yml: {name}: no channel {rule.channel!r}; see seed channels"
                )
    connection.execute("delete from ops.frequency_caps")
    for number, cap in enumerate(settings.caps, start=1):
        connection.execute(
            "insert into ops.frequency_caps "
            "(position, name, channel, purpose, per, message_count, days) "
            "values (?, ?, ?, ?, ?, ?, ?)",
            [number, cap.name, cap.channel, cap.purpose, cap.per, cap.count, cap.days],
        )
    connection.execute("delete from ops.quiet_hours")
    for number, quiet in enumerate(settings.quiet_hours, start=1):
        connection.execute(
            "insert into ops.quiet_hours "
            "(position, channel, purpose, starts_at, ends_at, weekdays) values (?, ?, ?, ?, ?, ?)",
            [number, quiet.channel, quiet.purpose, quiet.start, quiet.end, ",".join(quiet.days)],
        )


def _fixed(text: str) -> datetime:
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsError(
            f"as_of {text!r} is no time; write it as '2026-01-31' or '2026-01-31T00:00:00'"
        ) from None
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value


def _after_newest(connection: duckdb.DuckDBPyConnection, settings: TenantSettings) -> datetime:
    attach_sources(connection, settings)
    tables = connection.execute(
        "select distinct table_name from duckdb_columns() where schema_name = 'raw' "
        "and column_name = '_loaded_at' and database_name = current_database()"
    ).fetchall()
    newest = None
    for (table,) in tables:
        source = table.partition("__")[0]
        if source not in settings.source_names or source in LIVE_SOURCES:
            continue
        (found,) = row(connection, f"select max(_loaded_at) from raw.{quoted(table)}")
        newest = max(filter(None, (newest, found)), default=None)
    newest = newest or datetime.now(UTC).replace(tzinfo=None)
    return newest.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
