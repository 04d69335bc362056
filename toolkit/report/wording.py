"""Results in words: the same text in the terminal and on the report's page."""

from __future__ import annotations

from typing import NamedTuple

from toolkit.report.answers import Result

__all__ = ["InWords", "in_words", "percent"]


class InWords(NamedTuple):
    """A result as a reader sees it, one text a column."""

    number: str
    unit: str
    out_of: str
    share: str
    meaning: str


def in_words(result: Result) -> InWords:
    """A result with separators, percent signs and its interval spelt out; an empty text where there is none."""
    is_share = result.unit.startswith("share")
    number = percent(result.value) if is_share else f"{round(result.value):,}"
    meaning = result.definition
    if result.low is not None and result.high is not None:
        low, high = (percent(end) if is_share else f"{round(end):,}" for end in (result.low, result.high))
        meaning += f" ({result.interval}: {low} to {high})"
    return InWords(
        number,
        result.unit,
        f"{result.denominator:,} {result.denominator_unit}",
        "" if result.share is None else percent(result.share),
        meaning,
    )


def percent(share: float) -> str:
    """A share in percent, with one digit more where it is small."""
    if 0 < share < 0.0001:
        return "under 0.01 %"
    if 0.9999 < share < 1:
        return "over 99.99 %"
    digits = 0 if share in (0, 1) else 1 if 0.02 <= share < 0.999 else 2
    return f"{share * 100:.{digits}f} %"
