"""The tables that end `make run`: what the warehouse holds, how good it is, where to look next.

Belongs here: reading public marts and printing. Does not belong here: computing anything that is
not already in a mart. A table whose mart is missing or empty says so in one line.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from orchestration.settings import Paths


@dataclass(frozen=True)
class Table:
    """One table of the summary: its title and the query whose columns are printed."""

    title: str
    query: str


LAYERS = """
    select
        case schema_name
            when 'raw' then '1 raw' when 'intermediate' then '2 intermediate'
            when 'pii' then '3 pii' when 'identity' then '4 identity' when 'core' then '5 core'
            when 'journeys' then '6 journeys' when 'attribution' then '7 attribution'
            when 'kpis' then '8 kpis' when 'features' then '9 features' else schema_name end
            as layer,
        count(*) as tables, sum(estimated_size) as rows
    from duckdb_tables()
    where database_name = current_database() and schema_name not in ('main', 'seeds')
    group by layer
    union all
    select '1 staging (views)', count(*), null
    from duckdb_views()
    where database_name = current_database() and schema_name = 'staging'
    order by layer"""

TABLES = (
    Table("Rows per layer", LAYERS),
    Table(
        "Landing",
        """select source, count(*) as files, sum(row_count) as rows_in,
            sum(loaded_count) as loaded, sum(quarantined_count) as quarantined,
            count(*) filter (where status = 'failed') as files_failed
        from ops.landing_files where status <> 'restored' group by source order by source""",
    ),
    Table(
        "Identity",
        """select count(*) as persons,
            count(*) filter (where is_known) as identified,
            round(100.0 * count(*) filter (where is_known) / nullif(count(*), 0), 1)
                as identified_pct,
            max(identifier_count) as largest_person
        from identity.persons""",
    ),
    Table(
        "Journeys",
        """select goal, outcome, count(*) as journeys,
            round(avg(touch_count), 2) as touches_per_journey, sum(revenue_amount) as revenue
        from journeys.fct_journeys group by goal, outcome order by goal, outcome""",
    ),
    Table(
        "Conversions and revenue by channel (last touch)",
        """select channel, round(conversions, 1) as conversions, round(revenue, 2) as revenue,
            cost_amount as cost, round(roas, 2) as roas
        from attribution.channel_attribution
        where model = 'last' and period_grain = 'total'
        order by revenue desc, channel""",
    ),
    Table(
        "Models",
        """select score_name, model_version, promoted, round(auc, 3) as auc,
            round(auc_low, 3) as auc_low, round(auc_high, 3) as auc_high,
            round(baseline_auc, 3) as baseline_auc, round(brier_skill, 3) as brier_skill,
            round(calibration_error, 3) as calibration_error,
            case when promoted then '' else reason end as why_not
        from ml.model_cards where is_latest order by score_name""",
    ),
    Table(
        "Audiences and delivery",
        """select sync_runs.sync, sum(planned) as planned, sum(succeeded) as delivered,
            sum(blocked) as blocked, sum(rejected) as rejected, sum(unknown) as unknown
        from activation.sync_runs as sync_runs
        inner join (
            select sync, max(started_at) as started_at from activation.sync_runs group by sync
        ) as latest on sync_runs.sync = latest.sync and sync_runs.started_at = latest.started_at
        group by sync_runs.sync order by sync_runs.sync""",
    ),
)


def print_summary(connection: duckdb.DuckDBPyConnection, paths: Paths) -> None:
    """Print every table of `TABLES` and where to look next."""
    for table in TABLES:
        print(table.title)
        try:
            relation = connection.execute(table.query)
        except duckdb.CatalogException:
            print("  not built yet: make run\n")
            continue
        header = [column[0] for column in relation.description]
        print(_format(header, relation.fetchall()))
    print(
        "Look next:\n"
        "  refused rows  raw.quarantine; files: ops.landing_files (status, message)\n"
        f"  warehouse     {paths.warehouse}\n"
        f"  serving copy  {paths.serving}\n"
        f"  audiences     {paths.outbox}\n"
        f"  model cards   {paths.models}\n"
        f"  lineage       make ui TENANT={paths.tenant}     (Dagster, port 3000)\n"
        f"  table docs    make docs TENANT={paths.tenant}   (dbt, port 8080)"
    )


def _format(header: list[str], rows: list[tuple]) -> str:
    """Rows as a table of text: numbers right, text left."""
    if not rows:
        return "  none\n"
    cells = [[_text(value) for value in row] for row in rows]
    widths = [max(len(header[i]), *(len(row[i]) for row in cells)) for i in range(len(header))]
    is_number = [all(not isinstance(row[i], str) for row in rows) for i in range(len(header))]
    lines = []
    for row in [header, *cells]:
        parts = [
            value.rjust(width) if number else value.ljust(width)
            for value, width, number in zip(row, widths, is_number, strict=True)
        ]
        lines.append("  " + "  ".join(parts).rstrip())
    return "\n".join(lines) + "\n"


def _text(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float) or type(value).__name__ == "Decimal":
        return f"{value:,.2f}"
    return str(value)
