"""The headline numbers held against a second count, by a program that shares no code with the analyst.

See `toolkit.second_count`.  What both state alike is compared: counts must be equal, an estimate the same to the ninth
digit, and the ends of its interval as near as the first program's ten thousand draws allow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

import polars as pl

from toolkit import second_count
from toolkit.errors import ReportError
from toolkit.questions import Answer, Result

__all__ = ["Pair", "check_against_second_count", "pair_with_second_count"]

_RELATIVE = 1e-9
"""Two programs add fractions up in another order; what was counted has no such excuse."""
_DRAWS = 0.05
"""An end of an interval may be off by this part of its width: three times what 10,000 draws leave open."""

Value = float | date


class Pair(NamedTuple):
    """A number as the analyst has it and as the second program counts it; `slack` is by how much they may differ."""

    name: str
    first: Value
    second: Value
    slack: float = 0.0

    @property
    def agrees(self) -> bool:
        """Whether both say the same: of a column without a single date, that there is none."""
        if self.first == self.second:
            return True
        if isinstance(self.first, date) or isinstance(self.second, date):
            return False
        return abs(self.first - self.second) <= self.slack


def check_against_second_count(data_set: Path, answers: Mapping[str, Answer]) -> tuple[str, ...]:
    """The names of the numbers that were counted twice, every one of them equal.

    Raises `ReportError`, with both values of each, when one is not: then neither can be trusted.
    """
    pairs = pair_with_second_count(data_set, answers)
    wrong = [f"{pair.name} is {pair.first} and {pair.second}" for pair in pairs if not pair.agrees]
    if wrong:
        raise ReportError(
            f"Two programs that should count the same of {data_set} differ: {'; '.join(wrong)}. "
            "No report is written: this is a fault of the toolkit, or a file changed meanwhile; please report it."
        )
    return tuple(pair.name for pair in pairs)


def pair_with_second_count(data_set: Path, answers: Mapping[str, Answer]) -> list[Pair]:
    """Every number of the answers that the second program states too, beside what it says."""
    results = {result.id: result for answer in answers.values() for result in answer.results}
    tables = {name: table for answer in answers.values() for name, table in answer.tables.items()}
    counted = second_count.count_lines(data_set) | second_count.count_people_by_keys(data_set)
    pairs = [Pair(name, results[name].value, counted[name]) for name in counted if name in results]
    pairs += _seen_by_keys(results, counted)
    if "completeness" in tables:
        filled = second_count.count_filled(data_set)
        rows = tables["completeness"].iter_rows(named=True)
        pairs += [Pair(f"filled_{row['column']}", row["filled"], filled[row["column"]]) for row in rows]
    if "period" in tables:
        spans = second_count.count_dates(data_set)
        for row in tables["period"].iter_rows(named=True):
            ends = zip(("first", "last"), spans[row["column"]][:2], strict=True)
            pairs += [Pair(f"{end}_{row['column']}", row[end], day) for end, day in ends]
    return pairs + list(_estimates(results, tables))


def _seen_by_keys(results: Mapping[str, Result], counted: Mapping[str, int]) -> Iterator[Pair]:
    """The denominators of the people by each key: the lines on which it is filled."""
    for name, lines in counted.items():
        people = name.replace("lines_with_", "people_by_")
        if people != name and people in results:
            yield Pair(name, results[people].denominator, lines)


def _estimates(results: Mapping[str, Result], tables: Mapping[str, pl.DataFrame]) -> Iterator[Pair]:
    """The estimate of the sensitive lines, from the sizes and finds of the strata."""
    if "strata" not in tables or "sensitive_lines" not in results:
        return
    strata = [
        second_count.Stratum(*row) for row in tables["strata"].select("lines", "sampled", "sensitive").iter_rows()
    ]
    total = second_count.estimate_total(strata)
    for name, whole in (("sensitive_lines", 1), ("sensitive_share_of_lines", sum(stratum.lines for stratum in strata))):
        first = results[name]
        yield Pair(name, first.value, total.value / whole, _RELATIVE * total.value / whole)
        if first.low is not None and first.high is not None:
            # An end is the number of lines of some draw: one line is as fine as it can be told.
            slack = max(_DRAWS * (first.high - first.low), 1 / whole)
            yield Pair(f"{name}_low", first.low, total.low / whole, slack)
            yield Pair(f"{name}_high", first.high, total.high / whole, slack)
