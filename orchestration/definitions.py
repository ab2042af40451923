"""The one entry point of Dagster: assembles the files of `orchestration/defs`.

One code location serves one tenant and environment: CROSSWEAVE_TENANT, CROSSWEAVE_ENV.
"""

from __future__ import annotations

import dagster as dg
from dagster_dbt import DbtCliResource

from orchestration.console import console
from orchestration.dbt import dbt_launcher
from orchestration.defs import (
    alerts,
    attribution,
    automation,
    dbt_models,
    housekeeping,
    identity,
    landing,
    scores,
    serving,
    state,
    syncs,
)
from orchestration.defs.tenant import PATHS

defs = dg.Definitions(
    assets=[
        landing.opened_warehouse,
        *landing.raw_sources,
        landing.settings_row,
        landing.phone_numbers,
        dbt_models.warehouse_models,
        identity.probabilistic_links,
        attribution.attribution_estimates,
        scores.model_cards,
        scores.scores,
        *syncs.syncs,
        syncs.receipts,
        state.saved_state,
        serving.serving,
    ],
    jobs=[
        automation.daily,
        identity.explain_identity,
        identity.unmerge_identity,
        identity.erase_identity,
        identity.preview_rules,
        identity.link_identity,
        housekeeping.housekeeping,
    ],
    schedules=[
        automation.daily_schedule,
        identity.link_schedule,
        housekeeping.housekeeping_schedule,
    ],
    sensors=[automation.landing_files, alerts.sync_alerts],
    resources={
        "dbt": DbtCliResource(project_dir=dbt_models.project, dbt_executable=dbt_launcher(PATHS))
    },
    # DuckDB admits one writing process, so steps run one after another in one process.
    executor=dg.in_process_executor,
    loggers={"console": console},
)
