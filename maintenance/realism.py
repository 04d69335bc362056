"""Write the measured part of `docs/methods/realism.md`, and its pictures: `python -m maintenance.realism DATASET`.

The text between the two marks of the page is replaced; the rest of the page is written by hand. Pictures are SVG files
in `docs/methods/images/`. At 22,000,000 lines it takes some minutes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

from toolkit import open_leak
from toolkit.charts import REALISM_CHARTS, realism_chart
from toolkit.realism import MARKS, Mark, Reading, measure, profiles
from toolkit.report import DrawnChart, write_images

__all__ = ["PAGE", "measured_part", "write_page"]

PAGE = Path(__file__).parent.parent / "docs" / "methods" / "realism.md"
_BEGIN, _END = "<!-- measured: begin -->", "<!-- measured: end -->"


def write_page(data_set: Path, page: Path = PAGE) -> None:
    """Measure the marks of a data set, and replace the measured part of the page and its pictures.

    Raises `ValueError` when the page lacks the two marks, and `RuntimeError` when no browser draws the pictures.
    """
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (begin and end):
        raise ValueError(f"{page} lacks the marks {_BEGIN} and {_END}")
    with open_leak(data_set) as leak:
        readings, tables = measure(leak), profiles(leak)
        name, lines = leak.name, int(leak.manifest["rows"])
    charts = [
        DrawnChart(chart, "realism", realism_chart(chart, tables[chart], name))
        for chart in REALISM_CHARTS
        if chart in tables
    ]
    with TemporaryDirectory() as folder:
        if not write_images(charts, Path(folder)):
            raise RuntimeError("no browser drew the pictures: install Chromium")
        for chart in charts:
            copyfile(Path(folder) / f"{chart.name}.svg", page.parent / "images" / f"{chart.name}.svg")
    part = measured_part(readings, charts, name, lines)
    page.write_text(f"{before}{begin}\n\n{part}\n\n{end}{after}", encoding="utf-8")


def measured_part(readings: Sequence[Reading], charts: Sequence[DrawnChart], name: str, lines: int) -> str:
    """Return the measured part of the page: a table of the marks, and the pictures of the charts."""
    rows = [_row(mark, reading) for mark, reading in zip(MARKS, readings, strict=True)]
    table = "\n".join(
        [
            "| mark | what is measured | measured (95% interval) | expected | source |",
            "| --- | --- | --- | --- | --- |",
            *rows,
        ]
    )
    pictures = "\n\n".join(f"![{chart.texts['alt']}](images/{chart.name}.svg)" for chart in charts)
    return f"Data set `{name}`, {lines:,} lines: `toolkit realism DIR`.\n\n{table}\n\n{pictures}"


def _row(mark: Mark, reading: Reading) -> str:
    measured = reading.reason or ""
    if reading.value is not None and reading.low is not None and reading.high is not None:
        inside = f"{_number(mark, reading.low)} to {_number(mark, reading.high)}"
        measured = f"{_number(mark, reading.value)} ({inside})"
    wanted = f"{_number(mark, mark.low)} or more"
    if mark.high is not None:
        wanted = f"{_number(mark, mark.low)} to {_number(mark, mark.high)}"
    title = mark.title if reading.status == "present" else f"{mark.title} (**{reading.status}**)"
    return f"| {title} | {mark.measured} | {measured} | {wanted} | {mark.source} |"


def _number(mark: Mark, value: float) -> str:
    return f"{value:.2%}" if mark.unit == "share" else f"{value:,.2f}"


if __name__ == "__main__":
    write_page(Path(sys.argv[1]))
