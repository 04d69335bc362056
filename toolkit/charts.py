"""Pictures: one function each, from a result table to a Plotly figure.

Every picture has a title that states the finding, a line that says what is counted, and a line of sources. The colours
are those of Okabe and Ito (*Color Universal Design*, 2008), told apart by readers with any colour vision. Figures are
small: what is drawn was counted before, so no picture holds more than a few hundred points. Writing them to a
page, with plotly.js inside, is the business of `report`.
"""

from __future__ import annotations

import math
import textwrap
from itertools import pairwise

import plotly.graph_objects as go
import polars as pl

__all__ = [
    "TEMPLATE",
    "comments_by_category",
    "comments_by_practice",
    "completeness",
    "counts_overview",
    "lines_by_practice",
    "lines_by_year",
    "people_by_practices",
    "public_figures_tiers",
]

BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#E69F00", "#009E73", "#CC79A7"
SKY, VERMILION, GREY, INK = "#56B4E9", "#D55E00", "#8C8C8C", "#222222"

THIN_SPACE = "\u202f"
"""Narrow no-break space, the thousands separator: a number never breaks over two lines."""

MINUS = "\u2212"
"""The sign of a number taken off, as wide as the digits."""

_MOST_BINS = 40
_TITLE_WIDTH = 74
_WIDTH, _HEIGHT = 900, 520
_GRID = "#E4E4E4"
_AXIS_TITLE = {"standoff": 10, "font": {"size": 13}}

TEMPLATE = go.layout.Template(
    layout=go.Layout(
        font={"family": "DejaVu Sans, Verdana, Arial, sans-serif", "size": 13, "color": INK},
        title={"x": 0.02, "xanchor": "left", "y": 1, "yanchor": "top", "pad": {"t": 18}, "font": {"size": 18}},
        colorway=[BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION],
        separators="." + THIN_SPACE,
        paper_bgcolor="white",
        plot_bgcolor="white",
        margin={"l": 20, "r": 40, "b": 90},
        bargap=0.3,
        xaxis={"gridcolor": _GRID, "zeroline": False, "linecolor": GREY, "automargin": True, "title": _AXIS_TITLE},
        yaxis={"gridcolor": _GRID, "zeroline": False, "linecolor": GREY, "automargin": True, "title": _AXIS_TITLE},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "xanchor": "left"},
        hoverlabel={"bgcolor": "white"},
    )
)
"""The look that all pictures share."""

_KEY_LABELS = {
    "nir": "social security number",
    "birth_identity": "birth name, first name, birth date, sex",
    "folded_use_name": "last name, first name, birth date (folded)",
    "use_name": "last name, first name, birth date (as typed)",
}
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
    names += [f"<b>people</b> by {_KEY_LABELS.get(key, key)}" for key in reversed(keys)]
    figure = go.Figure(
        go.Bar(
            y=names,
            x=[lines, repeated, records, *reversed(people)],
            base=[0, records, *([0] * (1 + len(keys)))],
            orientation="h",
            marker_color=[BLUE, ORANGE, BLUE, *([GREEN] * len(keys))],
            text=[_number(lines), f"{MINUS}{_number(repeated)}", _number(records), *map(_number, reversed(people))],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(title="lines, records or people", range=[0, lines * 1.15], tickformat=",d", nticks=6)
    spread = "" if not people else f", and {_between(people[0], people[-1])} people, by the key that tells them apart"
    title = f"{_number(lines)} lines are {_number(records)} records{spread}"
    return _finish(figure, title, "People are counted where their key is filled, so each key sees another part", source)


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
            text=[_percent(share) for share in part["share"]],
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
    return _finish(figure, title, f"Share of {_number(_whole(lines))} lines, neither null nor blank", source)


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
    lines = _whole(table["lines"].max())
    first, last = _whole(table["year"].min()), _whole(table["year"].max())
    recent = _percent(_real(table.filter(pl.col("year") == last)["share_updated"].sum()))
    title = f"The files go back to {first}; {recent} of the lines were last changed in {last}"
    return _finish(figure, title, f"{_number(lines)} lines, by year opened and by year last changed", source)


def lines_by_practice(table: pl.DataFrame, source: str) -> go.Figure:
    """How uneven the practices are: a histogram of their lines, from `counts.by_practice`."""
    sizes = table["lines"].sort(descending=True)
    tenth = max(1, round(len(sizes) / 10))
    held = _whole(sizes.head(tenth).sum()) / max(1, _whole(sizes.sum()))
    figure = _histogram(sizes, "practices", ",d")
    median = sizes.median()
    _mark(figure, median, f"median {_number(_whole(median))}")
    figure.update_xaxes(title="lines held by a practice", tickformat=",d", rangemode="tozero")
    title = f"The largest tenth of the {_number(len(sizes))} practices hold {_percent(held)} of the lines"
    return _finish(
        figure, title, f"Practices by the number of lines they hold, {_number(_whole(sizes.sum()))} in all", source
    )


def people_by_practices(table: pl.DataFrame, source: str) -> go.Figure:
    """At how many practices people stand: points from `duplicates.practices_per_person`, one colour a key.

    Give the tables of up to three keys, one below the other. The scale is logarithmic, since each further practice is
    rarer by an order of magnitude.
    """
    figure = go.Figure()
    several = []
    looks = ((BLUE, "circle", "bottom left"), (VERMILION, "diamond", "top right"), (GREEN, "square", "bottom right"))
    keys = table["key"].unique(maintain_order=True)
    for key, (colour, symbol, place) in zip(keys, looks, strict=False):
        part = table.filter(pl.col("key") == key).sort("practices")
        label = _KEY_LABELS.get(key, key)
        figure.add_scatter(
            x=[_practices(n) for n in part["practices"]],
            y=part["people"].to_list(),
            name=f"by {label}",
            mode="lines+markers+text",
            line={"color": colour, "width": 1, "dash": "dot"},
            marker={"color": colour, "size": 12, "symbol": symbol},
            text=[_percent(share) for share in part["share"]],
            textposition=place,
            textfont_color=colour,
            cliponaxis=False,
            hovertemplate="%{x}: %{y:,d} people (%{text})<extra></extra>",
        )
        several.append(_real(part.filter(pl.col("practices") > 1)["share"].sum()))
    top = _whole(table["people"].max())
    figure.update_xaxes(showgrid=False, type="category", range=[-0.5, table["practices"].n_unique() - 0.3])
    figure.update_yaxes(title="people (logarithmic scale)", type="log", tickformat=",d", dtick=1)
    figure.update_yaxes(range=[-0.5, math.log10(max(1, top)) + 0.5])
    low, high = _percent(min(several)), _percent(max(several))
    found = low if low == high else f"{low} to {high}"
    title = f"{found} of the people stand at two practices or more, by the exact key used"
    return _finish(figure, title, "People by the number of practices that hold a file of theirs", source)


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
            text=[_small(value) for value in table[column]],
            textposition="bottom center" if column == "expected" else "top center",
            cliponaxis=False,
            hovertemplate="%{y}: %{text} " + name + "<extra></extra>",
        )
    top = max(1.0, _real(table["hits"].max()), _real(table["expected"].max()))
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(title="pairs of figure and record (logarithmic scale)", type="log", dtick=1, tickformat=",~r")
    figure.update_xaxes(range=[math.log10(floor) - 0.15, math.log10(top) + 0.3])
    figure.update_layout(legend_traceorder="reversed")
    by_name, by_date = table.row(0, named=True), table.row(2, named=True)
    title = (
        f"{_number(by_name['hits'])} records bear a public figure's name, {_number(by_date['hits'])} the birth date "
        f"as well, where chance alone would give {_small(by_date['expected'])}"
    )
    return _finish(figure, title, "Pairs that agree on at least this much, and how many namesakes would", source)


def comments_by_category(table: pl.DataFrame, source: str) -> go.Figure:
    """What sensitive comments reveal: bars from a table of `category`, `lines`, `share` (of all lines)."""
    part = table.sort("lines", "category", descending=[False, True])
    labels = [category.replace("_", " ") for category in part["category"]]
    figure = go.Figure(
        go.Bar(
            y=labels,
            x=part["lines"].to_list(),
            orientation="h",
            marker_color=BLUE,
            text=[
                f"{_number(lines)} ({_percent(share)})"
                for lines, share in zip(part["lines"], part["share"], strict=True)
            ],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    figure.update_yaxes(showgrid=False)
    figure.update_xaxes(title="lines", tickformat=",d", range=[0, _whole(part["lines"].max()) * 1.2], nticks=7)
    figure.update_layout(height=180 + 32 * max(6, part.height))
    title = "No sensitive comment found"
    if labels:
        title = f"{labels[-1].capitalize()} is what sensitive comments reveal most often"
    return _finish(figure, title, "Lines whose comment falls in the category, and their share of all lines", source)


def comments_by_practice(table: pl.DataFrame, source: str) -> go.Figure:
    """How practices differ in their habit of noting: a histogram from a table of `practice_id`, `flagged`, `lines`."""
    part = table.filter(pl.col("lines") > 0)
    shares = part["flagged"] / part["lines"]
    overall = _real(part["flagged"].sum()) / max(1, _whole(part["lines"].sum()))
    figure = _histogram(shares, "practices", ".2%")
    _mark(figure, overall, f"all lines {_percent(overall)}")
    figure.update_xaxes(title="share of the practice's lines with a sensitive comment")
    figure.update_xaxes(tickformat=".1%", rangemode="tozero")
    low, high = (_percent(_real(shares.quantile(q, interpolation="linear"))) for q in (0.1, 0.9))
    title = f"Eight practices in ten note something sensitive on {low} to {high} of their lines"
    return _finish(figure, title, f"{_number(part.height)} practices by their share of such lines", source)


def _histogram(values: pl.Series, unit: str, tick_format: str) -> go.Figure:
    """Bars of equal width, counted here so that the figure holds the bars and not the values."""
    top = _real(values.max()) or 1.0
    bins = min(_MOST_BINS, max(5, math.ceil(math.sqrt(len(values)))))
    width = top / bins
    places = [min(bins - 1, int(value / width)) for value in values]
    counted = [places.count(place) for place in range(bins)]
    edges = [place * width for place in range(bins + 1)]
    figure = go.Figure(
        go.Bar(
            x=[(low + high) / 2 for low, high in pairwise(edges)],
            y=counted,
            width=[width * 0.95] * bins,
            marker_color=BLUE,
            customdata=list(pairwise(edges)),
            hovertemplate=f"%{{customdata[0]:{tick_format}}} to %{{customdata[1]:{tick_format}}}: "
            f"%{{y:,d}} {unit}<extra></extra>",
        )
    )
    figure.update_xaxes(showgrid=False)
    figure.update_yaxes(title=unit, tickformat=",d")
    return figure


def _mark(figure: go.Figure, value: object, label: str) -> None:
    figure.add_vline(x=_real(value), line={"color": VERMILION, "width": 2, "dash": "dash"})
    figure.add_annotation(
        x=_real(value),
        text=label,
        y=1,
        yref="paper",
        xanchor="left",
        xshift=4,
        showarrow=False,
        font={"color": VERMILION},
    )


def _finish(figure: go.Figure, title: str, counted: str, source: str) -> go.Figure:
    """The title over the picture, what is counted below it, the source at the foot."""
    wrapped = textwrap.wrap(title, _TITLE_WIDTH)
    lines = "<br>".join(wrapped)
    subtitle = f"<span style='font-size:13px;color:#555555'>{counted}</span>"
    figure.update_layout(template=TEMPLATE, title_text=f"<b>{lines}</b><br>{subtitle}")
    entries = sum(trace.showlegend is not False for trace in figure.data)
    # Some four entries fit on a row of the legend; a single one has none.
    legend = 0 if entries < 2 else 36 if entries <= 4 else 56
    figure.update_layout(width=_WIDTH, height=figure.layout.height or _HEIGHT, margin_t=56 + 24 * len(wrapped) + legend)
    figure.add_annotation(
        text=f"Source: {source}",
        x=1,
        xref="paper",
        xanchor="right",
        y=0,
        yref="paper",
        yanchor="top",
        yshift=-62,
        showarrow=False,
        font={"size": 11, "color": "#555555"},
    )
    return figure


def _number(value: int) -> str:
    return f"{value:,d}".replace(",", THIN_SPACE)


def _small(value: float) -> str:
    """A count as it is, an expectation with the digits it deserves."""
    if value == round(value) or value >= 100:
        return _number(round(value))
    return f"{value:.1f}" if value >= 1 else f"{value:.2g}"


def _percent(share: float | None) -> str:
    if share is None:
        return "no share"
    if 0 < share < 0.0001:
        return f"under 0.01{THIN_SPACE}%"
    digits = 0 if share in (0, 1) else 1 if share >= 0.02 and share < 0.9995 else 2
    return f"{share * 100:.{digits}f}{THIN_SPACE}%"


def _between(low: int, high: int) -> str:
    return _number(low) if low == high else f"{_number(low)} to {_number(high)}"


def _practices(number: int) -> str:
    return "1 practice" if number == 1 else f"{number} practices"


def _whole(value: object) -> int:
    return int(_real(value))


def _real(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
