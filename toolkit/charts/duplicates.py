"""Pictures of the duplicates: how lines become people, and how practices share them."""

from __future__ import annotations

import math
from itertools import pairwise

import plotly.graph_objects as go
import polars as pl

from toolkit.charts.look import (
    BLUE,
    GREEN,
    GREY,
    INK,
    KEY_LABELS,
    MINUS,
    ORANGE,
    SKY,
    VERMILION,
    between,
    finish,
    number,
    percent,
    real,
    whole,
)

__all__ = ["cluster_sizes", "people_by_practices", "people_steps", "repeats", "shared_patients"]

_UNITS = {"linked people": GREEN, "exact identities": SKY}
"""What is no count of lines or records has a colour of its own."""
_MOST = 4
"""So few people have more records, or stand at more practices, that they are told together."""
_MOST_COPIED = 100
_SURPRISING = 3
"""So many standard deviations above what is expected no chance brings about."""
_BINS_A_DECADE = 4


def people_steps(waterfall: pl.DataFrame, low: int, high: int, source: str) -> go.Figure:
    """From lines to people: bars from `waterfall` of `duplicates.count_people`, with what each step takes off.

    `low` and `high` are the ends of the interval that the threshold leaves open, told on the last step.
    """
    steps, counted = waterfall["step"].to_list(), waterfall["n"].to_list()
    taken = [0] + [before - after for before, after in pairwise(counted)]
    told = [
        f"{number(n)} ({MINUS}{number(less)})" if less else number(n) for n, less in zip(counted, taken, strict=True)
    ]
    told[-1] += f", from {between(low, high)}"
    figure = go.Figure(
        go.Bar(
            y=steps,
            x=counted,
            orientation="h",
            marker_color=[_UNITS.get(step, BLUE) for step in steps],
            text=told,
            textposition="inside",
            insidetextanchor="start",
            textfont={"color": [INK if _UNITS.get(step) == SKY else "white" for step in steps], "size": 14},
            customdata=waterfall["rule"].to_list(),
            hovertemplate="%{y}: %{x:,d}<br>%{customdata}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(title="lines, records, identities or people", tickformat=",d", nticks=6)
    figure.update_layout(height=180 + 50 * len(steps))
    title = f"{number(counted[0])} {steps[0]} are {number(counted[-1])} people, from {between(low, high)}"
    return finish(
        figure,
        title,
        "Each step, with what it takes off; the range of people is what the threshold leaves open",
        source,
    )


def repeats(table: pl.DataFrame, source: str) -> go.Figure:
    """What the lines have more than the people: bars from `repeats` of `duplicates.count_people`."""
    counted = table["n"].to_list()
    every = sum(counted)
    figure = go.Figure(
        go.Bar(
            y=[kind.replace("of one person ", "of one person<br>") for kind in table["kind"]],
            x=counted,
            orientation="h",
            marker_color=ORANGE,
            text=[f"{number(n)} ({percent(n / every if every else None)})" for n in counted],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(title="lines beyond one a person", tickformat=",d", nticks=6)
    figure.update_xaxes(range=[0, max(1, *counted) * 1.25])
    figure.update_layout(height=180 + 52 * table.height)
    copies = percent(counted[0] / every if every else None)
    title = f"{number(every)} lines repeat somebody; {copies} of these are copies of the export"
    return finish(figure, title, "Lines more than people, by the kind of repeat", source)


def cluster_sizes(table: pl.DataFrame, source: str) -> go.Figure:
    """How many records people have: bars on a logarithmic axis from `duplicates.cluster_sizes`.

    Those with four records or more are told together.
    """
    part = (
        table.with_columns(pl.col("records").clip(upper_bound=_MOST))
        .group_by("records")
        .agg(pl.col("people").sum())
        .sort("records")
    )
    every = whole(part["people"].sum())
    figure = go.Figure(
        go.Bar(
            x=[_told(n, "record") for n in part["records"]],
            y=part["people"].to_list(),
            marker_color=GREEN,
            text=[f"{number(n)}<br>{percent(n / every)}" for n in part["people"]],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{x}: %{y:,d} people<extra></extra>",
        )
    )
    top = math.log10(max(10, whole(part["people"].max())))
    figure.update_yaxes(title="people (logarithmic scale)", type="log", tickformat=",d", dtick=1, range=[0, top + 0.6])
    figure.update_xaxes(showgrid=False, type="category")
    several = whole(part.filter(pl.col("records") > 1)["people"].sum())
    title = f"{percent(several / every if every else None)} of the people have two records or more"
    return finish(figure, title, "People by the number of their records, exact repeats of a line counted once", source)


def shared_patients(table: pl.DataFrame, copied: pl.DataFrame, source: str) -> go.Figure:
    """Do practices share more patients than chance would have it? From `sharing` of `duplicates.count_people`.

    A band holds the middle nine tenths of the pairs of practices that are expected to share about as many; points are
    `copied`, the pairs of `duplicates.copied_bases`, which look like one base copied.  Pairs that are the only one of
    their two departements are left out: nothing is left to expect of them.
    """
    told = table.filter((pl.col("shared") - pl.col("expected")).abs() > 1e-6)
    bins = (
        told.with_columns(bin=(pl.col("expected").log10() * _BINS_A_DECADE).floor() / _BINS_A_DECADE)
        .group_by("bin")
        .agg(
            pl.col("expected").median().round_sig_figs(4),
            pl.col("shared").quantile(0.05).alias("low"),
            pl.col("shared").median().alias("middle"),
            pl.col("shared").quantile(0.95).alias("high"),
        )
        .sort("bin")
    )
    points = copied.head(_MOST_COPIED).with_columns(pl.col("expected", "overlap").round_sig_figs(4))
    figure = go.Figure(
        [
            _edge(bins, "low", None),
            _edge(bins, "high", "tonexty"),
            go.Scatter(
                x=bins["expected"].to_list(),
                y=bins["middle"].to_list(),
                mode="lines+markers",
                name="pairs of practices, the middle one",
                line={"color": BLUE, "width": 2},
                hovertemplate="%{x:,.3g} expected: %{y:,d} shared<extra></extra>",
            ),
            go.Scatter(
                x=points["expected"].to_list(),
                y=points["shared"].to_list(),
                mode="markers",
                name="looks like one base copied",
                marker={"color": VERMILION, "size": 10, "symbol": "diamond"},
                customdata=points.select("practice_a", "practice_b", "overlap").rows(),
                hovertemplate="practices %{customdata[0]} and %{customdata[1]}: %{y:,d} shared, %{x:,.3g} expected, "
                "%{customdata[2]:.0%} of the smaller<extra></extra>",
            ),
        ]
    )
    ends = [*bins["expected"].to_list(), *points["expected"].to_list()] or [1.0]
    line = [min(ends), max(ends)]
    figure.add_scatter(
        x=line, y=line, mode="lines", name="as chance has it", line={"color": GREY, "dash": "dash"}, hoverinfo="skip"
    )
    figure.update_xaxes(title="people expected to be shared (logarithmic scale)", type="log", dtick=1, tickformat=",")
    figure.update_yaxes(title="people shared", type="log", dtick=1, tickformat=",")
    figure.update_layout(height=600)
    surprising = told.filter(pl.col("surprise") > _SURPRISING).height
    title = f"{number(surprising)} of {number(told.height)} pairs of practices share more than chance explains, and "
    title += f"{number(copied.height) if copied.height else 'none'} as if one base had been copied"
    if told.is_empty():
        figure.update_layout(height=300)
        figure.update_xaxes(showticklabels=False, showgrid=False)
        figure.update_yaxes(showticklabels=False, showgrid=False)
        title = "Too few practices to tell sharing from chance"
    counted = "Pairs of practices that share somebody; expected by their sizes, within their departements"
    return finish(figure, title, counted, source)


def _edge(bins: pl.DataFrame, column: str, fill: str | None) -> go.Scatter:
    """One edge of the band; the second one fills it."""
    return go.Scatter(
        x=bins["expected"].to_list(),
        y=bins[column].to_list(),
        mode="lines",
        name="nine tenths of the pairs",
        showlegend=fill is not None,
        line={"width": 0, "color": SKY},
        fill=fill,
        fillcolor="rgba(86,180,233,0.3)",
        hoverinfo="skip",
    )


def people_by_practices(table: pl.DataFrame, source: str) -> go.Figure:
    """At how many practices people stand: bars from `duplicates.practices_per_person`, one colour a key.

    Give the tables of up to three keys, one below the other; those at four practices or more are told together. The
    scale is logarithmic, since each further practice is rarer by an order of magnitude.
    """
    figure = go.Figure()
    several = []
    keys = table["key"].unique(maintain_order=True)
    for key, colour in zip(keys, (GREEN, BLUE, SKY), strict=False):
        part = (
            table.filter(pl.col("key") == key)
            .group_by(pl.col("practices").clip(upper_bound=_MOST))
            .agg(pl.col("people", "share").sum())
            .sort("practices")
        )
        figure.add_bar(
            x=[_told(n, "practice") for n in part["practices"]],
            y=part["people"].to_list(),
            name=f"by {KEY_LABELS.get(key, key)}",
            marker_color=colour,
            text=[percent(share) for share in part["share"]],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{x}: %{y:,d} people (%{text})<extra></extra>",
        )
        several.append(real(part.filter(pl.col("practices") > 1)["share"].sum()))
    top = math.log10(max(10, whole(table["people"].max())))
    figure.update_xaxes(showgrid=False, type="category")
    figure.update_yaxes(title="people (logarithmic scale)", type="log", tickformat=",d", dtick=1, range=[0, top + 0.4])
    figure.update_layout(barmode="group", bargap=0.15)
    low, high = percent(min(several)), percent(max(several))
    found = low if low == high else f"{low} to {high}"
    title = f"{found} of the people stand at two practices or more, by how people are told apart"
    return finish(figure, title, "People by the number of practices that hold a file of theirs", source)


def _told(number: int, unit: str) -> str:
    """A number of records or practices, of which the highest stands for all above."""
    if number == 1:
        return f"1 {unit}"
    return f"{number} {unit}s or more" if number == _MOST else f"{number} {unit}s"
