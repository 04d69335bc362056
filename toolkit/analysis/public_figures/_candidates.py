"""Records that may be a figure's: found by name, or by birth date where a name was typed with a slip.

Two roads lead to a record. Where first name and a surname are the same, the record is a candidate, whatever else
agrees. Where the birth date is the same, one of the two names is enough for a look at the other: it may be near (see
`names`), or both may stand in each other's field. A slip in the name *and* in the date is not looked for: what is left
to agree would be too little.
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
    """The names of a register, and the names of a leak that are near them."""

    surnames: pl.DataFrame
    """One row a figure and surname (last or birth, once where they are the same): `figure_id`, `key`."""
    first_names: pl.DataFrame
    """One row a figure: `figure_id`, `key`."""
    near_surnames: pl.DataFrame
    """One row a key of the register's and a key near it: `key`, `near`."""
    near_first_names: pl.DataFrame
    """The same for first names."""


@dataclass(frozen=True)
class Candidates:
    """What was found for a register in a leak."""

    pairs: pl.DataFrame
    """One row a figure and record: `figure_id`, `record_id`, `practice_id`, `same_name` (or near), `typed` (the birth
    date, null where blank or a placeholder), `departement`, `nir`."""
    bearers: pl.DataFrame
    """One row a surname of the register's, sex and decade of birth: `key`, `sex`, `decade` (1980 // 10), `people`."""
    lines_per_person: float
    records_per_person: float
    squared_records_per_person: float
    """The mean of the square, for the spread of a number of records when that of people is known."""


def name_figures(register: pl.DataFrame, frequencies: Frequencies) -> FigureNames:
    """Fold the names of a register, and look up what is near them in a leak."""
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
    """Find the records that may be a figure's, and count the people who bear the register's surnames."""
    search = _Search(leak, register, names, frequencies)
    people, lines = search.count_people()
    found = pl.concat([search.by_names(), search.by_date_and_surname(), search.by_date_and_first_name()])
    # A record that bears the very name counts as such, though another of its names be near.
    pairs = found.group_by("figure_id", "record_id").agg(pl.col("same_name").any())
    every = max(1, int(people["people"].sum()))
    return Candidates(
        pairs=search.with_details(pairs),
        bearers=people.select("key", "sex", "decade", "people").sort("key", "sex", "decade", nulls_last=True),
        lines_per_person=max(1.0, lines / every),
        records_per_person=max(1.0, int(people["records"].sum()) / every),
        squared_records_per_person=max(1.0, int(people["squares"].sum()) / every),
    )


class _Search:
    """The questions asked of the engine for one register."""

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
        self._bearers = leak.materialize(ibis.util.gen_name("bearers"), self._bear)

    def count_people(self) -> tuple[pl.DataFrame, int]:
        """People who bear each surname, by sex, with their records; and the lines they have in all.

        A person is who shares surname, first name and birth date, however spelt: to be counted twice by a slip
        matters less than to be counted once a line.
        """
        identity = ("surname", "first", "birth_date")
        # Records first: counting distinct ones inside of millions of groups takes longer.
        borne = self._bearers.group_by(*identity, "record_id").aggregate(sex=ibis._.sex.max(), lines=ibis._.count())
        people = borne.group_by(*identity).aggregate(
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
        """Pairs with the same first name and a surname in common."""
        pairs = self._names.surnames.join(self._surname_numbers, on="key").join(self._firsts, on="figure_id")
        wanted = self._lend(pairs.select("figure_id", "surname", "first"))
        met = self._bearers.join(wanted, ["surname", "first"]).select("figure_id", "record_id")
        return collect(met.distinct(), ["figure_id", "record_id"]).with_columns(same_name=True)

    def by_date_and_surname(self) -> pl.DataFrame:
        """Pairs with a surname in common and the same birth date, whose first names are near."""
        dated = self._figures.drop_nulls("birth_date").select("figure_id", "birth_date")
        pairs = self._names.surnames.join(self._surname_numbers, on="key").join(dated, on="figure_id")
        wanted = self._lend(pairs.select("figure_id", "surname", "birth_date"))
        met = self._bearers.join(wanted, ["surname", "birth_date"]).select("figure_id", "record_id", "first")
        found = collect(met.distinct(), ["figure_id", "record_id", "first"])
        numbers = self._frequencies.first_names.select(near="key", first=pl.col("first").cast(pl.Int64)).unique()
        near = self._names.first_names.join(self._names.near_first_names, on="key").join(numbers, on="near")
        close = found.join(near.select("figure_id", "first"), on=["figure_id", "first"], how="semi")
        return close.select("figure_id", "record_id", same_name=False)

    def by_date_and_first_name(self) -> pl.DataFrame:
        """Pairs with the same birth date whose first names are the same and surnames near, or in each other's place."""
        dated = self._figures.drop_nulls("birth_date").select("figure_id", "birth_date")
        own = self._frequencies.first_names.join(self._firsts, on="key").select("figure_id", "spelling")
        exchanged = self._frequencies.first_names.join(self._names.surnames, on="key").select("figure_id", "spelling")
        wanted = pl.concat([own.with_columns(exchanged=False), exchanged.with_columns(exchanged=True)])
        keys = self._lend(wanted.join(dated, on="figure_id"))
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
        """The pairs with what else the record says, less those whose known sexes differ."""
        lines = self._leak.lines
        chosen = lines.semi_join(self._lend(pairs.select("record_id").unique()), "record_id")
        details = chosen.select(
            "record_id", "practice_id", "sex", "nir",
            typed="birth_date", departement=departement_of(chosen.postal_code),
        )  # fmt: skip
        # A record exported twice says the same twice; if a real leak's does not, the first in order is taken.
        records = collect(details.distinct(), list(details.columns)).unique("record_id", keep="first")
        placeholder = pl.col("typed").is_in(self._frequencies.placeholders)
        records = records.with_columns(typed=pl.when(~placeholder).then("typed"))
        both = pairs.join(records, on="record_id").join(self._figures.select("figure_id", wanted="sex"), on="figure_id")
        fits = (pl.col("sex") == pl.col("wanted")).fill_null(True)
        columns = ["figure_id", "record_id", "practice_id", "same_name", "typed", "departement", "nir"]
        return both.filter(fits).select(columns).sort("figure_id", "record_id")

    def _bear(self, leak: Leak) -> ir.Table:
        """One row a line and surname of the register that it bears.

        Columns: `record_id`, `birth_date`, `sex`, `surname`, and `first` (null where the first name is blank).
        """
        spellings = self._lend(self._spellings.select("surname", last_name="spelling"))
        firsts = self._lend(self._frequencies.first_names.select("first", first_name="spelling"))
        lines = leak.lines.select("record_id", "birth_date", "sex", "first_name", "last_name", "birth_name")
        by_last = lines.join(spellings, "last_name")
        differs = lines.filter((lines.birth_name != lines.last_name) | lines.last_name.isnull()).drop("last_name")
        by_birth = differs.rename(last_name="birth_name").join(spellings, "last_name")
        columns = ("record_id", "birth_date", "sex", "first_name", "surname")
        borne = by_last.select(*columns).union(by_birth.select(*columns))
        return borne.left_join(firsts, "first_name").select("record_id", "birth_date", "sex", "surname", "first")

    def _lend(self, table: pl.DataFrame) -> ir.Table:
        return self._leak.register_table(table.to_arrow())
