"""The tables that Python writes grow with the project, also in a warehouse that exists already."""

from __future__ import annotations

import duckdb

from orchestration.ops_tables import OPS_TABLES, ensure_ops_tables


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, set[tuple[str, str]]]:
    return {
        name: {(row[0], row[1]) for row in connection.execute(f"describe ops.{name}").fetchall()}
        for name in OPS_TABLES
    }


def test_a_table_of_an_older_version_gets_the_columns_that_it_lacks() -> None:
    """`create table if not exists` alone left an old table without a new column, and the next
    training failed on it. The decimal column has a comma inside its type."""
    with duckdb.connect() as fresh, duckdb.connect() as old:
        ensure_ops_tables(fresh)
        old.execute("create schema ops")
        old.execute("create table ops.ml_scores (person_id varchar, score double)")
        old.execute("insert into ops.ml_scores values ('a', 0.5)")
        old.execute("create table ops.activation_delivery_ledger (run_id varchar)")
        ensure_ops_tables(old)
        ensure_ops_tables(old)
        assert _columns(old) == _columns(fresh)
        assert old.execute(
            "select person_id, score, score_decile from ops.ml_scores"
        ).fetchall() == [("a", 0.5, None)]
