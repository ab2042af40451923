"""A sensor that tells who is on duty when a sync begins to fail, and when it works again."""

import json

import dagster as dg
import duckdb

from orchestration.activation.alerts import last_runs, tell
from orchestration.defs.tenant import PATHS, SETTINGS
from orchestration.warehouse import Warehouse, WarehouseLocked

IS_ASKED_FOR = SETTINGS.alerts.webhook is not None or SETTINGS.alerts.email is not None


@dg.sensor(
    name="sync_alerts",
    minimum_interval_seconds=60,
    default_status=(
        dg.DefaultSensorStatus.RUNNING if IS_ASKED_FOR else dg.DefaultSensorStatus.STOPPED
    ),
)
def sync_alerts(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Looks at the last run of every sync, of the command line too; never waits for the warehouse.

    The cursor has, per channel, what was told last.
    """
    if not PATHS.warehouse.exists():
        return dg.SkipReason("no warehouse yet")
    try:
        with Warehouse(PATHS.warehouse, wait_s=0).connect(read_only=True) as connection:
            runs = last_runs(connection)
    except WarehouseLocked:
        return dg.SkipReason("the warehouse is in use; the next look tells")
    except duckdb.CatalogException:
        return dg.SkipReason("no sync has run yet")
    told = json.loads(context.cursor or "{}")
    knows, failures = tell(SETTINGS.alerts, runs, told, paths=PATHS)
    context.update_cursor(json.dumps(knows, sort_keys=True))
    for failure in failures:
        context.log.warning(failure)
    return dg.SkipReason("; ".join(failures) or "everybody knows how the syncs are")
