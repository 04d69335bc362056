"""Numbers of the page: each a link to the notebook cell that made it."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from toolkit.i18n import number, percent, translate
from toolkit.questions import CELLS, Cell, Result, address, told_value

__all__ = ["Numbers", "linked"]


def linked(text: str, cell: Cell | None) -> Markup:
    """A number as a link to its cell, or as it is where no cell shows it."""
    if cell is None:
        return Markup('<span class="n">{}</span>').format(text)
    where = translate("Made in notebook {notebook}, cell {cell}", notebook=cell.notebook, cell=cell.id)
    return Markup('<a class="n" href="{}" title="{}">{}</a>').format(address(cell), where, text)


class Numbers:
    """The results of an investigation by their ids, to be put into sentences."""

    def __init__(self, results: Mapping[str, Result]) -> None:
        self._results = results

    def has(self, *names: str) -> bool:
        """Whether all of these results are there."""
        return all(name in self._results for name in names)

    def __getitem__(self, name: str) -> Result:
        return self._results[name]

    def value(self, name: str) -> Markup:
        """The number itself."""
        result = self._results[name]
        return linked(told_value(result, result.value), CELLS.get(name))

    def low(self, name: str) -> Markup:
        """The lower end of its interval."""
        return self._end(name, self._results[name].low)

    def high(self, name: str) -> Markup:
        """The upper end of its interval."""
        return self._end(name, self._results[name].high)

    def share(self, name: str) -> Markup:
        """Its share of the denominator."""
        return linked(percent(self._results[name].share or 0.0), CELLS.get(name))

    def whole(self, name: str) -> Markup:
        """Its denominator."""
        return linked(number(self._results[name].denominator), CELLS.get(name))

    def _end(self, name: str, end: float | None) -> Markup:
        return linked("–" if end is None else told_value(self._results[name], end), CELLS.get(name))
