"""Results in words, in the reader's language: the same text in the terminal and on the report's page."""

from __future__ import annotations

import math
from typing import NamedTuple

from toolkit.i18n import number, percent, translate
from toolkit.questions import Meaning, Result

__all__ = ["InWords", "in_words", "interval", "told_value"]


class InWords(NamedTuple):
    """A result as a reader sees it, one text a column."""

    number: str
    unit: str
    out_of: str
    share: str
    meaning: str


def in_words(result: Result) -> InWords:
    """A result with separators, percent signs and its interval spelt out; an empty text where there is none."""
    meaning = Meaning.said(result.definition)
    if between := interval(result):
        meaning = translate("{meaning} ({interval})", meaning=meaning, interval=between)
    whole = translate("{number} {unit}", number=number(result.denominator), unit=translate(result.denominator_unit))
    share = "" if result.share is None else percent(result.share)
    return InWords(told_value(result, result.value), translate(result.unit), whole, share, meaning)


def told_value(result: Result, value: float) -> str:
    """The value of a result, or an end of its interval, as its unit asks: a share in percent, else a number.

    What is expected is no whole number: small ones keep the digits that tell.
    """
    if result.unit.startswith("share"):
        return percent(value)
    if value == round(value) or abs(value) >= 100:
        return number(value)
    return number(value, 1 if abs(value) >= 1 else 1 - math.floor(math.log10(abs(value))))


def interval(result: Result) -> str:
    """The interval of a result in words: of which kind, from where to where; empty where there is none."""
    if result.low is None or result.high is None:
        return ""
    low, high = told_value(result, result.low), told_value(result, result.high)
    return translate("{kind}: {low} to {high}", kind=translate(result.interval), low=low, high=high)
