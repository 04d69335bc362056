"""Charts of the comments: from lines to people, categories, practices, false hits, and the quality of the audit."""

from __future__ import annotations

import plotly.graph_objects as go
import polars as pl

from toolkit.charts._theme import (
    BLUE,
    GREY,
    ORANGE,
    SKY,
    VERMILION,
    bar_text,
    finish,
    in_percent,
    label,
    percent_axis,
    real,
    share_of,
    whole,
    wrapped,
)
from toolkit.i18n import N_, number, percent, translate

__all__ = [
    "audit_intervals",
    "comments_by_category",
    "comments_by_practice",
    "comments_funnel",
    "estimate_and_truth",
    "misleading_comments",
]

_KIND = "kind of comment"
"""Translation context of the kinds: a comment of the kind "title" names a work, a column "title" is a heading."""
_TRANSLATED_IN_CONTEXT = (N_("title", context="kind of comment"),)
_LIMITS = 0.998
"""Coverage of the control limits of a funnel plot (`toolkit.analysis.stats`)."""


def comments_funnel(table: pl.DataFrame, source: str) -> go.Figure:
    """Draw the counts from all lines to sensitive people, with intervals for estimates, on a logarithmic axis.

    `table` has one row per stage, in order, people last: `stage`, `value`, `low` and `high` (null for full counts).
    """
    part = table.reverse()
    figure = go.Figure()
    series = ((False, translate("full count"), GREY), (True, translate("estimate, 95% interval"), BLUE))
    for estimated, name, colour in series:
        rows = part.filter(pl.col("low").is_not_null() == estimated)
        figure.add_trace(
            go.Scatter(
                y=[wrapped(label(stage)) for stage in rows["stage"]],
                x=rows["value"].to_list(),
                error_x=_ends(rows) if estimated else None,
                mode="markers+text",
                name=name,
                marker={"color": colour, "size": 11},
                text=[number(round(value)) for value in rows["value"]],
                textposition="top center",
                cliponaxis=False,
                hovertemplate="%{y}: %{text}<extra></extra>",
            )
        )
    stages = [wrapped(label(stage)) for stage in part["stage"]]
    figure.update_yaxes(categoryorder="array", categoryarray=stages, range=[-0.6, part.height - 0.3])
    figure.update_xaxes(type="log", title=translate("count (logarithmic scale)"), dtick=1)
    figure.update_xaxes(tickformat=",d")
    figure.update_layout(height=200 + 58 * part.height)
    first, last = table.row(0, named=True), table.row(-1, named=True)
    title = translate(
        "{n} {first}, about {m} {last}",
        n=number(round(first["value"])),
        first=label(first["stage"]),
        m=number(round(last["value"])),
        last=label(last["stage"]),
    )
    counted = translate("Lines, records and people: from all lines to the sensitive ones")
    return finish(figure, title, counted, source)


def estimate_and_truth(table: pl.DataFrame, source: str) -> go.Figure:
    """Draw the estimated and the true shares: points with intervals.

    `table` has one row per unit: `unit`, `hits` (the share flagged by the scan, null where there is none), `value`,
    `low`, `high`, `true`.
    """
    part = table.reverse()
    hit = part.filter(pl.col("hits").is_not_null())
    marker = {"color": VERMILION, "size": 22, "symbol": "line-ns-open", "line": {"width": 3}}
    figure = go.Figure(
        [
            _shares(hit, "hits", translate("hits of the scan"), {"color": GREY, "size": 11, "symbol": "x"}),
            _shares(part, "value", translate("estimate, 95% interval"), {"color": BLUE, "size": 11}).update(
                error_x=_ends(part, 100)
            ),
            _shares(part, "true", translate("true share"), marker),
        ]
    )
    units = [label(unit) for unit in part["unit"]]
    figure.update_yaxes(categoryorder="array", categoryarray=units, range=[-0.6, part.height - 0.4])
    figure.update_xaxes(**percent_axis(translate("share that is sensitive")), rangemode="tozero")
    figure.update_layout(height=200 + 70 * part.height)
    held = part.filter(pl.col("true").is_between("low", "high")).height
    title = translate(
        "The interval contains the true value for {held} of {units} units", held=number(held), units=number(part.height)
    )
    counted = translate("Share of lines, records and people: flagged by the scan, estimated, and true")
    return finish(figure, title, counted, source)


def _ends(rows: pl.DataFrame, scale: float = 1) -> dict[str, object]:
    """Return error bars from `low` to `high` around `value`, multiplied by `scale`."""
    above = ((rows["high"] - rows["value"]) * scale).to_list()
    below = ((rows["value"] - rows["low"]) * scale).to_list()
    return {"type": "data", "array": above, "arrayminus": below, "thickness": 2, "width": 6}


def _shares(rows: pl.DataFrame, column: str, name: str, marker: dict[str, object]) -> go.Scatter:
    return go.Scatter(
        y=[label(unit) for unit in rows["unit"]],
        x=in_percent(rows[column]),
        mode="markers",
        name=name,
        marker=marker,
        customdata=[percent(share) for share in rows[column]],
        hovertemplate=f"%{{y}}<br>{translate('{name}: {value}', name=name, value='%{customdata}')}<extra></extra>",
    )


def comments_by_category(table: pl.DataFrame, source: str) -> go.Figure:
    """Draw the categories of sensitive comments, from `category`, `strict_lines`, `lines`, `share` (of all lines)."""
    part = table.sort("lines", "category", descending=[False, True])
    labels = [label(category) for category in part["category"]]
    strict = part["strict_lines"]
    texts = [f"{number(lines)} ({percent(share)})" for lines, share in zip(part["lines"], part["share"], strict=True)]
    figure = go.Figure(
        [
            go.Bar(
                y=labels,
                x=strict.to_list(),
                orientation="h",
                name=translate("strict: stated about the patient"),
                marker_color=BLUE,
                hovertemplate=translate("{category}, strict: {n}", category="%{y}", n="%{x:,d}") + "<extra></extra>",
            ),
            go.Bar(
                y=labels,
                x=(part["lines"] - strict).to_list(),
                orientation="h",
                name=translate("broad: also negated, inferred, hearsay or about a relative"),
                marker_color=SKY,
                text=texts,
                textposition="outside",
                cliponaxis=False,
                customdata=texts,
                hovertemplate=translate("{category}, strict and broad: {n}", category="%{y}", n="%{customdata}")
                + "<extra></extra>",
            ),
        ]
    )
    figure.update_yaxes(showgrid=False)
    figure.update_xaxes(
        title=translate("lines"), tickformat=",d", range=[0, whole(part["lines"].max()) * 1.3], nticks=7
    )
    figure.update_layout(height=200 + 32 * max(6, part.height), barmode="stack", legend_traceorder="normal")
    title = translate("No sensitive comment found")
    if labels:
        title = translate(
            "Most frequent category of sensitive comment: {category}, on {n} lines",
            category=labels[-1],
            n=number(part["lines"].item(-1)),
        )
    return finish(
        figure, title, translate("Lines flagged by the scan, by category, with their share of all lines"), source
    )


def comments_by_practice(places: pl.DataFrame, curve: pl.DataFrame, rate: float, source: str) -> go.Figure:
    """Draw a funnel plot of the practices from `places` and `curve` of `stats.funnel`.

    `places` has `records`, `rate`, `chance` and `peers`; `curve` has `size`, `low`, `high`, `wide_low`, `wide_high`.
    """
    figure = go.Figure()
    for ends, name, style in (
        (
            ("low", "high"),
            translate("limits from chance alone, {share}", share=percent(_LIMITS)),
            {"color": BLUE, "width": 2},
        ),
        (
            ("wide_low", "wide_high"),
            translate("limits with the spread between practices, {share}", share=percent(_LIMITS)),
            {"color": ORANGE, "width": 2, "dash": "dash"},
        ),
    ):
        for end in ends:
            figure.add_trace(
                go.Scatter(
                    x=curve["size"].to_list(),
                    y=in_percent(curve[end]),
                    mode="lines",
                    name=name,
                    legendgroup=name,
                    showlegend=end == ends[1],
                    line=style,
                    hoverinfo="skip",
                )
            )
    within = places.filter(pl.col("chance") == "within")
    outside = places.filter((pl.col("chance") != "within") & (pl.col("peers") == "within"))
    outliers = places.filter(pl.col("peers") != "within")
    for part, name, colour, symbol in (
        (within, translate("within the chance limits"), GREY, "circle-open"),
        (outside, translate("outside the chance limits"), BLUE, "circle"),
        (outliers, translate("outside both limits"), VERMILION, "diamond"),
    ):
        figure.add_trace(
            go.Scatter(
                x=part["records"].to_list(),
                y=in_percent(part["rate"]),
                mode="markers",
                name=name,
                marker={"color": colour, "symbol": symbol, "size": 5 if places.height > 200 else 9, "opacity": 0.7},
                customdata=[percent(share) for share in part["rate"]],
                hovertemplate=translate("{share} of {n} records", share="%{customdata}", n="%{x:,d}")
                + "<extra></extra>",
            )
        )
    figure.add_hline(y=100 * rate, line={"color": GREY, "width": 1})
    figure.update_xaxes(type="log", title=translate("records held by the practice"), tickformat=",d", dtick="D2")
    top = 100 * max(real(places["rate"].max()), 2 * rate)
    figure.update_yaxes(**percent_axis(translate("share of records with a sensitive comment")), range=[0, top * 1.05])
    figure.update_layout(height=600)
    beyond = places.filter(pl.col("chance") != "within").height
    title = translate(
        "{beyond} of {practices} practices write sensitive comments more or less often than chance explains",
        beyond=number(beyond),
        practices=number(places.height),
    )
    counted = translate(
        "Practices by number of records and share of sensitive comments; the grey line is the overall share, {share}",
        share=percent(rate),
    )
    return finish(figure, title, counted, source)


def misleading_comments(table: pl.DataFrame, source: str) -> go.Figure:
    """Draw which harmless comments the scan flagged, from `kind`, `flagged`, `lines`, `share` (flagged over lines)."""
    part = table.filter(pl.col("flagged") > 0).sort("flagged", "kind", descending=[True, False]).head(15).reverse()
    labels = [wrapped(label(kind, context=_KIND)) for kind in part["kind"]]
    figure = go.Figure(
        go.Bar(
            y=labels,
            x=part["flagged"].to_list(),
            orientation="h",
            marker_color=ORANGE,
            text=[
                translate("{n} ({share} of its kind)", n=number(flagged), share=percent(share))
                for flagged, share in zip(part["flagged"], part["share"], strict=True)
            ],
            **bar_text(part["flagged"].to_list(), [ORANGE] * part.height),
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    figure.update_yaxes(showgrid=False)
    figure.update_xaxes(title=translate("harmless lines flagged as sensitive"), tickformat=",d", nticks=7)
    figure.update_xaxes(range=[0, (whole(part["flagged"].max()) or 1) * 1.35])
    figure.update_layout(height=180 + 28 * max(6, part.height))
    title = translate("No harmless comment was flagged as sensitive")
    if labels:
        most = part.row(-1, named=True)
        title = translate(
            "Largest source of false hits: {kind}, {share} of all {n}",
            kind=label(most["kind"], context=_KIND),
            share=share_of(most["flagged"], whole(table["flagged"].sum())),
            n=number(whole(table["flagged"].sum())),
        )
    counted = translate("Harmless lines that the scan flagged as sensitive, by kind of comment")
    return finish(figure, title, counted, source)


def audit_intervals(audits: pl.DataFrame, source: str) -> go.Figure:
    """Draw the intervals of a repeated audit, one per sampling seed, and the true share they should contain.

    `audits` has the rows of one quantity: `seed`, `value`, `low`, `high`, `true`, `holds`; intervals are sorted by
    their estimate.
    """
    part = audits.sort("value", "seed").with_row_index("place", 1)
    figure = go.Figure()
    for holds, name, colour in (
        (True, translate("contains the true value"), SKY),
        (False, translate("misses it"), VERMILION),
    ):
        rows = part.filter(pl.col("holds") == holds)
        # All intervals are one trace, with a gap after each.
        ends = in_percent(value for low, high in rows.select("low", "high").iter_rows() for value in (low, high, None))
        places = [place for place in rows["place"] for _ in range(3)]
        figure.add_trace(
            go.Scatter(x=places, y=ends, mode="lines", name=name, line={"color": colour, "width": 2}, hoverinfo="skip")
        )
    true = real(part["true"].max())
    figure.add_hline(y=100 * true, line={"color": GREY, "width": 2, "dash": "dash"})
    order = translate("audits, from the lowest to the highest estimate")
    figure.update_xaxes(title=order, showgrid=False, showticklabels=False)
    figure.update_yaxes(**percent_axis(translate("estimated share")))
    held = whole(part["holds"].sum())
    title = translate(
        "{held} of {audits} audit intervals contain the true value", held=number(held), audits=number(part.height)
    )
    counted = translate("One 95% interval per sampling seed; dashed line: the true share, {share}", share=percent(true))
    return finish(figure, title, counted, source)
