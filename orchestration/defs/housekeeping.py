"""What is done beside the deliveries, once a day; the work is in `orchestration/activation`."""

import dagster as dg

from orchestration.activation.engine import utc_now
from orchestration.activation.housekeeping import keep_house
from orchestration.defs.tenant import PATHS, SETTINGS, WAREHOUSE


@dg.op(out=dg.Out(dg.Nothing))
def outbox_and_ledgers(context: dg.OpExecutionContext) -> None:
    """Deletes payload files that are old enough, and events of the ledgers that were overtaken."""
    gone = keep_house(WAREHOUSE, PATHS, SETTINGS, now=utc_now())
    context.add_output_metadata(gone)
    context.log.info("; ".join(f"{what}: {count} gone" for what, count in gone.items()))


@dg.job(description="Old payload files and overtaken events go (docs/activation.md).")
def housekeeping() -> None:
    """One step: it holds the warehouse for all of it."""
    outbox_and_ledgers()


housekeeping_schedule = dg.ScheduleDefinition(
    name="housekeeping_schedule",
    job=housekeeping,
    cron_schedule="30 3 * * *",
    execution_timezone=SETTINGS.timezone,
    description="Every day at 03:30 in the tenant's time zone, before the daily run.",
)
