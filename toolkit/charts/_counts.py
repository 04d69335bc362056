"""Charts of the counts: lines, records and people, completeness of the columns, years, and practices."""

from __future__ import annotations

import plotly.graph_objects as go
import polars as pl

from toolkit.charts._theme import (
    BLUE,
    GREEN,
    MINUS,
    ORANGE,
    SKY,
    VERMILION,
    bar_text,
    between,
    finish,
    histogram,
    in_percent,
    key_label,
    label,
    percent_axis,
    reference_line,
    whole,
    wrapped,
)
from toolkit.i18n import N_, number, percent, translate

__all__ = ["completeness", "counts_overview", "lines_by_practice", "lines_by_year"]

_PERSONAL = {
    "direct_identifier": (N_("direct identifier"), BLUE),
    "quasi_identifier": (N_("quasi-identifier"), ORANGE),
    "pseudonym": (N_("pseudonym"), SKY),
    "special_category": (N_("special category (GDPR)"), VERMILION),
    # Lighter than the others, so that it differs from blue in print too.
    "none": (N_("not personal"), "#BDBDBD"),
}


def counts_overview(table: pl.DataFrame, source: str) -> go.Figure:
    """Draw a waterfall from lines to records and people, from `counts.overview`."""
    value = dict(zip(table["quantity"], table["value"], strict=True))
    keys = [name.removeprefix("people_by_") for name in value if name.startswith("people_by_")]
    keys.sort(key=lambda key: value[f"people_by_{key}"])
    people = [value[f"people_by_{key}"] for key in keys]
    lines, records, repeated = value["lines"], value["records"], value["repeated_lines"]
    names = [f"<b>{translate('lines')}</b>", translate("repeated lines"), f"<b>{translate('records')}</b>"]
    names += [f"<b>{translate('people')}</b><br>{wrapped(key_label(key), 32)}" for key in reversed(keys)]
    colours = [BLUE, ORANGE, BLUE, *([GREEN] * len(keys))]
    figure = go.Figure(
        go.Bar(
            y=names,
            x=[lines, repeated, records, *reversed(people)],
            base=[0, records, *([0] * (1 + len(keys)))],
            orientation="h",
            marker_color=colours,
            text=[number(lines), f"{MINUS}{number(repeated)}", number(records), *map(number, reversed(people))],
            **bar_text([lines, repeated, records, *reversed(people)], colours),
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_layout(height=190 + 62 * len(names))
    figure.update_xaxes(title=translate("lines, records or people"), range=[0, lines * 1.15], tickformat=",d", nticks=6)
    counts = {"lines": number(lines), "records": number(records)}
    title = translate("{lines} lines are {records} records", **counts)
    if people:
        title = translate(
            "{lines} lines are {records} records and {people} people, depending on the key used to count them",
            **counts,
            people=between(people[0], people[-1]),
        )
    counted = translate("People are counted on the lines where the key is filled, so each key covers a different part")
    return finish(figure, title, counted, source)


def completeness(table: pl.DataFrame, source: str) -> go.Figure:
    """Draw the share of lines where each column is filled, by how personal it is, from `counts.completeness`."""
    lines = table["lines"].max()
    figure = go.Figure()
    for level, (name, colour) in _PERSONAL.items():
        part = table.filter(pl.col("personal") == level)
        figure.add_bar(
            y=[label(column) for column in part["column"]],
            x=in_percent(part["share"]),
            orientation="h",
            name=translate(name),
            marker_color=colour,
            text=[percent(share) for share in part["share"]],
            **bar_text(part["share"].to_list(), [colour] * part.height),
            customdata=part["filled"].to_list(),
            hovertemplate=translate("{name}: {n} lines ({share})", name="%{y}", n="%{customdata:,d}", share="%{text}")
            + "<extra></extra>",
        )
    columns = [label(column) for column in table["column"]]
    figure.update_yaxes(categoryorder="array", categoryarray=columns[::-1], showgrid=False, dtick=1)
    figure.update_xaxes(**percent_axis(translate("share of lines where the column is filled")), range=[0, 112])
    figure.update_layout(barmode="overlay", height=680, bargap=0.2)
    direct = table.filter(pl.col("personal").is_in(["direct_identifier", "quasi_identifier"]))
    most = direct.filter(pl.col("share") >= 0.9).height
    title = translate(
        "{most} of the {all} columns that identify people are filled on at least 90% of the lines",
        most=number(most),
        all=number(direct.height),
    )
    counted = translate(
        "Share of the {lines} lines where the column is neither null nor blank", lines=number(whole(lines))
    )
    return finish(figure, title, counted, source)


def lines_by_year(table: pl.DataFrame, source: str) -> go.Figure:
    """Draw the lines by year of creation and of last change, from `counts.by_year`; hidden counts have no bar."""
    figure = go.Figure()
    series = (
        ("created", N_("created"), N_("created in {year}: {n} lines"), BLUE),
        ("updated", N_("last changed"), N_("last changed in {year}: {n} lines"), ORANGE),
    )
    for column, name, hover, colour in series:
        figure.add_bar(
            x=table["year"].to_list(),
            y=table[column].to_list(),
            name=translate(name),
            marker_color=colour,
            hovertemplate=translate(hover, year="%{x}", n="%{y:,d}") + "<extra></extra>",
        )
    figure.update_xaxes(dtick=1 if table.height <= 20 else 5, tickformat="d", showgrid=False)
    figure.update_yaxes(title=translate("lines"), tickformat=",d", rangemode="tozero")
    lines = whole(table["lines"].max())
    first, last = whole(table["year"].min()), whole(table["year"].max())
    recent = table.filter(pl.col("year") == last)["updated"].item()
    title = translate("The records go back to {first}", first=first)
    if recent is not None:
        title = translate(
            "The records go back to {first}; {share} of the lines were last changed in {last}",
            first=first,
            share=percent(recent / lines),
            last=last,
        )
    counted = translate("{lines} lines, by year of creation and year of last change", lines=number(lines))
    if table["created"].has_nulls() or table["updated"].has_nulls():
        counted = translate("{counted}; years with too few to show have no bar", counted=counted)
    return finish(figure, title, counted, source)


def lines_by_practice(table: pl.DataFrame, source: str) -> go.Figure:
    """Draw a histogram of the lines per practice, from `counts.by_practice`."""
    sizes = table["lines"].sort(descending=True)
    tenth = max(1, round(len(sizes) / 10))
    held = whole(sizes.head(tenth).sum()) / max(1, whole(sizes.sum()))
    figure = histogram(sizes, translate("practices"), N_("{low} to {high} lines: {count} practices"))
    median = sizes.median()
    reference_line(figure, median, translate("median {lines}", lines=number(whole(median))))
    figure.update_xaxes(title=translate("lines held by a practice"), tickformat=",d", rangemode="tozero")
    title = translate(
        "The largest 10% of the {practices} practices hold {share} of the lines",
        practices=number(len(sizes)),
        share=percent(held),
    )
    counted = translate(
        "Practices by the number of lines they hold, {lines} in total", lines=number(whole(sizes.sum()))
    )
    return finish(figure, title, counted, source)
