"""The stratified estimate, computed a second time: Cochran's formula, and the exact distribution behind its interval.

The first program draws ten thousand values of each stratum; here the probabilities themselves are computed and added
up, so both agree as far as ten thousand draws can tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import signal, stats

__all__ = ["Stratum", "Total", "estimate_total"]

_TAIL = 1e-9
"""Probability left out at each end of a stratum."""


class Stratum(NamedTuple):
    """Lines in a stratum, how many of them were read, and how many of these are sensitive."""

    lines: int
    sampled: int
    sensitive: int


class Total(NamedTuple):
    """How many lines are sensitive, and the ends of the 95 % interval."""

    value: float
    low: float
    high: float


def estimate_total(strata: Sequence[Stratum]) -> Total:
    """How many lines are sensitive in all strata together?

    The point is the sum of N k / n (W. Cochran 1977, *Sampling Techniques*, section 5.3).  What was read is known; the
    number of sensitive lines among the N - n that were not is beta-binomial, with Jeffreys' k + 1/2 and n - k + 1/2.
    The interval is the middle 95 % of the sum of these numbers, stretched to the point where it lies outside.  A
    stratum of which nothing was read is taken to hold none.
    """
    read = [stratum for stratum in strata if stratum.sampled]
    value = sum(stratum.lines * stratum.sensitive / stratum.sampled for stratum in read)
    start, chances = 0.0, np.ones(1)
    for stratum in read:
        first, more = _unread(stratum)
        start += stratum.sensitive + first
        chances = signal.fftconvolve(chances, more)
    reached = np.cumsum(chances.clip(0)) / chances.clip(0).sum()
    low, high = (start + float(np.searchsorted(reached, end)) for end in (0.025, 0.975))
    return Total(value, min(low, value), max(high, value))


def _unread(stratum: Stratum) -> tuple[float, NDArray[np.float64]]:
    """Chances of the number of sensitive lines among those not read: the least number, then one chance a number."""
    lines, sampled, sensitive = stratum
    rest = lines - sampled
    share = stats.beta(sensitive + 0.5, sampled - sensitive + 0.5)
    # Lines that were not read scatter around their share by less than ten standard deviations of a binomial.
    ends = np.array([share.ppf(_TAIL), share.isf(_TAIL)]) * rest
    slack = 10 * (rest / 4) ** 0.5 * np.array([-1.0, 1.0])
    least, most = np.clip(ends + slack, 0, rest).astype(np.int64)
    counts = np.arange(least, most + 1, dtype=np.float64)
    chances = stats.betabinom.pmf(counts, rest, sensitive + 0.5, sampled - sensitive + 0.5)
    return float(least), np.asarray(chances / chances.sum(), dtype=np.float64)
