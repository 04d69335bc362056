"""Charts of the duplicates: from lines to people, records per person, and patients shared between practices."""

from __future__ import annotations

import math
from itertools import pairwise

import plotly.graph_objects as go
import polars as pl

from toolkit.charts._theme import (
    BLUE,
    GREEN,
    GREY,
    MINUS,
    ORANGE,
    SKY,
    VERMILION,
    bar_text,
    between,
    finish,
    ink_on,
    key_label,
    label,
    real,
    share_of,
    whole,
    wrapped,
)
from toolkit.i18n import number, percent, translate, translate_plural

__all__ = ["cluster_sizes", "people_by_practices", "people_steps", "repeats", "shared_patients"]

_UNITS = {"linked people": GREEN, "exact identities": SKY}
"""Colours of steps that do not count lines or records."""
_MOST = 4
"""Few people have more records or practices than this, so these are grouped."""
_PAIR = ("practice_a", "practice_b", "overlap")
_MOST_COPIED = 100
_SURPRISING = 3
"""Standard deviations above the expected number that chance alone does not explain."""
_BINS_A_DECADE = 4


def people_steps(waterfall: pl.DataFrame, low: int, high: int, source: str) -> go.Figure:
    """Draw the steps from lines to people, with what each removes, from `waterfall` of `duplicates.count_people`.

    `low` and `high` are the ends of the range of people over the thresholds, shown in the title.
    """
    steps, counted = waterfall["step"].to_list(), waterfall["n"].to_list()
    removed = [0] + [before - after for before, after in pairwise(counted)]
    texts = [
        f"{number(n)} ({MINUS}{number(less)})" if less else number(n) for n, less in zip(counted, removed, strict=True)
    ]
    colours = [_UNITS.get(step, BLUE) for step in steps]
    figure = go.Figure(
        go.Bar(
            y=[wrapped(label(step)) for step in steps],
            x=counted,
            orientation="h",
            marker_color=colours,
            text=texts,
            textposition="inside",
            insidetextanchor="start",
            textfont={"color": [ink_on(colour) for colour in colours], "size": 14},
            customdata=[wrapped(translate(rule), 60) for rule in waterfall["rule"]],
            hovertemplate=translate("{name}: {value}", name="%{y}", value="%{x:,d}")
            + "<br>%{customdata}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(title=translate("lines, records, identities or people"), tickformat=",d", nticks=6)
    figure.update_layout(height=180 + 50 * len(steps))
    title = translate(
        "{lines} lines are {people} people ({range}, depending on the threshold)",
        lines=number(counted[0]),
        people=number(counted[-1]),
        range=between(low, high),
    )
    what = translate("Count after each step, with what the step removes; the range shows the effect of the threshold")
    return finish(figure, title, what, source)


def repeats(table: pl.DataFrame, source: str) -> go.Figure:
    """Draw the lines beyond one per person, by kind, from `repeats` of `duplicates.count_people`."""
    counted = table["n"].to_list()
    every = sum(counted)
    figure = go.Figure(
        go.Bar(
            y=[wrapped(label(kind)) for kind in table["kind"]],
            x=counted,
            orientation="h",
            marker_color=ORANGE,
            text=[f"{number(n)} ({share_of(n, every)})" for n in counted],
            **bar_text(counted, [ORANGE] * len(counted)),
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(title=translate("lines beyond one per person"), tickformat=",d", nticks=6)
    figure.update_xaxes(range=[0, max(1, *counted) * 1.25])
    figure.update_layout(height=180 + 52 * table.height)
    title = translate(
        "{n} lines repeat a person; {copies} of them are duplicate exports",
        n=number(every),
        copies=share_of(counted[0], every),
    )
    return finish(figure, title, translate("Lines beyond one per person, by kind of repeat"), source)


def cluster_sizes(table: pl.DataFrame, source: str) -> go.Figure:
    """Draw people by number of records, on a logarithmic axis, from `duplicates.cluster_sizes`.

    People with four records or more are grouped.
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
            x=[_records(n) for n in part["records"]],
            y=part["people"].to_list(),
            marker_color=GREEN,
            text=[f"{number(n)}<br>({percent(n / every)})" for n in part["people"]],
            textposition="outside",
            constraintext="none",
            cliponaxis=False,
            hovertemplate=translate("{name}: {n} people", name="%{x}", n="%{y:,d}") + "<extra></extra>",
        )
    )
    top = math.log10(max(10, whole(part["people"].max())))
    figure.update_yaxes(title=translate("people (logarithmic scale)"), type="log", tickformat=",d", dtick=1)
    figure.update_yaxes(range=[0, top + 0.6])
    figure.update_xaxes(showgrid=False, type="category")
    several = whole(part.filter(pl.col("records") > 1)["people"].sum())
    title = translate("{share} of the people have two records or more", share=share_of(several, every))
    counted = translate("People by number of records; duplicate lines count once")
    return finish(figure, title, counted, source)


def shared_patients(table: pl.DataFrame, copied: pl.DataFrame, source: str) -> go.Figure:
    """Draw the patients that pairs of practices share against the expected number, from `sharing` of `count_people`.

    The band holds 90% of the pairs with about the same expected number; points are `copied`, the pairs of
    `duplicates.copied_bases`, which may be copies of one patient base. A pair that is the only one of its two
    departements is left out: the expected number then equals the observed one.
    """
    pairs = table.filter((pl.col("shared") - pl.col("expected")).abs() > 1e-6)
    bins = (
        pairs.with_columns(bin=(pl.col("expected").log10() * _BINS_A_DECADE).floor() / _BINS_A_DECADE)
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
                name=translate("median pair of practices"),
                line={"color": BLUE, "width": 2},
                hovertemplate=translate("{expected} expected: {shared} shared", expected="%{x:,.3~r}", shared="%{y:,d}")
                + "<extra></extra>",
            ),
            go.Scatter(
                x=points["expected"].to_list(),
                y=points["shared"].to_list(),
                mode="markers",
                name=translate("possible copy of a patient base"),
                marker={"color": VERMILION, "size": 10, "symbol": "diamond"},
                customdata=[(a, b, percent(part)) for a, b, part in points.select(_PAIR).iter_rows()],
                hovertemplate=translate(
                    "practices {a} and {b}: {shared} shared, {expected} expected, {part} of the smaller one",
                    a="%{customdata[0]}",
                    b="%{customdata[1]}",
                    shared="%{y:,d}",
                    expected="%{x:,.3~r}",
                    part="%{customdata[2]}",
                )
                + "<extra></extra>",
            ),
        ]
    )
    ends = [*bins["expected"].to_list(), *points["expected"].to_list()] or [1.0]
    line = [min(ends), max(ends)]
    figure.add_scatter(
        x=line,
        y=line,
        mode="lines",
        name=translate("expected by chance"),
        line={"color": GREY, "dash": "dash"},
        hoverinfo="skip",
    )
    expected = translate("expected shared patients (logarithmic scale)")
    figure.update_xaxes(title=expected, type="log", dtick=1, tickformat=",~r")
    figure.update_yaxes(title=translate("shared patients (logarithmic scale)"), type="log", dtick=1, tickformat=",~r")
    figure.update_layout(height=600)
    surprising = pairs.filter(pl.col("surprise") > _SURPRISING).height
    title = translate(
        "{surprising} of {pairs} pairs of practices share more patients than chance explains; possible copies of a "
        "patient base: {copied}",
        surprising=number(surprising),
        pairs=number(pairs.height),
        copied=number(copied.height),
    )
    if pairs.is_empty():
        figure.update_layout(height=300)
        figure.update_xaxes(showticklabels=False, showgrid=False)
        figure.update_yaxes(showticklabels=False, showgrid=False, title=None)
        title = translate("Too few practices to separate shared patients from chance")
    counted = translate(
        "Pairs of practices with a patient in common; expected numbers from their sizes, within their departements"
    )
    return finish(figure, title, counted, source)


def _edge(bins: pl.DataFrame, column: str, fill: str | None) -> go.Scatter:
    """Draw one edge of the band; the second edge fills it."""
    return go.Scatter(
        x=bins["expected"].to_list(),
        y=bins[column].to_list(),
        mode="lines",
        name=translate("90% of the pairs"),
        showlegend=fill is not None,
        line={"width": 0, "color": SKY},
        fill=fill,
        fillcolor="rgba(86,180,233,0.3)",
        hoverinfo="skip",
    )


def _records(n: int) -> str:
    return translate("4 records or more") if n == _MOST else translate_plural("{n} record", "{n} records", n)


def _practices(n: int) -> str:
    return translate("4 practices or more") if n == _MOST else translate_plural("{n} practice", "{n} practices", n)


def people_by_practices(table: pl.DataFrame, source: str) -> go.Figure:
    """Draw people by number of practices that hold a record of them, one colour per key.

    `table` is from `duplicates.practices_per_person`: the tables of up to three keys, concatenated. Four practices or
    more are grouped. The scale is logarithmic, since each further practice is rarer by an order of magnitude. Hidden
    counts (null) have no bar; a group with some hidden counts has a "≥".
    """
    figure = go.Figure()
    several = []
    keys = table["key"].unique(maintain_order=True)
    # Green and blue look alike in grey print, so one is hatched.
    for key, colour, pattern in zip(keys, (GREEN, BLUE, SKY), ("", "/", ""), strict=False):
        part = (
            table.filter(pl.col("key") == key)
            .group_by(pl.col("practices").clip(upper_bound=_MOST))
            .agg(pl.col("people", "share").sum(), some_hidden=pl.col("people").is_null().any())
            .filter(pl.col("people") > 0)
            .sort("practices")
        )
        figure.add_bar(
            y=[_practices(n) for n in part["practices"]],
            x=part["people"].to_list(),
            orientation="h",
            name=key_label(key),
            marker={"color": colour, "pattern": {"shape": pattern, "fgcolor": "white", "bgcolor": colour}},
            text=[
                f"≥ {percent(share)}" if more else percent(share)
                for share, more in part.select("share", "some_hidden").iter_rows()
            ],
            textposition="outside",
            cliponaxis=False,
            hovertemplate=translate("{name}: {n} people ({share})", name="%{y}", n="%{x:,d}", share="%{text}")
            + "<extra></extra>",
        )
        alone = table.filter(pl.col("key") == key, pl.col("practices") == 1)["share"]
        # The complement of one practice includes the counts that are hidden.
        several += [] if alone.has_nulls() else [1 - real(alone.sum())]
    top = math.log10(max(10, whole(table["people"].max() or 0)))
    figure.update_yaxes(showgrid=False, type="category", autorange="reversed")
    figure.update_xaxes(title=translate("people (logarithmic scale)"), type="log", tickformat=",d", dtick=1)
    figure.update_xaxes(range=[0, top + 0.6])
    figure.update_layout(barmode="group", bargap=0.15, legend_traceorder="normal")
    title = translate("Too few people to show by number of practices")
    if several:
        low, high = percent(min(several)), percent(max(several))
        found = low if low == high else translate("{low} to {high}", low=low, high=high)
        title = translate(
            "{share} of the people have records at two or more practices, depending on how people are identified",
            share=found,
        )
    return finish(figure, title, translate("People by number of practices that hold a record of them"), source)
