"""Housekeeping and alerts as Dagster runs them, on a warehouse of the test."""

from __future__ import annotations

import json
import os
from pathlib import Path

import dagster as dg
import pytest

from orchestration.housekeeping_settings import Alerts, AlertWebhook
from orchestration.settings import Paths
from orchestration.warehouse import Warehouse
from tests.destinations.http_server import Reply, Request, http_server
from tests.syncs import Brand, definition, make_tables


class Inbox:
    """Takes every message."""

    def answer(self, request: Request) -> Reply:
        return Reply(204)


@pytest.fixture
def brand_paths(tmp_path: Path) -> Paths:
    """A brand that delivered once, years ago, and whose last run was stopped by a guard."""
    paths = Paths(tenant="test", root=tmp_path)
    with Warehouse(paths.warehouse).connect() as connection:
        make_tables(connection)
        brand = Brand(connection, paths)
        brand.clock = brand.clock.replace(year=2020)
        brand.person(1)
        brand.run(run_id="old")
        brand.run(definition(guards={"min_source_rows": 9}), run_id="stopped")
    return paths


def test_the_job_deletes_and_compacts_and_the_sensor_tells_once(
    brand_paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.environ.setdefault("CROSSWEAVE_TENANT", "demo")
    from orchestration.defs import alerts, housekeeping

    warehouse = Warehouse(brand_paths.warehouse)
    monkeypatch.setattr(housekeeping, "PATHS", brand_paths)
    monkeypatch.setattr(housekeeping, "WAREHOUSE", warehouse)
    assert housekeeping.housekeeping.execute_in_process().success
    assert list(brand_paths.outbox.rglob("*.jsonl")) == []
    with warehouse.connect(read_only=True) as connection:
        rows = connection.execute("select outcome from ops.activation_sync_rows").fetchall()
    assert rows == [("succeeded",)]
    with http_server(Inbox()) as server:
        hook = Alerts(webhook=AlertWebhook(url=server.url))
        told = alerts.SETTINGS.model_copy(update={"alerts": hook})
        monkeypatch.setattr(alerts, "SETTINGS", told)
        monkeypatch.setattr(alerts, "PATHS", brand_paths)
        with warehouse.lock():  # a run is under way
            alerts.sync_alerts(dg.build_sensor_context())
        assert server.requests == []
        context = dg.build_sensor_context()
        alerts.sync_alerts(context)
        assert json.loads(context.cursor or "") == {"webhook": {"people": "stopped"}}
        alerts.sync_alerts(dg.build_sensor_context(cursor=context.cursor))
        assert [request.json()["data"]["state"] for request in server.requests] == ["stopped"]
