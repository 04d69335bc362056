"""What can a published number be held against? One measure a name: a value, its interval, and what exactly it counts.

Nothing new is counted here: the answers of the other questions are put into one shape, so that a claim can name the
measure that tests it. What several measures need is computed once, and only when one of them asks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Literal, NamedTuple

import polars as pl
import pyarrow.parquet as pq

from toolkit.analysis import audit, comments, counts, duplicates, public_figures
from toolkit.analysis.counts import TableSize, copy_day, history, table_size
from toolkit.dataset import Leak
from toolkit.dataset.cache import cached
from toolkit.i18n import number, percent, translate

__all__ = ["MEASURES", "Evidence", "Measure", "Reading", "UntestableError", "day_number"]


class UntestableError(Exception):
    """This leak cannot answer; the message says why, as the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the leak says under one definition.

    `low` and `high` are the ends of its interval, equal to `value` where the leak was counted whole. With `spread`
    they are the smallest and the largest of many values, of which all must fit a claim and not just one.
    Days are counted from 1970-01-01.
    """

    value: float
    low: float
    high: float
    definition: str
    denominator: str
    spread: bool = False


class Evidence:
    """What a leak says, each question asked once at most, however many measures need it."""

    def __init__(self, leak: Leak) -> None:
        self.leak = leak

    @cached_property
    def overview(self) -> dict[str, int]:
        """Lines, records, practitioners and the rest by their quantity."""
        return dict(counts.overview(self.leak).select("quantity", "value").iter_rows())

    @cached_property
    def people(self) -> duplicates.People:
        """The people by record linkage, kept beside the data set."""
        return duplicates.count_people(self.leak)

    @cached_property
    def table(self) -> TableSize:
        """The table behind the dump; raises `UntestableError` where the record ids lie unevenly."""
        table = table_size(self.leak)
        if not table.evenness.even:
            raise UntestableError(
                translate(
                    "the record ids are not spread evenly up to {highest} (chance alone does so in {share} of cases), "
                    "which the estimate needs",
                    highest=number(table.highest),
                    share=percent(min(table.evenness.parts_p, table.evenness.gap_p)),
                )
            )
        return table

    @cached_property
    def texts(self) -> pl.DataFrame:
        """Every distinct comment, read by the scan."""
        return comments.read_texts(self.leak)

    @cached_property
    def written(self) -> Written:
        """Who has a comment, and who has a sensitive one, by the people of the linkage."""
        return _written(self.leak)

    @property
    def shares(self) -> dict[str, dict[str, Any]]:
        """What is sensitive by unit, estimated from a sample; raises `UntestableError` where nobody judged one."""
        if self.written.shares is None:
            raise UntestableError(
                translate(
                    "nobody has judged a sample of its comments, and hits of a scan are no estimate (notebook 02 has "
                    "the labelling sheet)"
                )
            )
        return {row["unit"]: row for row in self.written.shares.iter_rows(named=True)}


class Written(NamedTuple):
    """What is written about whom: `annotated` as `audit.annotated` has it, and `shares` as `audit.estimate` has them.

    A person is what the linkage takes for one; entries of nobody are no people. There are no shares where nobody has
    judged a sample.
    """

    annotated: pl.DataFrame
    shares: pl.DataFrame | None


@cached
def _written(leak: Leak) -> Written:
    planned = audit.strata(leak, people=duplicates.people_of_records(leak))
    annotated = audit.annotated(planned)
    if not leak.has_truth:
        return Written(annotated, None)
    sample = audit.draw(planned)
    return Written(annotated, audit.estimate(sample, audit.label(sample, leak)).shares)


class Measure(NamedTuple):
    """How something is measured, given the names and the whole that a claim brings along.

    `grows`: how its value changes in a smaller copy of the same leak: as the lines do, not at all, or neither, so that
    a smaller copy says nothing of it. `needs`: what the claim must bring.
    """

    ask: Callable[[Evidence, Sequence[str], float], Reading]
    grows: Literal["as lines", "not at all", "otherwise"]
    needs: Literal["", "names", "whole"] = ""


def day_number(day: date) -> int:
    """A date as days from 1970-01-01."""
    return (day - date(1970, 1, 1)).days


def _whole_of(text: str, n: float) -> str:
    """A denominator in words; `text` has `{n}` in the place of its number."""
    return translate(text, n=number(round(n)))


def _counted(quantity: str, definition: str) -> Callable[[Evidence, Sequence[str], float], Reading]:
    """A number of `counts.overview`."""

    def ask(evidence: Evidence, _names: Sequence[str], _whole: float) -> Reading:
        value = evidence.overview[quantity]
        return Reading(value, value, value, translate(definition), _whole_of("{n} lines", evidence.overview["lines"]))

    return ask


def _table_size(evidence: Evidence, _names: Sequence[str], _whole: float) -> Reading:
    table = evidence.table
    definition = translate(
        "size of the whole table, estimated from the record ids seen, of which the highest is {highest}",
        highest=number(table.highest),
    )
    return Reading(*table.size, definition, _whole_of("{n} record ids seen", table.records))


def _share_released(evidence: Evidence, _names: Sequence[str], _whole: float) -> Reading:
    table = evidence.table
    share, high, low = (table.records / size for size in table.size)
    definition = translate("records of the dump over the estimated size of the whole table")
    return Reading(share, low, high, definition, _whole_of("about {n} records of the table", table.size.size))


def _people(evidence: Evidence, _names: Sequence[str], _whole: float) -> Reading:
    people, records = evidence.people, evidence.overview["records"]
    definition = translate("people: records that the linkage takes for one human being")
    return Reading(people.people, people.low, people.high, definition, _whole_of("{n} records", records))


def _people_share(evidence: Evidence, _names: Sequence[str], whole: float) -> Reading:
    people = evidence.people
    value, low, high = (count / whole for count in (people.people, people.low, people.high))
    definition = translate("people (records that the linkage takes for one human being) over the population")
    return Reading(value, low, high, definition, _whole_of("{n} inhabitants", whole))


def _beyond_people(whole: str, definition: str) -> Callable[[Evidence, Sequence[str], float], Reading]:
    """Lines or records beyond one a person."""

    def ask(evidence: Evidence, _names: Sequence[str], _whole: float) -> Reading:
        people, every = evidence.people, evidence.overview[whole]
        value, low, high = (every - count for count in (people.people, people.high, people.low))
        return Reading(value, low, high, translate(definition), _whole_of(_UNITS[whole], every))

    return ask


_UNITS = {"lines": "{n} lines", "records": "{n} records"}
_SENSITIVE = {
    "people": "share of people whose comments reveal something intimate, estimated from a sample that was judged",
    "records": "share of records whose comments reveal something intimate, estimated from a sample that was judged",
    "lines": "share of lines whose comment reveals something intimate, estimated from a sample that was judged",
    "comments": (
        "share of the lines with a comment whose comment reveals something intimate, estimated from a sample that was "
        "judged"
    ),
}
_WHOLES = {
    "people": "{n} people",
    "records": "{n} records",
    "lines": "{n} lines",
    "comments": "{n} lines with a comment",
}


def _share_of(evidence: Evidence, unit: str) -> dict[str, Any]:
    """What is sensitive of `unit`; raises `UntestableError` where there is none of it."""
    if unit not in evidence.shares:
        raise UntestableError(translate("it holds none of these: {units}", units=_whole_of(_WHOLES[unit], 0)))
    return evidence.shares[unit]


def _sensitive_people(evidence: Evidence, _names: Sequence[str], _whole: float) -> Reading:
    row = _share_of(evidence, "people")
    ends = row["sensitive"], row["sensitive_low"], row["sensitive_high"]
    definition = translate("people whose comments reveal something intimate, estimated from a sample that was judged")
    return Reading(*ends, definition, _whole_of("{n} people", row["denominator"]))


def _sensitive_share(unit: str) -> Callable[[Evidence, Sequence[str], float], Reading]:
    """The share of `unit` that is sensitive."""

    def ask(evidence: Evidence, _names: Sequence[str], _whole: float) -> Reading:
        row = _share_of(evidence, unit)
        ends = row["value"], row["low"], row["high"]
        return Reading(*ends, translate(_SENSITIVE[unit]), _whole_of(_WHOLES[unit], row["denominator"]))

    return ask


def _commented_people(evidence: Evidence, _names: Sequence[str], _whole: float) -> Reading:
    row = evidence.written.annotated.filter(pl.col("unit") == "people").row(0, named=True)
    value, whole = row["annotated"], _whole_of("{n} people", row["denominator"])
    return Reading(value, value, value, translate("people with a comment of any kind"), whole)


def _copy_day(evidence: Evidence, _names: Sequence[str], _whole: float) -> Reading:
    day = copy_day(evidence.leak)
    first, last = day_number(day.first), day_number(day.last)
    definition = translate(
        "day of the copy: not before the last change of a record, nor longer after it than changes pause"
    )
    return Reading(first, first, last, definition, _whole_of("{n} lines", evidence.overview["lines"]))


def _history(evidence: Evidence, _names: Sequence[str], _whole: float) -> Reading:
    years = history(evidence.leak)
    definition = translate(
        "years from the installation at a practice to the copy: the median, with the shortest and the longest"
    )
    whole = _whole_of("{n} practices", years.practices)
    return Reading(years.median, years.shortest, years.longest, definition, whole, spread=True)


def _named_columns(evidence: Evidence, names: Sequence[str], _whole: float) -> Reading:
    filled = counts.completeness(evidence.leak).filter(pl.col("column").is_in(list(names)) & (pl.col("filled") > 0))
    emptiest = filled.sort("share", "column").head(1)
    definition = translate("columns of that kind, filled on one line at least")
    for row in emptiest.iter_rows(named=True):
        definition = translate(
            "columns of that kind, filled on one line at least; the emptiest, {column}, on {share} of the lines",
            column=row["column"],
            share=percent(row["share"]),
        )
    whole = _whole_of("{n} columns looked for" if len(names) > 1 else "{n} column looked for", len(names))
    return Reading(filled.height, filled.height, filled.height, definition, whole)


def _columns_like(evidence: Evidence, names: Sequence[str], _whole: float) -> Reading:
    """Columns of the files themselves: the leak shows those alone that it knows."""
    first = min((evidence.leak.path / "lines").glob("*.parquet"))
    columns = pq.read_schema(first).names
    found = [name for name in columns if any(word.startswith(tuple(names)) for word in name.lower().split("_"))]
    definition = translate("columns of the dump whose name begins a word with one of the stems of the claim")
    if found:
        definition = translate("{meaning}: {columns}", meaning=definition, columns=", ".join(found))
    return Reading(len(found), len(found), len(found), definition, _whole_of("{n} columns", len(columns)))


_ENOUGH = 10_000
"""Comments among which a category that one in a thousand shows would hardly be missed."""


def _categories(evidence: Evidence, names: Sequence[str], _whole: float) -> Reading:
    table = comments.overview(evidence.leak, evidence.texts).categories
    found = table.filter(pl.col("category").is_in(list(names)) & (pl.col("strict_lines") > 0)).height
    commented = int(evidence.texts["lines"].sum())
    if found < len(names) and commented < _ENOUGH:
        raise UntestableError(
            translate("only {n} lines have a comment, too few to miss a category that is rare", n=number(commented))
        )
    definition = translate("categories of which the scan hits one line at least, stated of the patient")
    return Reading(found, found, found, definition, _whole_of("{n} categories looked for", len(names)))


_TIER = "name_birth_date"


def _public_figures(evidence: Evidence, _names: Sequence[str], _whole: float) -> Reading:
    tiers = public_figures.match(evidence.leak).tiers
    row = tiers.filter(pl.col("tier") == _TIER).row(0, named=True)
    definition = translate(
        "figures of the register with a record of the same name and birth date, less what chance alone gives"
    )
    low = max(0, row["figures"] - row["high"])
    whole = _whole_of("{n} figures with a birth date", row["figures_testable"])
    return Reading(max(0.0, row["figures"] - row["expected_by_chance"]), low, row["figures"], definition, whole)


MEASURES = {
    "lines": Measure(_counted("lines", "lines of the dump"), "as lines"),
    "records": Measure(_counted("records", "different record ids"), "as lines"),
    "repeated_lines": Measure(
        _counted("repeated_lines", "lines whose record stands on another line already"), "as lines"
    ),
    "repeated_records": Measure(
        _beyond_people("records", "records of somebody who has another, beyond one a person"), "as lines"
    ),
    "lines_beyond_people": Measure(_beyond_people("lines", "lines beyond one a person"), "as lines"),
    "table_size": Measure(_table_size, "as lines"),
    "share_released": Measure(_share_released, "not at all"),
    "people": Measure(_people, "as lines"),
    "people_share": Measure(_people_share, "not at all", "whole"),
    # A small copy keeps some practices, however few its lines.
    "practitioners": Measure(_counted("practitioners", "practitioners whose account holds a line"), "otherwise"),
    "sensitive_people": Measure(_sensitive_people, "as lines"),
    "sensitive_share_of_people": Measure(_sensitive_share("people"), "not at all"),
    "sensitive_share_of_records": Measure(_sensitive_share("records"), "not at all"),
    "sensitive_share_of_lines": Measure(_sensitive_share("lines"), "not at all"),
    "sensitive_share_of_comments": Measure(_sensitive_share("comments"), "not at all"),
    "commented_people": Measure(_commented_people, "as lines"),
    "copy_day": Measure(_copy_day, "not at all"),
    "history_years": Measure(_history, "not at all"),
    "named_columns": Measure(_named_columns, "not at all", "names"),
    "columns_like": Measure(_columns_like, "not at all", "names"),
    "categories": Measure(_categories, "not at all", "names"),
    "public_figures": Measure(_public_figures, "not at all"),
}
"""The measures by the name that a claim calls them by."""
