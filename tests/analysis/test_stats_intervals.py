"""Confidence intervals against published tables, the textbook formula and their defining properties."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from toolkit.analysis.stats import Interval, clopper_pearson, garwood, jeffreys, poisson_range, wilson
from toolkit.errors import InputError

PROPORTIONS = [wilson, clopper_pearson, jeffreys]
counts = st.integers(1, 2000).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials)))


def rounded(interval: Interval, digits: int) -> tuple[float, float]:
    """Return both ends rounded as a published table prints them."""
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
def test_wilson_equals_newcombes_table(successes: int, trials: int, expected: tuple[float, float]) -> None:
    """The score interval is that of R. G. Newcombe (1998), Statistics in Medicine 17, table I, method 3."""
    assert expected == rounded(wilson(successes, trials), 4)


@given(counts, st.sampled_from([0.9, 0.95, 0.998]))
def test_wilson_equals_the_textbook_formula(case: tuple[int, int], confidence: float) -> None:
    """Both ends equal Wilson's closed formula to 1e-12."""
    successes, trials = case
    z = float(stats.norm.isf((1 - confidence) / 2))
    p = successes / trials
    centre = (p + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * math.sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials))

    assert pytest.approx((centre - half, centre + half), rel=0, abs=1e-12) == tuple(wilson(*case, confidence))


@pytest.mark.parametrize(
    ("successes", "trials", "expected"),
    [
        (81, 263, (0.2527, 0.3676)),
        (15, 148, (0.0578, 0.1617)),
        (0, 20, (0.0000, 0.1684)),
        (1, 29, (0.0009, 0.1776)),
    ],
)
def test_clopper_pearson_equals_newcombes_table(successes: int, trials: int, expected: tuple[float, float]) -> None:
    """The exact interval is that of Newcombe (1998), table I, method 5."""
    assert expected == rounded(clopper_pearson(successes, trials), 4)


@pytest.mark.parametrize(("successes", "trials"), [(1, 10), (5, 10), (3, 300), (148, 150)])
def test_jeffreys_leaves_half_the_rest_in_each_tail(successes: int, trials: int) -> None:
    """Integrated numerically, the posterior p^(k - 1/2) (1 - p)^(n - k - 1/2) has 2.5 % outside either end."""

    def density(p: float) -> float:
        constant = math.lgamma(trials + 1) - math.lgamma(successes + 0.5) - math.lgamma(trials - successes + 0.5)
        return math.exp(constant + (successes - 0.5) * math.log(p) + (trials - successes - 0.5) * math.log1p(-p))

    low, high = jeffreys(successes, trials)

    assert pytest.approx(0.025, abs=1e-7) == integrate.quad(density, 0, low)[0]
    assert pytest.approx(0.025, abs=1e-7) == integrate.quad(density, high, 1)[0]


@pytest.mark.parametrize("trials", [1, 10, 1000])
def test_jeffreys_reaches_0_and_1(trials: int) -> None:
    """With no success the low end is 0, and with no failure the high end is 1."""
    assert (0.0, 1.0) == (jeffreys(0, trials).low, jeffreys(trials, trials).high)


@pytest.mark.parametrize(
    ("events", "expected"), [(0, (0.0, 3.689)), (1, (0.025, 5.572)), (5, (1.623, 11.668)), (10, (4.795, 18.390))]
)
def test_garwood_equals_the_published_table(events: int, expected: tuple[float, float]) -> None:
    """The Poisson interval has the published 95 % limits (Garwood 1936)."""
    assert expected == rounded(garwood(events), 3)


@given(counts)
def test_wilson_inverts_the_score_test(case: tuple[int, int]) -> None:
    """The proportion is 1.96 standard errors away from each end that is not 0 or 1."""
    successes, trials = case
    interval = wilson(successes, trials)

    for end in interval:
        if 0 < end < 1:
            distance = abs(successes / trials - end) / math.sqrt(end * (1 - end) / trials)
            assert pytest.approx(1.959964, rel=1e-5) == distance


@given(counts)
def test_clopper_pearson_leaves_half_the_rest_in_each_tail(case: tuple[int, int]) -> None:
    """At the low end, that many successes or more have probability 2.5 %; at the high end, that many or fewer."""
    successes, trials = case
    low, high = clopper_pearson(successes, trials)

    if successes > 0:
        assert pytest.approx(0.025, rel=1e-6) == stats.binom.sf(successes - 1, trials, low)
    if successes < trials:
        assert pytest.approx(0.025, rel=1e-6) == stats.binom.cdf(successes, trials, high)


@pytest.mark.parametrize("interval", PROPORTIONS)
@given(case=counts)
def test_intervals_contain_the_proportion(interval: Callable[[int, int], Interval], case: tuple[int, int]) -> None:
    """Every interval is within 0 and 1 and contains the observed proportion."""
    successes, trials = case
    low, high = interval(successes, trials)

    assert 0 <= low <= successes / trials <= high <= 1


@pytest.mark.parametrize("interval", PROPORTIONS)
@given(case=counts)
def test_failures_mirror_successes(interval: Callable[[int, int], Interval], case: tuple[int, int]) -> None:
    """The interval of the failures is one minus that of the successes."""
    successes, trials = case
    low, high = interval(successes, trials)

    assert pytest.approx((1 - high, 1 - low), abs=1e-9) == tuple(interval(trials - successes, trials))


def test_poisson_range_of_a_mean_of_three() -> None:
    """With mean 3, P(0) = .0498, P(6 or fewer) = .9665 and P(7 or fewer) = .9881, so the range is 0 to 7."""
    assert (0.0, 7.0) == poisson_range(3)


def test_poisson_range_of_a_mean_of_zero() -> None:
    """With mean 0 the range is 0 to 0."""
    assert (0.0, 0.0) == poisson_range(0)


@pytest.mark.parametrize("interval", PROPORTIONS)
@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (-1, 5), (6, 5)])
def test_impossible_counts_are_an_error(interval: Callable[[int, int], Interval], successes: int, trials: int) -> None:
    """Counts that make no proportion are an error that names them."""
    with pytest.raises(InputError, match=f"There is no proportion of {successes} in {trials}: give at least one trial"):
        interval(successes, trials)


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_impossible_confidence_is_an_error(confidence: float) -> None:
    """A confidence outside 0 to 1 is an error, such as a percentage."""
    with pytest.raises(InputError, match=f"A confidence of {confidence} is not between 0 and 1: give for example 0.95"):
        wilson(1, 2, confidence)


@pytest.mark.parametrize("mean", [-1.0, math.inf, math.nan])
def test_impossible_mean_is_an_error(mean: float) -> None:
    """A mean number of events that is negative or not finite is an error."""
    with pytest.raises(InputError, match="A mean number of events cannot be"):
        poisson_range(mean)


def test_negative_events_are_an_error() -> None:
    """A negative number of events is an error."""
    with pytest.raises(InputError, match="A number of events cannot be -1: give 0 or more"):
        garwood(-1)
