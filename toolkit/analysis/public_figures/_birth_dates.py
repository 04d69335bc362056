"""Birth dates in a leak: the number of people born in each year, and the share of each day of the year."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from toolkit.analysis.public_figures._candidates import Candidates
from toolkit.analysis.public_figures._frequencies import Frequencies

__all__ = ["SEXES", "BirthDates", "Calendar"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SEXES = ("M", "F")
_DAYS = 12 * 31
_PRIOR_PEOPLE = 500
"""People with the register's surnames whose birth decades weigh as much as those of all lines."""


class BirthDates:
    """The birth dates of the figures as numbers, NaN where unknown."""

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
        """Return the expected people born on a date that differs in one digit: of the day or month, and of the year."""
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
    """Return the numbers that differ from `value` in the digit of one place."""
    digit = value // place % 10
    return [value + ((digit + step) % 10 - digit) * place for step in range(1, 10)]


def _day_of(month: Ints, day: Ints) -> Ints:
    return (month - 1) * 31 + day - 1


class Calendar:
    """The distribution of birth years and days in a leak."""

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
        self._year_share = self._shares(totals, candidates.surname_counts)

    def _shares(self, totals: Floats, surname_counts: pl.DataFrame) -> Floats:
        """Return P(y | x) among the people with the register's surnames, one row per sex.

        They are older than all people of the leak, because a married woman has two surnames and a girl has one. The
        decades are those of these people, shrunk towards those of all lines when they are few; the years within a
        decade are those of all lines.
        """
        all_lines = totals / np.maximum(totals.sum(axis=1, keepdims=True), 1)
        shares = np.empty_like(all_lines)
        for sex, each in enumerate(SEXES):
            for column, decade in enumerate(self.decades):
                part = surname_counts.filter((pl.col("sex") == each) & (pl.col("decade") == decade))
                shares[sex, column] = int(part["people"].sum())
        shares = (shares + _PRIOR_PEOPLE * all_lines) / (shares.sum(axis=1, keepdims=True) + _PRIOR_PEOPLE)
        within = self._by_sex / np.maximum(totals[:, self._decade], 1)
        found: Floats = shares[:, self._decade] * within
        return found

    def decade_of(self, year: Floats) -> Ints:
        """Return the column of each year's decade, -1 where the year is unknown or outside the years of the leak."""
        found = np.where(np.isnan(year), -1, np.nan_to_num(year) // 10 - self._first // 10)
        return np.where((found >= 0) & (found < len(self.decades)), found, -1).astype(np.int64)

    def by_year(self, people: Floats, firsts: Floats) -> Floats:
        """Return n(f, y): one row per figure, one column per year.

        `people` counts those with a surname of each figure, by sex; `firsts` those with its first name, by sex and
        decade.
        """
        expected = np.zeros((people.shape[1], self._year_share.shape[1]))
        for sex in range(len(SEXES)):
            share = firsts[sex] / np.maximum(self._of_decade[sex], 1)
            expected += people[sex][:, None] * share[:, self._decade] * self._year_share[sex]
        return expected

    def in_year(self, by_year: Floats, year: Ints) -> Floats:
        """Return the namesakes of each figure who were born in a year."""
        column = year - self._first
        known = (column >= 0) & (column < by_year.shape[1])
        found: Floats = np.where(known, by_year[np.arange(len(year)), np.where(known, column, 0)], 0.0)
        return found

    def on_day(self, by_year: Floats, year: Ints, day: Ints) -> Floats:
        """Return the namesakes of each figure who were born on one day of a year; 0 where the day is -1."""
        found: Floats = np.where(day >= 0, self.in_year(by_year, year) * self._day_share[np.maximum(day, 0)], 0.0)
        return found
