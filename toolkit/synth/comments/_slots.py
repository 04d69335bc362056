"""Built-in slots of the comment grammar: dates, hours, telephone numbers and other values made by code.

Telephone numbers are in the ranges that the French numbering plan reserves for fiction: 06 39 98 xx xx and
01 99 00 xx xx.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from itertools import product
from string import ascii_uppercase

__all__ = [
    "BUILT_IN",
    "FIRST_DAY",
    "FIRST_STAMP_DAY",
    "FIRST_YEAR",
    "LAST_DAY",
    "LAST_STAMP_DAY",
    "YEARS_BACK",
    "initials",
    "pieces",
    "stamp_days",
]

FIRST_YEAR = 1980
"""First year that `{year}` can become."""

YEARS_BACK = 14
"""`{year}` becomes one of this many years before the year in which the note was typed."""

FIRST_STAMP_DAY = date(2005, 1, 1)
LAST_STAMP_DAY = date(2026, 12, 31)
FIRST_DAY = (FIRST_STAMP_DAY - date(1970, 1, 1)).days
LAST_DAY = (LAST_STAMP_DAY - date(1970, 1, 1)).days
"""The same two days, counted from 1970-01-01."""

_MONTHS = (
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
)
_MISREAD_INITIALS = frozenset({"AA", "HD", "IV", "PD", "PS", "SD", "TJ", "TS", "TV"})
"""Initials left out because they are also medical or political abbreviations."""


def _mobiles() -> list[str]:
    numbers = [f"063998{last:04d}" for last in range(10_000)]
    spaced = [" ".join(number[i : i + 2] for i in range(0, 10, 2)) for number in numbers]
    return [*spaced, *numbers[1::2], *(text.replace(" ", ".") for text in spaced[::2])]


def _landlines() -> list[str]:
    return [f"01 99 00 {last // 100:02d} {last % 100:02d}" for last in range(10_000)]


def _dates() -> list[str]:
    days = [date(2020, 1, 1) + timedelta(days=n) for n in range(366)]
    written = [f"{_ordinal(day.day)} {_MONTHS[day.month - 1]}" for day in days]
    return [*(f"{day:%d/%m}" for day in days), *(f"{day.day}/{day.month}" for day in days), *written]


def _ordinal(day: int) -> str:
    return "1er" if day == 1 else str(day)


def _hours() -> list[str]:
    full = [f"{hour}h" for hour in range(8, 20)]
    return [*full, *full, *(f"{hour}h{minute}" for hour in range(8, 19) for minute in (15, 30, 45))]


def initials() -> list[str]:
    """Return pairs of capitals, as staff sign a note."""
    return [a + b for a, b in product(ascii_uppercase, repeat=2) if a + b not in _MISREAD_INITIALS and b not in "QUXYZ"]


def stamp_days(pattern: str) -> list[str]:
    """Return every day from `FIRST_STAMP_DAY` to `LAST_STAMP_DAY` by a pattern of `dd`, `mm`, `yy` and `yyyy`."""
    days = (FIRST_STAMP_DAY + timedelta(days=n) for n in range(LAST_DAY - FIRST_DAY + 1))
    parts = ((f"{day.day:02d}", f"{day.month:02d}", str(day.year)) for day in days)
    return [pattern.format(dd=dd, mm=mm, yy=yyyy[2:], yyyy=yyyy) for dd, mm, yyyy in parts]


BUILT_IN: dict[str, Callable[[], list[str]]] = {
    "count": lambda: [str(n) for n in range(2, 13)],
    "date": _dates,
    "day": lambda: [str(n) for n in range(2, 31)],
    "hour": _hours,
    "initials": initials,
    "landline": _landlines,
    "mobile": _mobiles,
    "number": lambda: [str(n) for n in range(11, 4_000)],
    "year": lambda: [str(n) for n in range(FIRST_YEAR, LAST_STAMP_DAY.year + 1)],
}
"""The possible values of each built-in slot; `{year}` is drawn from the years before the note."""


@cache
def pieces(name: str) -> tuple[str, ...]:
    """Return the strings of a built-in slot, computed once."""
    return tuple(BUILT_IN[name]())
