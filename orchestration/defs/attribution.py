"""Markov attribution and intervals as an asset; the work is in `orchestration/attributing.py`."""

import dagster as dg
from dagster_dbt import get_asset_key_for_model

from orchestration.defs.dbt_models import warehouse_models
from orchestration.defs.keys import ESTIMATES_KEY
from orchestration.defs.tenant import WAREHOUSE

TRANSITIONS = get_asset_key_for_model([warehouse_models], "int_attribution__transitions")
DRAWN_CREDITS = get_asset_key_for_model([warehouse_models], "int_attribution__drawn_credits")


@dg.asset(
    key=ESTIMATES_KEY,
    deps=[TRANSITIONS, DRAWN_CREDITS],
    group_name="attribution",
    kinds={"python"},
)
def attribution_estimates(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Markov shares per channel and period, and 95 % intervals of every attribution model."""
    from orchestration.attributing import estimate_attribution

    with WAREHOUSE.connect() as connection:
        report = estimate_attribution(connection, progress=context.log.info)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": report.row_count,
            "models": ", ".join(report.models),
            "warnings": "\n".join(report.warnings) or "none",
        }
    )
