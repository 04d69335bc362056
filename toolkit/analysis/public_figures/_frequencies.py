"""Count how common names, birth dates and places are in the leak: the basis of the expected number of namesakes.

All counts come from the leak itself, because patients are older than the population of a census and live elsewhere.
Shares are shares of lines, since the number of exports of a file does not depend on its names or dates. The
numbers of people with the surnames of a register are counted separately (`_candidates`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir
import polars as pl

from toolkit.analysis._folding import departement_of
from toolkit.analysis.public_figures._names import with_keys
from toolkit.dataset import Leak, collect
from toolkit.errors import MissingError

__all__ = ["Frequencies", "count_frequencies"]

_FIRST_DAY = date(1900, 1, 1)
"""Day 0 of many programs; a real person with this birth date would be the oldest in the world."""
_MANY_LINES = 50
_TIMES_A_BUSY_DAY = 20


@dataclass(frozen=True)
class Frequencies:
    """How many lines of a leak have each name, birth date and departement; the tables have a column `lines`."""

    surnames: pl.DataFrame
    """One row per spelling of a last or birth name: `spelling`, `words`, `key`, `lines`."""
    first_names: pl.DataFrame
    """One row per spelling of a first name: `spelling`, `words`, `key`, and `first`, a number for each key."""
    first_names_by_decade: pl.DataFrame
    """One row per key of a first name, sex and decade of birth: `key`, `sex`, `decade` (1980 // 10), `lines`."""
    days: pl.DataFrame
    """One row per birth date and sex: `birth_date`, `sex`, `lines`; without the placeholders."""
    places: pl.DataFrame
    """One row per departement: `departement`, `lines`."""
    placeholders: tuple[date, ...]
    """Dates typed for "unknown": 1 January 1900, and dates over twenty times as frequent as the 99th percentile."""
    undated: float
    """The share of lines whose birth date is blank or a placeholder."""
    unplaced: float
    """The share of lines whose postal code gives no departement."""


def count_frequencies(leak: Leak) -> Frequencies:
    """Count the names, birth dates and places of a leak, once for any number of registers.

    Raises `MissingError` when no line has a birth date, a sex, a first name, or a last or birth name: without them the
    number of namesakes is unknown.
    """
    lines = leak.lines
    days = _by_sex(collect(lines.group_by("birth_date").aggregate(**_COUNTS), "birth_date"), "birth_date")
    total = int(days["lines"].sum())
    placeholders = _placeholders(days)
    dated = days.filter(pl.col("birth_date").is_not_null() & ~pl.col("birth_date").is_in(placeholders))
    if dated.is_empty():
        raise MissingError("no line of the data set has a birth date")
    if dated["sex"].null_count() == dated.height:
        raise MissingError("no line of the data set with a birth date has a sex")
    first_names, by_decade = _first_names(lines, placeholders)
    surnames = _surnames(lines)
    if first_names.is_empty():
        raise MissingError("no line of the data set has a first name")
    if surnames.is_empty():
        raise MissingError("no line of the data set has a last name or a birth name")
    places = _places(lines)
    unplaced = int(places.filter(pl.col("departement").is_null())["lines"].sum())
    return Frequencies(
        surnames=surnames,
        first_names=first_names,
        first_names_by_decade=by_decade,
        days=dated,
        places=places.drop_nulls("departement"),
        placeholders=placeholders,
        undated=1 - int(dated["lines"].sum()) / max(1, total),
        unplaced=unplaced / max(1, total),
    )


_COUNTS = {
    "lines": ibis._.count(),
    "M": (ibis._.sex == "M").sum().coalesce(0),
    "F": (ibis._.sex == "F").sum().coalesce(0),
}
"""Lines, and lines of each sex: several times faster than grouping by sex as well."""


def _by_sex(table: pl.DataFrame, *keys: str) -> pl.DataFrame:
    """Return one row per key and sex (M, F and null): the keys, `sex`, `lines`."""
    unknown = table.with_columns(unknown=pl.col("lines") - pl.col("M") - pl.col("F")).drop("lines")
    parts = unknown.unpivot(["M", "F", "unknown"], index=list(keys), variable_name="sex", value_name="lines")
    sex = pl.when(pl.col("sex") != "unknown").then("sex").alias("sex")
    return parts.filter(pl.col("lines") > 0).with_columns(sex).sort(*keys, "sex", nulls_last=True)


def _placeholders(days: pl.DataFrame) -> tuple[date, ...]:
    by_date = days.drop_nulls("birth_date").group_by("birth_date").agg(pl.col("lines").sum())
    busy = by_date["lines"].quantile(0.99) or 0.0
    crowded = (pl.col("lines") > _MANY_LINES) & (pl.col("lines") > _TIMES_A_BUSY_DAY * busy)
    return tuple(sorted({_FIRST_DAY, *by_date.filter(crowded)["birth_date"]}))


def _surnames(lines: ir.Table) -> pl.DataFrame:
    """Count the lines with each spelling of a surname; a line counts once where its two surnames are spelt alike."""
    differs = (lines.birth_name != lines.last_name) | lines.last_name.isnull()
    typed = lines.select(spelling="last_name").union(lines.filter(differs).select(spelling="birth_name"))
    counted = typed.filter(typed.spelling.notnull()).group_by("spelling").aggregate(lines=ibis._.count())
    # Later sums over these names run in this order, which has to be the same each time.
    return with_keys(collect(counted, "spelling")).drop_nulls("key")


def _first_names(lines: ir.Table, placeholders: tuple[date, ...]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the spellings with their keys, and the lines with each key, by sex and decade of birth."""
    born = lines.birth_date
    # `isin` is null for a null date, so lines without a date stay without a year.
    year = ibis.cases((born.isin(placeholders), ibis.null("int32")), else_=born.year())
    typed = lines.select("sex", spelling="first_name", decade=(year / 10).floor().cast("int32"))
    counted = typed.filter(typed.spelling.notnull()).group_by("spelling", "decade").aggregate(**_COUNTS)
    table = _by_sex(collect(counted, "lines"), "spelling", "decade")
    names = with_keys(table.select("spelling").unique(maintain_order=True)).drop_nulls("key")
    names = names.with_columns(first=(pl.col("key").rank("dense") - 1).cast(pl.Int32))
    by_decade = table.join(names, on="spelling").group_by("key", "sex", "decade").agg(pl.col("lines").sum())
    return names, by_decade.sort("key", "sex", "decade", nulls_last=True)


def _places(lines: ir.Table) -> pl.DataFrame:
    typed = lines.group_by("postal_code").aggregate(lines=ibis._.count())
    places = typed.select("lines", departement=departement_of(typed.postal_code))
    return collect(places.group_by("departement").aggregate(lines=places.lines.sum()), "departement")
