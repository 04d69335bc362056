"""Intervals against published tables and their defining properties."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from toolkit.analysis.stats._intervals import Interval, clopper_pearson, garwood, jeffreys, poisson_range, wilson
from toolkit.errors import InputError

PROPORTIONS = [wilson, clopper_pearson, jeffreys]
counts = st.integers(1, 2000).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials)))


def rounded(interval: Interval, digits: int) -> tuple[float, float]:
    """Both ends as a table prints them."""
    return round(interval.low, digits), round(interval.high, digits)


@pytest.mark.parametrize(
    ("successes", "trials", "expected"),
    [
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0000, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
    ],
)
def test_wilson_is_newcombes(successes: int, trials: int, expected: tuple[float, float]) -> None:
    """The score interval is that of R. G. Newcombe (1998), Statistics in Medicine 17, table I, method 3."""
    assert expected == rounded(wilson(successes, trials), 4)


@pytest.mark.parametrize(
    ("successes", "trials", "expected"),
    [
        (81, 263, (0.2527, 0.3676)),
        (15, 148, (0.0578, 0.1617)),
        (0, 20, (0.0000, 0.1684)),
        (1, 29, (0.0009, 0.1776)),
    ],
)
def test_clopper_pearson_is_newcombes(successes: int, trials: int, expected: tuple[float, float]) -> None:
    """The exact interval is that of Newcombe (1998), table I, method 5."""
    assert expected == rounded(clopper_pearson(successes, trials), 4)


@pytest.mark.parametrize(("successes", "trials"), [(1, 10), (5, 10), (3, 300), (148, 150)])
def test_jeffreys_cuts_the_posterior_at_both_tails(successes: int, trials: int) -> None:
    """Integrated by hand, the posterior p^(k - 1/2) (1 - p)^(n - k - 1/2) has 2.5 % outside either end."""

    def density(p: float) -> float:
        constant = math.lgamma(trials + 1) - math.lgamma(successes + 0.5) - math.lgamma(trials - successes + 0.5)
        return math.exp(constant + (successes - 0.5) * math.log(p) + (trials - successes - 0.5) * math.log1p(-p))

    low, high = jeffreys(successes, trials)

    assert pytest.approx(0.025, abs=1e-7) == integrate.quad(density, 0, low)[0]
    assert pytest.approx(0.025, abs=1e-7) == integrate.quad(density, high, 1)[0]


@pytest.mark.parametrize("trials", [1, 10, 1000])
def test_jeffreys_ends_at_none_and_at_all(trials: int) -> None:
    """With no success the low end is 0, with all successes the high end is 1."""
    assert (0.0, 1.0) == (jeffreys(0, trials).low, jeffreys(trials, trials).high)


@pytest.mark.parametrize(
    ("events", "expected"), [(0, (0.0, 3.689)), (1, (0.025, 5.572)), (5, (1.623, 11.668)), (10, (4.795, 18.390))]
)
def test_garwood_is_the_published_table(events: int, expected: tuple[float, float]) -> None:
    """The Poisson interval has the published 95 % limits (Garwood 1936)."""
    assert expected == rounded(garwood(events), 3)


@given(counts)
def test_wilson_ends_are_where_the_score_test_turns(case: tuple[int, int]) -> None:
    """At each end that is not 0 or 1, the proportion lies 1.96 standard errors away."""
    successes, trials = case
    interval = wilson(successes, trials)

    for end in interval:
        if 0 < end < 1:
            distance = abs(successes / trials - end) / math.sqrt(end * (1 - end) / trials)
            assert pytest.approx(1.959964, rel=1e-5) == distance


@given(counts)
def test_clopper_pearson_ends_leave_half_the_rest_in_each_tail(case: tuple[int, int]) -> None:
    """At the low end so many successes or more have probability 2.5 %, at the high end so many or fewer."""
    successes, trials = case
    low, high = clopper_pearson(successes, trials)

    if successes > 0:
        assert pytest.approx(0.025, rel=1e-6) == stats.binom.sf(successes - 1, trials, low)
    if successes < trials:
        assert pytest.approx(0.025, rel=1e-6) == stats.binom.cdf(successes, trials, high)


@pytest.mark.parametrize("interval", PROPORTIONS)
@given(case=counts)
def test_intervals_hold_the_proportion(interval: Callable[[int, int], Interval], case: tuple[int, int]) -> None:
    """Every interval lies between 0 and 1 and holds the proportion it was made from."""
    successes, trials = case
    low, high = interval(successes, trials)

    assert 0 <= low <= successes / trials <= high <= 1


@pytest.mark.parametrize("interval", PROPORTIONS)
@given(case=counts)
def test_failures_mirror_successes(interval: Callable[[int, int], Interval], case: tuple[int, int]) -> None:
    """The interval of the failures is one less that of the successes."""
    successes, trials = case
    low, high = interval(successes, trials)

    assert pytest.approx((1 - high, 1 - low), abs=1e-9) == tuple(interval(trials - successes, trials))


def test_poisson_range_of_a_mean_of_three() -> None:
    """With mean 3, none has probability .0498, six or fewer .9665, seven or fewer .9881: from 0 to 7."""
    assert (0.0, 7.0) == poisson_range(3)


def test_poisson_range_of_nothing() -> None:
    """Where nothing is expected, nothing falls."""
    assert (0.0, 0.0) == poisson_range(0)


@pytest.mark.parametrize("interval", PROPORTIONS)
@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (-1, 5), (6, 5)])
def test_impossible_counts(interval: Callable[[int, int], Interval], successes: int, trials: int) -> None:
    """Counts that make no proportion are named."""
    with pytest.raises(InputError, match=f"There is no proportion of {successes} in {trials}: give at least one trial"):
        interval(successes, trials)


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_impossible_confidence(confidence: float) -> None:
    """A confidence is a probability, not a percentage."""
    with pytest.raises(InputError, match=f"A confidence of {confidence} is not between 0 and 1: give for example 0.95"):
        wilson(1, 2, confidence)


@pytest.mark.parametrize("mean", [-1.0, math.inf, math.nan])
def test_impossible_mean(mean: float) -> None:
    """A mean number of events is finite and not negative."""
    with pytest.raises(InputError, match="A mean number of events cannot be"):
        poisson_range(mean)


def test_impossible_events() -> None:
    """There is no negative number of events."""
    with pytest.raises(InputError, match="A number of events cannot be -1: give 0 or more"):
        garwood(-1)
