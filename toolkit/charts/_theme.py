"""The theme of all charts: colours, template, titles, and the format of numbers and labels.

The colours are those of Okabe and Ito (*Color Universal Design*, 2008), which readers with any colour vision can
distinguish. Texts are in the current language (`toolkit.i18n`), including labels that come from the data; values and
their order are the same in every language.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

import plotly.graph_objects as go
import polars as pl

from toolkit.charts._alt_text import alt_text
from toolkit.i18n import N_, number, percent, percent_sign, separators, translate

__all__ = [
    "BLUE",
    "GREEN",
    "GREY",
    "IMAGE_WIDTH",
    "INK",
    "MINUS",
    "ORANGE",
    "PURPLE",
    "SKY",
    "TEMPLATE",
    "VERMILION",
    "bar_text",
    "between",
    "finish",
    "for_page",
    "histogram",
    "in_percent",
    "ink_on",
    "key_label",
    "label",
    "percent_axis",
    "real",
    "reference_line",
    "share_of",
    "small",
    "whole",
    "wrapped",
]

BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#E69F00", "#009E73", "#CC79A7"
SKY, VERMILION, GREY, INK = "#56B4E9", "#D55E00", "#767676", "#222222"

MINUS = "\u2212"
"""The minus sign, as wide as a digit."""

IMAGE_WIDTH = 900
"""Width of an image file in pixels; titles and legends are wrapped for it."""

_MOST_BINS = 40
_TITLE_WIDTH = 72
_COUNTED_WIDTH = 100
_LABEL_WIDTH = 28
_HEIGHT = 520
_LINE, _COUNTED_LINE, _LEGEND_ROW = 23, 18, 20
_FOOT = 90
_FOOT_IN_PAGE = 60
_PAGE_LINE, _PAGE_COLUMN = 42, 34
_NAME_ABOVE, _NAMED_ROW = 16, 40
_SOURCE = "source"
_MUTED = "#555555"
_GRID = "#E4E4E4"
_AXIS_TITLE = {"standoff": 10, "font": {"size": 13}}

TEMPLATE = go.layout.Template(
    layout=go.Layout(
        font={"family": "DejaVu Sans, Verdana, Arial, sans-serif", "size": 13, "color": INK},
        title={"x": 0.02, "xanchor": "left", "y": 1, "yanchor": "top", "pad": {"t": 22}, "font": {"size": 17}},
        colorway=[BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION],
        paper_bgcolor="white",
        plot_bgcolor="white",
        margin={"l": 20, "r": 40},
        bargap=0.3,
        xaxis={"gridcolor": _GRID, "zeroline": False, "linecolor": GREY, "automargin": True, "title": _AXIS_TITLE},
        yaxis={"gridcolor": _GRID, "zeroline": False, "linecolor": GREY, "automargin": True, "title": _AXIS_TITLE}
        | {"ticklabelstandoff": 4},
        legend={
            "orientation": "h",
            "xref": "container",
            "x": 0.02,
            # `finish` places the legend below the title and the plot below the last row of the legend.
            "yref": "container",
            "yanchor": "top",
            "xanchor": "left",
            "title": {"font": {"size": 13}},
        },
        hoverlabel={"bgcolor": "white"},
    )
)
"""The Plotly template of all charts."""

_LABELS = {
    "nir": N_("social security number"),
    "birth_identity": N_("birth name, first name, birth date, sex"),
    "folded_use_name": N_("last name, first name, birth date (folded)"),
    "use_name": N_("last name, first name, birth date (as typed)"),
    "linkage": N_("linked records"),
    "religion_beliefs": N_("religion and beliefs"),
    "origin_ethnicity": N_("origin"),
    "politics_union": N_("politics and unions"),
    "reproductive": N_("reproduction"),
    "fields_nir": N_("social security number named"),
    "nir_missing": N_("social security number missing"),
    "nir_digit_wrong": N_("digit wrong in the social security number"),
    "relative_nir": N_("a relative’s social security number"),
}
"""Labels of names in the tables that are not readable with their underscores as spaces."""


def finish(figure: go.Figure, title: str, counted: str, source: str) -> go.Figure:
    """Add the title, a subtitle with what is counted, and the source, all already in the reader's language.

    A chart has a height and no width: a page sets the width, and `IMAGE_WIDTH` is the width of an image file. Plotly
    does not wrap titles, so they are wrapped here for 700 pixels and more; for narrower pages, such as a phone, use
    `for_page`. `layout.meta` holds plain texts for the page around the chart: `title`, `counted`, `source`, and `alt`,
    a text alternative with the finding, what is counted and the values.
    """
    lines, counted_lines = _wrap(title, _TITLE_WIDTH), _wrap(counted, _COUNTED_WIDTH)
    subtitle = f"<span style='font-size:13px;color:{_MUTED}'>{'<br>'.join(counted_lines)}</span>"
    figure.update_layout(template=TEMPLATE, title_text=f"<b>{'<br>'.join(lines)}</b><br>{subtitle}")
    above = 36 + _LINE * len(lines) + _COUNTED_LINE * len(counted_lines)
    height = figure.layout.height or _HEIGHT
    figure.update_layout(
        autosize=True,
        height=height,
        legend_y=1 - above / height,
        margin={"t": above + 14 + _LEGEND_ROW * _legend_rows(figure), "b": _FOOT},
        separators=separators(),
        meta={"title": title, "counted": counted, "source": source, "alt": alt_text(figure, title, counted)},
    )
    figure.add_annotation(
        name=_SOURCE,
        text=translate("Source: {source}", source=source),
        x=1,
        xref="paper",
        xanchor="right",
        y=0,
        yref="paper",
        yanchor="top",
        yshift=-62,
        showarrow=False,
        font={"size": 11, "color": _MUTED},
    )
    return figure


def for_page(figure: go.Figure) -> go.Figure:
    """Return a copy without title and source, for a page that shows them itself, from `layout.meta`.

    The chart fills the width of the page, from about 360 pixels: row names are above their rows instead of beside them,
    and axis titles and legend entries are wrapped. The height does not depend on the width.
    """
    page = go.Figure(figure)
    page.layout.title.text = None
    page.layout.annotations = [note for note in figure.layout.annotations if note.name != _SOURCE]
    page.for_each_xaxis(lambda axis: _break_title(axis, _PAGE_LINE))
    page.for_each_yaxis(lambda axis: _break_title(axis, _PAGE_COLUMN))
    page.for_each_trace(lambda trace: trace.update(name=wrapped(trace.name or "", _PAGE_LINE)))
    rows = _legend_rows(figure)
    margin = {"t": 14 + _LEGEND_ROW * rows, "b": _FOOT_IN_PAGE, "l": 8, "r": 24}
    taken = figure.layout.margin.t + figure.layout.margin.b - margin["t"] - margin["b"]
    # On the narrowest page every legend entry takes a row.
    height = figure.layout.height - taken + _LEGEND_ROW * (max(rows, len(_entries(figure))) - rows if rows else 0)
    page.update_layout(height=height, margin=margin, legend_y=1 - 4 / height)
    _names_above(page)
    return page


def _break_title(axis: go.layout.XAxis | go.layout.YAxis, width: int) -> None:
    if axis.title.text:
        axis.title.text = wrapped(axis.title.text, width)


def _names_above(page: go.Figure) -> None:
    """Move the names of a vertical axis above their rows, where they take no width from the plot."""
    sides = [trace.y for trace in page.data if trace.y is not None]
    names = {name: wrapped(name.replace("<br>", " "), 50) for side in sides for name in side if isinstance(name, str)}
    if not names:
        return
    lines = max(1 + name.count("<br>") for name in names.values())
    marks = page.layout.height - page.layout.margin.t - page.layout.margin.b
    row = max(marks / len(names) + _NAME_ABOVE * lines, _NAMED_ROW * lines)
    page.update_layout(height=page.layout.height - marks + round(row * len(names)), bargap=0.45, bargroupgap=0)
    page.update_yaxes(showticklabels=False)
    if page.layout.yaxis.autorange == "reversed":
        page.update_yaxes(autorange=None, range=[len(names) - 0.5, -0.6])
    for place, name in names.items():
        page.add_annotation(
            text=name,
            align="left",
            x=0,
            xref="paper",
            xanchor="left",
            y=place,
            yanchor="bottom",
            yshift=round(0.28 * row),
            showarrow=False,
            font={"size": 12},
        )


def _legend_rows(figure: go.Figure) -> int:
    """Return the number of legend rows at `IMAGE_WIDTH`; a chart with one series has no legend."""
    names = _entries(figure)
    if len(names) < 2:
        return 0
    rows, used = 1 + bool(figure.layout.legend.title.text), 0.0
    # Plotly gives every entry the width of the widest.
    widest = 60 + 7.6 * max(len(name) for name in names)
    for _ in names:
        used += widest
        if used > IMAGE_WIDTH - 80 and used > widest:
            rows, used = rows + 1, widest
    return rows


def _entries(figure: go.Figure) -> list[str]:
    """Return the names of the legend entries."""
    return [trace.name or "" for trace in figure.data if trace.showlegend is not False]


def histogram(values: pl.Series, unit: str, hover: str) -> go.Figure:
    """Draw a histogram; the values are counted here, so the figure holds the bars and not the values.

    `hover` is an English text with `{low}`, `{high}` and `{count}`, translated here.
    """
    top = real(values.max()) or 1.0
    bins = min(_MOST_BINS, max(5, math.ceil(math.sqrt(len(values)))))
    width = top / bins
    places = [min(bins - 1, int(value / width)) for value in values]
    counted = [places.count(place) for place in range(bins)]
    edges = [place * width for place in range(bins + 1)]
    hovers = [
        translate(hover, low=number(low), high=number(high), count=number(count))
        for (low, high), count in zip(pairwise(edges), counted, strict=True)
    ]
    figure = go.Figure(
        go.Bar(
            x=[(low + high) / 2 for low, high in pairwise(edges)],
            y=counted,
            width=[width * 0.95] * bins,
            marker_color=BLUE,
            customdata=hovers,
            hovertemplate="%{customdata}<extra></extra>",
        )
    )
    figure.update_xaxes(showgrid=False)
    figure.update_yaxes(title=unit, tickformat=",d")
    return figure


def bar_text(values: Sequence[float], colours: Sequence[str]) -> dict[str, Any]:
    """Return the trace options that put a bar's text inside it where there is room, and else beyond its end."""
    return {
        # Without a position Plotly omits the text of a bar of length zero.
        "textposition": ["auto" if value else "outside" for value in values],
        "insidetextfont": {"color": [ink_on(colour) for colour in colours]},
        "constraintext": "none",
        "textangle": 0,
        "cliponaxis": False,
    }


def ink_on(colour: str) -> str:
    """Return the text colour, dark or white, with the greater WCAG 2.2 contrast on a background colour."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    # Both contrasts are equal at this luminance; that of INK is 0.016.
    return INK if (light + 0.05) ** 2 > 1.05 * 0.066 else "white"


def reference_line(figure: go.Figure, value: object, text: str) -> None:
    """Draw a dashed vertical line at a value, a number or a date, with its label."""
    at = value.isoformat() if isinstance(value, date) else real(value)
    figure.add_vline(x=at, line={"color": VERMILION, "width": 2, "dash": "dash"})
    figure.add_annotation(
        x=at,
        text=text,
        y=1,
        yref="paper",
        xanchor="left",
        xshift=4,
        showarrow=False,
        font={"color": "#A84300"},
    )


def label(name: str, *, context: str | None = None) -> str:
    """Return the readable label of a name in a table (a category, step, column or key), in the current language."""
    return translate(_LABELS.get(name, name).replace("_", " "), context=context)


def key_label(key: str) -> str:
    """Return the label of a key that people are counted by, such as "by social security number"."""
    return translate("by {key}", key=label(key))


def wrapped(text: str, width: int = _LABEL_WIDTH) -> str:
    """Wrap a long label, so that it leaves room for the plot on a narrow page."""
    return "<br>".join(_wrap(text, width))


def _wrap(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def percent_axis(title: str) -> dict[str, str]:
    """Return the options of an axis for values from `in_percent`, with the percent sign of the current language."""
    return {"title": title, "ticksuffix": percent_sign()}


def in_percent(shares: Iterable[float | None]) -> list[float | None]:
    """Convert shares to percentages, rounded to five decimals to keep figures small."""
    return [None if share is None else round(100 * share, 5) for share in shares]


def share_of(part: float, every: float) -> str:
    """Format part / every as a percentage; "no share" where `every` is zero."""
    return percent(part / every) if every else translate("no share")


def small(value: float) -> str:
    """Format a count, or an expected count with as many decimals as it needs."""
    if value == round(value) or value >= 100:
        return number(round(value))
    if value >= 1:
        return number(value, 1)
    # Two significant digits, however small the value is.
    return number(value, 1 - math.floor(math.log10(value))).rstrip("0")


def between(low: int, high: int) -> str:
    """Format a range, or one number where both ends are equal."""
    return number(low) if low == high else translate("{low} to {high}", low=number(low), high=number(high))


def whole(value: object) -> int:
    """Convert an aggregate that Polars types as any scalar to an integer; null is 0."""
    return int(real(value))


def real(value: object) -> float:
    """Convert an aggregate that Polars types as any scalar to a float; null is 0."""
    return float(value) if isinstance(value, (int, float)) else 0.0
