"""Values of claims as numbers, as text and as JSON."""

from __future__ import annotations

from datetime import date, timedelta

from toolkit.i18n import day as format_day
from toolkit.i18n import number, percent_sign

__all__ = ["Value", "day_number", "in_words", "json_value", "plain_number"]

Value = int | float | date

_EPOCH = date(1970, 1, 1)


def day_number(day: date) -> int:
    """Return a date as the number of days since 1970-01-01."""
    return (day - _EPOCH).days


def plain_number(value: Value) -> float:
    """Return a published value as a number: a date becomes its `day_number`."""
    return day_number(value) if isinstance(value, date) else value


def in_words(value: float, unit: str) -> str:
    """Format a value for reading: shares as percentages, days as dates, other numbers with thousands separators."""
    if unit == "day":
        return format_day(_date(value))
    if unit == "share":
        digits = len(f"{value * 100:.2f}".rstrip("0").partition(".")[2])
        return f"{number(value * 100, digits)}{percent_sign()}"
    return number(value, 0 if abs(value) >= 100 or value == round(value) else 1)


def json_value(value: float | None, unit: str) -> float | str | None:
    """Return a value for JSON: days as ISO dates, whole numbers as integers, shares unchanged."""
    if value is None or unit == "share":
        return value
    if unit == "day":
        return _date(value).isoformat()
    return int(value) if value == round(value) else value


def _date(value: float) -> date:
    return _EPOCH + timedelta(days=round(value))
