"""Pictures of the comments: from lines to people, what they reveal, who writes it, what misleads, how sure we are."""

from __future__ import annotations

import plotly.graph_objects as go
import polars as pl

from toolkit.charts.look import BLUE, GREY, ORANGE, SKY, VERMILION, finish, number, percent, real, whole

__all__ = [
    "audit_intervals",
    "comments_by_category",
    "comments_by_practice",
    "comments_funnel",
    "estimate_and_truth",
    "misleading_comments",
]


def comments_funnel(table: pl.DataFrame, source: str) -> go.Figure:
    """From all lines to people: points on a logarithmic axis, with intervals where a number is an estimate.

    `table` has one row a stage, in order, the people last: `stage`, `value`, `low` and `high` (null for what was
    counted whole).
    """
    part = table.reverse()
    figure = go.Figure()
    for estimated, name, colour in ((False, "counted whole", GREY), (True, "estimated, 95 % interval", BLUE)):
        rows = part.filter(pl.col("low").is_not_null() == estimated)
        figure.add_trace(
            go.Scatter(
                y=rows["stage"].to_list(),
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
    figure.update_yaxes(categoryorder="array", categoryarray=part["stage"].to_list(), range=[-0.6, part.height - 0.3])
    figure.update_xaxes(type="log", title="how many (each grid line is ten times the one before)", dtick=1)
    figure.update_xaxes(tickformat=",d")
    figure.update_layout(height=200 + 58 * part.height)
    first, last = table.row(0, named=True), table.row(-1, named=True)
    title = f"{number(round(first['value']))} {first['stage']}, about {number(round(last['value']))} {last['stage']}"
    return finish(figure, title, "Lines, records and people, from what is there to what is sensitive", source)


def estimate_and_truth(table: pl.DataFrame, source: str) -> go.Figure:
    """The estimate against the truth: points with intervals on an axis of shares.

    `table` has one row a unit: `unit`, `hits` (the share the scan alone would give, null where it gives none),
    `value`, `low`, `high`, `true`.
    """
    part = table.reverse()
    hit = part.filter(pl.col("hits").is_not_null())
    marker = {"color": VERMILION, "size": 22, "symbol": "line-ns-open", "line": {"width": 3}}
    figure = go.Figure(
        [
            _shares(hit, "hits", "hits of the scan", {"color": GREY, "size": 11, "symbol": "x"}),
            _shares(part, "value", "estimate, 95 % interval", {"color": BLUE, "size": 11}).update(error_x=_ends(part)),
            _shares(part, "true", "the truth", marker),
        ]
    )
    figure.update_yaxes(categoryorder="array", categoryarray=part["unit"].to_list(), range=[-0.6, part.height - 0.4])
    figure.update_xaxes(title="share that is sensitive", tickformat=".2%", rangemode="tozero")
    figure.update_layout(height=200 + 70 * part.height)
    held = part.filter(pl.col("true").is_between("low", "high")).height
    title = f"The estimate holds the truth for {held} of {part.height} units"
    return finish(figure, title, "Share of lines, records and people: said by the hits, estimated, and planted", source)


def _ends(rows: pl.DataFrame) -> dict[str, object]:
    """Error bars from `low` to `high` around `value`."""
    above, below = (rows["high"] - rows["value"]).to_list(), (rows["value"] - rows["low"]).to_list()
    return {"type": "data", "array": above, "arrayminus": below, "thickness": 2, "width": 6}


def _shares(rows: pl.DataFrame, column: str, name: str, marker: dict[str, object]) -> go.Scatter:
    return go.Scatter(
        y=rows["unit"].to_list(),
        x=rows[column].to_list(),
        mode="markers",
        name=name,
        marker=marker,
        hovertemplate="%{y}, " + name + ": %{x:.2%}<extra></extra>",
    )


def comments_by_category(table: pl.DataFrame, source: str) -> go.Figure:
    """What sensitive comments reveal: bars from a table of `category`, `strict_lines`, `lines`, `share` (of all)."""
    part = table.sort("lines", "category", descending=[False, True])
    labels = [category.replace("_", " ") for category in part["category"]]
    strict = part["strict_lines"]
    told = [f"{number(lines)} ({percent(share)})" for lines, share in zip(part["lines"], part["share"], strict=True)]
    figure = go.Figure(
        [
            go.Bar(
                y=labels,
                x=strict.to_list(),
                orientation="h",
                name="strict: stated of the patient",
                marker_color=BLUE,
                hovertemplate="%{y}, strict: %{x:,d}<extra></extra>",
            ),
            go.Bar(
                y=labels,
                x=(part["lines"] - strict).to_list(),
                orientation="h",
                name="broad: negated, inferred, hearsay or a relative's as well",
                marker_color=SKY,
                text=told,
                textposition="outside",
                cliponaxis=False,
                customdata=told,
                hovertemplate="%{y}, strict and broad: %{customdata}<extra></extra>",
            ),
        ]
    )
    figure.update_yaxes(showgrid=False)
    figure.update_xaxes(title="lines", tickformat=",d", range=[0, whole(part["lines"].max()) * 1.22], nticks=7)
    figure.update_layout(height=200 + 32 * max(6, part.height), barmode="stack", legend_traceorder="normal")
    title = "No sensitive comment found"
    if labels:
        title = f"{labels[-1].capitalize()} is what comments reveal most often"
    return finish(figure, title, "Hits of the scan: lines by category, and their share of all lines", source)


def comments_by_practice(places: pl.DataFrame, curve: pl.DataFrame, rate: float, source: str) -> go.Figure:
    """Who writes such notes: a funnel plot from `places` and `curve` of `control_limits.funnel`.

    `places` has `records`, `rate`, `chance` and `peers`; `curve` has `size`, `low`, `high`, `wide_low`, `wide_high`.
    """
    figure = go.Figure()
    for ends, name, style in (
        (("low", "high"), "chance alone, 99.8 %", {"color": BLUE, "width": 2}),
        (
            ("wide_low", "wide_high"),
            "practices that differ as these do, 99.8 %",
            {"color": ORANGE, "width": 2, "dash": "dash"},
        ),
    ):
        for end in ends:
            figure.add_trace(
                go.Scatter(
                    x=curve["size"].to_list(),
                    y=curve[end].to_list(),
                    mode="lines",
                    name=name,
                    legendgroup=name,
                    showlegend=end == ends[1],
                    line=style,
                    hoverinfo="skip",
                )
            )
    inside = places.filter(pl.col("chance") == "within")
    outside = places.filter((pl.col("chance") != "within") & (pl.col("peers") == "within"))
    odd = places.filter(pl.col("peers") != "within")
    for part, name, colour in (
        (inside, "within chance", GREY),
        (outside, "beyond chance", BLUE),
        (odd, "odd even among these", VERMILION),
    ):
        figure.add_trace(
            go.Scatter(
                x=part["records"].to_list(),
                y=part["rate"].to_list(),
                mode="markers",
                name=name,
                marker={"color": colour, "size": 5 if places.height > 200 else 9, "opacity": 0.7},
                hovertemplate="%{y:.2%} of %{x:,d} records<extra></extra>",
            )
        )
    figure.add_hline(y=rate, line={"color": GREY, "width": 1})
    figure.update_xaxes(type="log", title="records of the practice", tickformat=",d", dtick="D2")
    top = max(real(places["rate"].max()), 2 * rate)
    figure.update_yaxes(title="share of them with a comment called sensitive", tickformat=".1%", range=[0, top * 1.05])
    figure.update_layout(height=600)
    beyond = places.filter(pl.col("chance") != "within").height
    title = f"{number(beyond)} of {number(places.height)} practices write more or less than chance explains"
    counted = f"Practices by size and share of records; the grey line is the share of all, {percent(rate)}"
    return finish(figure, title, counted, source)


def misleading_comments(table: pl.DataFrame, source: str) -> go.Figure:
    """What misled the scan: bars from a table of `kind`, `flagged`, `lines`, `share` (flagged over lines)."""
    part = table.filter(pl.col("flagged") > 0).sort("flagged", "kind", descending=[True, False]).head(15).reverse()
    labels = [kind.replace("_", " ") for kind in part["kind"]]
    figure = go.Figure(
        go.Bar(
            y=labels,
            x=part["flagged"].to_list(),
            orientation="h",
            marker_color=ORANGE,
            text=[
                f"{number(flagged)} ({percent(share)} of its kind)"
                for flagged, share in zip(part["flagged"], part["share"], strict=True)
            ],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    figure.update_yaxes(showgrid=False)
    figure.update_xaxes(title="harmless lines called sensitive", tickformat=",d", nticks=7)
    figure.update_xaxes(range=[0, (whole(part["flagged"].max()) or 1) * 1.35])
    figure.update_layout(height=180 + 28 * max(6, part.height))
    title = "No harmless comment was called sensitive"
    if labels:
        title = f"What misleads the scan most: {labels[-1]}"
    return finish(figure, title, "Harmless lines that the scan called sensitive, by kind of comment", source)


def audit_intervals(audits: pl.DataFrame, source: str) -> go.Figure:
    """The audit repeated: one interval a seed, and the truth they should hold.

    `audits` has the rows of one quantity: `seed`, `low`, `high`, `true`, `holds`; intervals are drawn from the lowest
    to the highest.
    """
    part = audits.sort("value", "seed").with_row_index("place", 1)
    figure = go.Figure()
    for holds, name, colour in ((True, "holds the truth", SKY), (False, "misses it", VERMILION)):
        rows = part.filter(pl.col("holds") == holds)
        # One trace for all intervals: their ends, and a gap after each.
        ends = [value for low, high in rows.select("low", "high").iter_rows() for value in (low, high, None)]
        places = [place for place in rows["place"] for _ in range(3)]
        figure.add_trace(
            go.Scatter(x=places, y=ends, mode="lines", name=name, line={"color": colour, "width": 2}, hoverinfo="skip")
        )
    true = real(part["true"].max())
    figure.add_hline(y=true, line={"color": GREY, "width": 2, "dash": "dash"})
    figure.update_xaxes(title="audits, from the lowest estimate to the highest", showgrid=False, showticklabels=False)
    figure.update_yaxes(title="estimated share", tickformat=".2%")
    held = whole(part["holds"].sum())
    title = f"{number(held)} of {number(part.height)} audits hold the truth"
    return finish(figure, title, f"One 95 % interval a sampling seed; dashed: the truth, {percent(true)}", source)
