"""Do places differ by more than chance? Rates in a funnel plot, with control limits.

A league table of rates puts small places on top and at the bottom, since chance moves them most. A funnel plot sets
each rate against its size, and draws the limits within which chance alone would leave it
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
"""What chance leaves beyond each of the inner (95 %) and of the outer limits (99.8 %), three sigmas or so."""
_WINSORISED = 0.1
_PULLED = float(stats.norm.isf(_WINSORISED))
_OF_CHANCE = 1 - 2 * _WINSORISED - 2 * _PULLED * float(stats.norm.pdf(_PULLED)) + 2 * _WINSORISED * _PULLED**2
"""The mean of the squares of standard normal scores once they are pulled in, .68."""
_CURVE = 60

Floats = npt.NDArray[np.float64]


class Funnel(NamedTuple):
    """Rates of places, what chance would allow, and how far they go beyond it."""

    rate: float
    """Of all places together, which is what the limits stand around."""
    dispersion: float
    """How many times more the rates vary than chance would have them: the mean of their squared z-scores, with the
    outer tenth at either end pulled in (winsorised), over what it is for chance alone: 1 where that explains all."""
    between: float
    """The standard deviation between places that remains, on the scale of the arcsine of the root of the rate."""
    places: pl.DataFrame
    """One row a place, columns as given and `rate`; `low`, `high`: limits of chance, 99.8 %; `wide_low`, `wide_high`:
    limits for places that differ as these do; `chance` and `peers`: "below", "within" or "above" either."""
    curve: pl.DataFrame
    """The limits for sizes from the smallest to the largest: `size`, `inner_low`, `inner_high` (95 %), `low`, `high`,
    `wide_low`, `wide_high`."""


def funnel(table: pl.DataFrame, events: str, size: str) -> Funnel:
    """Which places have a rate that chance does not explain, and which are odd even among places that differ?

    `table` has one row a place; the column `events` counts what happened among the `size` of each. Limits of chance are
    those of the binomial, interpolated between whole counts (Spiegelhalter's appendix A.1.1). The wide limits add the
    variance between places (additive random effects, section 2.5.3, on the arcsine scale of appendix A.1.3).

    Raises `InputError` when a column lacks, no place has any size, or somewhere events are more than the size.
    """
    kept = _checked(table, events, size)
    happened, sizes = kept[events].to_numpy().astype(float), kept[size].to_numpy().astype(float)
    rate = float(happened.sum() / sizes.sum())
    centre = np.arcsin(np.sqrt(rate))
    scores = (np.arcsin(np.sqrt(happened / sizes)) - centre) * 2 * np.sqrt(sizes)
    dispersion = float((_pulled_in(scores) ** 2).mean()) / _OF_CHANCE
    between = _between(dispersion, 4 * sizes)
    low, high = _chance(sizes, rate, _OUTER)
    wide_low, wide_high = _wide(sizes, centre, between)
    limits = {"low": low, "high": high, "wide_low": wide_low, "wide_high": wide_high}
    places = kept.with_columns((pl.col(events) / pl.col(size)).alias("rate"), **_series(limits)).with_columns(
        chance=_verdict("low", "high"), peers=_verdict("wide_low", "wide_high")
    )
    return Funnel(rate, dispersion, between, places, _curve(sizes, rate, centre, between))


def _checked(table: pl.DataFrame, events: str, size: str) -> pl.DataFrame:
    missing = [name for name in (events, size) if name not in table.columns]
    if missing:
        raise InputError(
            f"These columns were not found: {', '.join(missing)}; the table has {', '.join(table.columns)}."
        )
    kept = table.filter(pl.col(size) > 0)
    if kept.is_empty() or table.filter(pl.col(events) > pl.col(size)).height:
        raise InputError(f"A rate of {events} in {size} needs a place with some, and never more {events} than {size}.")
    return kept


def _pulled_in(scores: Floats) -> Floats:
    """The scores with the outer tenth at either end set to the last one within: a few extremes must not hide others."""
    low, high = np.quantile(scores, [_WINSORISED, 1 - _WINSORISED])
    return np.clip(scores, low, high)


def _between(dispersion: float, weights: Floats) -> float:
    """The standard deviation between places (DerSimonian and Laird's estimate of moments); 0 where chance suffices."""
    places = len(weights)
    spare = weights.sum() - (weights**2).sum() / weights.sum()
    excess = places * dispersion - (places - 1)
    return float(np.sqrt(excess / spare)) if excess > 0 and spare > 0 else 0.0


def _chance(sizes: Floats, rate: float, tail: float) -> tuple[Floats, Floats]:
    """The rates below and above which the binomial leaves `tail`, interpolated between whole counts."""
    ends = []
    for part in (tail, 1 - tail):
        count = stats.binom.ppf(part, sizes, rate)
        mass = stats.binom.pmf(count, sizes, rate)
        beyond = (stats.binom.cdf(count, sizes, rate) - part) / np.where(mass > 0, mass, 1)
        ends.append(np.clip((count - beyond) / sizes, 0, 1))
    return ends[0], ends[1]


def _wide(sizes: Floats, centre: float, between: float) -> tuple[Floats, Floats]:
    half = stats.norm.isf(_OUTER) * np.sqrt(1 / (4 * sizes) + between**2)
    low, high = np.clip(centre - half, 0, np.pi / 2), np.clip(centre + half, 0, np.pi / 2)
    return np.sin(low) ** 2, np.sin(high) ** 2


def _curve(sizes: Floats, rate: float, centre: float, between: float) -> pl.DataFrame:
    steps = np.unique(np.geomspace(sizes.min(), sizes.max(), _CURVE).round())
    inner_low, inner_high = _chance(steps, rate, _INNER)
    low, high = _chance(steps, rate, _OUTER)
    wide_low, wide_high = _wide(steps, centre, between)
    limits = {"inner_low": inner_low, "inner_high": inner_high, "low": low, "high": high}
    return pl.DataFrame({"size": steps.astype(np.int64), **limits, "wide_low": wide_low, "wide_high": wide_high})


def _series(columns: dict[str, Floats]) -> dict[str, pl.Series]:
    return {name: pl.Series(name, values) for name, values in columns.items()}


def _verdict(low: str, high: str) -> pl.Expr:
    rate = pl.col("rate")
    return (
        pl.when(rate < pl.col(low))
        .then(pl.lit("below"))
        .when(rate > pl.col(high))
        .then(pl.lit("above"))
        .otherwise(pl.lit("within"))
    )
