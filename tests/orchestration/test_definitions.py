"""The asset graph of the demo tenant: whole, without phantoms, in three dbt calls."""

from __future__ import annotations

import os
from datetime import datetime

import dagster as dg
import pytest

from orchestration.activation import OperationCounts, SyncReport


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    os.environ.setdefault("CROSSWEAVE_TENANT", "demo")
    from orchestration.definitions import defs

    return defs


def test_no_asset_is_external(definitions: dg.Definitions) -> None:
    """A dependency on a model that does not exist would load as an external asset, silently."""
    graph = definitions.resolve_asset_graph()
    assert {key.to_user_string() for key in graph.external_asset_keys} == set()


def test_a_run_calls_dbt_three_times(definitions: dg.Definitions) -> None:
    """Each call costs seconds before it works: features, then what reads scores, then ledgers."""
    job = definitions.resolve_job_def("daily")
    calls = [node.name for node in job.nodes if node.name.startswith("warehouse_models")]
    assert len(calls) == 3, calls


def test_core_and_features_never_read_scores(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    scores = graph.get(dg.AssetKey(["ops", "ml_scores"]))
    downstream, stack = set(), list(scores.child_keys)
    while stack:
        key = stack.pop()
        if key not in downstream:
            downstream.add(key)
            stack.extend(graph.get(key).child_keys)
    schemas = {key.path[0] for key in downstream}
    assert schemas.isdisjoint({"raw", "staging", "identity", "core", "journeys", "features"})


def test_serving_comes_after_every_table_that_it_copies(definitions: dg.Definitions) -> None:
    """Else a copy would be of half a build; and it never holds up what cannot be rebuilt."""
    graph = definitions.resolve_asset_graph()
    parents = {
        key.to_user_string() for key in graph.get(dg.AssetKey(["ops", "serving"])).parent_keys
    }
    assert {"ops/state", "core/fct_touchpoints", "activation/delivery_ledger"} <= parents
    assert not any(key.startswith(("pii/", "raw/", "staging/")) for key in parents)


def test_every_group_is_a_domain(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    groups = {graph.get(key).group_name for key in graph.get_all_asset_keys()}
    assert groups <= {
        "landing", "definitions", "sources", "contracts", "pii", "identity", "core", "journeys",
        "attribution", "kpis", "features", "ml", "segments", "activation", "serving",
    }  # fmt: skip


def test_mails_go_only_where_somebody_starts_them(definitions: dg.Definitions) -> None:
    """A mail cannot be taken back, and the demo has no mail server: `make run` leaves it out."""
    key = dg.AssetKey(["activation", "high_value_lapsing_mail"])
    assert key in definitions.resolve_asset_graph().get_all_asset_keys()
    daily = definitions.resolve_job_def("daily").asset_layer.selected_asset_keys
    assert key not in daily
    assert dg.AssetKey(["activation", "high_value_lapsing_file"]) in daily


def test_the_probabilistic_pass_runs_only_where_somebody_starts_it(
    definitions: dg.Definitions,
) -> None:
    from orchestration.defs.keys import LINKS_KEY

    daily = definitions.resolve_job_def("daily").asset_layer.selected_asset_keys
    assert LINKS_KEY not in daily
    linking = definitions.resolve_job_def("link_identity").asset_layer.selected_asset_keys
    assert linking == {LINKS_KEY}
    schedule = definitions.resolve_schedule_def("link_schedule")
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED


@pytest.mark.parametrize(("rejected", "is_calm"), [(2, True), (3, False)])
def test_a_sync_warns_where_the_destination_refuses_more_than_its_guard_allows(
    definitions: dg.Definitions, rejected: int, is_calm: bool
) -> None:
    """Of 40 records two are 5 %, which the guard allows, three are 7.5 %."""
    from orchestration.defs.syncs import check_results

    counts = OperationCounts(
        planned=50, attempted=40, succeeded=40 - rejected, rejected=rejected, blocked=10
    )
    noon = datetime(2026, 7, 1, 12)
    report = SyncReport(
        sync="people", run_id="1", destination="file", status="partial", is_dry_run=False,
        started_at=noon, finished_at=noon, operations={"add": counts},
        rejected_classes={"invalid_address": rejected},
    )  # fmt: skip
    results = {result.check_name: result for result in check_results(report, max_reject_pct=5)}
    assert len(results) == 3
    law, share = results["every_planned_row_is_accounted_for"], report.counts["acknowledged_share"]
    assert law.passed
    assert law.metadata["rejected_share"].value == rejected / 40
    assert share == 1 - rejected / 40
    taken = results["the_destination_takes_nearly_all"]
    assert taken.passed is is_calm
    assert taken.severity == dg.AssetCheckSeverity.WARN
    assert taken.metadata["invalid_address"].value == rejected
