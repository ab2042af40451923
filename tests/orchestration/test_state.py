"""What cannot be rebuilt survives: written aside, renamed, brought back into a fresh file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestration import state
from orchestration.ops_tables import ensure_ops_tables
from orchestration.warehouse import Warehouse


def _filled(path: Path, files: int) -> Warehouse:
    warehouse = Warehouse(path)
    with warehouse.connect() as connection:
        ensure_ops_tables(connection)
        connection.execute(
            "insert into ops.landing_files (source, file_name, status, loaded_at) "
            "select 'web', 'f' || i, 'loaded', timestamp '2026-06-30 23:59:59' "
            f"from range({files}) as t (i)"
        )
        connection.execute("create table segments.membership as select 'p1' as person_id")
    return warehouse


def test_round_trip_into_a_fresh_warehouse(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "mine"
    with _filled(tmp_path / "a.duckdb", 3).connect() as connection:
        counts = state.save_state(connection, folder)
    assert counts["ops.landing_files"] == 3
    with Warehouse(tmp_path / "b.duckdb").connect() as connection:
        ensure_ops_tables(connection)
        state.restore_state(connection, folder)
        rows = connection.execute(
            "select status, count(*), min(loaded_at)::varchar from ops.landing_files group by 1"
        ).fetchall()
        members = connection.execute("select person_id from segments.membership").fetchall()
    # restored files are remembered (loaded_at) but must be loaded again
    assert rows == [("restored", 3, "2026-06-30 23:59:59")]
    assert members == [("p1",)]


def test_a_crash_while_writing_leaves_the_previous_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "state" / "mine"
    with _filled(tmp_path / "a.duckdb", 3).connect() as connection:
        state.save_state(connection, folder)
    monkeypatch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(OSError("killed")))
    with (
        _filled(tmp_path / "c.duckdb", 5).connect() as connection,
        pytest.raises(OSError, match="killed"),
    ):
        state.save_state(connection, folder)
    monkeypatch.undo()
    assert state.saved_state_folder(folder) == folder
    with Warehouse(tmp_path / "b.duckdb").connect() as connection:
        ensure_ops_tables(connection)
        assert state.restore_state(connection, folder)["ops.landing_files"] == 3


def test_a_process_killed_while_restoring_leaves_a_fresh_warehouse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the next run would take every old file for new, with a new loaded_at."""
    folder = tmp_path / "state" / "mine"
    with _filled(tmp_path / "a.duckdb", 3).connect() as connection:
        state.save_state(connection, folder)
    with Warehouse(tmp_path / "b.duckdb").connect() as connection:
        monkeypatch.setattr(state, "restore_state", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            state.open_warehouse(connection, folder)
        monkeypatch.undo()
        assert state.open_warehouse(connection, folder)["ops.landing_files"] == 3
        assert state.open_warehouse(connection, folder) == {}


def test_nothing_saved_is_nothing_restored(tmp_path: Path) -> None:
    with Warehouse(tmp_path / "b.duckdb").connect() as connection:
        assert state.restore_state(connection, tmp_path / "nowhere") == {}


def test_a_fresh_warehouse_is_fresh_beside_an_attached_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tables of a source of kind tables were taken for the warehouse's own: nothing came back."""
    folder = tmp_path / "state" / "mine"
    with _filled(tmp_path / "a.duckdb", 3).connect() as connection:
        state.save_state(connection, folder)
    attached = [{"path": str(tmp_path / "a.duckdb"), "alias": "tables_other", "read_only": True}]
    monkeypatch.setenv("CROSSWEAVE_ATTACH", json.dumps(attached))
    with Warehouse(tmp_path / "b.duckdb").connect() as connection:
        assert state.open_warehouse(connection, folder)["ops.landing_files"] == 3
