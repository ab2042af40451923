"""The last asset of a run: what cannot be rebuilt, written beside the warehouse."""

import dagster as dg
from dagster_dbt import get_asset_key_for_model

from orchestration.defs.dbt_models import warehouse_models
from orchestration.defs.keys import RECEIPTS_KEY, STATE_KEY
from orchestration.defs.tenant import PATHS, WAREHOUSE
from orchestration.state import save_state


@dg.asset(
    key=STATE_KEY,
    deps=[RECEIPTS_KEY, get_asset_key_for_model([warehouse_models], "delivery_ledger")],
    group_name="activation",
    kinds={"parquet"},
)
def saved_state() -> dg.MaterializeResult:
    """Manifest, scores, memberships and ledgers as Parquet in data/state."""
    with WAREHOUSE.connect() as connection:
        counts = save_state(connection, PATHS.state)
    return dg.MaterializeResult(metadata={"dagster/row_count": sum(counts.values()), **counts})
