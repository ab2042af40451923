"""Channels and campaigns: spend, what each model credits for it, and how far the models differ."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard import charts, parts
from dashboard.filters import chosen
from dashboard.queries import channels as queries

MEASURES = {
    "roas": "ROAS (revenue per unit of spend)",
    "revenue": "Credited revenue",
    "conversions": "Credited orders",
    "cpa": "Spend per credited order",
    "cac": "Spend per credited new customer",
}


def spend_and_revenue(frame: pd.DataFrame) -> go.Figure:
    """Two bars per channel; the pattern tells them apart too."""
    figure = go.Figure()
    ordered = frame.iloc[::-1]
    for column, colour, pattern in (
        ("revenue", charts.PALETTE[0], ""),
        ("spend", charts.PALETTE[1], "/"),
    ):
        figure.add_bar(
            y=ordered["channel"],
            x=ordered[column],
            name=column,
            orientation="h",
            marker={"color": colour, "pattern": {"shape": pattern}},
        )
    return charts.laid_out(figure, height=charts.bar_height(len(frame), per_bar=38))


def by_model(frame: pd.DataFrame, measure: str, name: str = "channel") -> go.Figure:
    """A point per channel or campaign and model: symbol and colour; intervals as whiskers."""
    figure = go.Figure()
    models = sorted(frame["model"].unique())
    for number, model in enumerate(models):
        rows = frame[(frame["model"] == model) & frame[measure].notna()]
        bars = None
        if f"{measure}_low" in frame and rows[f"{measure}_low"].notna().any():
            bars = {
                "type": "data",
                "symmetric": False,
                "array": rows[f"{measure}_high"] - rows[measure],
                "arrayminus": rows[measure] - rows[f"{measure}_low"],
                "thickness": 1.2,
            }
        figure.add_scatter(
            x=rows[measure],
            y=rows[name],
            name=model,
            mode="markers",
            error_x=bars,
            marker={
                "size": 10,
                "color": charts.PALETTE[number % len(charts.PALETTE)],
                # more models than colours: then the pair differs
                "symbol": charts.SYMBOLS[(number + number // len(charts.PALETTE)) % 8],
                "opacity": 0.85,
            },
        )
    figure.update_yaxes(categoryorder="category descending")
    return charts.laid_out(figure, height=charts.bar_height(frame[name].nunique()) + 80)


def disagreement(frame: pd.DataFrame) -> go.Figure:
    """From the lowest to the highest share that any model gives a channel."""
    worst = frame.sort_values("spread", ascending=False).drop_duplicates("channel").iloc[::-1]
    figure = go.Figure()
    figure.add_bar(
        y=worst["channel"],
        x=worst["share_max"] - worst["share_min"],
        base=worst["share_min"],
        orientation="h",
        marker_color=charts.PALETTE[4],
        customdata=worst[["share_min", "share_max", "unsupported_credit"]],
        hovertemplate="%{y}: %{customdata[0]:.1%} to %{customdata[1]:.1%}, "
        "unsupported credit %{customdata[2]:,.1f}<extra></extra>",
    )
    figure.update_xaxes(tickformat=".0%", title="share of all conversions")
    return charts.laid_out(figure, height=charts.bar_height(len(worst)), legend=False)


def campaigns(frame: pd.DataFrame) -> go.Figure:
    """Spend against revenue, a point per campaign; above the line it earned more than it cost."""
    figure = go.Figure()
    colours = charts.colour_of(frame["channel"].tolist())
    for number, (channel, rows) in enumerate(frame.groupby("channel")):
        figure.add_scatter(
            x=rows["spend"],
            y=rows["revenue"],
            name=str(channel),
            mode="markers",
            text=rows["campaign"].fillna(rows["campaign_id"]),
            marker={
                "color": colours[str(channel)],
                "size": 11,
                "symbol": charts.SYMBOLS[number % len(charts.SYMBOLS)],
            },
            hovertemplate="%{text}<br>spend %{x:,.0f}, revenue %{y:,.0f}<extra></extra>",
        )
    end = float(frame["spend"].max() or 0)
    figure.add_scatter(
        x=[0, end], y=[0, end], name="ROAS 1", mode="lines",
        line={"color": charts.GREY, "dash": "dot"},
    )  # fmt: skip
    figure.update_xaxes(title="spend")
    figure.update_yaxes(title="revenue")
    return charts.laid_out(figure, height=420)


def main() -> None:
    """The page."""
    if not parts.page("Channels and campaigns", "What was spent, and what each model credits"):
        return
    filters = chosen()
    parts.chart(
        "Spend and revenue by channel",
        filters.bound(queries.CHANNELS),
        spend_and_revenue,
        note="Revenue by last touch. Spend without orders and orders without spend are both here.",
    )
    measure = st.selectbox("Measure", list(MEASURES), format_func=MEASURES.__getitem__)
    parts.chart(
        "By attribution model",
        filters.bound(queries.MODELS),
        lambda frame: by_model(frame, measure),
        note="Whiskers are 95 % intervals, where a model has them and one period is "
        "chosen. Points far apart: the channel's worth depends on the model, so test it with a "
        "holdout. With a period, the months that it touches are summed.",
    )
    parts.chart(
        "Where the models disagree",
        filters.bound(queries.DISAGREEMENT),
        disagreement,
        note="From the lowest to the highest share of conversions that any model gives.",
    )
    parts.chart(
        "Campaigns",
        filters.bound(queries.CAMPAIGNS),
        campaigns,
        note="The forty with most spend.",
    )
    parts.chart(
        "Campaigns by attribution model",
        filters.bound(queries.CAMPAIGN_MODELS),
        lambda frame: by_model(frame, measure, "campaign"),
        note="The fifteen with most spend. Markov models credit channels, not campaigns.",
    )


main()
