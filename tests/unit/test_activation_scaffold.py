"""The scaffold of a sync: what it writes is valid, and it writes over nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from orchestration.activation import syncs_of
from orchestration.activation.__main__ import main as activation
from orchestration.activation.scaffold import ScaffoldError, main, scaffold
from orchestration.activation.scaffold_texts import NewSync
from orchestration.settings import Paths

WIN_BACK = NewSync(segment="win_back", destination="file", name="spring")
SEGMENT = """
version: 2
models:
  - name: seg_win_back
    description: One row per person who is to come back.
    config: {meta: {owner: anna, purpose: newsletter, refresh: daily, version: 1}}
"""


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """A tenant with a segment of its own and a PostgreSQL destination."""
    paths = Paths(tenant="mine", root=tmp_path)
    segments = paths.tenant_folder / "models" / "segments"
    segments.mkdir(parents=True)
    (segments / "seg_win_back.sql").write_text("select 1")
    (segments / "_segments__models.yml").write_text(SEGMENT)
    (paths.tenant_folder / "tenant.yml").write_text("sources: [web]\n")
    (paths.tenant_folder / "destinations.yml").write_text(
        "crm: {connector: postgres, settings: {host: localhost, user: u, database: d}}\n"
    )
    monkeypatch.setenv("CROSSWEAVE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("CROSSWEAVE_TENANT", "mine")
    return paths


def test_what_is_written_is_a_valid_sync_of_the_tenant(paths: Paths) -> None:
    """Purpose and owner are the segment's own."""
    files = scaffold(WIN_BACK, paths)
    assert sorted(file.name for file in files) == [
        "_act_file__spring.yml",
        "act_file__spring.sql",
        "spring_file.yml",
    ]
    (sync,) = [found for found in syncs_of(paths) if found.sync == "spring_file"]
    assert (sync.model, sync.destination, sync.channel) == ("act_file__spring", "file", "email")
    assert (sync.mode, sync.key, sync.purpose) == ("mirror", "person_id", "newsletter")
    assert len(sync.tests) == 1
    described = yaml.safe_load((paths.tenant_folder / files[1]).read_text())
    (exposure,) = described["exposures"]
    assert exposure["depends_on"] == ["ref('act_file__spring')"]
    assert exposure["owner"]["name"] == "anna"


def test_members_are_those_of_the_segment_or_those_of_a_list(paths: Paths) -> None:
    sql = scaffold(WIN_BACK, paths)[0].read_text()
    assert "ref('membership')" in sql
    assert "segment = 'win_back'\n        and exited_at is null\n        and not is_holdout" in sql
    listed = NewSync("likely_buyers", "file", "nudge", priority_list="next_message")
    sql = scaffold(listed, paths)[0].read_text()
    assert "ref('priority_membership')" in sql
    assert "and priority_list = 'next_message'\n        and not is_holdout" in sql
    assert "exited_at" not in sql


def test_nothing_is_written_over(paths: Paths) -> None:
    files = scaffold(WIN_BACK, paths)
    files[2].unlink()
    files[0].write_text("mine")
    with pytest.raises(ScaffoldError, match=r"act_file__spring.sql.*nothing is written"):
        scaffold(WIN_BACK, paths)
    assert files[0].read_text() == "mine"
    assert not files[2].exists()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"segment": "winback"}, r"no segment 'winback'; there are: .*likely_buyers, win_back"),
        ({"destination": "fax"}, r"no destination 'fax'; there are: crm, file"),
        ({"name": "Spring"}, r"small letters"),
        ({"priority_list": "next_message"}, r"does not have the segment win_back"),
        (
            {"destination": "crm", "options": {"table": "no table"}},
            r"options: table: String should",
        ),
        ({"options": {"tabel": "a"}}, r"options: tabel: Extra inputs"),
        ({"segment": "cart_abandoners", "name": "cart_abandoners"}, r"exists already"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_would_not_work_is_refused_before_anything_is_written(
    paths: Paths, wrong: dict, told: str
) -> None:
    before = sorted(paths.tenant_folder.rglob("*"))
    with pytest.raises(ScaffoldError, match=told):
        scaffold(replace(WIN_BACK, **wrong), paths)
    assert sorted(paths.tenant_folder.rglob("*")) == before


def test_a_segment_without_an_owner_gets_no_sync(paths: Paths) -> None:
    described = paths.tenant_folder / "models" / "segments" / "_segments__models.yml"
    described.write_text(SEGMENT.replace("owner: anna, ", ""))
    with pytest.raises(ScaffoldError, match=r"config.meta owner"):
        scaffold(WIN_BACK, paths)


def test_the_command_names_the_files_and_the_next_step(
    paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--segment", "win_back", "--destination", "crm"]
    assert main([*asked, "--option", "tabel=audience"]) == 1
    assert "options: tabel" in capsys.readouterr().err
    assert main([*asked, "--option", "table=audience"]) == 0
    printed = capsys.readouterr().out
    assert "syncs/win_back_crm.yml" in printed
    assert "--sync win_back_crm --dry-run" in printed
    (sync,) = [found for found in syncs_of(paths) if found.sync == "win_back_crm"]
    assert sync.options == {"table": "audience"}


def test_a_wrong_document_of_any_tenant_fails_the_check(
    paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    """`make check` looked at one tenant's documents only."""
    assert activation(["--check", "--every-tenant"]) == 0
    assert "mine: 3 sync documents are valid, 3 mapping tests pass" in capsys.readouterr().out
    files = scaffold(WIN_BACK, paths)
    other = paths.root / "tenants" / "other"
    (other / "syncs").mkdir(parents=True)
    (other / "tenant.yml").write_text("sources: [web]\n")
    wrong = files[2].read_text().replace("first_name: Anna", "first_name: Bea", 1)
    (other / "syncs" / "spring.yml").write_text(wrong)
    assert activation(["--check", "--every-tenant"]) == 1
    assert "spring_file: test 1: expected" in capsys.readouterr().err
