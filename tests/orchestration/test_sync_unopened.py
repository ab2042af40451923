"""A sync that cannot begin leaves a failed run, and whoever is on duty is told: once, and again
when it works. Such a run left nothing, and a sync could fail for weeks unseen."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest
import yaml

from orchestration.activation.__main__ import main
from orchestration.activation.alerts import last_runs, tell
from orchestration.activation.destinations import DestinationError
from orchestration.activation.mapping import MappingError
from orchestration.activation.opening import SyncError
from orchestration.activation.source import PlanError
from orchestration.housekeeping_settings import Alerts, AlertWebhook
from orchestration.settings import Paths
from orchestration.warehouse import Warehouse
from tests.destinations.http_server import Reply, Request, http_server
from tests.syncs import Brand, definition, make_brand, make_tables

SECRET = "whsec_" + "not base64, and a secret" * 2


@pytest.fixture
def brand(tmp_path: Path) -> Brand:
    """A brand with two people and a till that wants a secret."""
    brand = make_brand(tmp_path)
    brand.person(1)
    brand.person(2)
    brand.paths.tenant_folder.mkdir(parents=True)
    (brand.paths.tenant_folder / "destinations.yml").write_text(
        "till: {connector: webhook, settings: {url: 'http://127.0.0.1:1'}}", encoding="utf-8"
    )
    return brand


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """What the command works on: a warehouse with one person, a folder for sync documents."""
    made = Paths(tenant="test", root=tmp_path)
    monkeypatch.setenv("CROSSWEAVE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("CROSSWEAVE_TENANT", "test")
    monkeypatch.setenv("CROSSWEAVE_ENV", "dev")
    (made.tenant_folder / "syncs").mkdir(parents=True)
    with Warehouse(made.warehouse).connect() as connection:
        make_tables(connection)
        Brand(connection, made).person(1)
    return made


def _runs(brand: Brand) -> list[tuple]:
    """Status and error of the last run, rows that it knows of, operations that it names."""
    return brand.rows(
        """
        select max(status), max(error), sum(planned + attempted + aborted), count(*)
        from ops.activation_sync_runs
        where run_id = (select max_by(run_id, sequence) from ops.activation_sync_runs)
        """
    )


def _without(table: str) -> Callable[[Brand], object]:
    return lambda brand: brand.connection.execute(f"drop table {table}")


@pytest.mark.parametrize(
    ("document", "harm", "raised", "told"),
    [
        ({"model": "act_test__nobody"}, None, PlanError, "PlanError: act_test__nobody: expected"),
        ({"channel": None}, None, SyncError, "SyncError: people: destination file implies no"),
        ({"destination": "nowhere"}, None, SyncError, "SyncError: people: no destination 'nowhere"),
        ({"fields": {"person_id": "person_id", "x": "x"}}, None, MappingError, "lacks x"),
        ({"destination": "till"}, None, DestinationError, "set CROSSWEAVE_TILL_SECRET in the"),
        ({"identity": "strict"}, _without("seeds.identity_levels"), duckdb.CatalogException,
         "CatalogException: Catalog Error: Table with name identity_levels does not exist"),
        ({}, _without("pii.hash_keys"), duckdb.CatalogException, "hash_keys does not exist"),
        ({}, _without("ops.activation_sync_runs"), duckdb.CatalogException, "does not exist"),
    ],
)  # fmt: skip
def test_a_sync_that_cannot_begin_leaves_a_failed_run(
    brand: Brand,
    document: dict[str, object],
    harm: Callable[[Brand], object] | None,
    raised: type[Exception],
    told: str,
) -> None:
    if harm is not None:
        harm(brand)
    with pytest.raises(raised):
        brand.run(definition(**document), run_id="r1")
    ((status, error, rows, operations),) = _runs(brand)
    assert (status, rows, operations) == ("failed", 0, 4)
    assert told in error
    (run,) = last_runs(brand.connection)
    assert (run.sync, run.run_id, run.state, run.planned) == ("people", "r1", "failed", 0)


def test_an_error_that_quotes_a_value_or_a_secret_is_told_without_it(
    brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    brand.connection.execute(
        "create or replace view activation.act_test__people as "
        "select person_id, identifier_key, cast(email as integer) as age from pii.people"
    )
    with pytest.raises(duckdb.ConversionException, match="person1@"):
        brand.run()
    assert _runs(brand)[0][1] == "ConversionException; the log of the run says more"
    monkeypatch.setenv("CROSSWEAVE_TILL_SECRET", SECRET)
    with pytest.raises(SyncError, match="the secret of a webhook"):
        brand.run(definition(destination="till"))
    assert "the secret of a webhook is whsec_ and 24 to 64 bytes" in _runs(brand)[0][1]
    written = brand.everything_written()
    assert SECRET not in written
    assert "example.com" not in written


def test_a_rehearsal_that_cannot_begin_leaves_nothing(brand: Brand) -> None:
    with pytest.raises(SyncError):
        brand.run(definition(channel=None), dry_run=True)
    assert brand.rows("select * from ops.activation_sync_runs") == []


def test_whoever_is_on_duty_is_told_and_told_when_it_works_again(brand: Brand) -> None:
    class Inbox:
        def answer(self, request: Request) -> Reply:
            return Reply(204)

    with http_server(Inbox()) as server:
        alerts = Alerts(webhook=AlertWebhook(url=server.url))
        told: dict[str, dict[str, str]] = {}
        for document in ({"model": "act_test__nobody"}, {"model": "act_test__nobody"}, {}):
            with suppress(PlanError):
                brand.run(definition(**document), run_id="job-that-is-tried-again")
            told, failures = tell(alerts, last_runs(brand.connection), told, paths=brand.paths)
            assert failures == []
        sent = [request.json()["data"] for request in server.requests]
    changes = [(data["before"], data["state"]) for data in sent]
    assert changes == [("ok", "failed"), ("failed", "ok")]
    assert "act_test__nobody: expected one relation of this name" in sent[0]["error"]


def test_a_document_that_cannot_be_read_is_a_failed_run_of_what_ran_before(
    paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    """One bad document and nothing runs, the nightly job of every sync neither."""
    folder = paths.tenant_folder / "syncs"
    document = definition().model_dump(exclude_none=True)
    (folder / "people.yml").write_text(yaml.safe_dump(document))
    assert main(["--sync", "people"]) == 0
    (folder / "other.yml").write_text("sync: other\nmode: mirorr\n# anna@example.com")
    for arguments in (["--check"], ["--sync", "people", "--dry-run"]):
        assert main(arguments) == 1
        assert _states(paths) == [("people", "ok", None)]
    assert main([]) == 1
    ((sync, state, error),) = _states(paths)
    assert (sync, state) == ("people", "failed")
    assert "python -m orchestration.activation --check" in (error or "")
    assert "other.yml: mode: Input should be" in capsys.readouterr().err
    (folder / "other.yml").unlink()
    assert main(["--sync", "people"]) == 0
    assert _states(paths) == [("people", "ok", None)]


def test_one_sync_that_cannot_begin_keeps_no_other_from_running(paths: Paths) -> None:
    """The first that failed ended the command, and those after it never ran."""
    folder = paths.tenant_folder / "syncs"
    for name, model in (("zz_good", "act_test__people"), ("aa_bad", "act_test__nobody")):
        document = definition(sync=name, model=model).model_dump(exclude_none=True)
        (folder / f"{name}.yml").write_text(yaml.safe_dump(document))
    assert main([]) == 1
    states = {sync: state for sync, state, _ in _states(paths)}
    assert (states["aa_bad"], states["zz_good"]) == ("failed", "ok")


def _states(paths: Paths) -> list[tuple[str, str, str | None]]:
    with Warehouse(paths.warehouse).connect(read_only=True) as connection:
        return [(run.sync, run.state, run.error) for run in last_runs(connection)]
