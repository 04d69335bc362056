"""The look that all pictures share: colours, template, titles, and how numbers are written in them.

The colours are those of Okabe and Ito (*Color Universal Design*, 2008), told apart by readers with any colour vision.
"""

from __future__ import annotations

import math
import textwrap
from itertools import pairwise

import plotly.graph_objects as go
import polars as pl

__all__ = [
    "BLUE",
    "GREEN",
    "GREY",
    "INK",
    "KEY_LABELS",
    "MINUS",
    "ORANGE",
    "PURPLE",
    "SKY",
    "TEMPLATE",
    "THIN_SPACE",
    "VERMILION",
    "between",
    "finish",
    "histogram",
    "mark",
    "number",
    "percent",
    "real",
    "small",
    "whole",
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

KEY_LABELS = {
    "nir": "social security number",
    "birth_identity": "birth name, first name, birth date, sex",
    "folded_use_name": "last name, first name, birth date (folded)",
    "use_name": "last name, first name, birth date (as typed)",
}


def finish(figure: go.Figure, title: str, counted: str, source: str) -> go.Figure:
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


def histogram(values: pl.Series, unit: str, tick_format: str) -> go.Figure:
    """Bars of equal width, counted here so that the figure holds the bars and not the values."""
    top = real(values.max()) or 1.0
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


def mark(figure: go.Figure, value: object, label: str) -> None:
    """A dashed line across the picture at a value, with its label."""
    figure.add_vline(x=real(value), line={"color": VERMILION, "width": 2, "dash": "dash"})
    figure.add_annotation(
        x=real(value),
        text=label,
        y=1,
        yref="paper",
        xanchor="left",
        xshift=4,
        showarrow=False,
        font={"color": VERMILION},
    )


def number(value: int) -> str:
    """A whole number with its thousands parted."""
    return f"{value:,d}".replace(",", THIN_SPACE)


def small(value: float) -> str:
    """A count as it is, an expectation with the digits it deserves."""
    if value == round(value) or value >= 100:
        return number(round(value))
    return f"{value:.1f}" if value >= 1 else f"{value:.2g}"


def percent(share: float | None) -> str:
    """A share with the digits it deserves."""
    if share is None:
        return "no share"
    if 0 < share < 0.0001:
        return f"under 0.01{THIN_SPACE}%"
    digits = 0 if share in (0, 1) else 1 if share >= 0.02 and share < 0.9995 else 2
    return f"{share * 100:.{digits}f}{THIN_SPACE}%"


def between(low: int, high: int) -> str:
    """A range, or one number where both ends are the same."""
    return number(low) if low == high else f"{number(low)} to {number(high)}"


def whole(value: object) -> int:
    """What Polars says of a column of whole numbers, as an integer; 0 for nothing."""
    return int(real(value))


def real(value: object) -> float:
    """What Polars says of a column of numbers, as a float; 0 for nothing."""
    return float(value) if isinstance(value, (int, float)) else 0.0
