"""Confidence intervals for proportions and counts.

Three intervals for a proportion counted in a sample (k of n), one for the mean of a rare event, and the range of a
Poisson count. A leak that is counted in full has no sampling error, so none of them applies to it.

Sources: E. B. Wilson (1927), JASA 22; C. Clopper and E. Pearson (1934), Biometrika 26; L. Brown, T. Cai and A. DasGupta
(2001), Statistical Science 16; F. Garwood (1936), Biometrika 28.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from scipy import stats

from toolkit.errors import InputError

__all__ = ["Interval", "clopper_pearson", "garwood", "jeffreys", "poisson_range", "wilson"]


class Interval(NamedTuple):
    """The lower and upper end of an interval."""

    low: float
    high: float


def wilson(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """Return the score interval of a proportion, given `successes` in `trials` (Wilson 1927).

    Use this one by default: its coverage is close to nominal on average, also for small samples.
    Raises `InputError` unless 0 <= successes <= trials, trials > 0 and 0 < confidence < 1.
    """
    _check(successes, trials, confidence)
    interval = stats.binomtest(successes, trials).proportion_ci(confidence, method="wilson")
    return Interval(float(interval.low), float(interval.high))


def clopper_pearson(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """Return the exact interval of a proportion, whose coverage is at least nominal (Clopper and Pearson 1934).

    It is wider than needed on average. Use it for claims that must hold, such as "at most this many were missed".
    Raises `InputError` as `wilson` does.
    """
    _check(successes, trials, confidence)
    tail = (1 - confidence) / 2
    failures = trials - successes
    # Beta quantiles rather than scipy's binomtest, which finds the same ends with a root finder, to 2e-12 only.
    low = 0.0 if successes == 0 else float(stats.beta.ppf(tail, successes, failures + 1))
    high = 1.0 if failures == 0 else float(stats.beta.isf(tail, successes + 1, failures))
    return Interval(low, high)


def jeffreys(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """Return the equal-tailed interval of a proportion under Jeffreys' prior Beta(1/2, 1/2).

    The low end is 0 with no success and the high end is 1 with no failure (Brown, Cai and DasGupta 2001, section
    3.1.2). Raises `InputError` as `wilson` does.
    """
    _check(successes, trials, confidence)
    tail = (1 - confidence) / 2
    posterior = stats.beta(successes + 0.5, trials - successes + 0.5)
    low = 0.0 if successes == 0 else float(posterior.ppf(tail))
    high = 1.0 if successes == trials else float(posterior.isf(tail))
    return Interval(low, high)


def garwood(events: int, confidence: float = 0.95) -> Interval:
    """Return the exact interval of the mean of a Poisson count, given `events` (Garwood 1936).

    Raises `InputError` when `events` is negative or not 0 < confidence < 1.
    """
    _check_confidence(confidence)
    if events < 0:
        raise InputError(f"A number of events cannot be {events}: give 0 or more.")
    tail = (1 - confidence) / 2
    low = 0.0 if events == 0 else float(stats.chi2.ppf(tail, 2 * events)) / 2
    return Interval(low, float(stats.chi2.isf(tail, 2 * (events + 1))) / 2)


def poisson_range(mean: float, confidence: float = 0.95) -> Interval:
    """Return the range in which a Poisson count with this mean falls with at least this probability.

    This predicts what chance alone produces; it estimates nothing.
    Raises `InputError` when `mean` is negative or not finite.
    """
    _check_confidence(confidence)
    if not 0 <= mean < math.inf:
        raise InputError(f"A mean number of events cannot be {mean}: give a finite number, 0 or more.")
    if mean == 0:
        return Interval(0.0, 0.0)
    low, high = stats.poisson.interval(confidence, mean)
    return Interval(float(low), float(high))


def _check(successes: int, trials: int, confidence: float) -> None:
    _check_confidence(confidence)
    if trials <= 0 or not 0 <= successes <= trials:
        raise InputError(
            f"There is no proportion of {successes} in {trials}: "
            "give at least one trial, and no more successes than trials."
        )


def _check_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise InputError(f"A confidence of {confidence} is not between 0 and 1: give for example 0.95.")
