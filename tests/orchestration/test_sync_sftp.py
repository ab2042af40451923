"""The sftp destination, against a real SSH server: what whoever picks up the files finds there."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest
import yaml

from orchestration.activation.connectors import sftp_session
from tests.cut_connection import CutConnection, Verdict, cut_connection
from tests.sftp_server import PASSWORD, USER, SftpServer, sftp_server
from tests.syncs import Brand, definition, make_brand

SYNC = definition(destination="letters")


@pytest.fixture
def server(tmp_path: Path) -> Generator[SftpServer]:
    """A server of the test's own."""
    with sftp_server(tmp_path / "server") as server:
        yield server


@pytest.fixture
def proxy(server: SftpServer) -> Generator[CutConnection]:
    """Between connector and server."""
    with cut_connection(server.port) as proxy:
        yield proxy


@pytest.fixture
def brand(
    tmp_path: Path, server: SftpServer, proxy: CutConnection, monkeypatch: pytest.MonkeyPatch
) -> Brand:
    """A brand whose destination `letters` is that server, with three persons."""
    brand = make_brand(tmp_path)
    brand.paths.tenant_folder.mkdir(parents=True)
    _destination(brand, server, port=proxy.port)
    monkeypatch.setenv("CROSSWEAVE_LETTERS_PASSWORD", PASSWORD)
    for number in (1, 2, 3):
        brand.person(number)
    return brand


def _destination(brand: Brand, server: SftpServer, **settings: object) -> None:
    folder = brand.paths.tenant_folder
    found = {
        "host": "127.0.0.1", "port": server.port, "user": USER, "known_hosts": "known_hosts",
        "folder": "/in", "timeout_s": 60, **settings,
    }  # fmt: skip
    (folder / "destinations.yml").write_text(
        yaml.safe_dump({"letters": {"connector": "sftp", "settings": found}}), encoding="utf-8"
    )
    port = int(str(found["port"]))
    (folder / "known_hosts").write_text(server.known_hosts(port), encoding="utf-8")


def _names(server: SftpServer, sync: str = "people") -> list[str]:
    folder = server.folder / "in" / sync
    return sorted(file.name for file in folder.iterdir()) if folder.exists() else []


def _delivered(server: SftpServer) -> Counter[tuple[str, str]]:
    """(operation, person) of every line of every file that may be picked up, manifests held."""
    found: Counter[tuple[str, str]] = Counter()
    for file in (server.folder / "in" / "people").glob("*.csv"):
        if file.name.startswith("."):
            continue
        content = file.read_bytes()
        rows = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
        manifest = json.loads(file.with_suffix(".manifest.json").read_text(encoding="utf-8"))
        assert manifest["rows"] == len(rows)
        assert manifest["operations"] == Counter(row["operation"] for row in rows)
        assert manifest["sha256"] == hashlib.sha256(content).hexdigest()
        assert (manifest["file"], manifest["bytes"]) == (file.name, len(content))
        found += Counter((row["operation"], row["person_id"]) for row in rows)
    return found


EVERYBODY = {("add", "p0001"): 1, ("add", "p0002"): 1, ("add", "p0003"): 1}


def _later(brand: Brand) -> None:
    """When rejects are due again."""
    brand.clock = brand.clock.replace(hour=brand.clock.hour + 1)


def test_a_file_per_run_with_its_manifest(brand: Brand, server: SftpServer) -> None:
    report = brand.run(SYNC, run_id="r1")
    assert report.line() == "people: succeeded; planned 3; succeeded 3"
    assert _names(server) == ["r1.csv", "r1.manifest.json"]
    assert _delivered(server) == EVERYBODY
    assert [name.split(".")[1] for name in server.faults.flushed] == ["r1", "r1"]
    brand.connection.execute("delete from pii.people where person_id = 'p0002'")
    brand.run(SYNC, run_id="r2")
    assert _delivered(server) == {**EVERYBODY, ("remove", "p0002"): 1}
    assert brand.run(SYNC, run_id="r3").total.planned == 0
    assert "r3.csv" not in _names(server)


def test_json_lines_into_a_folder_of_its_own(brand: Brand, server: SftpServer) -> None:
    sync = definition(destination="letters", options={"format": "jsonl", "folder": "calls/today"})
    brand.connection.execute("update pii.people set first_name = 'Zoë \"Z\"\u2028, Ólafs\ndóttir'")
    assert brand.run(sync, run_id="r1").status == "succeeded"
    text = (server.folder / "in/calls/today/r1.jsonl").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.rstrip("\n").split("\n")]
    assert {line["first_name"] for line in lines} == {'Zoë "Z"\u2028, Ólafs\ndóttir'}
    assert [line["person_id"] for line in lines] == ["p0001", "p0002", "p0003"]


def test_a_server_without_flush_is_served_too(brand: Brand, server: SftpServer) -> None:
    server.faults.cannot_flush = True
    assert brand.run(SYNC).status == "succeeded"


def test_a_key_instead_of_a_password(
    brand: Brand, server: SftpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CROSSWEAVE_LETTERS_PASSWORD")
    monkeypatch.setenv("CROSSWEAVE_LETTERS_KEY", server.key)
    assert brand.run(SYNC).status == "succeeded"
    monkeypatch.setenv("CROSSWEAVE_LETTERS_KEY", "no key")
    brand.person(4)
    assert "no private key" in (brand.run(SYNC).error or "")


def test_a_server_with_another_key_gets_nothing(
    brand: Brand, server: SftpServer, tmp_path: Path
) -> None:
    """Somebody in between: it never sees the password, let alone the file."""
    with sftp_server(tmp_path / "other") as other:
        (brand.paths.tenant_folder / "known_hosts").write_text(
            f"[127.0.0.1]:{server.port} {other.host_key}", encoding="utf-8"
        )
        report = brand.run(SYNC)
    assert (report.status, report.total.aborted) == ("failed", 3)
    assert "not the one that is known" in (report.error or "")
    assert _names(server) == []


def test_without_known_hosts_nobody_is_believed(brand: Brand) -> None:
    (brand.paths.tenant_folder / "known_hosts").unlink()
    assert "ssh-keyscan" in (brand.run(SYNC).error or "")


def test_a_wrong_password_ends_the_run(brand: Brand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSWEAVE_LETTERS_PASSWORD", "guessed")
    report = brand.run(SYNC)
    assert (report.status, report.total.aborted) == ("failed", 3)
    assert "neither password nor key" in (report.error or "")


def test_a_rename_that_is_refused_delivers_nothing(brand: Brand, server: SftpServer) -> None:
    server.faults.refuses_rename = True
    report = brand.run(SYNC, run_id="r1")
    assert report.rejected_classes == {"not_delivered": 3}
    assert _names(server) == []
    assert list(brand.paths.outbox.rglob("*.sftp.json")) == []
    server.faults.refuses_rename = False
    _later(brand)
    assert brand.run(SYNC).total.succeeded == 3
    assert _delivered(server) == EVERYBODY


def test_a_full_disk_leaves_no_half_file(brand: Brand, server: SftpServer) -> None:
    server.faults.disk_bytes = 100
    report = brand.run(SYNC, run_id="r1")
    assert report.rejected_classes == {"not_delivered": 3}
    assert _names(server) == []
    server.faults.disk_bytes = None
    _later(brand)
    brand.run(SYNC)
    assert _delivered(server) == EVERYBODY


def test_no_right_to_write_ends_the_run(brand: Brand, server: SftpServer) -> None:
    server.faults.gives_no_right = True
    report = brand.run(SYNC)
    assert (report.status, report.total.aborted) == ("failed", 3)
    assert "gives no right" in (report.error or "")


def _cut_after_bytes(proxy: CutConnection, count: int) -> None:
    start = proxy.received

    def rule(data: bytes) -> Verdict:
        return "before" if proxy.received - start + len(data) > count else None

    proxy.rule = rule


def test_a_connection_lost_in_the_middle_of_the_file_is_made_again(
    brand: Brand, server: SftpServer, proxy: CutConnection
) -> None:
    """The file of 3,000 persons is larger than what passes before the cut."""
    for number in range(4, 3001):
        brand.person(number)
    _cut_after_bytes(proxy, 150_000)
    report = brand.run(SYNC, run_id="r1")
    assert proxy.cuts == 1
    assert report.line() == "people: succeeded; planned 3000; succeeded 3000"
    assert _delivered(server).total() == len(_delivered(server)) == 3000


@pytest.mark.parametrize("verdict", ["before", "after"])
def test_a_rename_that_nobody_answered_is_settled_by_asking_back(
    brand: Brand,
    server: SftpServer,
    proxy: CutConnection,
    verdict: Verdict,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Before the server read it nothing is delivered; after it, everything: once either way."""
    rename = sftp_session.OpenSession.rename

    async def cut_and_rename(session: sftp_session.OpenSession, path: str, target: str) -> None:
        proxy.rule = lambda data: verdict
        await rename(session, path, target)

    monkeypatch.setattr(sftp_session.OpenSession, "rename", cut_and_rename)
    report = brand.run(SYNC, run_id="r1")
    monkeypatch.undo()
    monkeypatch.setenv("CROSSWEAVE_LETTERS_PASSWORD", PASSWORD)
    assert proxy.cuts == 1
    if verdict == "after":
        assert report.line() == "people: succeeded; planned 3; succeeded 3"
    else:
        assert report.rejected_classes == {"not_delivered": 3}
        assert _names(server) == []
        _later(brand)
        assert brand.run(SYNC).total.succeeded == 3
    assert _delivered(server) == EVERYBODY


def test_a_file_that_was_picked_up_at_once_counts_as_delivered(
    brand: Brand, server: SftpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to the rename is lost, and when we look the file is away: it was taken."""
    rename = sftp_session.OpenSession.rename

    async def rename_and_lose(session: sftp_session.OpenSession, path: str, target: str) -> None:
        await rename(session, path, target)
        (server.folder / target.lstrip("/")).unlink()
        raise TimeoutError

    monkeypatch.setattr(sftp_session.OpenSession, "rename", rename_and_lose)
    report = brand.run(SYNC, run_id="r1")
    assert report.line() == "people: succeeded; planned 3; succeeded 3"
    assert _names(server) == []


def test_a_lost_outbox_is_made_good_from_the_files(brand: Brand, server: SftpServer) -> None:
    brand.run(SYNC, run_id="r1")
    for journal in brand.paths.outbox.rglob("*.sftp.json"):
        journal.unlink()
    connection = brand.connection
    connection.execute(
        "delete from ops.activation_sync_rows where outcome = 'succeeded'"
    )  # killed between delivery and receipt
    connection.execute("delete from ops.activation_sync_state")
    connection.execute("delete from ops.activation_sync_runs where status <> 'running'")
    report = brand.run(SYNC, run_id="r2", accept_filled_destination=True)
    assert (report.resumed_runs, report.total.planned) == (["r1"], 0)
    assert _delivered(server) == EVERYBODY


def test_who_is_erased_is_removed_and_leaves_the_earlier_files(
    brand: Brand, server: SftpServer
) -> None:
    brand.run(SYNC, run_id="r1")
    brand.connection.execute(
        "insert into ops.erasures (erasure_id, identifier_key, identifier_type, scope, person_id) "
        "values ('e1', 'k0002', 'email', 'person', 'p0002')"
    )
    brand.connection.execute("delete from pii.people where person_id = 'p0002'")
    assert brand.run(SYNC, run_id="r2").operations["remove"].succeeded == 1
    assert _delivered(server) == {
        ("add", "p0001"): 1, ("add", "p0003"): 1, ("remove", "p0002"): 1,
    }  # fmt: skip
    assert "person2" not in (server.folder / "in/people/r1.csv").read_text(encoding="utf-8")


def test_outside_prod_no_other_machine_is_reached(brand: Brand, server: SftpServer) -> None:
    _destination(brand, server, host="sftp.example.com")
    assert brand.run(SYNC).blocked_reasons == {"environment": 3}
