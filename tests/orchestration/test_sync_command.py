"""`python -m orchestration.activation`: a brand's own sync, rehearsed and delivered."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from orchestration.activation.__main__ import main
from orchestration.settings import Paths
from orchestration.warehouse import Warehouse
from tests.syncs import Brand, definition, make_tables


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """A tenant with two people and a sync document of its own."""
    paths = Paths(tenant="test", root=tmp_path)
    monkeypatch.setenv("CROSSWEAVE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("CROSSWEAVE_TENANT", "another")
    monkeypatch.setenv("CROSSWEAVE_ENV", "dev")
    document = definition().model_dump(exclude_none=True)
    (paths.tenant_folder / "syncs").mkdir(parents=True)
    (paths.tenant_folder / "syncs" / "people.yml").write_text(yaml.safe_dump(document))
    with Warehouse(paths.warehouse).connect() as connection:
        make_tables(connection)
        brand = Brand(connection, paths)
        brand.person(1)
        brand.person(2, status="withdrawn")
    return paths


def test_a_rehearsal_shows_ids_and_writes_nothing(
    paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--tenant", "test", "--sync", "people", "--dry-run"]) == 0
    printed = capsys.readouterr().out
    assert "add: 1 would be sent, 1 blocked" in printed
    assert "add p0002: blocked: consent_withdrawn" in printed
    assert "example.com" not in printed
    assert not paths.outbox.exists()


def test_a_delivery_and_a_stop_have_their_exit_codes(
    paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--tenant", "test", "--sync", "people"]) == 0
    assert "people: succeeded; planned 2; succeeded 1; blocked 1" in capsys.readouterr().out
    with Warehouse(paths.warehouse).connect() as connection:
        connection.execute("delete from pii.people")
    assert main(["--tenant", "test", "--sync", "people"]) == 1
    assert "nobody was removed of 1 records held" in capsys.readouterr().out


def test_what_is_not_there_is_named(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--tenant", "test", "--sync", "peple"]) == 1
    assert "no sync 'peple'; there are: cart_abandoners_file" in capsys.readouterr().err
    paths.warehouse.unlink()
    assert main(["--tenant", "test", "--sync", "people"]) == 1
    assert "run `make run` first" in capsys.readouterr().err
    assert main(["--tenant", "test", "--check"]) == 0
