"""Check P(wrong person) against the truth: of the hits given a probability of 20 %, are 20 % wrong?

Compares the predicted with the true number of wrong hits, over all hits and by bins of the probability (a reliability
diagram: J. Bröcker and L. Smith, 2007, *Increasing the reliability of reliability diagrams*, Weather and Forecasting
22). How far the two may differ by chance follows from the Poisson-binomial distribution, that of a sum of independent
events with different probabilities (W. Hoeffding, 1956, Annals of Mathematical Statistics 27).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import numpy as np
import polars as pl
from scipy import stats

from toolkit.analysis.stats import Interval
from toolkit.errors import InputError

__all__ = ["BINS", "poisson_binomial_range", "reliability"]

BINS = (0.0, 0.001, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99, 1.0)
"""Edges of the bins of a reliability diagram: finer towards the ends, where most hits are."""

_CERTAIN = 1e-12


def reliability(hits: pl.DataFrame) -> pl.DataFrame:
    """Compare predicted and true numbers of wrong hits, by bins of the probability.

    `hits` has `p_wrong_person` and `wrong` (bool, from the truth). One row per bin that has hits, and a last one for
    all: `p_from`, `p_to`, `hits`, `predicted` (the sum of the probabilities), `wrong` (how many are), `low` and `high`
    (the range of that number in 95 of 100 cases, if the probabilities are right), `share_predicted`, `share_wrong`.
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
    """Return the range of the number of events that occur, which holds with at least this confidence.

    The events are independent and have these `probabilities`. Exact, except that events within 1e-12 of certain or
    impossible count as such. Raises `InputError` when a probability is not between 0 and 1, or `confidence` is not
    strictly between them.
    """
    p = np.asarray(probabilities, dtype=float)
    if not 0 < confidence < 1 or ((p < 0) | (p > 1)).any() or np.isnan(p).any():
        raise InputError(
            "Probabilities must be between 0 and 1, and the confidence strictly between them: give for example 0.95."
        )
    certain = int((p > 1 - _CERTAIN).sum())
    uncertain = p[(p >= _CERTAIN) & (p <= 1 - _CERTAIN)]
    if not len(uncertain):
        return Interval(float(certain), float(certain))
    # SciPy's own quantiles fail for more than some sixty probabilities, and a table of all values needs their square.
    cumulative = stats.poisson_binom(uncertain).cdf
    tail = (1 - confidence) / 2
    counts = range(len(uncertain) + 1)
    low = bisect_right(counts, tail, key=cumulative)
    high = min(bisect_left(counts, 1 - tail, key=cumulative), len(uncertain))
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
