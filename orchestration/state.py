"""What cannot be rebuilt from landing, kept as Parquet beside the warehouse.

Belongs here: the list of such tables, writing them aside and swapping by rename, and bringing
them back into a fresh warehouse. Everything else is a function of landing and of this state.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

from orchestration.ops_tables import ensure_ops_tables

# The manifest (loaded_at of every file), who was who, scores and cards (history), memberships, all
# ledgers.
STATE_TABLES = (
    "ops.landing_files",
    "ops.person_events",
    "ops.person_redirects",
    "ops.manual_rules",
    "ops.probabilistic_links",
    "ops.erasures",
    "ops.identifier_history",
    "intermediate.int_identity__names",
    "identity.quality_daily",
    "ops.ml_model_cards",
    "ops.ml_scores",
    "ops.activation_sync_runs",
    "ops.activation_sync_rows",
    "ops.activation_rejects",
    "ops.activation_delivery_ledger",
    "ops.activation_sync_state",
    "ops.activation_handles",
    "segments.membership",
)


def _existing(connection: duckdb.DuckDBPyConnection) -> set[str]:
    rows = connection.execute(
        "select schema_name || '.' || table_name from duckdb_tables() "
        "where database_name = current_database()"  # not those of an attached source
    )
    return {row[0] for row in rows.fetchall()}


def save_state(connection: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, int]:
    """Write every state table to `folder` as Parquet, aside first, then renamed.

    Returns rows per table. A crash in the middle leaves the previous state untouched: the new
    folder replaces the old one in two renames, and `restore_state` reads either.
    """
    aside = folder.with_name(folder.name + ".new")
    old = folder.with_name(folder.name + ".old")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True, mode=0o700)
    counts = {}
    for table in STATE_TABLES:
        if table in _existing(connection):
            file = aside / f"{table}.parquet"
            connection.execute(f"copy {table} to '{file}' (format parquet)")
            file.chmod(0o600)
            row = connection.execute(f"select count(*) from {table}").fetchone()
            counts[table] = row[0] if row else 0
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    aside.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
    return counts


def saved_state_folder(folder: Path) -> Path | None:
    """The newest complete state on disk, also after a crash between the two renames."""
    for candidate in (folder, folder.with_name(folder.name + ".new")):
        if candidate.exists() and any(candidate.glob("*.parquet")):
            return candidate
    old = folder.with_name(folder.name + ".old")
    return old if old.exists() else None


def restore_state(connection: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, int]:
    """Bring saved tables back into a fresh warehouse; returns rows per table.

    The manifest comes back with status `restored`: its loaded_at values hold, and the landing
    step loads the files again because their rows are gone.
    """
    saved = saved_state_folder(folder)
    if saved is None:
        return {}
    counts = {}
    for file in sorted(saved.glob("*.parquet")):
        table = file.stem
        schema = table.split(".")[0]
        connection.execute(f"create schema if not exists {schema}")
        if table in _existing(connection):
            connection.execute(f"delete from {table}")
            connection.execute(f"insert into {table} by name select * from '{file}'")
        else:
            connection.execute(f"create table {table} as select * from '{file}'")
        row = connection.execute(f"select count(*) from {table}").fetchone()
        counts[table] = row[0] if row else 0
    connection.execute("update ops.landing_files set status = 'restored'")
    return counts


def open_warehouse(connection: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, int]:
    """Create the ops tables; a fresh warehouse gets its saved state. Returns restored rows.

    One transaction: a process killed in the middle leaves a warehouse that is still fresh.
    """
    is_fresh = "ops.landing_files" not in _existing(connection)
    connection.begin()
    try:
        ensure_ops_tables(connection)
        restored = restore_state(connection, folder) if is_fresh else {}
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return restored


def files_not_landed_again(connection: duckdb.DuckDBPyConnection, source: str) -> list[str]:
    """Files of a source that the restored manifest knows and landing no longer has, sorted."""
    rows = connection.execute(
        "select file_name from ops.landing_files where source = ? and status = 'restored' "
        "order by file_name",
        [source],
    ).fetchall()
    return [row[0] for row in rows]
