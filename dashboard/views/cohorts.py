"""Cohorts by month of the first order: who comes back, what they bring, when it pays back."""

import pandas as pd
import plotly.graph_objects as go

from dashboard import charts, parts
from dashboard.filters import chosen
from dashboard.queries import cohorts as queries


def retention(frame: pd.DataFrame) -> go.Figure:
    """Cohorts as rows, months since as columns, the rate as colour and as number."""
    mature = frame[frame["is_mature"]]
    wide = mature.pivot(index="cohort_month", columns="months_since", values="retention_rate")
    texts = wide.map(lambda rate: "" if pd.isna(rate) else f"{rate:.0%}")
    figure = go.Figure(
        go.Heatmap(
            z=wide.to_numpy(),
            x=[f"+{month}" for month in wide.columns],
            y=[f"{month:%Y-%m}" for month in wide.index],
            text=texts.to_numpy(),
            texttemplate="%{text}",
            colorscale=charts.SEQUENTIAL,
            zmin=0,
            zmax=max(float(wide.drop(columns=0, errors="ignore").max().max() or 0), 0.01),
            showscale=False,
            hovertemplate="cohort %{y}, month %{x}: %{text}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", type="category")
    figure.update_xaxes(title="months since the first order", type="category")
    return charts.laid_out(figure, height=charts.bar_height(len(wide), per_bar=34), legend=False)


def lifetime(frame: pd.DataFrame) -> go.Figure:
    """Cumulative margin per acquired customer; a line per cohort, the newest darkest."""
    figure = go.Figure()
    groups = list(frame[frame["is_mature"]].groupby("cohort_month"))
    for number, (month, rows) in enumerate(groups):
        figure.add_scatter(
            x=rows["months_since"],
            y=rows["ltv_amount"],
            name=f"{month:%Y-%m}",
            mode="lines+markers",
            line={"color": charts.PALETTE[number % len(charts.PALETTE)]},
            marker={"symbol": charts.SYMBOLS[number % len(charts.SYMBOLS)]},
        )
    figure.update_xaxes(title="months since the first order", dtick=1)
    figure.update_yaxes(title="margin per customer")
    return charts.laid_out(figure, height=380)


def payback(frame: pd.DataFrame) -> go.Figure:
    """What a customer cost beside what it brought so far."""
    figure = go.Figure()
    months = [f"{month:%Y-%m}" for month in frame["cohort_month"]]
    figure.add_bar(x=months, y=frame["ltv_so_far"], name="LTV so far", marker_color="#0072B2")
    figure.add_scatter(
        x=months, y=frame["cac"], name="CAC", mode="markers",
        marker={"color": charts.PALETTE[3], "symbol": "line-ew-open", "size": 26, "line_width": 4},
    )  # fmt: skip
    figure.update_xaxes(type="category")
    return charts.laid_out(figure, height=340)


def main() -> None:
    """The page."""
    if not parts.page("Cohorts", "Customers by the month of their first order"):
        return
    filters = chosen(channel=False)
    query = filters.bound(queries.COHORTS)
    parts.chart(
        "Who comes back",
        query,
        retention,
        note="Share of a cohort with an order in the month. Months that are not over are left out.",
    )
    parts.chart("What a customer brings", query, lifetime, note="Cumulative margin per customer.")
    parts.chart(
        "When it pays back",
        filters.bound(queries.PAYBACK),
        payback,
        note="A bar over its line: the cohort has earned what it cost to acquire.",
    )


main()
