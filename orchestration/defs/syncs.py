"""One asset per sync, and the receipts that all of them wrote.

The send path is `orchestration/activation`; here each sync document becomes an asset with its
counts, and the law of accounts and what the destination refused become checks.
"""

from collections.abc import Generator
from contextlib import contextmanager

import dagster as dg
from dagster_dbt import get_asset_key_for_model

from orchestration.activation import (
    SyncDefinition,
    SyncReport,
    SyncRunning,
    claim,
    run_sync,
    syncs_of,
)
from orchestration.defs.dbt_models import warehouse_models
from orchestration.defs.keys import RECEIPTS_KEY
from orchestration.defs.tenant import PATHS, WAREHOUSE
from orchestration.state import save_state

MEMBERSHIP = get_asset_key_for_model([warehouse_models], "membership")


ACCOUNTED, CALM, TAKEN = (
    "every_planned_row_is_accounted_for",
    "nothing_waits_for_a_human",
    "the_destination_takes_nearly_all",
)


def check_results(report: SyncReport, *, max_reject_pct: float) -> list[dg.AssetCheckResult]:
    """What a run says of itself: the law, whether somebody has to look, how much was refused."""
    refused = 100 * report.rejected_share
    return [
        dg.AssetCheckResult(
            check_name=ACCOUNTED, passed=report.is_accounted, metadata=report.counts
        ),
        dg.AssetCheckResult(
            check_name=CALM,
            passed=report.is_ok,
            severity=dg.AssetCheckSeverity.WARN,
            description=report.error,
        ),
        dg.AssetCheckResult(
            check_name=TAKEN,
            passed=refused <= max_reject_pct,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"{report.total.rejected} of {report.total.attempted} records refused "
            f"({refused:.1f} %), guards.max_reject_pct is {max_reject_pct:g} %",
            metadata=dict(report.rejected_classes),
        ),
    ]


@contextmanager
def _held(definition: SyncDefinition) -> Generator[None]:
    """The sync for this run, before the warehouse is waited for; a second run is refused."""
    try:
        with claim(PATHS, [definition.sync]):
            yield
    except SyncRunning as error:
        raise dg.Failure(description=str(error), allow_retries=False) from None


def _sync_asset(definition: SyncDefinition) -> dg.AssetsDefinition:
    key = dg.AssetKey(["activation", definition.sync])
    checks = {
        ACCOUNTED: "planned = succeeded + rejected + blocked + unknown + aborted",
        CALM: "no guard stopped the run, the destination answered, no outcome is unknown",
        TAKEN: "no more records refused, of those handed over, than guards.max_reject_pct",
    }

    @dg.asset(
        key=key,
        deps=[get_asset_key_for_model([warehouse_models], definition.model), MEMBERSHIP],
        group_name="activation",
        kinds={definition.destination},
        check_specs=[
            dg.AssetCheckSpec(name=name, asset=key, description=description)
            for name, description in checks.items()
        ],
        description=f"Delivers {definition.model} to {definition.destination} ({definition.mode}).",
    )
    def sync(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        with _held(definition), WAREHOUSE.connect() as connection:
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
            check_results=check_results(report, max_reject_pct=definition.guards.max_reject_pct),
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
