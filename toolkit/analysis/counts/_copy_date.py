"""Date the copy, and measure how far back the bases go, from the dates that the program itself wrote."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import NamedTuple

import ibis
import polars as pl

from toolkit.dataset import Leak, collect
from toolkit.dataset.cache import cached
from toolkit.errors import MissingError

__all__ = ["CopyDay", "History", "copy_day", "history", "latest_copy"]

_DAYS = 14
"""Two weeks include every weekday twice: practices close on Sundays."""


class CopyDay(NamedTuple):
    """The first and the last day on which the copy may have been taken, and the changes per day before it.

    `last` is the last day at the confidence asked for, 95 % by default.
    """

    first: date
    last: date
    changes_a_day: float


class History(NamedTuple):
    """Years from the day a practice began to use the program to the copy: shortest, median, longest."""

    shortest: float
    median: float
    longest: float
    practices: int


@cached
def copy_day(leak: Leak, confidence: float = 0.95) -> CopyDay:
    """Return the days between which the copy was taken, from the last day on which a record was opened or changed.

    The copy is not older than that day, and hardly much younger: records kept changing at the rate of the last fourteen
    days, and a later copy would show some of those changes. If changes are a Poisson process of that rate, the pause
    after the last one is exponential, and exceeds `last` with probability 1 - `confidence`. A clock that runs ahead at
    one practice makes the first day too late: look at the days before it as well.
    Raises `MissingError` when no line has a date of opening or of last change.
    """
    lines = leak.lines.select("record_id", "created_on", "updated_on")
    dated = lines.mutate(day=ibis.greatest(lines.created_on, lines.updated_on))
    first: date | None = collect(dated.aggregate(first=dated.day.max()), "first").item()
    if first is None:
        raise MissingError("no line of the data set has a date of opening or of last change")
    # A record counts once, however often it was exported.
    recent = dated.filter(dated.day > first - timedelta(days=_DAYS)).distinct()
    rate = int(collect(recent.aggregate(changes=recent.count()), "changes").item()) / _DAYS
    return CopyDay(first, latest_copy(first, rate, confidence), rate)


def latest_copy(last_change: date, changes_a_day: float, confidence: float = 0.95) -> date:
    """Return the last day on which a copy may have been taken that has no change after `last_change`.

    `changes_a_day` is the rate of changes before; the result is rounded up to whole days.
    """
    return last_change + timedelta(days=math.ceil(-math.log(1 - confidence) / changes_a_day))


@cached
def history(leak: Leak) -> History:
    """Return how many years the practices' bases go back from the day of the copy.

    A base begins on the day on which the practice installed the program; files that came from an older program may go
    further back. Only practices with a line count. Years have 365.25 days.
    Raises `MissingError` when no line has a date, when the data set has no table of practices, or when no practice of
    that table has a line.
    """
    with_lines = leak.practices.semi_join(leak.lines.select("practice_id").distinct(), "practice_id")
    installed = collect(with_lines.select("installed_on"), "installed_on")["installed_on"]
    end = copy_day(leak).first
    years = sorted((end - day).days / 365.25 for day in installed)
    if not years:
        raise MissingError("no practice of the data set has a line")
    return History(years[0], float(pl.Series(years).median() or 0.0), years[-1], len(years))  # type: ignore[arg-type]
