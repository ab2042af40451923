"""The serving copy as an asset: the last step of a green run; the work is in `serving/`."""

import dagster as dg

from orchestration.defs.keys import SERVING_KEY, STATE_KEY
from orchestration.defs.tenant import MANIFEST, PATHS, SETTINGS, WAREHOUSE
from orchestration.serving.declared import served_tables
from orchestration.serving.publish import publish


@dg.asset(
    key=SERVING_KEY,
    # after the state: what cannot be rebuilt is saved before what can
    deps=[STATE_KEY, *(dg.AssetKey([t.schema, t.name]) for t in served_tables(MANIFEST))],
    group_name="serving",
    kinds={"duckdb", "parquet", "postgres"},
)
def serving(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """The public marts for BI and the dashboard: data/serving, and PostgreSQL where a URL is set.

    Written aside and swapped by rename: readers never wait for a build, nor a build for readers.
    """
    published = publish(
        warehouse=WAREHOUSE,
        paths=PATHS,
        settings=SETTINGS,
        manifest=MANIFEST,
        progress=context.log.info,
    )
    rows = published.rows
    table = "\n".join(f"| {name} | {count:,} |" for name, count in rows.items())
    metadata = {
        "dagster/row_count": sum(rows.values()),
        "tables": len(rows),
        "bytes": published.bytes,
        "seconds": round(published.files_s, 2),
        "path": dg.MetadataValue.path(str(PATHS.serving)),
        "rows": dg.MetadataValue.md(f"| table | rows |\n|---|---:|\n{table}"),
    }
    if published.postgres_s is not None:
        metadata["seconds_postgres"] = round(published.postgres_s, 2)
    return dg.MaterializeResult(metadata=metadata)
