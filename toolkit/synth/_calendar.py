"""The calendar of a leak: public holidays, how busy each day is, and on which days people are born.

Weights are integers; 100 is an ordinary day. Days of a plan are counted from its first day.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from toolkit.scenario import Births, Scenario
from toolkit.synth.streams import Ints, Words, apportion, scale, stream

__all__ = ["BirthDays", "Calendar", "public_holidays", "to_days"]

_EPOCH = date(1970, 1, 1)
_SUNDAY, _SATURDAY, _THURSDAY, _WEDNESDAY = 6, 5, 3, 2
_CLOSED_DAYS = (_SATURDAY, _SATURDAY, _SATURDAY, _WEDNESDAY, _THURSDAY)
"""Weekdays on which a practice may be closed, with equal chances."""
_CLOSED = 2
"""Weight of a day on which a practice is closed, in per cent of its usual weight: some work is done all the same."""
_BOOST_DAYS = 75
_BIRTH_BITS = 14


def to_days(day: date) -> int:
    """Return the days since 1970-01-01."""
    return (day - _EPOCH).days


def _easter(year: int) -> date:
    """Return Easter Sunday (Butcher's algorithm for the Gregorian calendar, *Ecclesiastical Calendar*, 1876)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (a + 11 * h) // 319
    r = (2 * e + 2 * i - k - h + m + 32) % 7
    month = (h - m + r + 90) // 25
    return date(year, month, (h - m + r + month + 19) % 32)


def public_holidays(year: int) -> list[date]:
    """Return the public holidays of France in a year, as they are today."""
    easter = _easter(year)
    moving = [easter + timedelta(days=after) for after in (1, 39, 50)]
    fixed = [(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)]
    return sorted([*moving, *(date(year, month, day) for month, day in fixed)])


class Calendar:
    """The days of a plan, and how many records practices open on each."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        last = scenario.dates.copied_on
        index = last.year * 12 + last.month - 1 - scenario.dates.history_years_max * 12
        self.first = date(index // 12, index % 12 + 1, 1)
        self.start = to_days(self.first)
        """Days since 1970-01-01 of the first day."""
        self.count = (last - self.first).days + 1
        self._scenario = scenario
        self._closed = stream(seed, "practice/closed day")
        self._summer = stream(seed, "practice/summer")
        every = [self.first + timedelta(days=number) for number in range(self.count)]
        self.weekday = np.array([day.weekday() for day in every])
        self.month = np.array([day.month for day in every])
        self.year = np.array([day.year for day in every])
        holidays = {day for year in range(self.first.year, last.year + 1) for day in public_holidays(year)}
        self.holiday = np.array([day in holidays for day in every])

    @cached_property
    def national(self) -> Ints:
        """Weight of each day in the whole country."""
        marks, rates = self._scenario.marks, self._scenario.calendar
        weight = np.full(self.count, 100, dtype=np.int64)
        if marks.working_days:
            weight = np.asarray(rates.weekdays, dtype=np.int64)[self.weekday]
            weight[self.holiday] = rates.public_holiday
        weight *= np.asarray(rates.months)[self.month - 1] if marks.seasons else 100
        if marks.lockdown:
            spring = slice(*(max(0, (day - self.first).days) for day in (rates.lockdown_from, rates.lockdown_to)))
            weight[spring] = weight[spring] * rates.lockdown // 100
        return weight

    @cached_property
    def ordinary(self) -> NDArray[np.bool_]:
        """Days from Monday to Friday that are no public holidays."""
        ordinary: NDArray[np.bool_] = (self.weekday < _SATURDAY) & ~self.holiday
        return ordinary

    @cached_property
    def ordinary_before(self) -> Ints:
        """For each day, the last ordinary one up to it (the first day where there is none)."""
        return np.maximum.accumulate(np.where(self.ordinary, np.arange(self.count), 0))

    @cached_property
    def ordinary_after(self) -> Ints:
        """For each day, the first ordinary one from it (the last day where there is none)."""
        day = np.where(self.ordinary, np.arange(self.count), self.count - 1)
        return np.minimum.accumulate(day[::-1])[::-1]

    def of_practice(self, practice: int) -> Ints:
        """Return the weight of each day at a practice: the country's, without its closed weekday and summer weeks."""
        marks, rates = self._scenario.marks, self._scenario.calendar
        weight = self.national * 100
        me = np.array([practice], dtype=np.int64)
        if marks.working_days and self._closed.chance(me, rates.closed_weekday)[0]:
            kind = int(self._closed.child("which").below(me, len(_CLOSED_DAYS))[0])
            closed = self.weekday == _CLOSED_DAYS[kind]
            weight[closed] = weight[closed] * _CLOSED // 100
        if marks.seasons and rates.closed_in_august:
            years = np.arange(self.first.year, self.year[-1] + 1)
            away = scale(self._summer(practice * 10_000 + years), 32 - rates.closed_in_august)
            begin = np.array([(date(year, 8, 1) - self.first).days for year in years.tolist()]) + away
            days = (begin[:, None] + np.arange(rates.closed_in_august)).ravel()
            days = days[(days >= 0) & (days < self.count)]
            weight[days] = weight[days] * _CLOSED // 100
        return weight

    def openings(self, weight: Ints, installed: int) -> Ints:
        """Return the weights of a practice's days for opening records, from its installation on."""
        since = np.arange(self.count - installed, dtype=np.int64)
        openings = np.zeros(self.count, dtype=np.int64)
        openings[installed:] = weight[installed:]
        if self._scenario.marks.first_weeks:
            boost = round(self._scenario.dates.first_weeks * 100)
            openings[installed:] = (
                openings[installed:] * (100 + boost * _BOOST_DAYS**2 // (_BOOST_DAYS + since) ** 2) // 100
            )
        if not openings.any():
            openings[installed] = 1
        return openings


class BirthDays:
    """Draw the day of the year on which people are born, by year of birth."""

    def __init__(self, scenario: Scenario, month_shares: Ints, first_year: int, last_year: int) -> None:
        self._first = first_year
        planned = scenario.births if scenario.marks.planned_births else None
        self._tables = np.stack([_birth_days(year, month_shares, planned) for year in range(first_year, last_year + 1)])

    def __call__(self, year: Ints, words: Words) -> tuple[Ints, Ints]:
        """Return the month and the day of the month for each year of birth and uniform word."""
        row = np.clip(year - self._first, 0, len(self._tables) - 1)
        cell = (row << _BIRTH_BITS) + (words >> np.uint64(64 - _BIRTH_BITS)).astype(np.int64)
        code = self._tables.ravel()[cell].astype(np.int64)
        return code // 32, code % 32


def _birth_days(year: int, month_shares: Ints, planned: Births | None) -> NDArray[np.int16]:
    """Return a lookup table of the days of one year, each coded as 32 * month + day."""
    days = [date(year, 1, 1) + timedelta(days=number) for number in range(365 + _is_leap(year))]
    month = np.array([day.month for day in days])
    weight = np.asarray(month_shares, dtype=np.int64)[month - 1] * 100 // np.bincount(month)[month]
    if planned is not None:
        period = int(np.clip((year - 1950) // 10, 0, 6))
        factor = np.full(len(days), 100, dtype=np.int64)
        weekday = np.array([day.weekday() for day in days])
        factor[weekday == _SATURDAY] = planned.saturday[period]
        factor[weekday == _SUNDAY] = planned.sunday[period]
        for day in public_holidays(year):
            at = (day - days[0]).days
            factor[at] = min(factor[at], planned.public_holiday[period])
        factor[[at for at, day in enumerate(days) if (day.month, day.day) == (12, 25)]] = planned.christmas[period]
        leap = [at for at, day in enumerate(days) if (day.month, day.day) == (2, 29)]
        factor[leap] = factor[leap] * planned.leap_day[period] // 100
        weight *= factor
    code = np.array([32 * day.month + day.day for day in days], dtype=np.int16)
    return np.repeat(code, apportion(1 << _BIRTH_BITS, weight))


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
