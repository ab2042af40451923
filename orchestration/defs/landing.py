"""Landing as assets: the warehouse opened (and restored), one raw asset per source, settings.

The work itself is in `orchestration/ingestion`; here it meets Dagster.
"""

from typing import Any

import dagster as dg

from orchestration.dbt import prune_invocations
from orchestration.defs.keys import PHONES_KEY, SETTINGS_KEY, raw_key
from orchestration.defs.tenant import PATHS, SETTINGS, WAREHOUSE
from orchestration.ingestion.gate import (
    keep_hash_key,
    keep_phone_numbers,
    land_settings,
    land_source,
)
from orchestration.settings import Source
from orchestration.state import files_not_landed_again, open_warehouse

OPENED_KEY = dg.AssetKey(["ops", "warehouse"])
GROUP = "landing"


@dg.asset(key=OPENED_KEY, group_name=GROUP, kinds={"duckdb"})
def opened_warehouse(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """The warehouse file with its schemas, ops tables and hash key; a fresh one gets its state."""
    prune_invocations(PATHS)
    with WAREHOUSE.connect() as connection:
        restored = open_warehouse(connection, PATHS.state)
        keep_hash_key(connection, PATHS.env)
    for table, count in restored.items():
        context.log.info(f"restored {table}: {count} rows")
    return dg.MaterializeResult(
        metadata={"restored_tables": len(restored), "restored_rows": sum(restored.values())}
    )


def _raw_asset(source: Source) -> dg.AssetsDefinition:
    key = raw_key(source.name)
    check = dg.AssetCheckSpec(
        name="rows_in_equal_rows_loaded_plus_quarantined",
        asset=key,
        description="No row of a landed file is lost: it is loaded or in raw.quarantine.",
    )

    @dg.asset(
        key=key,
        deps=[OPENED_KEY],
        group_name=GROUP,
        kinds={"file" if source.kind == "files" else "table"},
        check_specs=[check],
        description=f"All raw tables of source {source.name}: raw.{source.name}__*",
    )
    def raw_source(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        with WAREHOUSE.connect() as connection:
            report = land_source(
                connection,
                tenant_paths=PATHS,
                settings=SETTINGS,
                source=source,
                progress=context.log.info,
            )
            gone = files_not_landed_again(connection, source.name)
        for message in report.messages:
            context.log.warning(message)
        if gone:
            context.log.warning(
                f"{source.name}: {len(gone)} files of the manifest are no longer in landing, their "
                f"rows did not come back: {', '.join(gone[:5])}"
            )
        return dg.MaterializeResult(
            metadata=_landing_metadata(report),
            check_results=[
                dg.AssetCheckResult(
                    check_name=check.name,
                    passed=report.is_conserved,
                    metadata={
                        "rows_in": report.rows_in,
                        "rows_loaded": report.rows_loaded,
                        "rows_quarantined": report.rows_quarantined,
                    },
                )
            ],
        )

    return raw_source


def _landing_metadata(report: Any) -> dict[str, Any]:
    return {
        "dagster/row_count": report.rows_loaded,
        "files_new": report.files_new,
        "files_failed": report.files_failed,
        "rows_in": report.rows_in,
        "rows_quarantined": report.rows_quarantined,
        "messages": dg.MetadataValue.md("\n".join(f"- {m}" for m in report.messages) or "none"),
    }


raw_sources = [_raw_asset(source) for source in SETTINGS.sources]


@dg.asset(
    key=SETTINGS_KEY,
    deps=[PHONES_KEY],
    group_name=GROUP,
    kinds={"yaml"},
)
def settings_row() -> dg.MaterializeResult:
    """One row with tenant.yml's values and as_of: midnight after the newest landed day.

    The end of landing: whatever dbt builds waits for it.
    """
    with WAREHOUSE.connect() as connection:
        as_of = land_settings(connection, SETTINGS, PATHS)
    return dg.MaterializeResult(metadata={"as_of": str(as_of)})


@dg.asset(
    key=PHONES_KEY,
    deps=[raw_key(name) for name in SETTINGS.source_names],
    group_name=GROUP,
    kinds={"python"},
)
def phone_numbers() -> dg.MaterializeResult:
    """E.164 form of every raw phone value and region (restricted schema pii)."""
    with WAREHOUSE.connect() as connection:
        count = keep_phone_numbers(connection, SETTINGS, PATHS)
    return dg.MaterializeResult(metadata={"dagster/row_count": count})
