"""How many other people in the leak would agree with a figure as well: the namesakes that chance alone gives.

For figure *f* with first name *g*, sex *x* and surnames *S*, the expected number of *other* people of the leak born in
year *y* who bear the same name is

    n(f, y) = bearers(S, x) * P(y | x) * P(g | x, decade of y)

where `bearers` are people counted in the leak itself, P(y | x) says when they were born, and P(g | x, decade) is the
share of the first name in the lines of that sex and decade. Surname and first name are
taken to be independent within sex and decade, as is the day within the year; both are approximations, and families who
keep first names break the first one. From n follow the namesakes at each level of `agreement.DATES`: those born on the
very day (n times the share of that day and month in a year), on the day with month exchanged, on one of the days that
one wrong digit makes, in the same year, in any other. Names that are near count likewise, from the people who bear
them. This is the u-probability of record linkage, worked out for each figure apart (I. Fellegi and A. Sunter, 1969,
*A theory for record linkage*, JASA 64; W. Winkler, 2000, on frequency-based matching).

**The figure's own records must not count.** A hit on a surname that nobody else bears says c = 1 bearer; the number of
others is 0, but the next stranger may bear it too. With the Gamma(1/2, 0) prior of Jeffreys for the mean of a Poisson
count, c - 1 others seen give c - 1/2 expected; the same holds for the first name in its decade. So `beside_hits` takes
the figure out and adds one half, and is meant for judging hits that are there. `in_all` is meant for the number of
chance hits to be expected over the register: there each figure is taken out with the probability that it is in the
leak, and nothing is added.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from toolkit.analysis.public_figures._birth_dates import SEXES, Born, Calendar
from toolkit.analysis.public_figures._candidates import Candidates, FigureNames
from toolkit.analysis.public_figures._frequencies import Frequencies
from toolkit.analysis.public_figures._match_levels import DATES

__all__ = ["Namesakes", "Rates"]

Floats = NDArray[np.float64]

_HALF = 0.5


@dataclass(frozen=True)
class Rates:
    """Expected namesakes: one row a figure, one column a level of `DATES`, and a last one for `NEAR_NAME`."""

    people: Floats
    place: Floats
    """One entry a figure: the share of people who live in its departement, null (NaN) where the register has none."""


class Namesakes:
    """The expected namesakes of the figures of a register, in its order."""

    def __init__(
        self, register: pl.DataFrame, names: FigureNames, frequencies: Frequencies, candidates: Candidates
    ) -> None:
        self._ids = register.select("figure_id")
        sex = register["sex"].to_numpy()
        self._weights = np.stack([(sex == each) | register["sex"].is_null().to_numpy() for each in SEXES]).astype(float)
        self._born = Born(register["birth_date"])
        self._calendar = Calendar(frequencies, candidates)
        self._undated = frequencies.undated
        per_person = candidates.lines_per_person
        by_sex = candidates.bearers.group_by("key", "sex").agg(n=pl.col("people").sum())
        self._bearers = self._count(names.surnames, by_sex)
        self._firsts = self._by_decade(names.first_names, frequencies, per_person)
        near_firsts = names.first_names.join(names.near_first_names, on="key").select("figure_id", key="near")
        self._near_firsts = self._by_decade(near_firsts, frequencies, per_person)
        self._near_bearers = self._near(names, frequencies, candidates)
        self._place = self._places(register, frequencies)
        hit = candidates.pairs.filter("same_name").select("figure_id").unique()
        self._carried = self._carry(names, candidates, hit)

    def beside_hits(self) -> Rates:
        """Namesakes other than the one person looked at: for judging a hit."""
        bearers = _less_one(self._bearers, self._carried)
        firsts = self._own_decade(self._firsts, 1.0, _HALF)
        near_bearers = np.maximum(self._near_bearers - 1, 0) + _HALF
        near_firsts = self._own_decade(self._near_firsts, 1.0, _HALF)
        return Rates(self._levels(bearers, firsts, near_bearers, near_firsts), self._place)

    def in_all(self, present: Floats) -> Rates:
        """Namesakes to be expected over the register, where each figure is in the leak with probability `present`."""
        share = self._bearers / np.maximum(self._bearers.sum(axis=0), 1e-9)
        bearers = np.maximum(self._bearers - share * self._carried * present, 0)
        firsts = self._own_decade(self._firsts, present, 0.0)
        return Rates(self._levels(bearers, firsts, self._near_bearers, self._near_firsts), self._place)

    def _levels(self, bearers: Floats, firsts: Floats, near_bearers: Floats, near_firsts: Floats) -> Floats:
        """One row a figure, one column a level."""
        calendar, born = self._calendar, self._born
        by_year = calendar.by_year(bearers, firsts)
        dated = ~np.isnan(born.year)
        year, day = np.nan_to_num(born.year).astype(np.int64), np.nan_to_num(born.day).astype(np.int64)
        same = calendar.on_day(by_year, year, day)
        swapped = calendar.on_day(by_year, year, born.swapped)
        near_year, far_year = born.one_digit(calendar, by_year)
        whole_year = calendar.in_year(by_year, year)
        everybody = by_year.sum(axis=1)
        near_names = calendar.by_year(bearers, near_firsts) + calendar.by_year(near_bearers, firsts)
        levels = np.stack(
            [
                same,
                swapped,
                near_year,
                far_year,
                np.maximum(whole_year - same - swapped - near_year, 0),
                np.maximum(everybody - whole_year - far_year, 0),
                everybody * self._undated / (1 - self._undated),
                calendar.on_day(near_names, year, day),
            ],
            axis=1,
        )
        unknown = np.zeros_like(levels)
        unknown[:, DATES.index("unknown")] = everybody / (1 - self._undated)
        return np.where(dated[:, None], levels, unknown)

    def _own_decade(self, firsts: Floats, own: float | Floats, added: float) -> Floats:
        """`firsts` less the figure's own in its sex and decade, or spread over all decades where that is unknown."""
        column = self._calendar.decade_of(self._born.year)
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
        """One row a sex, one column a figure: the sum of `n` over the keys of the figure."""
        # People whose sex is unknown are few; they count for either.
        sums = keys.join(counted.with_columns(pl.col("sex").fill_null("?")), on="key").group_by("figure_id", "sex").agg(
            pl.col("n").sum()
        )  # fmt: skip
        unknown = self._aligned(sums.filter(pl.col("sex") == "?"), "n")
        of_sex = [self._aligned(sums.filter(pl.col("sex") == sex), "n") + unknown for sex in SEXES]
        counts: Floats = np.stack(of_sex) * self._weights
        return counts

    def _by_decade(self, keys: pl.DataFrame, frequencies: Frequencies, lines_per_person: float) -> Floats:
        """By sex, figure and decade: how many people bear one of the figure's keys as a first name."""
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
        """By sex and figure: people who bear a surname near one of the figure's."""
        lines = frequencies.surnames.group_by("key").agg(pl.col("lines").sum())
        near = names.surnames.join(names.near_surnames, on="key").select("figure_id", key="near").unique()
        counted = near.join(lines, on="key").group_by("figure_id").agg(
            n=pl.col("lines").sum() / candidates.lines_per_person
        )  # fmt: skip
        of_sex = [int(candidates.bearers.filter(pl.col("sex") == sex)["people"].sum()) for sex in SEXES]
        share = np.array(of_sex) / max(1, sum(of_sex))
        of_both: Floats = share[:, None] * self._aligned(counted, "n") * self._weights
        return of_both

    def _places(self, register: pl.DataFrame, frequencies: Frequencies) -> Floats:
        every = max(1, int(frequencies.places["lines"].sum()))
        share = register.select(departement="departement_code").join(
            frequencies.places, on="departement", how="left", maintain_order="left"
        )
        shares = (share["lines"].fill_null(0).to_numpy() + _HALF) / every
        return np.where(register["departement_code"].is_null().to_numpy(), np.nan, shares)

    def _carry(self, names: FigureNames, candidates: Candidates, hit: pl.DataFrame) -> Floats:
        """For each figure that was hit: how many of its surnames are borne in the leak, once each by the one hit."""
        known = names.surnames.join(candidates.bearers.select("key").unique(), on="key", how="semi")
        carried = known.join(hit, on="figure_id", how="semi").group_by("figure_id").len("n")
        return self._aligned(carried, "n")

    def _aligned(self, table: pl.DataFrame, column: str) -> Floats:
        """A column of `table`, one entry a figure of the register, 0 where it has none."""
        aligned = self._ids.join(table.select("figure_id", column), on="figure_id", how="left", maintain_order="left")
        return aligned[column].fill_null(0).cast(pl.Float64).to_numpy()


def _less_one(bearers: Floats, carried: Floats) -> Floats:
    """Bearers without the person looked at, who counts once for each surname borne, and one half more."""
    share = bearers / np.maximum(bearers.sum(axis=0), 1e-9)
    less: Floats = np.maximum(bearers - share * carried, 0) + share * _HALF
    return less
