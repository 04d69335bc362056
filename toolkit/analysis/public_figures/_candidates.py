"""Find the records that may be a figure's, by name, or by birth date where a name has a typing error.

There are two ways to find a record. If the first name and a surname are the same, the record is a candidate, whatever
else agrees. If the birth date is the same and one of the two names is the same, the other name may be near (see
`_names`), or the names may be in each other's field. The search skips records with an error in the name *and* in the
date, because too little would be left to agree.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import polars as pl

from toolkit.analysis._folding import departement_of
from toolkit.analysis.public_figures._frequencies import Frequencies
from toolkit.analysis.public_figures._names import near_names, with_keys
from toolkit.dataset import Leak, collect

__all__ = ["Candidates", "FigureNames", "find_candidates", "name_figures"]


@dataclass(frozen=True)
class FigureNames:
    """The names of a register, and the near names of a leak."""

    surnames: pl.DataFrame
    """One row per figure and surname (last or birth name, once where they are the same): `figure_id`, `key`."""
    first_names: pl.DataFrame
    """One row per figure: `figure_id`, `key`."""
    near_surnames: pl.DataFrame
    """One row per surname key of the register and key near it: `key`, `near`."""
    near_first_names: pl.DataFrame
    """The same for first names."""


@dataclass(frozen=True)
class Candidates:
    """The candidate records of a register in a leak, and counts of the people with its surnames."""

    pairs: pl.DataFrame
    """One row per figure and record: `figure_id`, `record_id`, `practice_id`, `same_name` (false for a near name),
    `typed` (the birth date of the record, null where blank or a placeholder), `departement`, `nir`."""
    surname_counts: pl.DataFrame
    """One row per surname of the register, sex and decade of birth: `key`, `sex`, `decade` (1980 // 10), `people`."""
    lines_per_person: float
    records_per_person: float
    squared_records_per_person: float
    """The mean of the square, for the variance of a number of records given the number of people."""


def name_figures(register: pl.DataFrame, frequencies: Frequencies) -> FigureNames:
    """Fold the names of a register, and look up the names near them in a leak."""
    figures = register.select("figure_id", "last_name", "birth_name", "first_name")
    families = pl.concat([figures.select("figure_id", spelling=name) for name in ("last_name", "birth_name")])
    surnames = with_keys(families.drop_nulls("spelling")).drop_nulls("key").unique(["figure_id", "key"])
    first_names = with_keys(figures.select("figure_id", spelling="first_name")).drop_nulls("key")
    return FigureNames(
        surnames=surnames.select("figure_id", "key").sort("figure_id", "key"),
        first_names=first_names.select("figure_id", "key").sort("figure_id"),
        near_surnames=near_names(surnames, frequencies.surnames),
        near_first_names=near_names(first_names, frequencies.first_names),
    )


def find_candidates(leak: Leak, register: pl.DataFrame, names: FigureNames, frequencies: Frequencies) -> Candidates:
    """Find the records that may be a figure's, and count the people with the register's surnames."""
    search = _Search(leak, register, names, frequencies)
    people, lines = search.count_people()
    found = pl.concat([search.by_names(), search.by_date_and_surname(), search.by_date_and_first_name()])
    # A record with the same name counts as such, even where another of its names is only near.
    pairs = found.group_by("figure_id", "record_id").agg(pl.col("same_name").any())
    total = max(1, int(people["people"].sum()))
    return Candidates(
        pairs=search.with_details(pairs),
        surname_counts=people.select("key", "sex", "decade", "people").sort("key", "sex", "decade", nulls_last=True),
        lines_per_person=max(1.0, lines / total),
        records_per_person=max(1.0, int(people["records"].sum()) / total),
        squared_records_per_person=max(1.0, int(people["squares"].sum()) / total),
    )


class _Search:
    """The queries for one register."""

    def __init__(self, leak: Leak, register: pl.DataFrame, names: FigureNames, frequencies: Frequencies) -> None:
        self._leak, self._frequencies, self._names = leak, frequencies, names
        wanted = names.surnames.select("key").unique().sort("key")
        self._surname_numbers = wanted.with_row_index("surname").with_columns(pl.col("surname").cast(pl.Int32))
        self._spellings = frequencies.surnames.join(self._surname_numbers, on="key").select(
            "spelling", "surname", "key"
        )
        self._figures = register.select("figure_id", "sex", "birth_date")
        numbers = frequencies.first_names.select("key", "first").unique()
        self._firsts = names.first_names.join(numbers, on="key").select("figure_id", "first", "key")
        self._lines = leak.materialize(ibis.util.gen_name("lines_by_surname"), self._find_surnames)

    def count_people(self) -> tuple[pl.DataFrame, int]:
        """Return the people with each surname, by sex, with their records; and the total number of their lines.

        Records with the same surname, first name and birth date, in any spelling, are one person. A typing error makes
        two people of one, which distorts the counts less than counting lines would.
        """
        identity = ("surname", "first", "birth_date")
        # Group by record first: counting distinct records inside millions of groups takes longer.
        records = self._lines.group_by(*identity, "record_id").aggregate(sex=ibis._.sex.max(), lines=ibis._.count())
        people = records.group_by(*identity).aggregate(
            sex=ibis._.sex.max(), records=ibis._.count(), lines=ibis._.lines.sum()
        )
        people = people.mutate(decade=(people.birth_date.year() / 10).floor().cast("int32"))
        counted = people.group_by("surname", "sex", "decade").aggregate(
            people=ibis._.count(),
            records=ibis._.records.sum(),
            squares=(ibis._.records * ibis._.records).sum(),
            lines=ibis._.lines.sum(),
        )
        table = collect(counted, ["surname", "sex", "decade"])
        numbers = self._surname_numbers.with_columns(pl.col("surname").cast(pl.Int64))
        return table.join(numbers, on="surname").drop("surname"), int(table["lines"].sum())

    def by_names(self) -> pl.DataFrame:
        """Return the pairs with the same first name and a surname in common."""
        pairs = self._names.surnames.join(self._surname_numbers, on="key").join(self._firsts, on="figure_id")
        wanted = self._register(pairs.select("figure_id", "surname", "first"))
        found = self._lines.join(wanted, ["surname", "first"]).select("figure_id", "record_id")
        return collect(found.distinct(), ["figure_id", "record_id"]).with_columns(same_name=True)

    def by_date_and_surname(self) -> pl.DataFrame:
        """Return the pairs with a surname in common and the same birth date, whose first names are near."""
        dated = self._figures.drop_nulls("birth_date").select("figure_id", "birth_date")
        pairs = self._names.surnames.join(self._surname_numbers, on="key").join(dated, on="figure_id")
        wanted = self._register(pairs.select("figure_id", "surname", "birth_date"))
        pairs_found = self._lines.join(wanted, ["surname", "birth_date"]).select("figure_id", "record_id", "first")
        found = collect(pairs_found.distinct(), ["figure_id", "record_id", "first"])
        numbers = self._frequencies.first_names.select(near="key", first=pl.col("first").cast(pl.Int64)).unique()
        near = self._names.first_names.join(self._names.near_first_names, on="key").join(numbers, on="near")
        close = found.join(near.select("figure_id", "first"), on=["figure_id", "first"], how="semi")
        return close.select("figure_id", "record_id", same_name=False)

    def by_date_and_first_name(self) -> pl.DataFrame:
        """Return the pairs with the same birth date and near surnames, or with the names in each other's field."""
        dated = self._figures.drop_nulls("birth_date").select("figure_id", "birth_date")
        own = self._frequencies.first_names.join(self._firsts, on="key").select("figure_id", "spelling")
        exchanged = self._frequencies.first_names.join(self._names.surnames, on="key").select("figure_id", "spelling")
        wanted = pl.concat([own.with_columns(exchanged=False), exchanged.with_columns(exchanged=True)])
        keys = self._register(wanted.join(dated, on="figure_id"))
        lines = self._leak.lines.select("record_id", "last_name", "birth_name", "birth_date", spelling="first_name")
        met = lines.join(keys, ["spelling", "birth_date"])
        columns = ("figure_id", "record_id", "exchanged", "last_name", "birth_name")
        found = collect(met.select(*columns).distinct(), list(columns))
        surnames = found.unpivot(["last_name", "birth_name"], index=["figure_id", "record_id", "exchanged"])
        typed = surnames.join(self._frequencies.surnames.select(value="spelling", typed="key"), on="value")
        return self._near_or_exchanged(typed).select("figure_id", "record_id", same_name=False)

    def _near_or_exchanged(self, typed: pl.DataFrame) -> pl.DataFrame:
        near = self._names.surnames.join(self._names.near_surnames, on="key").select("figure_id", typed="near")
        close = typed.filter(~pl.col("exchanged")).join(near, on=["figure_id", "typed"], how="semi")
        firsts = self._firsts.select("figure_id", typed="key")
        swapped = typed.filter(pl.col("exchanged")).join(firsts, on=["figure_id", "typed"], how="semi")
        return pl.concat([close, swapped])

    def with_details(self, pairs: pl.DataFrame) -> pl.DataFrame:
        """Add the other fields of the record to the pairs, and drop those whose known sexes differ."""
        lines = self._leak.lines
        chosen = lines.semi_join(self._register(pairs.select("record_id").unique()), "record_id")
        details = chosen.select(
            "record_id", "practice_id", "sex", "nir",
            typed="birth_date", departement=departement_of(chosen.postal_code),
        )  # fmt: skip
        # Lines of one record normally agree; where a real leak has lines that differ, take the first in order.
        records = collect(details.distinct(), list(details.columns)).unique("record_id", keep="first")
        placeholder = pl.col("typed").is_in(self._frequencies.placeholders)
        records = records.with_columns(typed=pl.when(~placeholder).then("typed"))
        both = pairs.join(records, on="record_id").join(self._figures.select("figure_id", wanted="sex"), on="figure_id")
        fits = (pl.col("sex") == pl.col("wanted")).fill_null(True)
        columns = ["figure_id", "record_id", "practice_id", "same_name", "typed", "departement", "nir"]
        return both.filter(fits).select(columns).sort("figure_id", "record_id")

    def _find_surnames(self, leak: Leak) -> ir.Table:
        """Return one row per line and surname of the register that the line has.

        Columns: `record_id`, `birth_date`, `sex`, `surname`, and `first` (null where the first name is blank).
        """
        spellings = self._register(self._spellings.select("surname", last_name="spelling"))
        firsts = self._register(self._frequencies.first_names.select("first", first_name="spelling"))
        lines = leak.lines.select("record_id", "birth_date", "sex", "first_name", "last_name", "birth_name")
        by_last = lines.join(spellings, "last_name")
        differs = lines.filter((lines.birth_name != lines.last_name) | lines.last_name.isnull()).drop("last_name")
        by_birth = differs.rename(last_name="birth_name").join(spellings, "last_name")
        columns = ("record_id", "birth_date", "sex", "first_name", "surname")
        found = by_last.select(*columns).union(by_birth.select(*columns))
        return found.left_join(firsts, "first_name").select("record_id", "birth_date", "sex", "surname", "first")

    def _register(self, table: pl.DataFrame) -> ir.Table:
        return self._leak.register_table(table.to_arrow())
