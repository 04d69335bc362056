"""Funnel plots: rates of places against their size, with the control limits that chance allows.

A league table of rates puts small places at the top and at the bottom, because chance moves them most. A funnel plot
shows each rate against the size of its place and draws the limits that chance alone would rarely exceed
(D. Spiegelhalter 2005, Statistics in Medicine 24, "Funnel plots for comparing institutional performance").
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import stats

from toolkit.errors import InputError

__all__ = ["Funnel", "funnel"]

_INNER, _OUTER = 0.025, 0.001
"""The tail probability beyond each inner limit (95 %) and each outer limit (99.8 %, about three sigmas)."""
_WINSORISED = 0.1
"""The share of scores that is winsorised at each end of their distribution."""
_CUT = float(stats.norm.isf(_WINSORISED))
_EXPECTED = 1 - 2 * _WINSORISED - 2 * _CUT * float(stats.norm.pdf(_CUT)) + 2 * _WINSORISED * _CUT**2
"""The mean square of winsorised standard normal scores, about .68."""
_CURVE_POINTS = 60

Floats = npt.NDArray[np.float64]


class Funnel(NamedTuple):
    """The rates of places, their control limits, and how much more they vary than chance explains."""

    rate: float
    """The rate of all places together, around which the limits are drawn."""
    dispersion: float
    """How many times more the rates vary than by chance: the mean of their squared z-scores, winsorised by a tenth at
    either end, over its expected value. It is 1 where chance explains all the variation."""
    between: float
    """The standard deviation between places that chance does not explain, on the arcsine square root scale."""
    places: pl.DataFrame
    """One row per place, with the columns given and `rate`; `low`, `high`: limits of chance, 99.8 %; `wide_low`,
    `wide_high`: limits for places that differ as these do; `chance` and `peers`: whether the rate is "below", "within"
    or "above" the limits of chance and the wide ones."""
    curve: pl.DataFrame
    """One row per size, from the smallest to the largest: `size`, `inner_low`, `inner_high` (95 %), `low`, `high`,
    `wide_low`, `wide_high`."""


def funnel(table: pl.DataFrame, events: str, size: str) -> Funnel:
    """Return which places have a rate that chance does not explain, and which are outliers among their peers.

    `table` has one row per place; the column `events` counts events among the `size` of each place. The limits of
    chance are binomial, interpolated between whole counts (Spiegelhalter's appendix A.1.1). The wide limits add the
    variance between places (additive random effects, section 2.5.3, on the arcsine scale of appendix A.1.3).

    Raises `InputError` when a column is missing, when every place is empty, or when a place has more events than size.
    """
    filled = _checked(table, events, size)
    counts, sizes = filled[events].to_numpy().astype(float), filled[size].to_numpy().astype(float)
    rate = float(counts.sum() / sizes.sum())
    centre = np.arcsin(np.sqrt(rate))
    scores = (np.arcsin(np.sqrt(counts / sizes)) - centre) * 2 * np.sqrt(sizes)
    dispersion = float((_winsorise(scores) ** 2).mean()) / _EXPECTED
    between = _between(dispersion, 4 * sizes)
    low, high = _chance_limits(sizes, rate, _OUTER)
    wide_low, wide_high = _wide_limits(sizes, centre, between)
    limits = {"low": low, "high": high, "wide_low": wide_low, "wide_high": wide_high}
    places = filled.with_columns((pl.col(events) / pl.col(size)).alias("rate"), **_series(limits)).with_columns(
        chance=_position("low", "high"), peers=_position("wide_low", "wide_high")
    )
    return Funnel(rate, dispersion, between, places, _curve(sizes, rate, centre, between))


def _checked(table: pl.DataFrame, events: str, size: str) -> pl.DataFrame:
    """Return the places that are not empty, after a check of the columns."""
    missing = [name for name in (events, size) if name not in table.columns]
    if missing:
        raise InputError(
            f"These columns were not found: {', '.join(missing)}; the table has {', '.join(table.columns)}."
        )
    filled = table.filter(pl.col(size) > 0)
    if filled.is_empty():
        raise InputError(f"The column {size} is 0 in every row: give at least one place with a size above 0.")
    if table.filter(pl.col(events) > pl.col(size)).height:
        raise InputError(f"Some places have more {events} than {size}: a rate needs at most as many.")
    return filled


def _winsorise(scores: Floats) -> Floats:
    """Set the outer tenth of the scores at either end to the decile: a few extremes must not hide others."""
    low, high = np.quantile(scores, [_WINSORISED, 1 - _WINSORISED])
    return np.clip(scores, low, high)


def _between(dispersion: float, weights: Floats) -> float:
    """Return the standard deviation between places (DerSimonian and Laird's moments); 0 where chance explains all."""
    places = len(weights)
    spare = weights.sum() - (weights**2).sum() / weights.sum()
    excess = places * dispersion - (places - 1)
    return float(np.sqrt(excess / spare)) if excess > 0 and spare > 0 else 0.0


def _chance_limits(sizes: Floats, rate: float, tail: float) -> tuple[Floats, Floats]:
    """Return the rates with a binomial tail probability of `tail` below and above, interpolated between counts."""
    ends = []
    for part in (tail, 1 - tail):
        count = stats.binom.ppf(part, sizes, rate)
        mass = stats.binom.pmf(count, sizes, rate)
        beyond = (stats.binom.cdf(count, sizes, rate) - part) / np.where(mass > 0, mass, 1)
        ends.append(np.clip((count - beyond) / sizes, 0, 1))
    return ends[0], ends[1]


def _wide_limits(sizes: Floats, centre: float, between: float) -> tuple[Floats, Floats]:
    """Return the limits for places that differ: the variance between them is added to that of chance."""
    half = stats.norm.isf(_OUTER) * np.sqrt(1 / (4 * sizes) + between**2)
    low, high = np.clip(centre - half, 0, np.pi / 2), np.clip(centre + half, 0, np.pi / 2)
    return np.sin(low) ** 2, np.sin(high) ** 2


def _curve(sizes: Floats, rate: float, centre: float, between: float) -> pl.DataFrame:
    steps = np.unique(np.geomspace(sizes.min(), sizes.max(), _CURVE_POINTS).round())
    inner_low, inner_high = _chance_limits(steps, rate, _INNER)
    low, high = _chance_limits(steps, rate, _OUTER)
    wide_low, wide_high = _wide_limits(steps, centre, between)
    limits = {"inner_low": inner_low, "inner_high": inner_high, "low": low, "high": high}
    return pl.DataFrame({"size": steps.astype(np.int64), **limits, "wide_low": wide_low, "wide_high": wide_high})


def _series(columns: dict[str, Floats]) -> dict[str, pl.Series]:
    return {name: pl.Series(name, values) for name, values in columns.items()}


def _position(low: str, high: str) -> pl.Expr:
    """Return whether the rate is below, within or above two limits."""
    rate = pl.col("rate")
    return (
        pl.when(rate < pl.col(low))
        .then(pl.lit("below"))
        .when(rate > pl.col(high))
        .then(pl.lit("above"))
        .otherwise(pl.lit("within"))
    )
