"""The serving copy as files: whole at any time, whoever reads and whatever is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.serving.declared import Served, ServingError, served_tables
from orchestration.serving.files import DUCKDB_FILE, write_files
from orchestration.settings import PROJECT_ROOT
from tests.orchestration.served_warehouse import AS_OF, export, manifest, warehouse


def _rows(folder: Path, sql: str) -> list[tuple]:
    file = folder / "serving/mine/dev" / DUCKDB_FILE
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_public_marts_are_served_and_nothing_restricted(tmp_path: Path) -> None:
    assert [table.table for table in served_tables(manifest(tmp_path))] == [
        "core.fct_orders",
        "journeys.fct_journeys",
    ]


def test_a_pattern_leaves_tables_out_and_a_misspelt_one_is_an_error(tmp_path: Path) -> None:
    """A pattern that matches nothing would serve what it was meant to hide."""
    path = manifest(tmp_path)
    assert [t.table for t in served_tables(path, ["core.*"])] == ["journeys.fct_journeys"]
    with pytest.raises(ServingError, match=r"'core\.fct_order' matches no public table"):
        served_tables(path, ["core.fct_order"])


def test_a_restricted_table_is_refused_whoever_declares_it(tmp_path: Path) -> None:
    with (
        warehouse(tmp_path).connect() as connection,
        pytest.raises(ServingError, match=r"pii\.identifiers is restricted"),
    ):
        write_files(
            connection, tables=[Served("pii", "identifiers")], target=tmp_path / "serving/mine/dev"
        )
    assert not (tmp_path / "serving/mine/dev").exists()


def test_every_value_arrives_in_both_formats(tmp_path: Path) -> None:
    made = warehouse(tmp_path)
    copied = export(made, tmp_path)
    assert copied.rows == {"core.fct_orders": 3, "journeys.fct_journeys": 5}
    folder = tmp_path / "serving/mine/dev"
    assert copied.bytes == sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
    columns = "* replace (cast(big as varchar) as big)"  # Parquet has no integer of 128 bits
    query = f"select {columns} from core.fct_orders order by order_key"
    with made.connect() as connection:
        before = connection.execute(query).fetchall()
    assert str(_rows(tmp_path, query)) == str(before)  # as text: nan is not nan
    parquet = _rows(tmp_path, f"from '{folder}/core/fct_orders.parquet' order by order_key")
    assert [row[:9] for row in parquet[:2]] == [row[:9] for row in before[:2]]


def test_the_copy_says_whose_it_is_and_what_its_columns_mean(tmp_path: Path) -> None:
    export(warehouse(tmp_path), tmp_path)
    about = _rows(tmp_path, "select tenant, as_of, timezone, currency from serving.about")
    assert about == [("mine", AS_OF, "Europe/Zurich", "CHF")]
    assert _rows(
        tmp_path, "select table_name, row_count from serving.tables order by table_name"
    ) == [("fct_journeys", 5), ("fct_orders", 3)]
    comments = _rows(
        tmp_path,
        "select comment from duckdb_tables() where table_name = 'fct_orders' union all "
        "select comment from duckdb_columns() "
        "where table_name = 'fct_orders' and column_name = 'person_id'",
    )
    assert comments == [("One row per thing of fct_orders; it's said",), ("Who it was",)]


def test_without_parquet_there_is_the_duckdb_file_alone(tmp_path: Path) -> None:
    export(warehouse(tmp_path), tmp_path, parquet=False)
    folder = tmp_path / "serving/mine/dev"
    assert [path.name for path in folder.rglob("*")] == [DUCKDB_FILE]


def test_a_reader_in_the_middle_of_its_work_keeps_the_old_copy(tmp_path: Path) -> None:
    """Neither waits: the export swaps while the reader has the file open, and the build's lock is
    no reader's concern."""
    export(warehouse(tmp_path), tmp_path)
    file = str(tmp_path / "serving/mine/dev" / DUCKDB_FILE)
    script = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); "
        "print(c.execute('select count(*) from core.fct_orders').fetchone()[0], flush=True); "
        "sys.stdin.readline(); "
        "print(c.execute('select sum(order_key) from core.fct_orders').fetchone()[0], flush=True)"
    )
    reader = subprocess.Popen(
        [sys.executable, "-c", script, file],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert reader.stdout is not None
    assert reader.stdout.readline() == "3\n"
    changed = warehouse(tmp_path, orders="select 100 as order_key, 'p1' as person_id")
    export(changed, tmp_path)
    with changed.lock():  # a build is running
        assert _rows(tmp_path, "select order_key from core.fct_orders") == [(100,)]
    rest, _ = reader.communicate("\n")
    assert rest == "6\n"  # 1 + 2 + 3: the copy that it opened


def test_a_killed_export_leaves_the_old_copy_whole(tmp_path: Path) -> None:
    """SIGKILL when the first table of the new copy is written, then the next export cleans up."""
    export(warehouse(tmp_path), tmp_path)
    changed = warehouse(tmp_path, orders="select 100 as order_key, 'p1' as person_id")
    script = (
        "import sys, time; from pathlib import Path; "
        "from tests.orchestration.served_warehouse import export; "
        "from orchestration.warehouse import Warehouse; folder = Path(sys.argv[1]); "
        "export(Warehouse(folder / 'warehouse.duckdb'), folder, "
        "progress=lambda line: (print(line, flush=True), time.sleep(60)))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        cwd=PROJECT_ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "core.fct_orders: 1 rows\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert len(list((tmp_path / "serving/mine").glob(".dev.*"))) == 2
    assert _rows(tmp_path, "select count(*) from core.fct_orders") == [(3,)]
    assert _rows(tmp_path, "select count(*) from journeys.fct_journeys") == [(5,)]
    export(changed, tmp_path)
    assert _rows(tmp_path, "select order_key from core.fct_orders") == [(100,)]
    assert len(list((tmp_path / "serving/mine").glob(".dev.*"))) == 1
