"""How large is the whole table that the records come from? The numbers of the records tell, if they were drawn evenly.

A program numbers its files 1, 2, 3 and on. Who holds some of them knows the highest number that was seen, and that the
rest lies little above it: the German tank problem. What it assumes, that the numbers seen are spread evenly over the
whole, is tested here and not taken for granted.

Sources: R. Ruggles and H. Brodie (1947), JASA 42; L. Goodman (1952), Annals of Mathematical Statistics 23 ("Serial
number analysis" in JASA 47 of the same year).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy import stats

from toolkit.analysis._record_ids import all_ids, in_order
from toolkit.dataset import Leak, collect
from toolkit.dataset.cache import kept
from toolkit.errors import InputError

__all__ = ["Evenness", "Size", "TableSize", "estimate_size", "evenness", "table_size"]

_PARTS = 20
_DOUBT = 0.001
"""A test that fails by chance once in a thousand honest tables: a leak is looked at once, and closely."""
_TIE = 1e-9


class Size(NamedTuple):
    """How many numbers there are in all, with the two ends of its interval."""

    size: float
    low: int
    high: int


class Evenness(NamedTuple):
    """Whether numbers are spread evenly between 1 and the highest.

    `parts_p`: how often chance alone spreads them over twenty equal parts as unevenly, or more. `widest_gap`: the
    largest step from one number to the next, and `gap_p`: at most how often chance alone leaves one so wide.
    `even`: neither is rarer than one in a thousand.
    """

    parts_p: float
    widest_gap: int
    gap_p: float
    even: bool


class TableSize(NamedTuple):
    """What the record ids of a leak say of the table behind it."""

    records: int
    highest: int
    size: Size
    evenness: Evenness


def estimate_size(highest: int, seen: int, confidence: float = 0.95) -> Size:
    """How many numbers are there in all, when `seen` different ones were seen and `highest` is the largest?

    The point is the unbiased estimate of least variance, m + m / k - 1 (Goodman 1952, for draws without replacement).
    The interval is exact and one-sided: from what was seen to the largest table in which a highest number this low is
    not rarer than 1 - `confidence`; a table smaller than its highest number there is none. Raises `InputError` unless
    1 <= seen <= highest and 0 < confidence < 1.
    """
    if not 1 <= seen <= highest:
        raise InputError(
            f"{seen} different numbers up to {highest} cannot be: give at least one, and none below 1 or twice."
        )
    if not 0 < confidence < 1:
        raise InputError(f"A confidence of {confidence} is not between 0 and 1: give for example 0.95.")
    least = math.log(1 - confidence) - _TIE
    possible, impossible = highest, 2 * highest
    while _log_chance(highest, seen, impossible) >= least:
        possible, impossible = impossible, 2 * impossible
    while impossible - possible > 1:
        middle = (possible + impossible) // 2
        if _log_chance(highest, seen, middle) >= least:
            possible = middle
        else:
            impossible = middle
    return Size(highest + highest / seen - 1, highest, possible)


def evenness(parts: list[int], highest: int, widest_gap: int) -> Evenness:
    """Are the numbers spread evenly? `parts` counts those in equal parts of 1 to `highest`, in their order.

    Over the parts, Pearson's chi-square, divided by the share of numbers that were not seen: of a table of which much
    was taken, the parts differ less. For the widest gap, the steps of numbers drawn at random are geometric, and no
    more than k of them have the chance (1 - k / m) ** (gap - 1) to be so wide.
    """
    seen = sum(parts)
    unseen = 1 - seen / highest
    if unseen <= 0:
        return Evenness(1.0, widest_gap, 1.0, even=True)
    expected = seen / len(parts)
    spread = sum((found - expected) ** 2 for found in parts) / expected / unseen
    parts_p = float(stats.chi2.sf(spread, len(parts) - 1))
    gap_p = min(1.0, seen * unseen ** (widest_gap - 1))
    return Evenness(parts_p, widest_gap, gap_p, even=min(parts_p, gap_p) >= _DOUBT)


@kept
def table_size(leak: Leak, confidence: float = 0.95) -> TableSize:
    """How many records does the table hold that this leak was taken from, as far as its record ids tell?

    `records` is the number of different record ids, `highest` the largest of them. Believe `size` where `evenness` is
    even: ids given in blocks, one for each practice, say little about what lies beyond them. Raises `InputError` when
    an id is below 1, or when there is no line.
    """
    lines = leak.lines
    ends = collect(lines.aggregate(lowest=lines.record_id.min(), highest=lines.record_id.max()), "lowest")
    lowest, highest = ends.row(0)
    if lowest is None or lowest < 1:
        raise InputError(
            f"The record ids of {leak.name} cannot tell the size of its table: numbers from 1 upwards were expected, "
            f"and the lowest is {lowest}."
        )
    # The first step is from nothing to the lowest number.
    parts, before, widest = np.zeros(_PARTS, dtype=np.int64), 0, 0
    for ids in in_order(all_ids(leak)):
        places = np.minimum((ids - 1.0) * _PARTS / highest, _PARTS - 1)
        parts += np.bincount(places.astype(np.int64), minlength=_PARTS)
        widest = max(widest, int(np.diff(ids, prepend=before).max()))
        before = ids[-1]
    records = int(parts.sum())
    spread = evenness(parts.tolist(), highest, widest)
    return TableSize(records, highest, estimate_size(highest, records, confidence), spread)


def _log_chance(highest: int, seen: int, size: int) -> float:
    """The logarithm of how likely `seen` numbers drawn from 1 to `size` are all no higher than `highest`."""
    return (
        math.lgamma(highest + 1)
        - math.lgamma(highest - seen + 1)
        - math.lgamma(size + 1)
        + math.lgamma(size - seen + 1)
    )
