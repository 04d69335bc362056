"""What an investigation found, as one reads it in the terminal at its end: few numbers, and what each step took."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich import box
from rich.markup import escape
from rich.table import Table

from toolkit.cli._output import new_console
from toolkit.cli._progress import clock

if TYPE_CHECKING:
    import polars as pl

    from toolkit.questions import Result
    from toolkit.report import Findings

__all__ = ["print_summary"]

_HEADLINES = {
    "lines": "lines of the dump",
    "records": "records",
    "people": "people, by record linkage",
    "people_at_several_practices": "people at two practices or more",
    "sensitive_lines": "lines with a sensitive comment",
    "flagged_lines": "lines whose comment the scan hits",
    "sensitive_people": "people with a sensitive comment",
    "confirmed_figures": "public figures, confirmed",
}
"""The results that are told, in their order, by what a reader calls them."""

_INSTEAD = {"sensitive_lines": "flagged_lines"}
"""A result that is told makes another superfluous: who has an estimate needs no hits."""

_COUNTED = ("lines", "records", "flagged_lines")
"""Results that are counted: there is nothing between which they lie."""

_TOGETHER = {"Linking": "linking the records", "Asking": "asking the questions", "Notebook": "running the notebooks"}
"""Steps whose times are told together, by the first word of their names."""


def print_summary(found: Findings, taken: Mapping[str, float]) -> None:
    """The headline numbers with their intervals and denominators, the verdicts, and what each kind of step took."""
    console = new_console()
    console.print()
    console.print(_numbers(found))
    console.print(_verdicts(found.claims))
    console.print(_times(taken), style="dim")


def _numbers(found: Findings) -> Table:
    table = Table(
        title=escape(found.name), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False
    )
    table.add_column("Number", justify="right", no_wrap=True)
    table.add_column("Of what")
    table.add_column("Between")
    table.add_column("Out of")
    results = {result.id: result for result in found.results}
    superfluous = {other for told, other in _INSTEAD.items() if told in results}
    for name, words in _HEADLINES.items():
        if name in results and name not in superfluous:
            table.add_row(*(escape(cell) for cell in _row(results[name], words)))
    return table


def _row(result: Result, words: str) -> tuple[str, str, str, str]:
    from toolkit.i18n import number, percent
    from toolkit.questions import told_value

    between = "counted whole" if result.id in _COUNTED else ""
    if result.low is not None and result.high is not None:
        between = f"{told_value(result, result.low)} to {told_value(result, result.high)}"
    whole = "" if result.id == "lines" else f"{number(result.denominator)} {result.denominator_unit}"
    if result.share is not None and whole:
        whole = f"{percent(result.share)} of {whole}"
    return told_value(result, result.value), words, between, whole


def _verdicts(ledger: pl.DataFrame) -> str:
    """How the published claims fared."""
    from toolkit.claims import VERDICTS

    counted = dict(ledger.group_by("verdict").len().iter_rows())
    told = "; ".join(f"{counted.get(verdict, 0)} {verdict}" for verdict in VERDICTS)
    return f"{ledger.height} published claims: {told}."


def _times(taken: Mapping[str, float]) -> str:
    """The whole time, and what each kind of step took of it."""
    kinds: dict[str, float] = {}
    for step, seconds in taken.items():
        kind = _TOGETHER.get(step.split()[0].removesuffix(":"), step[:1].lower() + step[1:])
        kinds[kind] = kinds.get(kind, 0.0) + seconds
    told = ", ".join(f"{escape(kind)} {clock(seconds)}" for kind, seconds in kinds.items())
    return f"{clock(sum(kinds.values()))} in all: {told}."
