"""Pictures of the counts: what a leak holds, and when its files were made."""

from __future__ import annotations

import plotly.graph_objects as go
import polars as pl

from toolkit.charts.look import (
    BLUE,
    GREEN,
    GREY,
    KEY_LABELS,
    MINUS,
    ORANGE,
    SKY,
    VERMILION,
    between,
    finish,
    histogram,
    mark,
    number,
    percent,
    real,
    whole,
)

__all__ = ["completeness", "counts_overview", "lines_by_practice", "lines_by_year"]

_PERSONAL = {
    "direct_identifier": ("identifies by itself", BLUE),
    "quasi_identifier": ("identifies with others", ORANGE),
    "pseudonym": ("stands for a person", SKY),
    "special_category": ("specially protected", VERMILION),
    "none": ("not personal", GREY),
}


def counts_overview(table: pl.DataFrame, source: str) -> go.Figure:
    """How lines become records and people: a waterfall from `counts.overview`."""
    value = dict(zip(table["quantity"], table["value"], strict=True))
    keys = [name.removeprefix("people_by_") for name in value if name.startswith("people_by_")]
    keys.sort(key=lambda key: value[f"people_by_{key}"])
    people = [value[f"people_by_{key}"] for key in keys]
    lines, records, repeated = value["lines"], value["records"], value["repeated_lines"]
    names = ["<b>lines</b>", "repeated lines", "<b>records</b>"]
    names += [f"<b>people</b> by {KEY_LABELS.get(key, key)}" for key in reversed(keys)]
    figure = go.Figure(
        go.Bar(
            y=names,
            x=[lines, repeated, records, *reversed(people)],
            base=[0, records, *([0] * (1 + len(keys)))],
            orientation="h",
            marker_color=[BLUE, ORANGE, BLUE, *([GREEN] * len(keys))],
            text=[number(lines), f"{MINUS}{number(repeated)}", number(records), *map(number, reversed(people))],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(title="lines, records or people", range=[0, lines * 1.15], tickformat=",d", nticks=6)
    spread = "" if not people else f", and {between(people[0], people[-1])} people, by the key that tells them apart"
    title = f"{number(lines)} lines are {number(records)} records{spread}"
    return finish(figure, title, "People are counted where their key is filled, so each key sees another part", source)


def completeness(table: pl.DataFrame, source: str) -> go.Figure:
    """On what share of the lines each column is filled: bars from `counts.completeness`, by how personal it is."""
    lines = table["lines"].max()
    figure = go.Figure()
    for level, (label, colour) in _PERSONAL.items():
        part = table.filter(pl.col("personal") == level)
        figure.add_bar(
            y=part["column"].to_list(),
            x=part["share"].to_list(),
            orientation="h",
            name=label,
            marker_color=colour,
            text=[percent(share) for share in part["share"]],
            textposition="outside",
            cliponaxis=False,
            customdata=part["filled"].to_list(),
            hovertemplate="%{y}: %{customdata:,d} lines (%{text})<extra></extra>",
        )
    figure.update_yaxes(categoryorder="array", categoryarray=table["column"].to_list()[::-1], showgrid=False, dtick=1)
    figure.update_xaxes(title="share of lines where the column is filled", tickformat=".0%", range=[0, 1.08])
    figure.update_layout(barmode="overlay", height=660, bargap=0.2)
    direct = table.filter(pl.col("personal").is_in(["direct_identifier", "quasi_identifier"]))
    most = direct.filter(pl.col("share") >= 0.9).height
    title = f"{most} of the {direct.height} columns that identify people are filled on nine lines in ten or more"
    return finish(figure, title, f"Share of {number(whole(lines))} lines, neither null nor blank", source)


def lines_by_year(table: pl.DataFrame, source: str) -> go.Figure:
    """When the files were opened and last changed: two bars a year from `counts.by_year`."""
    figure = go.Figure()
    for column, label, colour in (("created", "opened", BLUE), ("updated", "last changed", ORANGE)):
        figure.add_bar(
            x=table["year"].to_list(),
            y=table[column].to_list(),
            name=label,
            marker_color=colour,
            hovertemplate=f"{label} in %{{x}}: %{{y:,d}} lines<extra></extra>",
        )
    figure.update_xaxes(dtick=1 if table.height <= 20 else 5, tickformat="d", showgrid=False)
    figure.update_yaxes(title="lines", tickformat=",d", rangemode="tozero")
    lines = whole(table["lines"].max())
    first, last = whole(table["year"].min()), whole(table["year"].max())
    recent = percent(real(table.filter(pl.col("year") == last)["share_updated"].sum()))
    title = f"The files go back to {first}; {recent} of the lines were last changed in {last}"
    return finish(figure, title, f"{number(lines)} lines, by year opened and by year last changed", source)


def lines_by_practice(table: pl.DataFrame, source: str) -> go.Figure:
    """How uneven the practices are: a histogram of their lines, from `counts.by_practice`."""
    sizes = table["lines"].sort(descending=True)
    tenth = max(1, round(len(sizes) / 10))
    held = whole(sizes.head(tenth).sum()) / max(1, whole(sizes.sum()))
    figure = histogram(sizes, "practices", ",d")
    median = sizes.median()
    mark(figure, median, f"median {number(whole(median))}")
    figure.update_xaxes(title="lines held by a practice", tickformat=",d", rangemode="tozero")
    title = f"The largest tenth of the {number(len(sizes))} practices hold {percent(held)} of the lines"
    return finish(
        figure, title, f"Practices by the number of lines they hold, {number(whole(sizes.sum()))} in all", source
    )
