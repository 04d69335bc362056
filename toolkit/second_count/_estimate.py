"""The stratified estimate: Cochran's formula, and its interval from the exact distribution.

`toolkit.analysis` simulates ten thousand values for each stratum. Here the probabilities are computed exactly, so the
two agree up to the simulation error.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

__all__ = ["Stratum", "Total", "estimate_total"]

_TAIL = 1e-9
"""Probability ignored in each tail of a stratum."""


class Stratum(NamedTuple):
    """A stratum: its lines, how many were sampled, and how many of those are sensitive."""

    lines: int
    sampled: int
    sensitive: int


class Total(NamedTuple):
    """The estimated number of sensitive lines, and the bounds of the 95 % interval."""

    value: float
    low: float
    high: float


def estimate_total(strata: Sequence[Stratum]) -> Total:
    """Estimate the number of sensitive lines in all strata together.

    The estimate is the sum of N k / n (W. Cochran 1977, *Sampling Techniques*, section 5.3). The number of sensitive
    lines among the N - n lines that were not sampled is beta-binomial, with Jeffreys' k + 1/2 and n - k + 1/2. The
    interval is the central 95 % of the sum over strata, widened to include the estimate. A stratum without sampled
    lines counts as zero.
    """
    from scipy.signal import fftconvolve

    sampled = [stratum for stratum in strata if stratum.sampled]
    value = sum(stratum.lines * stratum.sensitive / stratum.sampled for stratum in sampled)
    start, probabilities = 0.0, np.ones(1)
    for stratum in sampled:
        lowest, added = _not_sampled(stratum)
        start += stratum.sensitive + lowest
        probabilities = fftconvolve(probabilities, added)
    cumulative = np.cumsum(probabilities.clip(0)) / probabilities.clip(0).sum()
    low, high = (start + float(np.searchsorted(cumulative, end)) for end in (0.025, 0.975))
    return Total(value, min(low, value), max(high, value))


def _not_sampled(stratum: Stratum) -> tuple[float, NDArray[np.float64]]:
    """Return the distribution of sensitive lines among those not sampled: the lowest number, and the probabilities."""
    lines, sampled, sensitive = stratum
    rest = lines - sampled
    share = stats.beta(sensitive + 0.5, sampled - sensitive + 0.5)
    # The number is within ten binomial standard deviations of its share of the lines that were not sampled.
    ends = np.array([share.ppf(_TAIL), share.isf(_TAIL)]) * rest
    slack = 10 * (rest / 4) ** 0.5 * np.array([-1.0, 1.0])
    least, most = np.clip(ends + slack, 0, rest).astype(np.int64)
    counts = np.arange(least, most + 1, dtype=np.float64)
    probabilities = stats.betabinom.pmf(counts, rest, sensitive + 0.5, sampled - sensitive + 0.5)
    return float(least), np.asarray(probabilities / probabilities.sum(), dtype=np.float64)
