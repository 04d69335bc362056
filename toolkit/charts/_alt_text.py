"""Text alternatives for readers who cannot see a chart: the finding, what is counted, and the values.

Follows the guidance of the W3C's Web Accessibility Initiative on complex images: a short text with the numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import plotly.graph_objects as go

from toolkit.i18n import translate, translate_plural

__all__ = ["alt_text"]

_MOST_VALUES = 12


def alt_text(figure: go.Figure, title: str, counted: str) -> str:
    """Return the title, what is counted, and up to twelve labelled values, or the axes where no value has a label."""
    return " ".join(_sentence(part) for part in (title, counted, _values(figure) or _axes(figure)) if part)


def _values(figure: go.Figure) -> str:
    """Return "lines: 9; records: 8; and 5 more", one series after the other."""
    values = [value for trace in figure.data for value in _labelled(trace)]
    shown = values[:_MOST_VALUES]
    if len(values) > len(shown):
        shown.append(translate_plural("and {n} more", "and {n} more", len(values) - len(shown)))
    return translate("; ").join(shown)


def _labelled(trace: go.Bar | go.Scatter) -> Iterator[str]:
    """Yield the values of a trace whose points have a name on one axis and a text."""
    texts = trace.text if isinstance(trace.text, (list, tuple)) else ()
    places = next((side for side in (trace.y, trace.x) if side is not None and _are_names(side)), ())
    for place, text in zip(places, texts, strict=False):
        value = translate("{name}: {value}", name=_plain(place), value=_plain(text))
        yield translate("{name}, {value}", name=_plain(trace.name), value=value) if trace.name else value


def _are_names(side: object) -> bool:
    return isinstance(side, (list, tuple)) and bool(side) and all(isinstance(place, str) for place in side)


def _axes(figure: go.Figure) -> str:
    """Return the titles of the two axes, where a chart has both; a map has none."""
    x, y = (axis.title.text or "" for axis in (figure.layout.xaxis, figure.layout.yaxis))
    return translate("Chart of {y} against {x}", x=x, y=y) if x and y else ""


def _plain(text: object) -> str:
    """Return a text without Plotly's HTML tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", str(text)).split(" ")).replace("  ", " ").strip()


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
