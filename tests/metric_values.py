"""What the semantic layer answers beside what the marts hold, for every metric with a mart column.

Belongs here: which column of which mart each metric must equal, and reading `mf`'s answers. Does
not belong here: how a tenant is built (`tests/tenants.py`).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import yaml

from orchestration.settings import DBT_PROJECT_DIR
from tests.tenants import Tenant

FOLDER = DBT_PROJECT_DIR / "models/marts/kpis"
DAY_RATES = {
    "engagement_rate", "conversion_rate", "revenue_per_visit", "time_to_conversion_days", "roas",
    "romi", "cac",
}  # fmt: skip
DAY_SUMS = {
    "sessions": "session_count",
    "clicks": "click_count",
    "sign_ups": "sign_up_count",
    "store_visits": "store_visit_count",
    "orders": "conversion_count",
    "new_customers": "new_customer_count",
    "revenue": "net_revenue_amount",
    "spend": "cost_amount",
}
# Parts of metrics that are no column of a mart.
NO_COLUMN = {"attributed_margin_amount", "channel_session_count", "unknown_matured_day_count"}


@dataclass(frozen=True)
class Comparison:
    """A question to `mf`, and the same question to a mart: keys first, then metrics."""

    group_by: tuple[str, ...]
    columns: dict[str, str]  # metric -> SQL expression on the mart
    keys: str
    mart: str


def scorecard_kpis() -> list[str]:
    """The KPIs that ship with a goal."""
    with (DBT_PROJECT_DIR / "seeds/kpis/kpi_goals.csv").open(encoding="utf-8") as handle:
        return [row["kpi"] for row in csv.DictReader(handle)]


def all_metrics() -> set[str]:
    """Every metric that the semantic layer has."""
    declared = yaml.safe_load((FOLDER / "_kpis__metrics.yml").read_text(encoding="utf-8"))
    return {metric["name"] for metric in declared["metrics"]}


def comparisons() -> list[Comparison]:
    """All of them together name every metric but those of NO_COLUMN."""
    kpis = scorecard_kpis()
    of_week = {kpi: f"max(case when kpi = '{kpi}' then value end)" for kpi in kpis}
    of_campaign = {rate: rate for rate in DAY_RATES} | DAY_SUMS
    of_channel = of_campaign | {"repeat_engagement_rate": "repeat_engagement_rate"}
    cohort_parts = {
        "cohort_customer_count": "case when is_mature then customer_count end",
        "cohort_retained_count": "case when is_mature then retained_count end",
        "cohort_margin_amount": "case when is_mature then cumulative_margin_amount end",
        "cohort_retention_rate": "case when is_mature then retention_rate end",
        "cohort_ltv": "ltv_amount",
    }
    of_orders = {
        "customers": "(select value from kpis.identity_sensitivity"
        " where kpi = 'customers' and identity_level = 'default')",
        "cancelled_order_count": "count(*) filter (status = 'cancelled')",
        "placed_order_count": "count(*) filter (status <> 'refunded')",
        "cancellation_rate": "count(*) filter (status = 'cancelled')"
        " / count(*) filter (status <> 'refunded')",
    }
    named = {*of_week, *of_channel, *cohort_parts, *of_orders}
    of_day = {metric: metric for metric in sorted(all_metrics() - named - NO_COLUMN)}
    return [
        Comparison(
            ("metric_time__week",), of_week, "week_start", "kpis.scorecard_weekly group by 1"
        ),
        Comparison(("metric_time__day",), of_day, "activity_date", "kpis.business_daily"),
        Comparison(
            ("metric_time__day", "channel"), of_channel, "activity_date, channel",
            "kpis.channel_daily",
        ),
        Comparison(
            ("metric_time__day", "channel", "campaign"), of_campaign,
            "activity_date, channel, campaign_id", "kpis.campaign_daily",
        ),
        Comparison(
            ("metric_time__month", "cohort__months_since"), cohort_parts,
            "cohort_month, months_since", "kpis.cohort_monthly",
        ),
        Comparison((), of_orders, "", "core.fct_orders"),
    ]  # fmt: skip


def answer(tenant: Tenant, comparison: Comparison, folder: Path) -> dict[tuple, dict[str, object]]:
    """What `mf query` says: metrics by key; a metric without a value is None."""
    file = folder / "answer.csv"
    grouped = ["--group-by", ",".join(comparison.group_by)] if comparison.group_by else []
    asked = ["query", "--metrics", ",".join(comparison.columns), *grouped, "--csv", str(file)]
    tenant.run("metrics", *asked)
    with file.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    return {
        tuple(_key(row[name]) for name in comparison.group_by): {
            metric: _number(row[metric]) for metric in comparison.columns
        }
        for row in rows
    }


def held(tenant: Tenant, comparison: Comparison) -> dict[tuple, dict[str, object]]:
    """The same from the mart."""
    expressions = ", ".join(f"{sql} as {metric}" for metric, sql in comparison.columns.items())
    keys = f"{comparison.keys}, " if comparison.keys else ""
    rows = tenant.query(f"select {keys}{expressions} from {comparison.mart}")
    width = len(comparison.group_by)
    return {
        tuple(_key(str(part)) for part in row[:width]): {
            metric: None if value is None else float(value)
            for metric, value in zip(comparison.columns, row[width:], strict=True)
        }
        for row in rows
    }


def _key(text: str) -> str:
    """A day is a day, with or without its midnight."""
    return text.removesuffix("T00:00:00").removesuffix(" 00:00:00")


def _number(text: str) -> float | None:
    return None if text in ("", "None", "nan", "NaN", "<NA>", "NaT") else float(text)
