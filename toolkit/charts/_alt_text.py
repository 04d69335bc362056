"""What a picture says to a reader who cannot see it: the finding, what is counted, and the values in words.

After the guidance of the W3C's Web Accessibility Initiative on complex images: short, and the numbers with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import plotly.graph_objects as go

from toolkit.i18n import number, translate

__all__ = ["alternative"]

_MOST_VALUES = 12


def alternative(figure: go.Figure, title: str, counted: str) -> str:
    """The title, what is counted, and then the labelled values, at most a dozen, or the axes where none is labelled."""
    return " ".join(_sentence(part) for part in (title, counted, _values(figure) or _axes(figure)) if part)


def _values(figure: go.Figure) -> str:
    """'lines: 9; records: 8; and 5 more', series after series."""
    told = [value for trace in figure.data for value in _labelled(trace)]
    shown = told[:_MOST_VALUES]
    if len(told) > len(shown):
        shown.append(translate("and {n} more", n=number(len(told) - len(shown))))
    return translate("; ").join(shown)


def _labelled(trace: go.Bar | go.Scatter) -> Iterator[str]:
    """The values of a trace whose marks have a name on one axis and a text."""
    texts = trace.text if isinstance(trace.text, (list, tuple)) else ()
    places = next((side for side in (trace.y, trace.x) if side is not None and _are_names(side)), ())
    for place, text in zip(places, texts, strict=False):
        value = translate("{name}: {value}", name=_plain(place), value=_plain(text))
        yield translate("{name}, {value}", name=_plain(trace.name), value=value) if trace.name else value


def _are_names(side: object) -> bool:
    return isinstance(side, (list, tuple)) and bool(side) and all(isinstance(place, str) for place in side)


def _axes(figure: go.Figure) -> str:
    """What is drawn against what, where the marks have no names; a map has none either."""
    across, upwards = (axis.title.text or "" for axis in (figure.layout.xaxis, figure.layout.yaxis))
    return translate("Drawn are {upwards} by {across}", upwards=upwards, across=across) if across and upwards else ""


def _plain(text: object) -> str:
    """A text without the marks of Plotly's little HTML."""
    return " ".join(re.sub(r"<[^>]+>", " ", str(text)).split(" ")).replace("  ", " ").strip()


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
