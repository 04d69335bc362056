"""Does P(wrong person) keep its word? Of the hits said to be wrong with 20 %, are 20 % wrong?

Where the truth is known, the predicted and the true number of wrong hits are compared, in all and by bins of the
probability (a reliability diagram: J. Bröcker and L. Smith, 2007, *Increasing the reliability of reliability diagrams*,
Weather and Forecasting 22). How far apart they may be by chance is told by the Poisson-binomial distribution, that of
a sum of unequal coin tosses (W. Hoeffding, 1956, Annals of Mathematical Statistics 27).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from toolkit.analysis.stats import Interval
from toolkit.errors import InputError

__all__ = ["BINS", "poisson_binomial_range", "reliability"]

BINS = (0.0, 0.001, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99, 1.0)
"""Where the bins of a reliability curve begin and end: finer towards the ends, where the hits are."""

_CERTAIN = 1e-12


def reliability(hits: pl.DataFrame) -> pl.DataFrame:
    """Of the hits said to be wrong with about this probability, how many are?

    `hits` has `p_wrong_person` and `wrong` (bool, from the truth). One row a bin that holds hits, and a last one for
    all: `p_from`, `p_to`, `hits`, `predicted` (the sum of the probabilities), `wrong` (how many are), `low` and `high`
    (between which that number falls in 95 of 100 cases, if the probabilities are right), `share_predicted`,
    `share_wrong`.
    """
    p = hits["p_wrong_person"].to_numpy()
    wrong = hits["wrong"].to_numpy()
    place = np.clip(np.searchsorted(BINS, p, side="left") - 1, 0, len(BINS) - 2)
    rows = [
        _row(BINS[at], BINS[at + 1], p[place == at], int(wrong[place == at].sum()))
        for at in range(len(BINS) - 1)
        if (place == at).any()
    ]
    return pl.DataFrame([*rows, _row(BINS[0], BINS[-1], p, int(wrong.sum()))])


def poisson_binomial_range(probabilities: Sequence[float] | np.ndarray, confidence: float = 0.95) -> Interval:
    """Between which numbers do events with these probabilities fall, all in all, with at least this probability?

    Exact, but that events which are certain or impossible to within 1e-12 are taken to be so.
    Raises `InputError` when a probability is not between 0 and 1 or `confidence` not inside.
    """
    p = np.asarray(probabilities, dtype=float)
    if not 0 < confidence < 1 or ((p < 0) | (p > 1)).any() or np.isnan(p).any():
        raise InputError("Probabilities must lie between 0 and 1, and the confidence inside: give for example 0.95.")
    certain = int((p > 1 - _CERTAIN).sum())
    open_ones = p[(p >= _CERTAIN) & (p <= 1 - _CERTAIN)]
    mass = np.zeros(len(open_ones) + 1)
    mass[0] = 1.0
    for count, each in enumerate(open_ones, 1):
        mass[1 : count + 1] = mass[1 : count + 1] * (1 - each) + mass[:count] * each
        mass[0] *= 1 - each
    below = np.cumsum(mass)
    tail = (1 - confidence) / 2
    low = int(np.searchsorted(below, tail, side="right"))
    high = min(int(np.searchsorted(below, 1 - tail, side="left")), len(open_ones))
    return Interval(float(certain + low), float(certain + high))


def _row(p_from: float, p_to: float, p: np.ndarray, wrong: int) -> dict[str, float | int]:
    low, high = poisson_binomial_range(p)
    return {
        "p_from": p_from,
        "p_to": p_to,
        "hits": len(p),
        "predicted": float(p.sum()),
        "wrong": wrong,
        "low": int(low),
        "high": int(high),
        "share_predicted": float(p.mean()) if len(p) else 0.0,
        "share_wrong": wrong / len(p) if len(p) else 0.0,
    }
