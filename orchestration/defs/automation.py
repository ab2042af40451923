"""When things run: one daily job, its schedule, and a sensor on new landing files."""

import hashlib

import dagster as dg

from orchestration.defs.keys import LINKS_KEY
from orchestration.defs.syncs import sync_definitions
from orchestration.defs.tenant import PATHS, SETTINGS

BY_HAND = [
    LINKS_KEY,
    *(
        dg.AssetKey(["activation", definition.sync])
        for definition in sync_definitions
        if not definition.daily
    ),
]

daily = dg.define_asset_job(
    "daily",
    selection=dg.AssetSelection.all() - dg.AssetSelection.assets(*BY_HAND),
    description="Landing to delivery: everything but the probabilistic pass and what is started "
    "by hand, in order.",
)

daily_schedule = dg.ScheduleDefinition(
    name="daily_schedule",
    job=daily,
    cron_schedule="30 5 * * *",
    execution_timezone=SETTINGS.timezone,
    description="Every day at 05:30 in the tenant's time zone.",
)


def landing_fingerprint() -> str:
    """Hash of name, size and time of every file in the tenant's landing folder."""
    digest = hashlib.sha256()
    for source in SETTINGS.source_names:
        folder = PATHS.landing / source
        for file in sorted(folder.rglob("*")) if folder.exists() else []:
            if file.is_file():
                stat = file.stat()
                digest.update(
                    f"{file.relative_to(folder)}|{stat.st_size}|{stat.st_mtime_ns}".encode()
                )
    return digest.hexdigest()


@dg.sensor(job=daily, minimum_interval_seconds=300)
def landing_files(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Starts the daily job when files in landing are new, changed or gone."""
    fingerprint = landing_fingerprint()
    if fingerprint == context.cursor:
        return dg.SkipReason("no new files in landing")
    context.update_cursor(fingerprint)
    return dg.RunRequest(run_key=fingerprint)
