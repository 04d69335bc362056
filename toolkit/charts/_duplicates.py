"""Pictures of the duplicates: how lines become people, and how practices share them."""

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
    number,
    percent,
    real,
    share_of,
    translate,
    whole,
    wrapped,
)

__all__ = ["cluster_sizes", "people_by_practices", "people_steps", "repeats", "shared_patients"]

_UNITS = {"linked people": GREEN, "exact identities": SKY}
"""What is no count of lines or records has a colour of its own."""
_RECORDS = {1: "1 record", 2: "2 records", 3: "3 records", 4: "4 records or more"}
_PRACTICES = {1: "1 practice", 2: "2 practices", 3: "3 practices", 4: "4 practices or more"}
_MOST = 4
"""So few people have more records, or stand at more practices, that they are told together."""
_PAIR = ("practice_a", "practice_b", "overlap")
_MOST_COPIED = 100
_SURPRISING = 3
"""So many standard deviations above what is expected no chance brings about."""
_BINS_A_DECADE = 4


def people_steps(waterfall: pl.DataFrame, low: int, high: int, source: str) -> go.Figure:
    """From lines to people: bars from `waterfall` of `duplicates.count_people`, with what each step takes off.

    `low` and `high` are the ends of the interval that the threshold leaves open, told in the title.
    """
    steps, counted = waterfall["step"].to_list(), waterfall["n"].to_list()
    taken = [0] + [before - after for before, after in pairwise(counted)]
    told = [
        f"{number(n)} ({MINUS}{number(less)})" if less else number(n) for n, less in zip(counted, taken, strict=True)
    ]
    colours = [_UNITS.get(step, BLUE) for step in steps]
    figure = go.Figure(
        go.Bar(
            y=[wrapped(label(step)) for step in steps],
            x=counted,
            orientation="h",
            marker_color=colours,
            text=told,
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
        "{lines} lines are {people} people, from {range}",
        lines=number(counted[0]),
        people=number(counted[-1]),
        range=between(low, high),
    )
    what = translate("Each step, with what it takes off; the range of people is what the threshold leaves open")
    return finish(figure, title, what, source)


def repeats(table: pl.DataFrame, source: str) -> go.Figure:
    """What the lines have more than the people: bars from `repeats` of `duplicates.count_people`."""
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
    figure.update_xaxes(title=translate("lines beyond one a person"), tickformat=",d", nticks=6)
    figure.update_xaxes(range=[0, max(1, *counted) * 1.25])
    figure.update_layout(height=180 + 52 * table.height)
    title = translate(
        "{n} lines repeat somebody; {copies} of these are copies of the export",
        n=number(every),
        copies=share_of(counted[0], every),
    )
    return finish(figure, title, translate("Lines more than people, by the kind of repeat"), source)


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
            x=[translate(_RECORDS[n]) for n in part["records"]],
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
    counted = translate("People by the number of their records, exact repeats of a line counted once")
    return finish(figure, title, counted, source)


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
                name=translate("pairs of practices, the middle one"),
                line={"color": BLUE, "width": 2},
                hovertemplate=translate("{expected} expected: {shared} shared", expected="%{x:,.3~r}", shared="%{y:,d}")
                + "<extra></extra>",
            ),
            go.Scatter(
                x=points["expected"].to_list(),
                y=points["shared"].to_list(),
                mode="markers",
                name=translate("looks like one base copied"),
                marker={"color": VERMILION, "size": 10, "symbol": "diamond"},
                customdata=[(a, b, percent(part)) for a, b, part in points.select(_PAIR).iter_rows()],
                hovertemplate=translate(
                    "practices {a} and {b}: {shared} shared, {expected} expected, {part} of the smaller",
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
        name=translate("as chance has it"),
        line={"color": GREY, "dash": "dash"},
        hoverinfo="skip",
    )
    expected = translate("people expected to be shared (logarithmic scale)")
    figure.update_xaxes(title=expected, type="log", dtick=1, tickformat=",~r")
    figure.update_yaxes(title=translate("people shared (logarithmic scale)"), type="log", dtick=1, tickformat=",~r")
    figure.update_layout(height=600)
    surprising = told.filter(pl.col("surprise") > _SURPRISING).height
    title = translate(
        "{surprising} of {pairs} pairs of practices share more than chance explains, and {copied} as if one base had "
        "been copied",
        surprising=number(surprising),
        pairs=number(told.height),
        copied=number(copied.height),
    )
    if told.is_empty():
        figure.update_layout(height=300)
        figure.update_xaxes(showticklabels=False, showgrid=False)
        figure.update_yaxes(showticklabels=False, showgrid=False, title=None)
        title = translate("Too few practices to tell sharing from chance")
    counted = translate("Pairs of practices that share somebody; expected by their sizes, within their departements")
    return finish(figure, title, counted, source)


def _edge(bins: pl.DataFrame, column: str, fill: str | None) -> go.Scatter:
    """One edge of the band; the second one fills it."""
    return go.Scatter(
        x=bins["expected"].to_list(),
        y=bins[column].to_list(),
        mode="lines",
        name=translate("nine tenths of the pairs"),
        showlegend=fill is not None,
        line={"width": 0, "color": SKY},
        fill=fill,
        fillcolor="rgba(86,180,233,0.3)",
        hoverinfo="skip",
    )


def people_by_practices(table: pl.DataFrame, source: str) -> go.Figure:
    """At how many practices people stand: bars from `duplicates.practices_per_person`, one colour a key.

    Give the tables of up to three keys, one below the other; those at four practices or more are told together. The
    scale is logarithmic, since each further practice is rarer by an order of magnitude. Counts that are null, too few
    to show, have no bar; a bar that lacks some of them is told by "≥".
    """
    figure = go.Figure()
    several = []
    keys = table["key"].unique(maintain_order=True)
    # Green and blue are alike in print, so one is hatched.
    for key, colour, pattern in zip(keys, (GREEN, BLUE, SKY), ("", "/", ""), strict=False):
        part = (
            table.filter(pl.col("key") == key)
            .group_by(pl.col("practices").clip(upper_bound=_MOST))
            .agg(pl.col("people", "share").sum(), some_hidden=pl.col("people").is_null().any())
            .filter(pl.col("people") > 0)
            .sort("practices")
        )
        figure.add_bar(
            y=[translate(_PRACTICES[n]) for n in part["practices"]],
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
        # Who is not at one practice is at several, whether that is shown or not.
        several += [] if alone.has_nulls() else [1 - real(alone.sum())]
    top = math.log10(max(10, whole(table["people"].max() or 0)))
    figure.update_yaxes(showgrid=False, type="category", autorange="reversed")
    figure.update_xaxes(title=translate("people (logarithmic scale)"), type="log", tickformat=",d", dtick=1)
    figure.update_xaxes(range=[0, top + 0.6])
    figure.update_layout(barmode="group", bargap=0.15, legend_traceorder="normal")
    title = translate("Too few people to show at how many practices they stand")
    if several:
        low, high = percent(min(several)), percent(max(several))
        found = low if low == high else translate("{low} to {high}", low=low, high=high)
        title = translate(
            "{share} of the people stand at two practices or more, by how people are told apart", share=found
        )
    return finish(figure, title, translate("People by the number of practices that hold a file of theirs"), source)
