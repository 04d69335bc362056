"""Numbers of the page: each a link to the notebook cell that shows it."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from toolkit.i18n import number, percent, translate
from toolkit.questions import Cell, Question, Result, Value, format_value, questions

__all__ = ["Numbers", "cell_address", "linked"]


def cell_address(cell: Cell) -> str:
    """Return the link to a cell from the report's page; notebook pages carry the ids of their cells."""
    return f"notebooks/{cell.notebook}.html#cell-id={cell.id}"


def linked(text: str, cell: Cell | None) -> Markup:
    """Return a number as a link to its cell, or as it is where no cell shows it."""
    if cell is None:
        return Markup('<span class="n">{}</span>').format(text)
    where = translate("Notebook {notebook}, cell {cell}", notebook=cell.notebook, cell=cell.id)
    return Markup('<a class="n" href="{}" title="{}">{}</a>').format(cell_address(cell), where, text)


class Numbers:
    """The results of an investigation by their ids, to fill into sentences."""

    def __init__(self, results: Mapping[str, Result]) -> None:
        self._results = results
        self._cells = {name: question for question in questions() for name in question.cells}

    def __contains__(self, name: str) -> bool:
        return name in self._results

    def link(self, wanted: Value) -> Markup:
        """Return a part of a result as a link to its cell."""
        result = self._results[wanted.id]
        question: Question | None = self._cells.get(wanted.id)
        return linked(_text(result, wanted.part), None if question is None else question.cell(wanted.id))


def _text(result: Result, part: str) -> str:
    if part == "share":
        return percent(result.share or 0.0)
    if part == "denominator":
        return number(result.denominator)
    found = {"value": result.value, "low": result.low, "high": result.high}[part]
    return "–" if found is None else format_value(result, found)
