"""The whole job on Google's public sample (January 2021, 1.1 M events), where the file is given.

`CROSSWEAVE_GA4_SAMPLE=/path/to/events_202101.parquet`. Every expected value is a query on the file
itself with DuckDB's own nested functions, which share nothing with the gate and the models.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import PROJECT_ROOT
from tests.tenants import Tenant

SAMPLE = os.environ.get("CROSSWEAVE_GA4_SAMPLE", "")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not SAMPLE, reason="CROSSWEAVE_GA4_SAMPLE does not name the Parquet file of the sample"
    ),
]
MAX_SECONDS = 300
SESSION = "list_filter(event_params, p -> p.key = 'ga_session_id')[1].value.int_value"


@pytest.fixture(scope="module")
def sample() -> duckdb.DuckDBPyRelation:
    return duckdb.connect().sql(
        f"select *, user_pseudo_id || '.' || {SESSION} as session_id from '{SAMPLE}'"
    )


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tenant, str, float]:
    """The tenant after its daily job, what the job printed, and its seconds."""
    tenant = Tenant(tmp_path_factory.mktemp("ga4_sample"), "ga4")
    shutil.copytree(PROJECT_ROOT / "data" / "tenants" / "ga4", tenant.root / "tenants" / "ga4")
    folder = tenant.paths.landing / "ga4"
    folder.mkdir(parents=True)
    (folder / "events_202101.parquet").symlink_to(Path(SAMPLE).resolve())
    started = time.monotonic()
    output = tenant.run()
    return tenant, output, time.monotonic() - started


def test_the_job_takes_less_than_five_minutes(ran: tuple[Tenant, str, float]) -> None:
    tenant, output, seconds = ran
    print(output)
    for schema, table, rows in tenant.query(
        "select schema_name, table_name, estimated_size from duckdb_tables() "
        "where schema_name in ('raw', 'core', 'journeys', 'attribution') order by all"
    ):
        print(f"  {schema}.{table:<40}{rows:>12,}")
    assert seconds < MAX_SECONDS
    assert "ga4_no_day_is_missing (1)" in re.sub(r"\x1b\[[0-9;]*m", "", output)


def test_events_orders_and_revenue_are_those_of_the_file(
    ran: tuple[Tenant, str, float], sample: duckdb.DuckDBPyRelation
) -> None:
    tenant = ran[0]
    (events,) = sample.aggregate("count(*)").fetchall()
    assert tenant.query("select sum(row_count), sum(loaded_count) from ops.landing_files") == [
        events * 2
    ]
    orders = sample.query(
        "events",
        "select if(ecommerce.transaction_id = '(not set)', session_id, ecommerce.transaction_id) "
        "as number, arg_min(ecommerce.purchase_revenue, event_timestamp) as revenue from events "
        "where event_name = 'purchase' group by number",
    )
    assert tenant.query("select count(*), sum(revenue_amount) from core.fct_orders") == (
        orders.aggregate("count(*), sum(revenue)").fetchall()
    )
    touches = sample.filter(
        "event_name not in ('purchase', 'first_visit', 'user_engagement', 'scroll', 'click', "
        "'select_item', 'view_item_list')"
    )
    assert (
        tenant.query("select count(*), count(distinct person_id) from core.fct_touchpoints")
        == touches.aggregate("count(*), count(distinct user_pseudo_id)").fetchall()
    )


def test_attribution_adds_up_to_the_file(
    ran: tuple[Tenant, str, float], sample: duckdb.DuckDBPyRelation
) -> None:
    """For every model: as many conversions as orders, and their revenue."""
    tenant = ran[0]
    (total,) = tenant.query("select count(*), sum(revenue_amount) from core.fct_orders")
    found = tenant.query(
        "select model, round(sum(conversions), 6), round(sum(revenue), 4) "
        "from attribution.channel_attribution where period_grain = 'total' group by model"
    )
    assert len(found) >= 3
    assert {row[1:] for row in found} == {total}


def test_no_channel_is_the_shop_itself(ran: tuple[Tenant, str, float]) -> None:
    tenant = ran[0]
    assert tenant.query(
        "select count(*) from core.fct_touchpoints where utm_source like '%googlemerchandise%'"
    ) == [(0,)]
    assert tenant.query("select count(distinct channel) > 5 from journeys.fct_sessions") == [
        (True,)
    ]
