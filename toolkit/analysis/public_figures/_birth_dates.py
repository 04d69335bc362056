"""When the people of a leak were born: how many in each year, and on which days of it."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from toolkit.analysis.public_figures._candidates import Candidates
from toolkit.analysis.public_figures._frequencies import Frequencies

__all__ = ["SEXES", "Born", "Calendar"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SEXES = ("M", "F")
_DAYS = 12 * 31
_MANY_BEARERS = 500
"""How many bearers of the register's surnames weigh as much as all lines in saying when people were born."""


class Born:
    """The birth dates of the figures, in numbers; NaN where unknown."""

    def __init__(self, dates: pl.Series) -> None:
        self.year: Floats = dates.dt.year().cast(pl.Float64).fill_null(np.nan).to_numpy()
        month = dates.dt.month().cast(pl.Float64).fill_null(np.nan).to_numpy()
        day = dates.dt.day().cast(pl.Float64).fill_null(np.nan).to_numpy()
        self._month, self._day = (
            np.nan_to_num(month, nan=1).astype(np.int64),
            np.nan_to_num(day, nan=1).astype(np.int64),
        )
        self.day: Ints = _day_of(self._month, self._day)
        exists = (self._day <= 12) & (self._day != self._month)
        self.swapped: Ints = np.where(exists, _day_of(self._day, self._month), -1)

    def one_digit(self, calendar: Calendar, by_year: Floats) -> tuple[Floats, Floats]:
        """People born on a day that differs in one digit: of the same year, and of another."""
        year = np.nan_to_num(self.year).astype(np.int64)
        near = np.zeros(len(year))
        for value, other in ((self._month, self._day), (self._day, self._month)):
            for place in (1, 10):
                for wrong in _other_digits(value, place):
                    month, day = (wrong, other) if value is self._month else (other, wrong)
                    valid = (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
                    near += calendar.on_day(by_year, year, np.where(valid, _day_of(month, day), -1))
        far = sum(
            calendar.on_day(by_year, wrong, self.day) for place in (1, 10, 100) for wrong in _other_digits(year, place)
        )
        return near, far + np.zeros(len(year))


def _other_digits(value: Ints, place: int) -> list[Ints]:
    """The numbers that differ from `value` in the digit of one place."""
    digit = value // place % 10
    return [value + ((digit + step) % 10 - digit) * place for step in range(1, 10)]


def _day_of(month: Ints, day: Ints) -> Ints:
    return (month - 1) * 31 + day - 1


class Calendar:
    """The years and days on which the people of a leak were born."""

    def __init__(self, frequencies: Frequencies, candidates: Candidates) -> None:
        days = frequencies.days
        years = days["birth_date"].dt.year()
        self._first, last = int(years.min()), int(years.max())  # type: ignore[arg-type]  # whole numbers
        count = last - self._first + 1
        self._by_sex = np.zeros((len(SEXES), count))
        for sex, each in enumerate(SEXES):
            part = days.filter(pl.col("sex") == each)
            np.add.at(
                self._by_sex[sex], part["birth_date"].dt.year().to_numpy() - self._first, part["lines"].to_numpy()
            )
        born = days.group_by(
            day=(days["birth_date"].dt.month().cast(pl.Int64) - 1) * 31 + days["birth_date"].dt.day() - 1
        )
        shares = born.agg(pl.col("lines").sum())
        self._day_share = np.zeros(_DAYS)
        self._day_share[shares["day"].to_numpy()] = shares["lines"].to_numpy() / max(1, int(days["lines"].sum()))
        self.decades = list(range(self._first // 10, last // 10 + 1))
        self._decade = np.arange(self._first, last + 1) // 10 - self._first // 10
        totals = np.zeros((len(SEXES), len(self.decades)))
        for sex in range(len(SEXES)):
            np.add.at(totals[sex], self._decade, self._by_sex[sex])
        self._of_decade = totals / candidates.lines_per_person
        self._year_share = self._shares(totals, candidates.bearers)

    def _shares(self, totals: Floats, bearers: pl.DataFrame) -> Floats:
        """P(y | x) among the bearers of the register's surnames, one row a sex.

        They are older than everybody: a married woman bears two surnames, a girl one. Decades are theirs, as far as
        they are many, years within a decade those of all lines.
        """
        everybody = totals / np.maximum(totals.sum(axis=1, keepdims=True), 1)
        shares = np.empty_like(everybody)
        for sex, each in enumerate(SEXES):
            for column, decade in enumerate(self.decades):
                part = bearers.filter((pl.col("sex") == each) & (pl.col("decade") == decade))
                shares[sex, column] = int(part["people"].sum())
        shares = (shares + _MANY_BEARERS * everybody) / (shares.sum(axis=1, keepdims=True) + _MANY_BEARERS)
        within = self._by_sex / np.maximum(totals[:, self._decade], 1)
        found: Floats = shares[:, self._decade] * within
        return found

    def decade_of(self, year: Floats) -> Ints:
        """The column of each year's decade, -1 where it is unknown or before or after everybody's."""
        found = np.where(np.isnan(year), -1, np.nan_to_num(year) // 10 - self._first // 10)
        return np.where((found >= 0) & (found < len(self.decades)), found, -1).astype(np.int64)

    def by_year(self, bearers: Floats, firsts: Floats) -> Floats:
        """n(f, y): one row a figure, one column a year."""
        expected = np.zeros((bearers.shape[1], self._year_share.shape[1]))
        for sex in range(len(SEXES)):
            share = firsts[sex] / np.maximum(self._of_decade[sex], 1)
            expected += bearers[sex][:, None] * share[:, self._decade] * self._year_share[sex]
        return expected

    def in_year(self, by_year: Floats, year: Ints) -> Floats:
        """Of each figure's namesakes those born in a year."""
        column = year - self._first
        known = (column >= 0) & (column < by_year.shape[1])
        found: Floats = np.where(known, by_year[np.arange(len(year)), np.where(known, column, 0)], 0.0)
        return found

    def on_day(self, by_year: Floats, year: Ints, day: Ints) -> Floats:
        """Of each figure's namesakes those born on one day of a year; none where the day is -1."""
        found: Floats = np.where(day >= 0, self.in_year(by_year, year) * self._day_share[np.maximum(day, 0)], 0.0)
        return found
