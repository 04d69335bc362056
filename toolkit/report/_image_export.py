"""Charts as PNG and SVG files, drawn by an installed browser, without a network."""

from __future__ import annotations

import re
from asyncio import CancelledError
from collections.abc import Sequence
from pathlib import Path

import plotly.graph_objects as go

from toolkit._io import make_folder, write_text
from toolkit.charts import IMAGE_WIDTH
from toolkit.report._chart_set import DrawnChart

__all__ = ["FORMATS", "write_images"]

FORMATS = ("svg", "png")

_SCALE = {"svg": 1, "png": 2}
"""Pixels per point: two look sharp on paper."""


def write_images(charts: Sequence[DrawnChart], folder: Path) -> bool:
    """Write each chart as `<name>.svg` and `<name>.png` into `folder`; return whether a browser could.

    All are drawn in one session, since a browser is slow to start. Where none is found, none starts, or one fails
    before the last picture, there are no pictures at all, and those of an earlier run are removed: a picture must not
    show other numbers than the page, and the page links to all of them or to none.
    """
    import kaleido

    make_folder(folder, private=False)
    _clear(folder)
    wanted = [
        {
            "fig": _named(chart.figure),
            "path": folder / f"{chart.name}.{kind}",
            "opts": {
                "format": kind,
                "width": IMAGE_WIDTH,
                "height": chart.figure.layout.height,
                "scale": _SCALE[kind],
            },
        }
        for chart in charts
        for kind in FORMATS
    ]
    try:
        # MathJax would be fetched from the network; plotly.js is the one that is installed.
        # Errors are returned, and the pictures left out, unless the first of them is to end it.
        kaleido.write_fig_from_object_sync(wanted, kopts={"mathjax": False}, cancel_on_error=True)
    except (Exception, CancelledError):  # noqa: BLE001 (of a browser, a script, a lost tab; CancelledError: it was lost)
        _clear(folder)
        return False
    for chart in charts:
        picture = folder / f"{chart.name}.svg"
        write_text(picture, _with_fixed_names(picture.read_text(encoding="utf-8"), chart.name), private=False)
    return True


def _clear(folder: Path) -> None:
    """Remove every picture in a folder."""
    for kind in FORMATS:
        for old in folder.glob(f"*.{kind}"):
            old.unlink()


def _named(figure: go.Figure) -> go.Figure:
    """A copy whose traces have names that are the same in each run: plotly.js gives them random ones."""
    named = go.Figure(figure)
    for place, trace in enumerate(named.data):
        trace.uid = f"-{place}"
    return named


def _with_fixed_names(svg: str, name: str) -> str:
    """An SVG whose own name is the same in each run: plotly.js makes it of six random digits."""
    for drawn in set(re.findall(r"topdefs-([0-9a-f]{6})", svg)):
        svg = svg.replace(drawn, f"-{name}-")
    return svg
