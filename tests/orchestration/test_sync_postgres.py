"""The postgres destination, against a real server: what is in the table, whatever breaks."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import yaml
from psycopg import sql
from pydantic import SecretStr

from orchestration.activation import SyncReport
from orchestration.activation.connectors import CONNECTORS
from orchestration.activation.connectors.base import ConnectorContext
from orchestration.activation.connectors.postgres_table import PostgresOptions, PostgresSettings
from tests.cut_connection import CutConnection, Verdict, cut_connection
from tests.postgres_server import postgres_server
from tests.syncs import Brand, definition, make_brand

SYNC = definition(destination="crm", options={"schema": "marketing"})
COMMIT = b"COMMIT"


@pytest.fixture(scope="module")
def server() -> Generator[str]:
    """URL (superuser) of a server of this module's own, on which `crossweave` has a password."""
    with postgres_server() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            hba = connection.execute("show hba_file").fetchall()[0][0]
            connection.execute("create role crossweave login password 'open sesame'")
            lines = "('host all crossweave all scram-sha-256'), ('host all all all trust')"
            copy = sql.SQL("copy (values {}) to {}").format(sql.SQL(lines), sql.Literal(hba))
            connection.execute(copy)
            connection.execute("select pg_reload_conf()")
        yield url


@pytest.fixture
def url(server: str, request: pytest.FixtureRequest) -> str:
    """URL of an empty database of the role."""
    name = f"test_{abs(hash(request.node.name))}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"create database {name} owner crossweave")
    return server.rsplit("/", 1)[0] + f"/{name}"


@pytest.fixture
def proxy(url: str) -> Generator[CutConnection]:
    """Between connector and server."""
    with cut_connection(urlsplit(url).port or 0) as proxy:
        yield proxy


@pytest.fixture
def brand(tmp_path: Path, url: str, proxy: CutConnection, monkeypatch: pytest.MonkeyPatch) -> Brand:
    """A brand whose destination `crm` is that database."""
    brand = make_brand(tmp_path)
    _destination(brand, url, port=proxy.port)
    monkeypatch.setenv("CROSSWEAVE_CRM_PASSWORD", "open sesame")
    return brand


def _destination(brand: Brand, url: str, **settings: object) -> None:
    found = {
        "host": "127.0.0.1",
        "database": urlsplit(url).path[1:],
        "user": "crossweave",
        "sslmode": "disable",
        "timeout_s": 60,
        **settings,
    }
    brand.paths.tenant_folder.mkdir(parents=True, exist_ok=True)
    (brand.paths.tenant_folder / "destinations.yml").write_text(
        yaml.safe_dump({"crm": {"connector": "postgres", "settings": found}}), encoding="utf-8"
    )


def _rows(url: str, query: str) -> list[tuple]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()  # ty: ignore


def _held(url: str) -> dict[str, str]:
    return dict(_rows(url, "select person_id, first_name from marketing.people"))


def _assert_table_and_ledger_agree(brand: Brand, url: str) -> None:
    """The deliveries at the server are the receipts here, to the row."""
    receipts = brand.rows(
        "select idempotency_key, operation from ops.activation_delivery_ledger "
        "where outcome = 'succeeded' order by 1"
    )
    at_server = "select idempotency_key, operation from marketing.people__deliveries order by 1"
    assert _rows(url, at_server) == receipts


def test_the_table_holds_what_the_model_says(brand: Brand, url: str) -> None:
    """Adds, a change, somebody who leaves, somebody who comes back."""
    brand.person(1)
    brand.person(2, first_name="Zoë 'Z'")
    assert brand.run(SYNC).line() == "people: succeeded; planned 2; succeeded 2"
    assert _held(url) == {"p0001": "Anna", "p0002": "Zoë 'Z'"}
    keys = brand.rows("select idempotency_key from ops.activation_delivery_ledger order by 1")
    assert _rows(url, "select idempotency_key from marketing.people order by 1") == keys
    brand.connection.execute("update pii.people set first_name = 'Eva' where person_id = 'p0001'")
    brand.connection.execute("delete from pii.people where person_id = 'p0002'")
    report = brand.run(SYNC)
    assert {name: c.succeeded for name, c in report.operations.items() if c.planned} == {
        "change": 1,
        "remove": 1,
    }
    assert _held(url) == {"p0001": "Eva"}
    _assert_table_and_ledger_agree(brand, url)
    assert brand.run(SYNC).total.planned == 0


def test_who_is_erased_is_deleted_there_with_a_receipt(brand: Brand, url: str) -> None:
    brand.person(1)
    brand.person(2)
    upsert = definition(destination="crm", mode="upsert", options={"schema": "marketing"})
    brand.run(upsert)
    brand.connection.execute(
        "insert into ops.erasures (erasure_id, identifier_key, identifier_type, scope, person_id) "
        "values ('e1', 'k0002', 'email', 'person', 'p0002')"
    )
    brand.connection.execute("delete from pii.people where person_id = 'p0002'")
    brand.run(upsert)
    assert set(_held(url)) == {"p0001"}
    assert brand.rows(
        "select outcome from ops.activation_delivery_ledger where operation = 'remove'"
    ) == [("succeeded",)]
    _assert_table_and_ledger_agree(brand, url)


def test_columns_have_the_types_of_the_model_and_lose_nothing(brand: Brand, url: str) -> None:
    brand.connection.execute(
        """
        create or replace view activation.act_test__people as
        select
            person_id, identifier_key, 12.3400::decimal(18,4) as value, true as is_new,
            timestamp '2026-07-01 08:30:00' as seen_at, 9007199254740993 as points,
            ['a', null, 'b,"c"'] as tags, {'size': 'M', 'price': 1.5::decimal(4,2)} as item,
            null::date as born_on
        from pii.people
        """
    )
    brand.person(1)
    assert brand.run(SYNC).status == "succeeded"
    columns = (
        "select column_name, data_type from information_schema.columns where "
        "table_schema = 'marketing' and table_name = 'people' order by ordinal_position"
    )
    assert _rows(url, columns) == [
        ("person_id", "text"),
        ("value", "numeric"),
        ("is_new", "boolean"),
        ("seen_at", "timestamp without time zone"),
        ("points", "bigint"),
        ("tags", "ARRAY"),
        ("item", "jsonb"),
        ("born_on", "date"),
        ("idempotency_key", "text"),
    ]
    query = "select value, is_new, seen_at, points, tags, item, born_on from marketing.people"
    assert _rows(url, query) == [
        (
            Decimal("12.3400"), True, datetime(2026, 7, 1, 8, 30), 9007199254740993,
            ["a", None, 'b,"c"'], {"size": "M", "price": "1.50"}, None,
        )
    ]  # fmt: skip


def test_a_refused_row_is_found_alone_and_told_without_its_value(brand: Brand, url: str) -> None:
    for number in range(1, 8):
        brand.person(number)
    brand.person(8, first_name="Nemo")
    brand.run(SYNC)
    with psycopg.connect(url) as connection:
        connection.execute(
            "alter table marketing.people add constraint short check (length(first_name) < 9)"
        )
    brand.connection.execute(
        "update pii.people set first_name = 'Maximilian' where person_id = 'p0003'"
    )
    brand.connection.execute("update pii.people set first_name = 'Otto' where person_id = 'p0004'")
    brand.connection.execute("update pii.people set first_name = chr(0) where person_id = 'p0005'")
    report = brand.run(SYNC)
    assert (report.total.succeeded, report.total.rejected) == (1, 2)
    assert report.rejected_classes == {"check_violation": 1, "data_error": 1}
    assert _held(url)["p0004"] == "Otto"
    assert _held(url)["p0003"] == "Anna"
    messages = brand.rows("select record_key, message from ops.activation_rejects order by 1")
    assert messages == [
        ("p0003", "check_violation, constraint short"),
        ("p0005", "data_error"),
    ]
    assert "Maximilian" not in brand.everything_written()
    _assert_table_and_ledger_agree(brand, url)


def _when_commit(verdict: Verdict, number: int) -> object:
    """Cut at the `number`th commit that the server is asked for."""
    seen = 0

    def rule(data: bytes) -> Verdict:
        nonlocal seen
        seen += data.count(COMMIT)
        return verdict if seen >= number else None

    return rule


@pytest.mark.parametrize("verdict", ["before", "after"])
def test_a_commit_that_nobody_answered_is_asked_for(
    brand: Brand, url: str, proxy: CutConnection, verdict: Verdict
) -> None:
    """Broken before the server read it nothing arrived; after it, everything: sent once either way.

    The commits before it are of making the table and of asking whether it has rows.
    """
    for number in range(5):
        brand.person(number)
    proxy.rule = _when_commit(verdict, 3)  # type: ignore[assignment]
    report = brand.run(SYNC)
    assert proxy.cuts == 1
    if verdict == "after":
        assert report.line() == "people: succeeded; planned 5; succeeded 5"
    else:
        assert report.rejected_classes == {"not_delivered": 5}
        assert _held(url) == {}
        brand.clock = brand.clock.replace(hour=13)
        assert brand.run(SYNC).total.succeeded == 5
    assert len(_held(url)) == 5
    _assert_table_and_ledger_agree(brand, url)
    assert brand.run(SYNC).total.planned == 0


def test_a_connection_that_breaks_before_the_commit_is_made_again(
    brand: Brand, url: str, proxy: CutConnection
) -> None:
    for number in range(5):
        brand.person(number)
    proxy.rule = lambda data: "after" if b"on conflict" in data else None
    assert brand.run(SYNC).line() == "people: succeeded; planned 5; succeeded 5"
    assert proxy.cuts == 1
    _assert_table_and_ledger_agree(brand, url)


def test_asking_back_waits_for_a_session_that_has_not_decided(url: str, tmp_path: Path) -> None:
    """The broken session may still commit: an answer before it has would be wrong."""
    place = urlsplit(url)
    connector = CONNECTORS["postgres"].open(
        ConnectorContext(
            "people", "r1", "person_id", ("person_id",), tmp_path,
            settings=PostgresSettings(
                host="127.0.0.1", port=place.port or 0, database=place.path[1:], user="crossweave",
                sslmode="disable",
            ),
            options=PostgresOptions(),
            secrets={"password": SecretStr("open sesame")},
        )
    )  # fmt: skip
    assert connector.read_back(["i1"]) == [None]  # makes the table
    with psycopg.connect(url) as broken, ThreadPoolExecutor() as pool:
        broken.execute(
            "select pg_advisory_xact_lock(hashtextextended('crossweave public.people', 0))"
        )
        broken.execute("insert into people__deliveries values ('i1', 'r1', 'add')")
        answer = pool.submit(connector.read_back, ["i1", "i2"])
        with pytest.raises(TimeoutError):
            answer.result(timeout=0.5)
        broken.commit()
        found = answer.result(timeout=60)
    assert [row is not None for row in found] == [True, False]


def _ends(report: SyncReport) -> tuple[str, int, str | None]:
    return report.status, report.total.aborted, report.error


def test_a_wrong_password_ends_the_run(brand: Brand, monkeypatch: pytest.MonkeyPatch) -> None:
    brand.person(1)
    monkeypatch.setenv("CROSSWEAVE_CRM_PASSWORD", "guessed")
    status, aborted, error = _ends(brand.run(SYNC))
    assert (status, aborted) == ("failed", 1)
    assert "password authentication failed" in (error or "")
    assert "guessed" not in brand.everything_written()


def test_nobody_listens(brand: Brand, url: str) -> None:
    brand.person(1)
    _destination(brand, url, port=1)
    report = brand.run(SYNC)
    assert report.rejected_classes == {"not_delivered": 1}


def test_a_server_that_shows_no_certificate_is_not_trusted(brand: Brand, url: str) -> None:
    brand.person(1)
    _destination(brand, url, port=urlsplit(url).port, sslmode="verify-full")
    assert "SSL" in (_ends(brand.run(SYNC))[2] or "")


def test_a_table_made_by_hand_keeps_its_own_columns(brand: Brand, url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("create schema marketing authorization crossweave")
        connection.execute(
            "create table marketing.people (person_id text primary key, email text, "
            "note text default 'theirs')"
        )
        connection.execute("alter table marketing.people owner to crossweave")
    sync = definition(destination="crm", options={"schema": "marketing", "create": False})
    brand.person(1)
    status, _, error = _ends(brand.run(sync))
    assert status == "failed"
    assert "marketing.people lacks first_name, city, idempotency_key" in (error or "")
    assert brand.run(SYNC).status == "succeeded"  # may make what is missing
    assert brand.run(sync).total.planned == 0
    assert _rows(url, "select email, note, first_name from marketing.people") == [
        ("person1@example.com", "theirs", "Anna")
    ]


def test_two_syncs_never_share_a_table(brand: Brand) -> None:
    brand.person(1)
    brand.run(SYNC)
    other = definition(
        sync="others", destination="crm", options={"schema": "marketing", "table": "people"}
    )
    status, _, error = _ends(brand.run(other, accept_filled_destination=True))
    assert (status, "another sync's" in (error or "")) == ("failed", True)


def test_outside_prod_no_other_machine_is_reached(brand: Brand, url: str) -> None:
    _destination(brand, url, host="db.example.com")
    brand.person(1)
    assert brand.run(SYNC).blocked_reasons == {"environment": 1}
