"""Expected namesakes: the number of other people in the leak who agree with a figure by chance.

For figure *f* with first name *g*, sex *x* and surnames *S*, the expected number of *other* people of the leak born in
year *y* with the same name is

    n(f, y) = people(S, x) * P(y | x) * P(g | x, decade of y)

where people(S, x) is the number of people in the leak with these surnames and this sex, P(y | x) the distribution of
their birth years, and P(g | x, decade) the share of the first name in the lines of that sex and decade. The model
assumes that surname and first name are independent within sex and decade, and that the day is independent of the year.
Both are approximations; families who reuse first names violate the first one. From n follow the namesakes at each level
of `_match_levels.DATES`: born on the same day (n times the share of that day and month in a year), on the day with the
month swapped, on one of the days that differ by one digit, in the same year, in any other year. The number of people
with near names is computed in the same way. This is the u-probability of record linkage, computed for each figure
(I. Fellegi and A. Sunter, 1969, *A theory for record linkage*, JASA 64; W. Winkler, 2000, on frequency-based matching).

**The figure's own records do not count.** If a hit has a surname that no one else in the leak has, there is c = 1
person with the surname and there are 0 others, but another person might have had it. With the Gamma(1/2, 0) prior of
Jeffreys for the mean of a Poisson count, c - 1 others seen give c - 1/2 expected; the same holds for the first name in
its decade. So `beside_hits` removes the figure and adds one half; use it to evaluate a hit. `in_all` is for the
expected number of chance hits over the register: it removes each figure with the probability that it is in the leak,
and adds nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from toolkit.analysis.public_figures._birth_dates import SEXES, BirthDates, Calendar
from toolkit.analysis.public_figures._candidates import Candidates, FigureNames
from toolkit.analysis.public_figures._frequencies import Frequencies
from toolkit.analysis.public_figures._match_levels import DATES

__all__ = ["Namesakes", "Rates"]

Floats = NDArray[np.float64]

_HALF = 0.5


@dataclass(frozen=True)
class Rates:
    """Expected namesakes: one row per figure, one column per level of `DATES`, and a last one for `NEAR_NAME`."""

    people: Floats
    place: Floats
    """One value per figure: the share of people who live in its departement, NaN where the register has none."""


class Namesakes:
    """The expected namesakes of the figures of a register, in its order."""

    def __init__(
        self, register: pl.DataFrame, names: FigureNames, frequencies: Frequencies, candidates: Candidates
    ) -> None:
        self._ids = register.select("figure_id")
        sex = register["sex"].to_numpy()
        self._weights = np.stack([(sex == each) | register["sex"].is_null().to_numpy() for each in SEXES]).astype(float)
        self._birth_dates = BirthDates(register["birth_date"])
        self._calendar = Calendar(frequencies, candidates)
        self._undated = frequencies.undated
        per_person = candidates.lines_per_person
        by_sex = candidates.surname_counts.group_by("key", "sex").agg(n=pl.col("people").sum())
        self._people = self._count(names.surnames, by_sex)
        self._firsts = self._by_decade(names.first_names, frequencies, per_person)
        near_firsts = names.first_names.join(names.near_first_names, on="key").select("figure_id", key="near")
        self._near_firsts = self._by_decade(near_firsts, frequencies, per_person)
        self._near_people = self._near(names, frequencies, candidates)
        self._place = self._places(register, frequencies)
        hit = candidates.pairs.filter("same_name").select("figure_id").unique()
        self._own_surnames = self._surnames_of_hits(names, candidates, hit)

    def beside_hits(self) -> Rates:
        """Return the namesakes besides the person of a hit: to evaluate the hit."""
        people = _less_one(self._people, self._own_surnames)
        firsts = self._own_decade(self._firsts, 1.0, _HALF)
        near_people = np.maximum(self._near_people - 1, 0) + _HALF
        near_firsts = self._own_decade(self._near_firsts, 1.0, _HALF)
        return Rates(self._levels(people, firsts, near_people, near_firsts), self._place)

    def in_all(self, present: Floats) -> Rates:
        """Return the namesakes expected over the register; each figure is in the leak with probability `present`."""
        share = self._people / np.maximum(self._people.sum(axis=0), 1e-9)
        people = np.maximum(self._people - share * self._own_surnames * present, 0)
        firsts = self._own_decade(self._firsts, present, 0.0)
        return Rates(self._levels(people, firsts, self._near_people, self._near_firsts), self._place)

    def _levels(self, people: Floats, firsts: Floats, near_people: Floats, near_firsts: Floats) -> Floats:
        """Return one row per figure, one column per level."""
        calendar, births = self._calendar, self._birth_dates
        by_year = calendar.by_year(people, firsts)
        dated = ~np.isnan(births.year)
        year, day = np.nan_to_num(births.year).astype(np.int64), np.nan_to_num(births.day).astype(np.int64)
        same = calendar.on_day(by_year, year, day)
        swapped = calendar.on_day(by_year, year, births.swapped)
        near_year, far_year = births.one_digit(calendar, by_year)
        in_year = calendar.in_year(by_year, year)
        total = by_year.sum(axis=1)
        near_names = calendar.by_year(people, near_firsts) + calendar.by_year(near_people, firsts)
        levels = np.stack(
            [
                same,
                swapped,
                near_year,
                far_year,
                np.maximum(in_year - same - swapped - near_year, 0),
                np.maximum(total - in_year - far_year, 0),
                total * self._undated / (1 - self._undated),
                calendar.on_day(near_names, year, day),
            ],
            axis=1,
        )
        unknown = np.zeros_like(levels)
        unknown[:, DATES.index("unknown")] = total / (1 - self._undated)
        return np.where(dated[:, None], levels, unknown)

    def _own_decade(self, firsts: Floats, own: float | Floats, added: float) -> Floats:
        """Return `firsts` without the figure itself: in its sex and decade, or over all decades if unknown."""
        column = self._calendar.decade_of(self._birth_dates.year)
        dated = column >= 0
        at = np.where(dated, column, 0)
        rows = np.arange(len(at))
        sexes = np.maximum(self._weights.sum(axis=0), 1)
        result = firsts.copy()
        for sex, weight in enumerate(self._weights):
            less = own * weight / sexes
            there = firsts[sex, rows, at]
            result[sex, rows, at] = np.where(dated, np.maximum(there - less, 0) + added * weight / sexes, there)
            total = firsts[sex].sum(axis=1)
            factor = (np.maximum(total - less, 0) + added * weight / sexes) / np.maximum(total, 1e-9)
            result[sex] = np.where(dated[:, None], result[sex], firsts[sex] * np.minimum(factor, 1)[:, None])
        return result

    def _count(self, keys: pl.DataFrame, counted: pl.DataFrame) -> Floats:
        """Return one row per sex, one column per figure: the sum of `n` over the keys of the figure."""
        # People whose sex is unknown are few; they count for both sexes.
        sums = keys.join(counted.with_columns(pl.col("sex").fill_null("?")), on="key").group_by("figure_id", "sex").agg(
            pl.col("n").sum()
        )  # fmt: skip
        unknown = self._aligned(sums.filter(pl.col("sex") == "?"), "n")
        of_sex = [self._aligned(sums.filter(pl.col("sex") == sex), "n") + unknown for sex in SEXES]
        counts: Floats = np.stack(of_sex) * self._weights
        return counts

    def _by_decade(self, keys: pl.DataFrame, frequencies: Frequencies, lines_per_person: float) -> Floats:
        """Return by sex, figure and decade the number of people with one of the figure's keys as first name."""
        table = keys.join(frequencies.first_names_by_decade, on="key").group_by("figure_id", "sex", "decade").agg(
            n=pl.col("lines").sum() / lines_per_person
        )  # fmt: skip
        found = np.zeros((len(SEXES), self._ids.height, len(self._calendar.decades)))
        for sex, at in enumerate(SEXES):
            for column, decade in enumerate(self._calendar.decades):
                part = table.filter((pl.col("sex") == at) & (pl.col("decade") == decade))
                found[sex, :, column] = self._aligned(part, "n")
        weighted: Floats = found * self._weights[:, :, None]
        return weighted

    def _near(self, names: FigureNames, frequencies: Frequencies, candidates: Candidates) -> Floats:
        """Return by sex and figure the number of people with a surname near one of the figure's."""
        lines = frequencies.surnames.group_by("key").agg(pl.col("lines").sum())
        near = names.surnames.join(names.near_surnames, on="key").select("figure_id", key="near").unique()
        counted = near.join(lines, on="key").group_by("figure_id").agg(
            n=pl.col("lines").sum() / candidates.lines_per_person
        )  # fmt: skip
        of_sex = [int(candidates.surname_counts.filter(pl.col("sex") == sex)["people"].sum()) for sex in SEXES]
        share = np.array(of_sex) / max(1, sum(of_sex))
        of_both: Floats = share[:, None] * self._aligned(counted, "n") * self._weights
        return of_both

    def _places(self, register: pl.DataFrame, frequencies: Frequencies) -> Floats:
        lines = max(1, int(frequencies.places["lines"].sum()))
        share = register.select(departement="departement_code").join(
            frequencies.places, on="departement", how="left", maintain_order="left"
        )
        shares = (share["lines"].fill_null(0).to_numpy() + _HALF) / lines
        return np.where(register["departement_code"].is_null().to_numpy(), np.nan, shares)

    def _surnames_of_hits(self, names: FigureNames, candidates: Candidates, hit: pl.DataFrame) -> Floats:
        """Return for each figure with a hit how many of its surnames are in the leak; the hit has each once."""
        known = names.surnames.join(candidates.surname_counts.select("key").unique(), on="key", how="semi")
        found = known.join(hit, on="figure_id", how="semi").group_by("figure_id").len("n")
        return self._aligned(found, "n")

    def _aligned(self, table: pl.DataFrame, column: str) -> Floats:
        """Return a column of `table`, one value per figure of the register, 0 where it has none."""
        aligned = self._ids.join(table.select("figure_id", column), on="figure_id", how="left", maintain_order="left")
        return aligned[column].fill_null(0).cast(pl.Float64).to_numpy()


def _less_one(people: Floats, own: Floats) -> Floats:
    """Return the people with a surname without the person of the hit, who has `own` surnames, plus one half."""
    share = people / np.maximum(people.sum(axis=0), 1e-9)
    less: Floats = np.maximum(people - share * own, 0) + share * _HALF
    return less
