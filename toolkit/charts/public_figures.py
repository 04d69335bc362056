"""Pictures of the public figures: what a hit is worth."""

from __future__ import annotations

import math

import plotly.graph_objects as go
import polars as pl

from toolkit.charts.look import BLUE, ORANGE, finish, number, real, small

__all__ = ["public_figures_tiers"]


def public_figures_tiers(table: pl.DataFrame, source: str) -> go.Figure:
    """What hits on public figures are worth: found and expected by chance at each tier, from `public_figures.tiers`."""
    labels = [definition.replace("the same, and ", "… and ") for definition in table["definition"]]
    # A logarithmic axis has no zero: what is below a tenth is drawn there and told in the label.
    floor = 0.1
    figure = go.Figure()
    for label, hits, chance in zip(labels, table["hits"], table["expected"], strict=True):
        figure.add_scatter(
            x=[max(floor, chance), max(floor, hits)],
            y=[label, label],
            mode="lines",
            line={"color": "#BFBFBF", "width": 4},
            showlegend=False,
            hoverinfo="skip",
        )
    series = (("expected", "expected by chance", ORANGE, "diamond"), ("hits", "found in the leak", BLUE, "circle"))
    for column, name, colour, symbol in series:
        figure.add_scatter(
            x=[max(floor, value) for value in table[column]],
            y=labels,
            mode="markers+text",
            name=name,
            marker={"color": colour, "size": 14, "symbol": symbol},
            text=[small(value) for value in table[column]],
            textposition="bottom center" if column == "expected" else "top center",
            cliponaxis=False,
            hovertemplate="%{y}: %{text} " + name + "<extra></extra>",
        )
    top = max(1.0, real(table["hits"].max()), real(table["expected"].max()))
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(title="pairs of figure and record (logarithmic scale)", type="log", dtick=1, tickformat=",~r")
    figure.update_xaxes(range=[math.log10(floor) - 0.15, math.log10(top) + 0.3])
    figure.update_layout(legend_traceorder="reversed")
    by_name, by_date = table.row(0, named=True), table.row(2, named=True)
    title = (
        f"{number(by_name['hits'])} records bear a public figure's name, {number(by_date['hits'])} the birth date "
        f"as well, where chance alone would give {small(by_date['expected'])}"
    )
    return finish(figure, title, "Pairs that agree on at least this much, and how many namesakes would", source)
