"""Results as text in the reader's language: the same in the terminal and in the report."""

from __future__ import annotations

import math
from typing import NamedTuple

from toolkit.i18n import number, percent, translate
from toolkit.questions._base import Meaning, Result

__all__ = ["ResultTexts", "format_interval", "format_result", "format_value"]


class ResultTexts(NamedTuple):
    """A result as a reader sees it, one text per column."""

    number: str
    unit: str
    out_of: str
    share: str
    meaning: str


def format_result(result: Result) -> ResultTexts:
    """Return a result with separators, percent signs and its interval; a text is empty where there is nothing."""
    meaning = Meaning.translated(result.definition)
    if between := format_interval(result):
        meaning = translate("{meaning} ({interval})", meaning=meaning, interval=between)
    whole = translate("{number} {unit}", number=number(result.denominator), unit=translate(result.denominator_unit))
    share = "" if result.share is None else percent(result.share)
    return ResultTexts(format_value(result, result.value), translate(result.unit), whole, share, meaning)


def format_value(result: Result, value: float) -> str:
    """Return the value of a result, or an end of its interval: a share in percent, else a number.

    An expected number is no whole number: small ones keep the digits that matter.
    """
    if result.unit.startswith("share"):
        return percent(value)
    if value == round(value) or abs(value) >= 100:
        return number(value)
    return number(value, 1 if abs(value) >= 1 else 1 - math.floor(math.log10(abs(value))))


def format_interval(result: Result) -> str:
    """Return the interval of a result: its kind, its lower and its upper end; empty where there is none."""
    if result.low is None or result.high is None:
        return ""
    ends = format_value(result, result.low), format_value(result, result.high)
    return translate("{kind}: {low} to {high}", kind=translate(result.interval), low=ends[0], high=ends[1])
