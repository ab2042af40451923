"""The tables that Python writes in schema `ops`: their columns, nothing else.

They are created empty by the landing step, so that plain `dbt build` works before anything was
trained or sent. The public tables `ml.*` and `activation.*` are dbt models over them.
"""

from __future__ import annotations

import duckdb

OPS_TABLES: dict[str, str] = {
    # one row: the values that models read (macro as_of() and friends); see settings.py
    "settings": """
        tenant varchar, as_of timestamp, timezone varchar, currency varchar, country_code varchar,
        lookback_days integer, session_gap_minutes integer, reset_on_conversion boolean,
        feature_cutoff_count integer, feature_cutoff_step_days integer,
        universal_holdout_pct double, split_salt varchar""",
    # the landing manifest: one row per file, kept for ever (state)
    "landing_files": """
        source varchar, table_name varchar, file_name varchar, content_sha256 varchar,
        byte_count bigint, row_count bigint, loaded_count bigint, quarantined_count bigint,
        loaded_at timestamp, first_landed_at timestamp, landed_at timestamp, status varchar,
        message varchar, new_columns varchar""",
}


def ensure_ops_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create every table of `OPS_TABLES` in schema `ops` that does not exist yet."""
    connection.execute("create schema if not exists ops")
    for name, columns in OPS_TABLES.items():
        connection.execute(f"create table if not exists ops.{name} ({columns})")
