"""The look that all pictures share: colours, template, titles, and how numbers and labels are written in them.

The colours are those of Okabe and Ito (*Color Universal Design*, 2008), told apart by readers with any colour vision.
All that a picture says is said in the language spoken when it is made (`toolkit.i18n`), labels of its table too;
what it shows, and in which order, is the same in every language.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import plotly.graph_objects as go
import polars as pl

from toolkit.charts._alt_text import alternative
from toolkit.i18n import number, percent, separators, translate

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
    "mark",
    "number",
    "percent",
    "percent_axis",
    "real",
    "share_of",
    "small",
    "translate",
    "whole",
    "wrapped",
]

BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#E69F00", "#009E73", "#CC79A7"
SKY, VERMILION, GREY, INK = "#56B4E9", "#D55E00", "#767676", "#222222"

MINUS = "\u2212"
"""The sign of a number taken off, as wide as the digits."""

IMAGE_WIDTH = 900
"""How wide, in pixels, a picture is drawn where no page decides: what lines of titles and legends are broken for."""

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
_QUIET = "#555555"
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
            # Below the title, wherever that ends; the marks begin below the last of its rows, however many these are.
            "yref": "container",
            "yanchor": "top",
            "xanchor": "left",
            "title": {"font": {"size": 13}},
        },
        hoverlabel={"bgcolor": "white"},
    )
)
"""The look that all pictures share."""

_NAMES = {
    "nir": "social security number",
    "birth_identity": "birth name, first name, birth date, sex",
    "folded_use_name": "last name, first name, birth date (folded)",
    "use_name": "last name, first name, birth date (as typed)",
    "linkage": "linked records",
    "religion_beliefs": "religion and beliefs",
    "origin_ethnicity": "origin",
    "politics_union": "politics and unions",
    "reproductive": "reproduction",
    "fields_nir": "social security number named",
    "nir_missing": "social security number missing",
    "nir_digit_wrong": "digit wrong in the social security number",
    "relative_nir": "a relative’s social security number",
}
"""What the names of our tables do not translate by themselves."""


def finish(figure: go.Figure, title: str, counted: str, source: str) -> go.Figure:
    """The title over the picture, what is counted below it, the source at the foot; all in the reader's language.

    A picture has a height and no width: a page gives it the width it has, and `IMAGE_WIDTH` is the width of a file. A
    title cannot break its lines by itself, so they are broken here, for some 700 pixels and more; on a narrower page,
    a telephone's, use `for_page`. `layout.meta` carries what pages need beside the picture: `title`, `counted` and
    `source` as plain text, and `alt`, a text for those who cannot see it: the finding, what is counted, and the values.
    """
    lines, counted_lines = _broken(title, _TITLE_WIDTH), _broken(counted, _COUNTED_WIDTH)
    subtitle = f"<span style='font-size:13px;color:{_QUIET}'>{'<br>'.join(counted_lines)}</span>"
    figure.update_layout(template=TEMPLATE, title_text=f"<b>{'<br>'.join(lines)}</b><br>{subtitle}")
    above = 36 + _LINE * len(lines) + _COUNTED_LINE * len(counted_lines)
    height = figure.layout.height or _HEIGHT
    figure.update_layout(
        autosize=True,
        height=height,
        legend_y=1 - above / height,
        margin={"t": above + 14 + _LEGEND_ROW * _legend_rows(figure), "b": _FOOT},
        separators=separators(),
        meta={"title": title, "counted": counted, "source": source, "alt": alternative(figure, title, counted)},
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
        font={"size": 11, "color": _QUIET},
    )
    return figure


def for_page(figure: go.Figure) -> go.Figure:
    """A copy without title and source, for a page that tells them itself, from `layout.meta`, in lines that break.

    The picture fills the width of the page, from some 360 pixels on: names of rows stand above them and not beside,
    titles of axes and entries of the legend are broken. Its height does not depend on the width.
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
    # On the narrowest page every entry of the legend has a row to itself.
    height = figure.layout.height - taken + _LEGEND_ROW * (max(rows, len(_entries(figure))) - rows if rows else 0)
    page.update_layout(height=height, margin=margin, legend_y=1 - 4 / height)
    _names_above(page)
    return page


def _break_title(axis: go.layout.XAxis | go.layout.YAxis, width: int) -> None:
    if axis.title.text:
        axis.title.text = wrapped(axis.title.text, width)


def _names_above(page: go.Figure) -> None:
    """Put the names on an upright axis above their rows, where they take no width from the marks."""
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
    """Rows of the legend at `IMAGE_WIDTH`: as many as its entries fill, with their marks; a single one has none."""
    names = _entries(figure)
    if len(names) < 2:
        return 0
    rows, used = 1 + bool(figure.layout.legend.title.text), 0.0
    # Entries stand in columns as wide as the widest of them.
    widest = 60 + 7.6 * max(len(name) for name in names)
    for _ in names:
        used += widest
        if used > IMAGE_WIDTH - 80 and used > widest:
            rows, used = rows + 1, widest
    return rows


def _entries(figure: go.Figure) -> list[str]:
    """What the legend says, entry by entry."""
    return [trace.name or "" for trace in figure.data if trace.showlegend is not False]


def histogram(values: pl.Series, unit: str, hover: str) -> go.Figure:
    """Bars of equal width, counted here so that the figure holds the bars and not the values.

    `hover` is a sentence, not yet said, of `{low}`, `{high}` and `{count}`.
    """
    top = real(values.max()) or 1.0
    bins = min(_MOST_BINS, max(5, math.ceil(math.sqrt(len(values)))))
    width = top / bins
    places = [min(bins - 1, int(value / width)) for value in values]
    counted = [places.count(place) for place in range(bins)]
    edges = [place * width for place in range(bins + 1)]
    told = [
        translate(hover, low=number(low), high=number(high), count=number(count))
        for (low, high), count in zip(pairwise(edges), counted, strict=True)
    ]
    figure = go.Figure(
        go.Bar(
            x=[(low + high) / 2 for low, high in pairwise(edges)],
            y=counted,
            width=[width * 0.95] * bins,
            marker_color=BLUE,
            customdata=told,
            hovertemplate="%{customdata}<extra></extra>",
        )
    )
    figure.update_xaxes(showgrid=False)
    figure.update_yaxes(title=unit, tickformat=",d")
    return figure


def bar_text(values: Sequence[float], colours: Sequence[str]) -> dict[str, Any]:
    """How bars carry their text: within where there is room, else beyond their end, so that no page cuts it off."""
    return {
        # Plotly leaves out the text of a bar of no length, unless it is told where to put it.
        "textposition": ["auto" if value else "outside" for value in values],
        "insidetextfont": {"color": [ink_on(colour) for colour in colours]},
        "constraintext": "none",
        "textangle": 0,
        "cliponaxis": False,
    }


def ink_on(colour: str) -> str:
    """Dark or white, whichever is read more easily on a colour: the greater contrast of WCAG 2.2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    # The luminance at which both contrasts are the same: that of INK is 0.016.
    return INK if (light + 0.05) ** 2 > 1.05 * 0.066 else "white"


def mark(figure: go.Figure, value: object, text: str) -> None:
    """A dashed line across the picture at a value, with its label."""
    figure.add_vline(x=real(value), line={"color": VERMILION, "width": 2, "dash": "dash"})
    figure.add_annotation(
        x=real(value),
        text=text,
        y=1,
        yref="paper",
        xanchor="left",
        xshift=4,
        showarrow=False,
        font={"color": "#A84300"},
    )


def label(name: str) -> str:
    """A name out of a table (a category, a step, a column, a key) as a reader says it, in the reader's language."""
    return translate(_NAMES.get(name, name).replace("_", " "))


def key_label(key: str) -> str:
    """People counted by a key: 'by social security number'."""
    return translate("by {key}", key=label(key))


def wrapped(text: str, width: int = _LABEL_WIDTH) -> str:
    """A long label on several lines, so that it leaves room for the marks on a narrow page."""
    return "<br>".join(_broken(text, width))


def _broken(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def percent_axis(title: str) -> dict[str, str]:
    """An axis of shares, drawn in percent by `in_percent`: the sign parted from the number, which D3 does not do."""
    return {"title": title, "ticksuffix": "\u202f%"}


def in_percent(shares: Iterable[float | None]) -> list[float | None]:
    """Shares as numbers of percent, without digits that nobody sees."""
    return [None if share is None else round(100 * share, 5) for share in shares]


def share_of(part: float, every: float) -> str:
    """The share of a part, where there is a whole to have a share in."""
    return percent(part / every) if every else translate("no share")


def small(value: float) -> str:
    """A count as it is, an expectation with the digits it deserves."""
    if value == round(value) or value >= 100:
        return number(round(value))
    if value >= 1:
        return number(value, 1)
    # Two digits that tell something, however small the expectation is.
    return number(value, 1 - math.floor(math.log10(value))).rstrip("0")


def between(low: int, high: int) -> str:
    """A range, or one number where both ends are the same."""
    return number(low) if low == high else translate("{low} to {high}", low=number(low), high=number(high))


def whole(value: object) -> int:
    """What Polars says of a column of whole numbers, as an integer; 0 for nothing."""
    return int(real(value))


def real(value: object) -> float:
    """What Polars says of a column of numbers, as a float; 0 for nothing."""
    return float(value) if isinstance(value, (int, float)) else 0.0
