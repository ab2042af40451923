"""A segment before it is activated: size, reach, revenue and overlap, and nothing is written.

The segment's own model and those of the report (`segments.sizes`, `reach`, `overlap`) are compiled
by dbt and run here on a reading connection, with the present memberships and this segment's
members in a temporary table in place of `segments.membership`. So the figures are those that the
report will show once the segment is built.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from orchestration.activation.gate import universal_holdout_sql
from orchestration.dbt import run_dbt
from orchestration.settings import DBT_PROJECT_DIR, Paths
from orchestration.warehouse import Warehouse

# In the order in which each reads what was made before.
REPORT = ("int_segments__reachable", "sizes", "reach", "overlap")
Row = Mapping[str, Any]


class PreviewError(ValueError):
    """A segment cannot be looked at; the message says what to do."""


@dataclass(frozen=True)
class Preview:
    """What a segment is worth: a row of `sizes`, its rows of `reach` and of `overlap`.

    `stay_count` is how many stays `segments.membership` has of it already, `brand_revenue` what all
    persons brought in the same 365 days.
    """

    size: Row
    reach: list[Row]
    overlap: list[Row]
    as_of: str
    currency: str
    stay_count: int
    brand_revenue: float

    def text(self) -> str:
        """Lines for a terminal."""
        size = self.size
        revenue = float(size["revenue_365d_amount"])
        share = f" ({revenue / self.brand_revenue:.1%} of all)" if self.brand_revenue > 0 else ""
        known = f"{self.stay_count:,} stays" if self.stay_count else "no stay yet, not activated"
        lines = [
            f"{size['segment']}, version {size['segment_version']}, owner {size['owner']}, purpose "
            f"{size['purpose']}, refresh {size['refresh']}; as of {self.as_of}; {known}",
            f"  {'members':<22}{size['member_count']:>12,}",
            f"  {'held out':<22}{size['holdout_count']:>12,}   never contacted",
            f"  {'reachable':<22}{size['reachable_count']:>12,}   live consent and an address",
        ]
        reached = [row for row in self.reach if row["reachable_count"]]
        lines += [f"    {row['channel']:<20}{row['reachable_count']:>12,}" for row in reached]
        lines += [
            f"  {'buyers, 365 days':<22}{size['buyer_365d_count']:>12,}   "
            f"{size['order_365d_count']:,} orders",
            f"  {'revenue, 365 days':<22}{revenue:>12,.2f}   {self.currency}{share}",
        ]
        lines += [
            f"  {name:<22}{value:>12.4f}"
            for name, value in size.items()
            if name.endswith("_mean") and value is not None
        ]
        lines += [
            f"  shares with {row['other_segment']}: {row['both_count']:,} of "
            f"{row['member_count']:,} ({row['share_of_segment'] or 0:.1%}), "
            f"Jaccard {row['jaccard'] or 0:.2f}"
            for row in self.overlap
        ]
        return "\n".join(lines)


def preview(segment: str, paths: Paths) -> Preview:
    """Figures of a segment, built or not, from the marts as they are. Nothing is written.

    dbt's environment is exported before (`export_environment`). Raises `PreviewError` for a segment
    that has no model, `DbtError` where it does not compile.
    """
    _find(segment, paths)
    warehouse = Warehouse(paths.warehouse)
    with warehouse.lock():
        run_dbt("compile", "--quiet", "--select", f"seg_{segment}", *REPORT)
    manifest = json.loads((paths.dbt_target / "manifest.json").read_text(encoding="utf-8"))
    models = {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    }
    with warehouse.connect(read_only=True) as connection:
        return _measured(connection, segment, models)


def _find(segment: str, paths: Paths) -> None:
    folders = [DBT_PROJECT_DIR / "models" / "marts" / "segments", paths.tenant_folder / "models"]
    known = {
        file.stem.removeprefix("seg_") for folder in folders for file in folder.rglob("seg_*.sql")
    }
    if segment not in known:
        raise PreviewError(f"no segment {segment!r}; there are: {', '.join(sorted(known))}")


def _measured(
    connection: duckdb.DuckDBPyConnection, segment: str, models: Mapping[str, Mapping[str, Any]]
) -> Preview:
    membership = models["membership"]["relation_name"]
    version = int(models[f"seg_{segment}"]["config"]["meta"].get("version", 1))
    connection.execute(
        f"""
        create temp table previewed_membership as
        select segment, person_id, exited_at, is_holdout
        from {membership} where exited_at is null and segment <> $segment
        union all
        select
            $segment, batch.person_id, null,
            {universal_holdout_sql()}
        from ({models[f"seg_{segment}"]["compiled_code"]}) as batch
        cross join ops.settings as settings
        """,
        {"segment": segment},
    )
    replaced = {membership: "previewed_membership"}
    for name in REPORT:
        sql = models[name]["compiled_code"]
        for relation, temporary in replaced.items():
            sql = sql.replace(relation, temporary)
        connection.execute(f"create temp table previewed_{name} as {sql}")
        replaced[models[name]["relation_name"]] = f"previewed_{name}"
    sizes = _rows(connection, "sizes", segment, order="segment")
    if not sizes:
        raise PreviewError(
            f"seg_{segment} is in no list of segments: add it to dbt_project/macros/segments.sql, "
            "or move it to models/segments/ of the brand's folder"
        )
    ((as_of, currency, stays, revenue),) = connection.execute(
        f"""
        select
            strftime(settings.as_of, '%Y-%m-%d %H:%M UTC'), settings.currency,
            (select count(*) from {membership} where segment = $segment),
            (
                select coalesce(sum(net_revenue_amount), 0) from core.fct_orders
                where ordered_at >= settings.as_of - to_days(365) and ordered_at < settings.as_of
            )
        from ops.settings as settings
        """,
        {"segment": segment},
    ).fetchall()
    return Preview(
        size={**sizes[0], "segment_version": version},
        reach=_rows(connection, "reach", segment, order="reachable_count desc, channel"),
        overlap=_rows(connection, "overlap", segment, order="both_count desc, other_segment"),
        as_of=as_of,
        currency=currency,
        stay_count=stays,
        brand_revenue=float(revenue),
    )


def _rows(
    connection: duckdb.DuckDBPyConnection, name: str, segment: str, *, order: str
) -> list[Row]:
    """The segment's rows of a report."""
    result = connection.execute(
        f"select * from previewed_{name} where segment = ? order by {order}", [segment]
    )
    columns = [column for column, *_ in result.description or []]
    return [dict(zip(columns, values, strict=True)) for values in result.fetchall()]
