"""Intervals: how far a number may be from what it estimates.

For proportions counted in a sample (k of n) three intervals, for rare events one. None belongs to a census: a leak that
is counted whole has no sampling error.

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
    """The two ends of an interval."""

    low: float
    high: float


def wilson(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """Where may a proportion lie, given `successes` in `trials`? The score interval (Wilson 1927).

    The one to use by default: close to its nominal coverage on average, also for small samples.
    Raises `InputError` unless 0 <= successes <= trials, trials > 0 and 0 < confidence < 1.
    """
    _check(successes, trials, confidence)
    z = float(stats.norm.isf((1 - confidence) / 2))
    p = successes / trials
    scale = 1 + z * z / trials
    centre = (p + z * z / (2 * trials)) / scale
    half = z / scale * math.sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials))
    # At 0 and n one end is exact; rounding must not move it past the proportion.
    low = 0.0 if successes == 0 else centre - half
    high = 1.0 if successes == trials else centre + half
    return Interval(low, high)


def clopper_pearson(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """Where may a proportion lie, with at least the nominal coverage? The exact interval (Clopper and Pearson 1934).

    Wider than needed on average; for claims that must hold, such as "at most so many were missed".
    Raises `InputError` as `wilson` does.
    """
    _check(successes, trials, confidence)
    tail = (1 - confidence) / 2
    failures = trials - successes
    low = 0.0 if successes == 0 else float(stats.beta.ppf(tail, successes, failures + 1))
    high = 1.0 if failures == 0 else float(stats.beta.isf(tail, successes + 1, failures))
    return Interval(low, high)


def jeffreys(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """Where may a proportion lie, after Jeffreys' prior Beta(1/2, 1/2)? Ends 0 and 1 at no and all successes.

    As Brown, Cai and DasGupta (2001) define it, section 3.1.2. Raises `InputError` as `wilson` does.
    """
    _check(successes, trials, confidence)
    tail = (1 - confidence) / 2
    posterior = stats.beta(successes + 0.5, trials - successes + 0.5)
    low = 0.0 if successes == 0 else float(posterior.ppf(tail))
    high = 1.0 if successes == trials else float(posterior.isf(tail))
    return Interval(low, high)


def garwood(events: int, confidence: float = 0.95) -> Interval:
    """Where may the mean of a Poisson count lie, given `events`? The exact interval (Garwood 1936).

    Raises `InputError` when `events` is negative or not 0 < confidence < 1.
    """
    _check_confidence(confidence)
    if events < 0:
        raise InputError(f"A number of events cannot be {events}: give 0 or more.")
    tail = (1 - confidence) / 2
    low = 0.0 if events == 0 else float(stats.chi2.ppf(tail, 2 * events)) / 2
    return Interval(low, float(stats.chi2.isf(tail, 2 * (events + 1))) / 2)


def poisson_range(mean: float, confidence: float = 0.95) -> Interval:
    """Between which counts does a Poisson number with this mean fall, with at least this probability?

    A prediction, not an estimate: what chance alone may show.
    Raises `InputError` when `mean` is negative or not finite.
    """
    _check_confidence(confidence)
    if not 0 <= mean < math.inf:
        raise InputError(f"A mean number of events cannot be {mean}: give a finite number, 0 or more.")
    if mean == 0:
        return Interval(0.0, 0.0)
    tail = (1 - confidence) / 2
    return Interval(float(stats.poisson.ppf(tail, mean)), float(stats.poisson.ppf(1 - tail, mean)))


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
