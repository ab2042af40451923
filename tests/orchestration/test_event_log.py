"""A run recorded through the kept-open event log is what Dagster's own storage reads."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from orchestration import run
from orchestration.event_log import command_line_instance


@dg.asset(check_specs=[dg.AssetCheckSpec("holds", asset="kept")])
def kept() -> dg.MaterializeResult:
    return dg.MaterializeResult(
        metadata={"dagster/row_count": 3}, check_results=[dg.AssetCheckResult(passed=True)]
    )


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    return run.prepare_dagster_home()


def test_the_ui_reads_what_the_command_line_wrote(home: Path) -> None:
    job = dg.Definitions(
        assets=[kept], jobs=[dg.define_asset_job("both")], executor=dg.in_process_executor
    ).resolve_job_def("both")
    with command_line_instance(home) as instance:
        runs = [job.execute_in_process(instance=instance).run_id for _ in range(2)]
    with dg.DagsterInstance.get() as instance:
        assert {item.run_id for item in instance.get_runs()} == set(runs)
        assert all(item.status is dg.DagsterRunStatus.SUCCESS for item in instance.get_runs())
        kinds = [[e.dagster_event_type for e in instance.all_logs(run_id)] for run_id in runs]
        assert kinds[0] == kinds[1]
        assert dg.DagsterEventType.ASSET_CHECK_EVALUATION in kinds[0]
        newest = instance.get_latest_materialization_event(dg.AssetKey("kept"))
        assert newest is not None
        assert newest.run_id == runs[-1]
        key = dg.AssetCheckKey(dg.AssetKey("kept"), "holds")
        assert instance.get_latest_asset_check_evaluation_record(key) is not None
    assert not list((home / "history" / "runs").glob("*-wal"))
