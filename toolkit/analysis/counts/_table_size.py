"""Estimate the size of the table that the records were taken from, from their numbers.

A program numbers its files 1, 2, 3 and so on. From a sample of these numbers, the highest one shows how far they reach,
and the typical distance between them shows how many may follow: the German tank problem. The estimate assumes that the
numbers in the leak are spread evenly over all numbers given; `evenness` tests that assumption.

Sources: R. Ruggles and H. Brodie (1947), JASA 42; L. Goodman (1952), Annals of Mathematical Statistics 23 ("Serial
number analysis" in JASA 47 of the same year).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy import stats

from toolkit.analysis._record_ids import all_ids, in_order
from toolkit.analysis.counts._missing import has_record_id
from toolkit.dataset import Leak, collect
from toolkit.dataset.cache import cached
from toolkit.errors import InputError, MissingError
from toolkit.i18n import N_

__all__ = ["Evenness", "Size", "TableSize", "estimate_size", "evenness", "table_size"]

_PARTS = 20
_DOUBT = 0.001
"""Significance level of the test: it rejects one in a thousand tables whose numbers are spread evenly."""
_TIE = 1e-9


class Size(NamedTuple):
    """An estimate of how many numbers there are in all, with the two ends of its interval."""

    size: float
    low: int
    high: int


class Evenness(NamedTuple):
    """Whether numbers are spread evenly between 1 and the highest.

    `parts_p`: the probability that chance alone spreads them over twenty equal parts at least as unevenly.
    `widest_gap`: the largest step from one number to the next. `gap_p`: an upper bound on the probability that chance
    alone leaves a gap as wide. `even`: both probabilities are at least one in a thousand.
    """

    parts_p: float
    widest_gap: int
    gap_p: float
    even: bool


class TableSize(NamedTuple):
    """The record ids of a leak, and the size of the table behind it that follows from them."""

    records: int
    highest: int
    size: Size
    evenness: Evenness


def estimate_size(highest: int, seen: int, confidence: float = 0.95) -> Size:
    """Estimate how many numbers there are in all, when `seen` different ones were seen and `highest` is the largest.

    The estimate is the unbiased one of least variance, m + m / k - 1 (Goodman 1952, for draws without replacement).
    The interval is exact and one-sided: from the highest number, below which no table can be, to the largest table in
    which a highest number as low as this has a probability of at least 1 - `confidence`. Raises `InputError` unless
    1 <= seen <= highest and 0 < confidence < 1.
    """
    if not 1 <= seen <= highest:
        raise InputError(
            f"There cannot be {seen} different numbers from 1 to {highest}: give at least one, and each only once."
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
    """Test whether numbers are spread evenly; `parts` counts those in equal parts of 1 to `highest`, in order.

    The test over the parts is Pearson's chi-square, divided by the share of numbers that were not seen, because the
    parts differ less when more of the table was taken. For the widest gap: the steps between numbers drawn at random
    are geometric, and each of the k steps is as wide with probability (1 - k / m) ** (gap - 1).
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


@cached
def table_size(leak: Leak, confidence: float = 0.95) -> TableSize:
    """Estimate the number of records in the table that this leak was taken from, from its record ids.

    `records` is the number of different record ids, `highest` the largest of them. Use `size` only where `evenness` is
    even: where each practice has its own block of ids, they do not show how many more there are. Lines without a
    record id are left out.
    Raises `MissingError` when no line has a record id, and `InputError` when an id is below 1.
    """
    lines = leak.lines.filter(has_record_id(leak.lines))
    ends = collect(lines.aggregate(lowest=lines.record_id.min(), highest=lines.record_id.max()), "lowest")
    lowest, highest = ends.row(0)
    if lowest is None:
        raise MissingError("no line of the data set has a record id")
    if lowest < 1:
        raise InputError(
            N_(
                "The size of the table behind {name} cannot be estimated: its lowest record id is {lowest}, and ids "
                "from 1 upwards were expected."
            ),
            name=leak.name,
            lowest=str(lowest),
        )
    ids_in_blocks = all_ids(leak)
    # The first step is from 0 to the lowest number.
    parts, before, widest = np.zeros(_PARTS, dtype=np.int64), 0, 0
    for ids in in_order(ids_in_blocks.filter(ids_in_blocks.block >= 0)):
        places = np.minimum((ids - 1.0) * _PARTS / highest, _PARTS - 1)
        parts += np.bincount(places.astype(np.int64), minlength=_PARTS)
        widest = max(widest, int(np.diff(ids, prepend=before).max()))
        before = ids[-1]
    records = int(parts.sum())
    spread = evenness(parts.tolist(), highest, widest)
    return TableSize(records, highest, estimate_size(highest, records, confidence), spread)


def _log_chance(highest: int, seen: int, size: int) -> float:
    """Return the log probability that `seen` numbers drawn from 1 to `size` are all at most `highest`."""
    return (
        math.lgamma(highest + 1)
        - math.lgamma(highest - seen + 1)
        - math.lgamma(size + 1)
        + math.lgamma(size - seen + 1)
    )
