"""Old payload files and overtaken events go; what anybody reads, and the next plan, stay."""

from __future__ import annotations

import random
import re
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.activation.compaction import compact_ledgers
from orchestration.activation.connectors.base import OutcomeUnknown, Record
from orchestration.activation.outbox import expire_outbox
from orchestration.settings import PROJECT_ROOT
from tests.orchestration.test_sync_law import _behave, _live, _misbehave
from tests.syncs import NOON, Brand, ScriptedDestination, definition, make_brand

MODELS = sorted((PROJECT_ROOT / "dbt_project/models/marts/activation").glob("*.sql"))


@pytest.fixture
def brand(tmp_path: Path) -> Brand:
    return make_brand(tmp_path)


def _public(brand: Brand) -> dict[str, list[tuple]]:
    """Every public model over the ledgers, from its own SQL."""
    found = {}
    for file in MODELS:
        text = file.read_text(encoding="utf-8")
        text = re.sub(r"\{\{ source\('ops', '(\w+)'\) \}\}", r"ops.\1", text)
        if "{{" not in text:
            found[file.stem] = sorted(brand.rows(text), key=str)
    return found


def _next_plan(brand: Brand, audience: ScriptedDestination) -> list[tuple]:
    """What a run would send now, with its keys; nothing is written."""
    clock = brand.clock
    brand.run(
        definition(on_reject={"max_attempts": 99}), open_destination=audience.open, dry_run=True
    )
    brand.clock = clock
    return brand.rows("select * from activation_plan order by position")


@given(seed=st.integers(0, 2**32 - 1), keep_days=st.integers(1, 6))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_nobody_can_tell_that_the_ledgers_were_compacted(seed: int, keep_days: int) -> None:
    """Random people, faults and lost answers over four runs; then views, plan and later runs."""
    chance = random.Random(seed)
    sync = definition(on_reject={"max_attempts": 99, "unknown_after_days": 3})
    with tempfile.TemporaryDirectory() as folder:
        brand = make_brand(Path(folder))
        for number in range(chance.randrange(1, 10)):
            brand.person(number)
        audience = ScriptedDestination().with_description(
            batch_size=3, read_back=chance.choice(["complete", "none"])
        )
        for step in range(1, 5):
            _misbehave(audience, chance)
            brand.run(sync, open_destination=audience.open).assert_law()
            _live(brand, chance, step)
            brand.clock += timedelta(days=2)
        public, plan = _public(brand), _next_plan(brand, audience)
        assert set(public) >= {"sync_runs", "sync_rows", "delivery_ledger", "sync_state", "rejects"}
        ledger = brand.rows("select * from ops.activation_delivery_ledger order by all")
        dropped = compact_ledgers(brand.connection, keep_days=keep_days, now=brand.clock)
        assert _public(brand) == public
        assert _next_plan(brand, audience) == plan
        assert brand.rows("select * from ops.activation_delivery_ledger order by all") == ledger
        again = compact_ledgers(brand.connection, keep_days=keep_days, now=brand.clock)
        assert set(again.values()) == {0}, (dropped, again)
        _behave(audience)
        brand.run(sync, open_destination=audience.open).assert_law()
        assert (
            brand.rows(
                "select * from ops.activation_sync_runs where status <> 'running' "
                "and planned <> succeeded + rejected + blocked + unknown + aborted"
            )
            == []
        )
        if audience.description.read_back == "complete":
            assert set(audience.arrived.values()) <= {1}


def test_of_a_settled_run_the_outcome_is_kept_and_nothing_else(brand: Brand) -> None:
    """By hand: 3 rows x (planned, sending, succeeded), 4 operations x (running, succeeded)."""
    destination = ScriptedDestination()
    for number in (1, 2, 3):
        brand.person(number)
    brand.run(open_destination=destination.open)
    tables = ("activation_sync_rows", "activation_sync_runs", "activation_sync_state")
    counts = [brand.rows(f"select count(*) from ops.{table}")[0][0] for table in tables]
    assert counts == [9, 8, 3]
    too_early = brand.clock + timedelta(days=89)
    assert set(compact_ledgers(brand.connection, keep_days=90, now=too_early).values()) == {0}
    later = brand.clock + timedelta(days=91)
    assert compact_ledgers(brand.connection, keep_days=90, now=later) == {
        "activation_sync_rows": 6,
        "activation_sync_runs": 4,
        "activation_rejects": 0,
        "activation_sync_state": 0,
    }


def _silent() -> ScriptedDestination:
    def no_answer(batch: Sequence[Record]) -> None:
        raise OutcomeUnknown("time-out")

    return ScriptedDestination(after=no_answer).with_description(read_back="none")


def test_a_run_with_an_open_question_is_left_alone(brand: Brand) -> None:
    destination = _silent()
    brand.person(1)
    brand.run(open_destination=destination.open)
    later = brand.clock + timedelta(days=365)
    assert set(compact_ledgers(brand.connection, keep_days=1, now=later).values()) == {0}
    destination.after = lambda batch: None
    destination.with_description(read_back="complete")
    assert brand.run(open_destination=destination.open).total.planned == 0
    assert destination.arrived.total() == 1
    assert compact_ledgers(brand.connection, keep_days=1, now=later)["activation_sync_rows"] == 3


def _files(brand: Brand) -> list[str]:
    return sorted(file.name for file in brand.paths.outbox.rglob("*") if file.is_file())


def test_payload_files_expire_with_their_run(brand: Brand) -> None:
    brand.person(1)
    brand.run(run_id="old")
    ended = brand.clock
    brand.clock += timedelta(days=20)
    brand.person(2)
    brand.run(run_id="young")
    (brand.paths.outbox / "people" / "old.2.sftp.json").write_text("{}", encoding="utf-8")

    def expire(days: float) -> list[str]:
        now = ended + timedelta(days=days)
        return [
            file.name
            for file in expire_outbox(brand.connection, brand.paths.outbox, keep_days=30, now=now)
        ]

    assert expire(29.9) == []
    assert expire(30.1) == ["old.2.sftp.json", "old.csv", "old.jsonl"]
    assert _files(brand) == ["young.csv", "young.jsonl"]
    assert brand.run().total.planned == 0  # what was delivered is known without the file


def test_files_of_an_open_run_never_expire(brand: Brand) -> None:
    """Killed in the middle: the next run asks these files what was delivered."""
    brand.person(1)
    brand.run(run_id="killed")
    brand.connection.execute("delete from ops.activation_sync_rows where outcome = 'succeeded'")
    brand.connection.execute("delete from ops.activation_sync_runs where status <> 'running'")
    brand.connection.execute("delete from ops.activation_sync_state")
    later = brand.clock + timedelta(days=365)
    assert expire_outbox(brand.connection, brand.paths.outbox, keep_days=30, now=later) == []
    report = brand.run(run_id="next", accept_filled_destination=True)
    assert (report.resumed_runs, report.total.planned) == (["killed"], 0)
    gone = expire_outbox(brand.connection, brand.paths.outbox, keep_days=30, now=later)
    assert [file.name for file in gone] == ["killed.csv", "killed.jsonl"]


def test_a_file_of_an_unknown_run_goes_by_its_own_time(brand: Brand) -> None:
    folder = brand.paths.outbox / "gone_sync"
    folder.mkdir(parents=True)
    (folder / "r1.jsonl").write_text("{}", encoding="utf-8")
    assert expire_outbox(brand.connection, brand.paths.outbox, keep_days=30, now=NOON) == []
    now = NOON.replace(year=2100)
    assert len(expire_outbox(brand.connection, brand.paths.outbox, keep_days=30, now=now)) == 1
