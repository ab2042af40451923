"""The serving copy in a real PostgreSQL server: values, the swap under readers, refusals."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Generator
from decimal import Decimal
from pathlib import Path

import duckdb
import psycopg
import pytest

from orchestration.serving.declared import ServingError
from orchestration.serving.files import DUCKDB_FILE
from orchestration.serving.postgres import write_postgres
from orchestration.serving.postgres_schemas import READER
from orchestration.settings import PROJECT_ROOT
from tests.orchestration.served_warehouse import AS_OF, export, tables, warehouse
from tests.postgres_server import postgres_server

CHANGED = "select 100 as order_key, 'p9' as person_id"


@pytest.fixture(scope="module")
def server() -> Generator[str]:
    """URL of a server of this module's own."""
    with postgres_server() as url:
        yield url


@pytest.fixture
def url(server: str, request: pytest.FixtureRequest) -> str:
    """URL of an empty database."""
    name = f"test_{abs(hash(request.node.name))}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"create database {name}")
    return server.rsplit("/", 1)[0] + f"/{name}"


def publish(folder: Path, url: str, *, tenant: str = "mine", **options: object) -> dict[str, int]:
    """Copy the served files of `folder` to the database."""
    with duckdb.connect(str(folder / "serving/mine/dev" / DUCKDB_FILE), read_only=True) as file:
        return write_postgres(
            file, tables=tables(folder), url=url, tenant=tenant, env="dev", **options
        )


def rows(url: str, sql: str) -> list[tuple]:
    with psycopg.connect(url) as connection:
        return connection.execute(sql).fetchall()  # ty: ignore


def test_every_type_arrives_with_its_value(tmp_path: Path, url: str) -> None:
    """Nulls stay nulls, empty stays empty, decimals and 128-bit integers keep every digit."""
    export(warehouse(tmp_path), tmp_path)
    counts = publish(tmp_path, url)
    assert counts["core.fct_orders"] == 3
    types = rows(
        url,
        "select column_name, format_type(atttypid, atttypmod) from information_schema.columns "
        "inner join pg_attribute on attrelid = 'core.fct_orders'::regclass "
        "and attname = column_name where table_schema = 'core' order by ordinal_position",
    )
    assert types == [
        ("order_key", "integer"),
        ("person_id", "text"),
        ("note", "text"),
        ("amount", "numeric(18,4)"),
        ("rate", "double precision"),
        ("ordered_at", "timestamp without time zone"),
        ("ordered_on", "date"),
        ("is_first", "boolean"),
        ("path", "text[]"),
        ("big", "numeric(39,0)"),
        ("nested", "jsonb"),
    ]
    first, second, third = rows(url, "select * from core.fct_orders order by order_key")
    assert first[:5] == (1, "p1", 'a "quoted", \\ text\né', Decimal("12345678901234.5678"), 0.1)
    assert [str(value) for value in first[5:8]] == [
        "2026-06-30 23:59:59.123456",
        "2026-06-30",
        "True",
    ]
    assert first[8] == ['paid "search"', "a\\b", None, "x,y", ""]
    assert first[9] == Decimal("340282366920938463463374607431768211455")
    assert first[10] == {"a": 1, "b": [1, 2]}
    assert second == (2, *[None] * 10)
    assert third[1:4] == ("", "", Decimal(0))
    assert str(third[4]) == "nan"
    assert third[8] == []


def test_the_copy_is_described_and_of_one_as_of(tmp_path: Path, url: str) -> None:
    export(warehouse(tmp_path), tmp_path)
    publish(tmp_path, url)
    assert rows(url, "select tenant, as_of, currency from serving.about") == [
        ("mine", AS_OF, "CHF")
    ]
    assert rows(url, "select obj_description('core.fct_orders'::regclass)") == [
        ("One row per thing of fct_orders; it's said",)
    ]
    assert rows(url, "select col_description('core.fct_orders'::regclass, 2)") == [("Who it was",)]


def test_a_reader_inside_a_transaction_does_not_hold_up_the_swap(tmp_path: Path, url: str) -> None:
    """Its cursor reads the former rows to the end; a new query finds the new ones. The former
    schema goes with the next export."""
    export(warehouse(tmp_path), tmp_path)
    publish(tmp_path, url)
    with psycopg.connect(url) as reader:
        cursor = reader.cursor("open")
        cursor.execute("select order_key from core.fct_orders order by order_key")
        assert cursor.fetchone() == (1,)
        export(warehouse(tmp_path, orders=CHANGED), tmp_path)
        publish(tmp_path, url)
        assert rows(url, "select order_key from core.fct_orders") == [(100,)]
        assert cursor.fetchall() == [(2,), (3,)]
    former = "select nspname from pg_namespace where nspname like 'core%' order by 1"
    assert len(rows(url, former)) == 2
    publish(tmp_path, url)
    assert rows(url, former) == [("core",)]


def test_a_table_that_is_no_longer_served_goes(tmp_path: Path, url: str) -> None:
    export(warehouse(tmp_path), tmp_path)
    publish(tmp_path, url)
    with duckdb.connect(str(tmp_path / "serving/mine/dev" / DUCKDB_FILE), read_only=True) as file:
        kept = [table for table in tables(tmp_path) if table.schema != "journeys"]
        write_postgres(file, tables=kept, url=url, tenant="mine", env="dev")
    names = rows(url, "select nspname from pg_namespace where nspname ~ '^(core|journeys)'")
    assert names == [("core",)]


def test_the_reader_role_may_read_the_copy_and_nothing_else(tmp_path: Path, url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create schema hidden create table secrets (value text)")
    export(warehouse(tmp_path), tmp_path)
    publish(tmp_path, url)
    publish(tmp_path, url)  # the grants are on the fresh schemas, so they hold after a swap too
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"create role analyst_{connection.pgconn.backend_pid} login")
        connection.execute(f"grant {READER} to analyst_{connection.pgconn.backend_pid}")
        connection.execute(f"set session authorization analyst_{connection.pgconn.backend_pid}")
        assert connection.execute("select count(*) from core.fct_orders").fetchone() == (3,)
        assert connection.execute("select tenant from serving.about").fetchone() == ("mine",)
        for statement in (
            "insert into core.fct_orders (order_key) values (4)",
            "delete from core.fct_orders",
            "create table core.mine (a int)",
            "drop table core.fct_orders",
            "select * from hidden.secrets",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)  # ty: ignore


def test_what_others_made_is_refused_not_dropped(tmp_path: Path, url: str) -> None:
    """Dropping the former tables with cascade would take a colleague's view along, silently."""
    export(warehouse(tmp_path), tmp_path)
    publish(tmp_path, url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create schema team create view team.v as select * from core.fct_orders")
        with pytest.raises(ServingError, match=r"views that read served tables.*team\.v"):
            publish(tmp_path, url)
        connection.execute("drop view team.v")
        connection.execute("create table core.notes (a int)")
        with pytest.raises(ServingError, match=r"objects in served schemas.*core\.notes"):
            publish(tmp_path, url)
        connection.execute("drop table core.notes")
    publish(tmp_path, url)


def test_a_schema_of_somebody_else_is_never_replaced(tmp_path: Path, url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create schema core create table precious (a int)")
    export(warehouse(tmp_path), tmp_path)
    with pytest.raises(ServingError, match=r"schemas exist that are not .*core \(no comment\)"):
        publish(tmp_path, url)
    assert rows(url, "select count(*) from core.precious") == [(0,)]


def test_a_second_tenant_needs_a_database_of_its_own(tmp_path: Path, url: str) -> None:
    export(warehouse(tmp_path), tmp_path)
    publish(tmp_path, url)
    with pytest.raises(ServingError, match=r"copy of mine \(dev\)"):
        publish(tmp_path, url, tenant="other")


def test_a_killed_export_leaves_the_former_copy_in_force(tmp_path: Path, url: str) -> None:
    export(warehouse(tmp_path), tmp_path)
    publish(tmp_path, url)
    export(warehouse(tmp_path, orders=CHANGED), tmp_path)
    script = (
        "import sys, time; from pathlib import Path; "
        "from tests.orchestration.test_serving_postgres import publish; "
        "publish(Path(sys.argv[1]), sys.argv[2], "
        "progress=lambda line: (print(line, flush=True), time.sleep(60)))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path), url],
        cwd=PROJECT_ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "core.fct_orders: 1 rows in PostgreSQL\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert rows(url, "select count(*) from core.fct_orders") == [(3,)]
    _wait_until_the_server_noticed(url)
    publish(tmp_path, url)
    assert rows(url, "select order_key from core.fct_orders") == [(100,)]
    leftovers = "select count(*) from pg_namespace where nspname like '%\\_\\_%'"
    assert rows(url, leftovers) == [(0,)]


def _wait_until_the_server_noticed(url: str) -> None:
    """Until the killed export's connection is gone, and its lock with it."""
    for _ in range(100):
        if rows(
            url,
            "select pg_sleep(0.1), (select count(*) from pg_stat_activity "
            "where application_name = 'crossweave serving' and datname = current_database())",
        )[0][1:] == (0,):
            return
    raise AssertionError("the connection of a killed process is still there after 10 s")


def test_a_server_that_is_not_there_is_said_without_the_password(tmp_path: Path) -> None:
    export(warehouse(tmp_path), tmp_path)
    with pytest.raises(ServingError, match="CROSSWEAVE_SERVING_URL") as caught:
        publish(tmp_path, "postgresql://writer:hunter2@127.0.0.1:1/db")
    assert "hunter2" not in str(caught.value)
