"""When was the copy taken, and how far back do the bases go? The dates that the program itself wrote tell."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import NamedTuple

import ibis
import polars as pl

from toolkit.dataset import Leak, collect
from toolkit.dataset.cache import kept
from toolkit.errors import InputError

__all__ = ["CopyDay", "History", "copy_day", "history", "latest_copy"]

_DAYS = 14
"""Two weeks hold every day of the week twice: practices close on Sundays."""


class CopyDay(NamedTuple):
    """The first day on which the copy can have been taken, the last one at 95 %, and the changes a day before."""

    first: date
    last: date
    changes_a_day: float


class History(NamedTuple):
    """Years between the day a practice began to use the program and the copy: shortest, median, longest."""

    shortest: float
    median: float
    longest: float
    practices: int


@kept
def copy_day(leak: Leak, confidence: float = 0.95) -> CopyDay:
    """When was the copy taken? Not before the last day on which a record was opened or changed.

    Nor long after: of records changed at the rate of the last fourteen days, some would tell. If changes come as a
    Poisson process of that rate, the silence after the last one is exponential, and longer than `last` with a chance
    of 1 - `confidence`. A clock that ran ahead at one practice moves the first day: look at the days before it.
    Raises `InputError` when there is no line.
    """
    lines = leak.lines.select("record_id", "created_on", "updated_on")
    dated = lines.mutate(day=ibis.greatest(lines.created_on, lines.updated_on))
    first: date | None = collect(dated.aggregate(first=dated.day.max()), "first").item()
    if first is None:
        raise InputError(f"The leak {leak.name} holds no line: no day of its copy can be told.")
    # A record counts once, however often it was exported.
    recent = dated.filter(dated.day > first - timedelta(days=_DAYS)).distinct()
    rate = int(collect(recent.aggregate(changes=recent.count()), "changes").item()) / _DAYS
    return CopyDay(first, latest_copy(first, rate, confidence), rate)


def latest_copy(last_change: date, changes_a_day: float, confidence: float = 0.95) -> date:
    """The last day on which a copy can have been taken that holds no change after `last_change`, in whole days."""
    return last_change + timedelta(days=math.ceil(-math.log(1 - confidence) / changes_a_day))


@kept
def history(leak: Leak) -> History:
    """How many years do the practices' bases go back from the day of the copy?

    By the day on which each practice with a line installed the program; files carried over from an older one may be
    older. Years of 365.25 days.
    """
    held = leak.practices.semi_join(leak.lines.select("practice_id").distinct(), "practice_id")
    installed = collect(held.select("installed_on"), "installed_on")["installed_on"]
    end = copy_day(leak).first
    years = sorted((end - day).days / 365.25 for day in installed)
    if not years:
        raise InputError(f"No practice of {leak.name} has a line: nothing tells how far back its bases go.")
    return History(years[0], float(pl.Series(years).median() or 0.0), years[-1], len(years))  # type: ignore[arg-type]
