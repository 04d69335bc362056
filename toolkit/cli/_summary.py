"""The summary that an investigation prints at its end: a few numbers, and the time of its steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from rich import box
from rich.markup import escape
from rich.table import Table

from toolkit.cli._output import new_console
from toolkit.cli._progress import clock

if TYPE_CHECKING:
    from toolkit.questions import Question, Result
    from toolkit.report import Findings

__all__ = ["print_summary"]

_TOGETHER = {"Linking": "linking the records", "Answering": "answering", "Notebook": "running the notebooks"}
"""Steps whose times are added up, by the first word of their names."""


def print_summary(found: Findings, taken: Mapping[str, float]) -> None:
    """Print the headline numbers with their intervals and denominators, what is not answerable, and the times."""
    console = new_console()
    console.print()
    console.print(_numbers(found))
    unanswerable = [(question, answer) for question, answer in found.answered if answer.reason is not None]
    if unanswerable:
        console.print(f"{len(found.answers) - len(unanswerable)} of {len(found.answers)} questions could be answered:")
        for question, answer in unanswerable:
            console.print(f"  {escape(question.title)} Not answerable: {escape(answer.reason or '')}.")
    for question, answer in found.answered:
        for note in answer.notes:
            console.print(f"  {question.name}: {escape(note)}")
    console.print(_times(taken), style="dim")


def _numbers(found: Findings) -> Table:
    table = Table(
        title=escape(found.name), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False
    )
    table.add_column("Number", justify="right", no_wrap=True)
    for heading in ("Metric", "Interval", "Denominator"):
        table.add_column(heading)
    for question, result in _chosen(found):
        table.add_row(*(escape(cell) for cell in _row(result, question.label(result.id))))
    return table


def _chosen(found: Findings) -> Iterator[tuple[Question, Result]]:
    """Yield the results of the summary; hits of a scan only where there is no estimate."""
    for question, answer in found.answered:
        results = {result.id: result for result in answer.results}
        chosen = [name for name in question.summary if name in results]
        estimated = any(results[name].low is not None for name in chosen)
        for name in chosen:
            if not (estimated and name.startswith("flagged")):
                yield question, results[name]


def _row(result: Result, label: str) -> tuple[str, str, str, str]:
    from toolkit.i18n import number, percent
    from toolkit.questions import format_value

    interval = ""
    if result.low is not None and result.high is not None:
        interval = f"{format_value(result, result.low)} to {format_value(result, result.high)}"
    whole = "" if result.denominator == result.value else f"{number(result.denominator)} {result.denominator_unit}"
    if result.share is not None and whole:
        whole = f"{percent(result.share)} of {whole}"
    return format_value(result, result.value), label, interval or "exact count", whole


def _times(taken: Mapping[str, float]) -> str:
    """Return the whole time, and the time of each kind of step."""
    kinds: dict[str, float] = {}
    for step, seconds in taken.items():
        kind = _TOGETHER.get(step.split()[0].removesuffix(":"), step[:1].lower() + step[1:])
        kinds[kind] = kinds.get(kind, 0.0) + seconds
    listed = ", ".join(f"{escape(kind)} {clock(seconds)}" for kind, seconds in kinds.items())
    return f"Total time {clock(sum(kinds.values()))}: {listed}."
