"""How common names, birth dates and places are in the leak itself: what the chance of a namesake is made of.

Nothing comes from outside: a leak of patients is older, and from other places, than the population of any census.
Shares are taken of lines, since how often a file was exported hangs neither on its names nor on its dates; numbers of
people are counted apart, where a register asks for them (`matching`).
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
from toolkit.errors import DataSetError

__all__ = ["Frequencies", "measure"]

_FIRST_DAY = date(1900, 1, 1)
"""Where programs begin to count days: whoever was born then would be the oldest human being."""
_MANY_LINES = 50
_TIMES_A_BUSY_DAY = 20


@dataclass(frozen=True)
class Frequencies:
    """How often each name, birth date and departement stands in a leak; tables hold `lines` that carry each value."""

    surnames: pl.DataFrame
    """One row a spelling of a last or birth name: `spelling`, `words`, `key`, `lines`."""
    first_names: pl.DataFrame
    """One row a spelling of a first name: `spelling`, `words`, `key`, and `first`, a number for each key."""
    first_names_by_decade: pl.DataFrame
    """One row a key of a first name, sex and decade of birth: `key`, `sex`, `decade` (1980 // 10), `lines`."""
    days: pl.DataFrame
    """One row a birth date and sex: `birth_date`, `sex`, `lines`; without the placeholders."""
    places: pl.DataFrame
    """One row a departement: `departement`, `lines`."""
    placeholders: tuple[date, ...]
    """Dates typed for "unknown": 1 January 1900, and those twenty times as frequent as the busiest days."""
    undated: float
    """The share of lines whose birth date is blank or a placeholder."""
    unplaced: float
    """The share of lines without a postal code that points to a departement."""


def measure(leak: Leak) -> Frequencies:
    """Count the names, birth dates and places of a leak, once for any number of registers.

    Raises `DataSetError` when no line has a birth date: nothing can then be said about namesakes.
    """
    lines = leak.lines
    days = _by_sex(collect(lines.group_by("birth_date").aggregate(**_COUNTS), "birth_date"), "birth_date")
    every = int(days["lines"].sum())
    placeholders = _placeholders(days)
    dated = days.filter(pl.col("birth_date").is_not_null() & ~pl.col("birth_date").is_in(placeholders))
    if dated.is_empty():
        raise DataSetError(f"No line of the data set {leak.path} has a birth date, so namesakes cannot be told apart.")
    first_names, by_decade = _first_names(lines, placeholders)
    places = _places(lines)
    unplaced = int(places.filter(pl.col("departement").is_null())["lines"].sum())
    return Frequencies(
        surnames=_surnames(lines),
        first_names=first_names,
        first_names_by_decade=by_decade,
        days=dated,
        places=places.drop_nulls("departement"),
        placeholders=placeholders,
        undated=1 - int(dated["lines"].sum()) / max(1, every),
        unplaced=unplaced / max(1, every),
    )


_COUNTS = {
    "lines": ibis._.count(),
    "M": (ibis._.sex == "M").sum().coalesce(0),
    "F": (ibis._.sex == "F").sum().coalesce(0),
}
"""Lines in all and by sex: several times faster than grouping by sex as well."""


def _by_sex(table: pl.DataFrame, *keys: str) -> pl.DataFrame:
    """One row a key and sex (M, F and null): the keys, `sex`, `lines`."""
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
    """A line counts once for each of its two surnames, once where they are spelt alike."""
    differs = (lines.birth_name != lines.last_name) | lines.last_name.isnull()
    borne = lines.select(spelling="last_name").union(lines.filter(differs).select(spelling="birth_name"))
    counted = borne.filter(borne.spelling.notnull()).group_by("spelling").aggregate(lines=ibis._.count())
    # What is added up over these names later is added up in this order: it has to be the same each time.
    return with_keys(collect(counted, "spelling")).drop_nulls("key")


def _first_names(lines: ir.Table, placeholders: tuple[date, ...]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The spellings with their keys, and how many lines bear each key, by sex and decade of birth."""
    born = lines.birth_date
    # Null is in no list, so lines without a date need no further care.
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
