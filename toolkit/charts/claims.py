"""The picture of the claims: what was published beside what the leak says, as multiples of what was published."""

from __future__ import annotations

import math

import plotly.graph_objects as go
import polars as pl

from toolkit.charts.look import BLUE, GREY, ORANGE, SKY, VERMILION, finish, number

__all__ = ["claims_against_leak"]

_LOOKS = {
    "consistent": (BLUE, "circle"),
    "depends on the definition": (ORANGE, "diamond"),
    "contradicted": (VERMILION, "x"),
}


def claims_against_leak(table: pl.DataFrame, source: str) -> go.Figure:
    """Published against measured, one row a claim, from `claims.check`: 1 is what was published, to scale.

    Drawn are the claims that could be tested, with a number above zero on both sides. A bar is a published range, from
    its lower end; an open end ("more than") is an arrow. The scale is logarithmic, so that half and double lie equally
    far from 1.
    """
    told = table.filter(
        pl.col("verdict").is_in(list(_LOOKS))
        & (pl.col("unit") != "day")
        & (pl.col("published_low") > 0)
        & (pl.col("measured") > 0)
        & (pl.col("low") > 0)
    )
    whole = pl.col("published_low") * pl.col("scale")
    drawn = told.with_columns(
        # Four digits are more than can be seen, and longer fractions read like numbers of people.
        (pl.col("measured") / whole).round_sig_figs(4).alias("times"),
        (pl.col("low") / whole).round_sig_figs(4).alias("from"),
        (pl.col("high") / whole).round_sig_figs(4).alias("to"),
        (pl.col("published_high") / pl.col("published_low")).round_sig_figs(4).alias("end"),
        (pl.col("id").str.replace_all("_", " ") + "<br>" + pl.col("published")).alias("label"),
    )
    figure = go.Figure([_published(drawn)])
    for verdict, (colour, symbol) in _LOOKS.items():
        part = drawn.filter(pl.col("verdict") == verdict)
        if not part.is_empty():
            figure.add_trace(_measured(part, verdict, colour, symbol))
    ends = [1.0, *drawn["end"].drop_nulls(), *drawn["from"], *drawn["to"]]
    figure.add_vline(x=1, line={"color": GREY, "width": 1, "dash": "dash"})
    figure.update_yaxes(autorange="reversed", showgrid=False, type="category")
    figure.update_yaxes(categoryorder="array", categoryarray=drawn["label"].to_list(), tickfont={"size": 11})
    figure.update_xaxes(title="times what was published (logarithmic scale)", type="log", dtick=1, tickformat=",~r")
    figure.update_xaxes(range=[math.log10(min(ends)) - 0.25, math.log10(max(ends)) + 0.25])
    figure.update_layout(height=200 + 44 * max(4, drawn.height))
    counted = {verdict: table.filter(pl.col("verdict") == verdict).height for verdict in _LOOKS}
    title = (
        f"Of {number(table.height)} published claims {counted['consistent']} are consistent with the leak, "
        f"{counted['contradicted']} contradicted; {counted['depends on the definition']} depend on the definition, "
        f"{table.height - sum(counted.values())} cannot be tested"
    )
    return finish(
        figure,
        title,
        f"The {drawn.height} claims with numbers to compare, with the interval of what was measured",
        source,
    )


def _published(drawn: pl.DataFrame) -> go.Scatter:
    """What was published: a stroke at 1, a bar for a range, an arrow where the end is open. One trace for all."""
    places: list[float | None] = []
    labels: list[str | None] = []
    symbols: list[str] = []
    for label, end in drawn.select("label", "end").iter_rows():
        last = 1.0 if end is None else end
        places += [1.0, last, None]
        labels += [label, label, None]
        symbols += ["line-ns", "triangle-right" if end is None else "line-ns", "line-ns"]
    return go.Scatter(
        x=places,
        y=labels,
        mode="lines+markers",
        name="published",
        line={"color": SKY, "width": 8},
        marker={"symbol": symbols, "size": 14, "color": SKY, "line": {"width": 3, "color": SKY}},
        hoverinfo="skip",
    )


def _measured(part: pl.DataFrame, verdict: str, colour: str, symbol: str) -> go.Scatter:
    """What the leak says, with its interval, for the claims of one verdict."""
    above = (part["to"] - part["times"]).round_sig_figs(4).to_list()
    below = (part["times"] - part["from"]).round_sig_figs(4).to_list()
    return go.Scatter(
        x=part["times"].to_list(),
        y=part["label"].to_list(),
        mode="markers",
        name=verdict,
        marker={"color": colour, "symbol": symbol, "size": 11},
        error_x={"type": "data", "array": above, "arrayminus": below, "thickness": 2, "width": 6, "color": colour},
        customdata=part["definition"].to_list(),
        hovertemplate="%{x:.3g} times what was published<br>%{customdata}<extra>" + verdict + "</extra>",
    )
