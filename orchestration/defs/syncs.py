"""One asset per sync, and the receipts that all of them wrote.

The send path is `orchestration/activation`; here each sync document becomes an asset with its
counts, and the law of accounts becomes a check.
"""

import dagster as dg
from dagster_dbt import get_asset_key_for_model

from orchestration.activation import SyncDefinition, run_sync, syncs_of
from orchestration.defs.dbt_models import warehouse_models
from orchestration.defs.keys import RECEIPTS_KEY
from orchestration.defs.tenant import PATHS, WAREHOUSE
from orchestration.state import save_state

MEMBERSHIP = get_asset_key_for_model([warehouse_models], "membership")


def _sync_asset(definition: SyncDefinition) -> dg.AssetsDefinition:
    key = dg.AssetKey(["activation", definition.sync])
    check = dg.AssetCheckSpec(
        name="every_planned_row_is_accounted_for",
        asset=key,
        description="planned = succeeded + rejected + blocked + unknown + aborted",
    )
    calm = dg.AssetCheckSpec(
        name="nothing_waits_for_a_human",
        asset=key,
        description="no guard stopped the run, the destination answered, no outcome is unknown",
    )

    @dg.asset(
        key=key,
        deps=[get_asset_key_for_model([warehouse_models], definition.model), MEMBERSHIP],
        group_name="activation",
        kinds={definition.destination},
        check_specs=[check, calm],
        description=f"Delivers {definition.model} to {definition.destination} ({definition.mode}).",
    )
    def sync(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        with WAREHOUSE.connect() as connection:
            report = run_sync(
                connection,
                definition,
                paths=PATHS,
                run_id=context.run_id,
                progress=lambda done, total: context.log.info(f"{done} of {total}"),
            )
            # receipts leave the warehouse file at once: lost with it, they would be sent again
            save_state(connection, PATHS.state)
        context.log.info(report.line())
        return dg.MaterializeResult(
            metadata=report.counts,
            check_results=[
                dg.AssetCheckResult(
                    check_name=check.name, passed=report.is_accounted, metadata=report.counts
                ),
                dg.AssetCheckResult(
                    check_name=calm.name,
                    passed=report.is_ok,
                    severity=dg.AssetCheckSeverity.WARN,
                    description=report.error,
                ),
            ],
        )

    return sync


sync_definitions = syncs_of(PATHS)
syncs = [_sync_asset(definition) for definition in sync_definitions]


@dg.asset(
    key=RECEIPTS_KEY,
    deps=[dg.AssetKey(["activation", definition.sync]) for definition in sync_definitions],
    group_name="activation",
    kinds={"duckdb"},
)
def receipts() -> dg.MaterializeResult:
    """The ledgers in schema ops after all syncs: what activation.* is built from."""
    with WAREHOUSE.connect(read_only=True) as connection:
        row = connection.execute("select count(*) from ops.activation_delivery_ledger").fetchone()
    return dg.MaterializeResult(metadata={"dagster/row_count": row[0] if row else 0})
