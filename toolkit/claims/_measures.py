"""What a published number can be compared with: named measures, each with a value, an interval and what it counts.

Nothing is counted here. The measures take the results of `toolkit.analysis` and give them one shape, so that a claim
can name the measure that tests it. A result that several measures need is computed once, when the first one needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple, TypeAlias

import polars as pl
import pyarrow.parquet as pq

from toolkit.analysis import audit, comments, counts, duplicates, public_figures
from toolkit.analysis.counts import TableSize, copy_day, history, table_size
from toolkit.claims._units import day_number
from toolkit.dataset import Leak
from toolkit.dataset.cache import cached
from toolkit.errors import InputError, MissingError, ToolkitError
from toolkit.i18n import number, percent, translate

__all__ = ["MEASURES", "Evidence", "Measure", "Measurement", "UntestableError", "measure"]


class UntestableError(Exception):
    """This data set cannot test a claim. The message is the reason, a clause without a full stop."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """The measured value under one definition.

    `low` and `high` are the ends of its interval, equal to `value` for a full count. With `spread` they are the
    smallest and the largest of many values, all of which must fit a claim. Days are numbered from 1970-01-01.
    """

    value: float
    low: float
    high: float
    definition: str
    denominator: str
    spread: bool = False


class Evidence:
    """The results about a leak that measures use, each computed at most once."""

    def __init__(self, leak: Leak) -> None:
        self.leak = leak

    @cached_property
    def overview(self) -> dict[str, int]:
        """Lines, records, practitioners and so on, by the name of the quantity."""
        return dict(counts.overview(self.leak).select("quantity", "value").iter_rows())

    @cached_property
    def people(self) -> duplicates.People:
        """The number of people by record linkage."""
        return duplicates.count_people(self.leak)

    @cached_property
    def table(self) -> TableSize:
        """The estimated size of the full table. Raises `UntestableError` when the record ids are not spread evenly."""
        table = table_size(self.leak)
        if not table.evenness.even:
            raise UntestableError(
                translate(
                    "the record ids are not spread evenly up to {highest}, as the estimate requires (by chance alone, "
                    "evenly spread ids look like this in {share} of cases)",
                    highest=number(table.highest),
                    share=percent(min(table.evenness.parts_p, table.evenness.gap_p)),
                )
            )
        return table

    @cached_property
    def texts(self) -> pl.DataFrame:
        """Every distinct comment, as classified by the scan."""
        return comments.read_texts(self.leak)

    @cached_property
    def commented(self) -> CommentShares:
        """Who has a comment, and who has a sensitive one. People are those of the record linkage."""
        return _comment_shares(self.leak)

    @property
    def shares(self) -> dict[str, dict[str, Any]]:
        """Estimated sensitive comments by unit. Raises `UntestableError` when no labelled sample exists."""
        if self.commented.shares is None:
            raise UntestableError(
                translate(
                    "no reviewer has labelled a sample of the comments, and hits of the scan are not an estimate "
                    "(notebook 02 has the labelling sheet)"
                )
            )
        return {row["unit"]: row for row in self.commented.shares.iter_rows(named=True)}


class CommentShares(NamedTuple):
    """Comments by unit: `annotated` as returned by `audit.annotated`, `shares` as returned by `audit.estimate`.

    People are those of the record linkage, without placeholder records; a data set without names or birth dates has no
    row for people. `shares` is None without a labelled sample.
    """

    annotated: pl.DataFrame
    shares: pl.DataFrame | None


@cached
def _comment_shares(leak: Leak) -> CommentShares:
    linkable = leak.capabilities.has(*_IDENTITY)
    planned = audit.strata(leak, people=duplicates.people_of_records(leak) if linkable else None)
    annotated = audit.annotated(planned)
    if not leak.has_truth:
        return CommentShares(annotated, None)
    sample = audit.draw(planned)
    return CommentShares(annotated, audit.estimate(sample, audit.label(sample, leak)).shares)


Compute: TypeAlias = Callable[[Evidence, Sequence[str], float], Measurement]
"""Computes a measurement from the evidence, and from the names and the denominator that a claim gives."""


class Measure(NamedTuple):
    """How something is measured, and what that needs.

    `scaling`: whether the value of a smaller copy of the same leak is "proportional" to its lines, "invariant", or
    "unrelated", so that a smaller copy cannot test a claim about it. `claim_key`: a key of the claim that must be
    given. `columns` of the lines and `tables` (names of capabilities) must be in the data set.
    """

    compute: Compute
    scaling: Literal["proportional", "invariant", "unrelated"]
    columns: tuple[str, ...] = ()
    tables: tuple[Literal["practices", "register"], ...] = ()
    claim_key: Literal["", "names", "denominator_value"] = ""


def measure(name: str, evidence: Evidence, names: Sequence[str] = (), denominator: float = 1.0) -> Measurement:
    """Compute one of the `MEASURES`; `names` and `denominator` are those of the claim.

    Raises `UntestableError` with one reason when the data set lacks what the measure needs.
    """
    needed = MEASURES[name]
    present = evidence.leak.capabilities
    if missing := [column for column in needed.columns if not present.has(column)]:
        listed = ", ".join(translate(column.replace("_", " ")) for column in missing)
        raise UntestableError(translate("these columns are missing or empty: {columns}", columns=listed))
    for table, reason in _NO_TABLE.items():
        if table in needed.tables and not getattr(present, table):
            raise UntestableError(translate(reason))
    try:
        return needed.compute(evidence, names, denominator)
    except (InputError, MissingError) as error:
        raise UntestableError(_clause(error)) from error


_NO_TABLE = {
    "practices": "the data set has no table of practices",
    "register": "the data set has no register of public figures",
}


def _clause(error: ToolkitError) -> str:
    """Return the sentence of an error as a clause, in the current language."""
    text = translate(error.text, **error.values).rstrip(".")
    return text[:1].lower() + text[1:]


def _denominator(text: str, n: float) -> str:
    """Return a denominator as text; `{n}` in `text` is replaced by the number."""
    return translate(text, n=number(round(n)))


def _overview_count(quantity: str, definition: str) -> Compute:
    """Take a quantity of `counts.overview`."""

    def compute(evidence: Evidence, _names: Sequence[str], _denominator_value: float) -> Measurement:
        value = evidence.overview[quantity]
        lines = _denominator("{n} lines", evidence.overview["lines"])
        return Measurement(value, value, value, translate(definition), lines)

    return compute


def _table_size(evidence: Evidence, _names: Sequence[str], _denominator_value: float) -> Measurement:
    table = evidence.table
    definition = translate(
        "estimated size of the full table, from the record ids seen (the highest is {highest})",
        highest=number(table.highest),
    )
    return Measurement(*table.size, definition, _denominator("{n} record ids seen", table.records))


def _share_released(evidence: Evidence, _names: Sequence[str], _denominator_value: float) -> Measurement:
    table = evidence.table
    share, high, low = (table.records / size for size in table.size)
    definition = translate("records of the dump divided by the estimated size of the full table")
    return Measurement(share, low, high, definition, _denominator("about {n} records of the table", table.size.size))


def _people(evidence: Evidence, _names: Sequence[str], _denominator_value: float) -> Measurement:
    # Without record ids, each line counts as a record.
    people, records = evidence.people, evidence.overview.get("records", evidence.overview["lines"])
    definition = translate("people, by record linkage")
    return Measurement(people.people, people.low, people.high, definition, _denominator("{n} records", records))


def _people_share(evidence: Evidence, _names: Sequence[str], population: float) -> Measurement:
    people = evidence.people
    value, low, high = (count / population for count in (people.people, people.low, people.high))
    definition = translate("people, by record linkage, divided by the population")
    return Measurement(value, low, high, definition, _denominator("{n} inhabitants", population))


def _beyond_people(unit: str, definition: str) -> Compute:
    """Count the lines or records beyond one per person."""

    def compute(evidence: Evidence, _names: Sequence[str], _denominator_value: float) -> Measurement:
        people, total = evidence.people, evidence.overview[unit]
        value, low, high = (total - count for count in (people.people, people.high, people.low))
        return Measurement(value, low, high, translate(definition), _denominator(_UNITS[unit], total))

    return compute


_UNITS = {
    "people": "{n} people",
    "records": "{n} records",
    "lines": "{n} lines",
    "comments": "{n} lines with a comment",
}
_SENSITIVE = {
    "people": "share of people with a sensitive comment, estimated from a labelled sample",
    "records": "share of records with a sensitive comment, estimated from a labelled sample",
    "lines": "share of lines with a sensitive comment, estimated from a labelled sample",
    "comments": "share of lines with a comment whose comment is sensitive, estimated from a labelled sample",
}


def _shares_of(evidence: Evidence, unit: str) -> dict[str, Any]:
    """Return the estimate for a unit. Raises `UntestableError` when the data set has none of it."""
    if unit not in evidence.shares:
        raise UntestableError(translate("the data set has {units}", units=_denominator(_UNITS[unit], 0)))
    return evidence.shares[unit]


def _sensitive_people(evidence: Evidence, _names: Sequence[str], _denominator_value: float) -> Measurement:
    row = _shares_of(evidence, "people")
    ends = row["sensitive"], row["sensitive_low"], row["sensitive_high"]
    definition = translate("people with a sensitive comment, estimated from a labelled sample")
    return Measurement(*ends, definition, _denominator("{n} people", row["denominator"]))


def _sensitive_share(unit: str) -> Compute:
    """Estimate the share of a unit that is sensitive."""

    def compute(evidence: Evidence, _names: Sequence[str], _denominator_value: float) -> Measurement:
        row = _shares_of(evidence, unit)
        ends = row["value"], row["low"], row["high"]
        return Measurement(*ends, translate(_SENSITIVE[unit]), _denominator(_UNITS[unit], row["denominator"]))

    return compute


def _commented_people(evidence: Evidence, _names: Sequence[str], _denominator_value: float) -> Measurement:
    row = evidence.commented.annotated.filter(pl.col("unit") == "people").row(0, named=True)
    value, people = row["annotated"], _denominator("{n} people", row["denominator"])
    return Measurement(value, value, value, translate("people with a comment of any kind"), people)


def _copy_day(evidence: Evidence, _names: Sequence[str], _denominator_value: float) -> Measurement:
    day = copy_day(evidence.leak)
    first, last = day_number(day.first), day_number(day.last)
    definition = translate(
        "day of the copy, from the last change of a record to the day by which another change was to be expected"
    )
    return Measurement(first, first, last, definition, _denominator("{n} lines", evidence.overview["lines"]))


def _history(evidence: Evidence, _names: Sequence[str], _denominator_value: float) -> Measurement:
    years = history(evidence.leak)
    definition = translate("years from the installation at a practice to the copy: median, shortest and longest")
    practices = _denominator("{n} practices", years.practices)
    return Measurement(years.median, years.shortest, years.longest, definition, practices, spread=True)


def _named_columns(evidence: Evidence, names: Sequence[str], _denominator_value: float) -> Measurement:
    filled = counts.completeness(evidence.leak).filter(pl.col("column").is_in(list(names)) & (pl.col("filled") > 0))
    emptiest = filled.sort("share", "column").head(1)
    definition = translate("columns named in the claim that are filled on at least one line")
    for row in emptiest.iter_rows(named=True):
        definition = translate(
            "columns named in the claim that are filled on at least one line; the least filled, {column}, on {share} "
            "of the lines",
            column=row["column"],
            share=percent(row["share"]),
        )
    looked_for = _denominator("{n} columns looked for" if len(names) > 1 else "{n} column looked for", len(names))
    return Measurement(filled.height, filled.height, filled.height, definition, looked_for)


def _columns_like(evidence: Evidence, names: Sequence[str], _denominator_value: float) -> Measurement:
    """Count the columns of the dump whose names contain a stem. The columns of `leak.lines` are only those we know."""
    columns = _columns_of_dump(evidence.leak)
    found = [name for name in columns if any(word.startswith(tuple(names)) for word in name.lower().split("_"))]
    definition = translate("columns of the dump with a word in their name that begins with a stem of the claim")
    if found:
        definition = translate("{meaning}: {columns}", meaning=definition, columns=", ".join(found))
    return Measurement(len(found), len(found), len(found), definition, _denominator("{n} columns", len(columns)))


def _columns_of_dump(leak: Leak) -> list[str]:
    """Return the names of the dump's own columns. Raises `UntestableError` when the intake did not record them."""
    if leak.is_synthetic:
        first = min((leak.path / "lines").glob("*.parquet"))
        return list(pq.read_schema(first).names)
    # The files hold the columns that the intake could map: a column of another name is not among them.
    recorded = leak.manifest.get("source_columns")
    if not isinstance(recorded, list):
        raise UntestableError(translate("the names of the original columns were not recorded"))
    return [str(name) for name in recorded]


_ENOUGH = 10_000
"""With this many comments, a category found in one of a thousand is almost certain to appear."""


def _categories(evidence: Evidence, names: Sequence[str], _denominator_value: float) -> Measurement:
    table = comments.overview(evidence.leak, evidence.texts).categories
    found = table.filter(pl.col("category").is_in(list(names)) & (pl.col("strict_lines") > 0)).height
    commented = int(evidence.texts["lines"].sum())
    if found < len(names) and commented < _ENOUGH:
        raise UntestableError(
            translate("only {n} lines have a comment, so a rare category may be absent by chance", n=number(commented))
        )
    definition = translate("categories that the scan finds on at least one line, stated about the patient")
    return Measurement(found, found, found, definition, _denominator("{n} categories looked for", len(names)))


_TIER = "name_birth_date"


def _public_figures(evidence: Evidence, _names: Sequence[str], _denominator_value: float) -> Measurement:
    tiers = public_figures.match(evidence.leak).tiers
    row = tiers.filter(pl.col("tier") == _TIER).row(0, named=True)
    definition = translate(
        "public figures with a record of the same name and birth date, minus the matches expected by chance"
    )
    low = max(0, row["figures"] - row["high"])
    figures = _denominator("{n} figures with a birth date", row["figures_testable"])
    return Measurement(max(0.0, row["figures"] - row["expected_by_chance"]), low, row["figures"], definition, figures)


_IDENTITY = ("last_name", "first_name", "birth_date")
"""The columns without which record linkage cannot identify people."""

_COMMENT = "administrative_comment"

MEASURES = {
    "lines": Measure(_overview_count("lines", "lines of the dump"), "proportional"),
    "records": Measure(_overview_count("records", "different record ids"), "proportional", ("record_id",)),
    "repeated_lines": Measure(
        _overview_count("repeated_lines", "lines that are duplicate exports of a record"),
        "proportional",
        ("record_id",),
    ),
    "repeated_records": Measure(
        _beyond_people("records", "records beyond one per person"), "proportional", ("record_id", *_IDENTITY)
    ),
    "lines_beyond_people": Measure(_beyond_people("lines", "lines beyond one per person"), "proportional", _IDENTITY),
    "table_size": Measure(_table_size, "proportional", ("record_id",)),
    "share_released": Measure(_share_released, "invariant", ("record_id",)),
    "people": Measure(_people, "proportional", _IDENTITY),
    "people_share": Measure(_people_share, "invariant", _IDENTITY, claim_key="denominator_value"),
    # A small copy has a minimum number of practices, however few its lines.
    "practitioners": Measure(
        _overview_count("practitioners", "practitioners with at least one line"), "unrelated", ("practitioner_id",)
    ),
    "sensitive_people": Measure(_sensitive_people, "proportional", (*_IDENTITY, _COMMENT)),
    "sensitive_share_of_people": Measure(_sensitive_share("people"), "invariant", (*_IDENTITY, _COMMENT)),
    "sensitive_share_of_records": Measure(_sensitive_share("records"), "invariant", ("record_id", _COMMENT)),
    "sensitive_share_of_lines": Measure(_sensitive_share("lines"), "invariant", (_COMMENT,)),
    "sensitive_share_of_comments": Measure(_sensitive_share("comments"), "invariant", (_COMMENT,)),
    "commented_people": Measure(_commented_people, "proportional", (*_IDENTITY, _COMMENT)),
    "copy_day": Measure(_copy_day, "invariant", ("created_on", "updated_on")),
    "history_years": Measure(_history, "invariant", ("practice_id", "created_on", "updated_on"), ("practices",)),
    "named_columns": Measure(_named_columns, "invariant", claim_key="names"),
    "columns_like": Measure(_columns_like, "invariant", claim_key="names"),
    "categories": Measure(_categories, "invariant", (_COMMENT,), claim_key="names"),
    "public_figures": Measure(_public_figures, "invariant", ("last_name", "first_name", "birth_date"), ("register",)),
}
"""The measures, by the names that claims use."""
