"""The command `realism`."""

from __future__ import annotations

import html
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from toolkit.cli._options import DirectoryArgument, JsonOption, MemoryOption, ThreadsOption
from toolkit.cli._output import new_console, new_table, print_json
from toolkit.cli._progress import Steps

if TYPE_CHECKING:
    from toolkit.dataset import Leak
    from toolkit.realism import Mark, Reading

__all__ = ["realism"]

_STYLES = {"lacking": "bold red", "present": None, "too few": "dim", "not measured": "dim"}


def realism(
    directory: DirectoryArgument,
    charts: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also draw charts, into this HTML page (it opens offline).")
    ] = None,
    threads: ThreadsOption = None,
    memory_limit: MemoryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure the marks of a real patient base: weekends, seasons, habits, places, each beside its source.

    A mark that is lacking is a reason to ask how the data came about, and no proof.
    """
    from toolkit.dataset import open_leak
    from toolkit.realism import MARKS, measure

    written = ""
    with open_leak(directory, memory_limit=memory_limit, threads=threads) as leak, Steps() as steps:
        readings = measure(leak, progress=lambda _mark, done, total: steps("Measuring the marks", done, total))
        if charts is not None:
            _write_charts(leak, charts)
            written = f" Charts: {escape(os.fspath(charts))}."
    if as_json:
        marks = [
            {"title": mark.title, "measured": mark.measured, "source": mark.source, "unit": mark.unit} | asdict(reading)
            for mark, reading in zip(MARKS, readings, strict=True)
        ]
        print_json({"path": os.fspath(directory), "marks": marks})
        return
    table = new_table("Marks of a real patient base", "Mark", "Measured", "95 % interval", "Expected", "Status")
    for mark, reading in zip(MARKS, readings, strict=True):
        table.add_row(*(escape(text) for text in _row(mark, reading)), style=_STYLES[reading.status])
    console = new_console()
    console.print(table)
    present = sum(reading.status == "present" for reading in readings)
    judged = sum(reading.status in {"present", "lacking"} for reading in readings)
    console.print(
        f"{escape(os.fspath(directory))}: {present} of {judged} marks are present. "
        f"Definitions and sources: docs/methods/realism.md, or --json.{written}"
    )


def _write_charts(leak: Leak, page: Path) -> None:
    """Write one page with all charts, readable by its owner alone."""
    import plotly.io

    from toolkit._io import make_folder, write_text
    from toolkit.charts import realism_chart
    from toolkit.realism import profiles

    quiet = {"displayModeBar": False}
    parts = [
        plotly.io.to_html(
            realism_chart(name, table, leak.name), full_html=False, include_plotlyjs=number == 0, config=quiet
        )
        for number, (name, table) in enumerate(profiles(leak).items())
    ]
    title = f"Marks of a real patient base: {html.escape(leak.name)}"
    body = "\n".join(parts)
    make_folder(page.parent, private=False)
    write_text(
        page, f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>{body}</html>\n'
    )


def _row(mark: Mark, reading: Reading) -> list[str]:
    if reading.value is None or reading.low is None or reading.high is None:
        return [mark.title, "", "", _band(mark), f"{reading.status}: {reading.reason}"]
    interval = f"{_number(mark, reading.low)} to {_number(mark, reading.high)}"
    return [mark.title, _number(mark, reading.value), interval, _band(mark), reading.status]


def _number(mark: Mark, value: float) -> str:
    return f"{value:.2%}" if mark.unit == "share" else f"{value:,.2f}"


def _band(mark: Mark) -> str:
    if mark.high is None:
        return f"{_number(mark, mark.low)} or more"
    if mark.low == 0:
        return f"at most {_number(mark, mark.high)}"
    return f"{_number(mark, mark.low)} to {_number(mark, mark.high)}"
