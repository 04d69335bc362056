"""Measure the coverage of the audit's intervals by repeating the audit where the truth is known.

A 95 % interval is defined by repetition: of all samples that could be drawn, 95 in 100 give an interval that contains
the true value. Where the truth is known, this can be measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import polars as pl

from toolkit.analysis.audit._estimates import (
    ANTICIPATED,
    Counts,
    Floats,
    allocate,
    drawn_totals,
    expand,
    interval,
    mean_weight,
    recall,
    weighted,
)
from toolkit.analysis.stats import wilson

__all__ = ["Coverage", "coverage_of"]

_ONCE = ("records", "people")
"""Units that count once, however many of their lines are sensitive, and the columns of `coverage_of` for them."""


class Coverage(NamedTuple):
    """The results of the repeated audits, as two small tables."""

    summary: pl.DataFrame
    """One row per quantity (share of lines, of records, of people; recall): `quantity`, `true`, `mean` (of the
    estimates), `mean_width` (of the intervals), `seeds`, `held` (how many intervals contain the true value),
    `coverage`, `low`, `high` (Wilson interval of the coverage)."""
    audits: pl.DataFrame
    """One row per quantity and seed: `quantity`, `seed`, `true`, `value`, `low`, `high`, `holds` (whether the interval
    contains the true value)."""


def coverage_of(
    lines: Mapping[str, int],
    sensitive: pl.DataFrame,
    totals: Mapping[str, int],
    *,
    seeds: int,
    size: int,
    floor: int,
) -> Coverage:
    """Repeat the audit with seeds 1 to `seeds` and count the intervals that contain the true value.

    `lines` is the number of lines of each stratum. `sensitive` has one row per sensitive line: `stratum` and, if these
    are to be counted, `records` and `people`: 1 over the sensitive lines of its record or person. `totals` are the
    denominators, by unit. The number of sensitive lines in a sample without replacement is hypergeometric, and nothing
    else in an estimate depends on which lines were read, so only these numbers are drawn.
    """
    allocation = allocate(lines, size, floor)
    total, read = (np.array([of[name] for name in ANTICIPATED], dtype=np.int64) for of in (lines, allocation))
    units = [unit for unit in _ONCE if unit in sensitive.columns]
    kinds = [_kinds(sensitive.filter(pl.col("stratum") == name), units) for name in ANTICIPATED]
    truth = np.array([kind["lines"].sum() for kind in kinds], dtype=np.int64)
    true = {"share_of_lines": truth.sum() / totals["lines"]}
    true |= {f"share_of_{unit}": sensitive[unit].sum() / totals[unit] for unit in units}
    true["recall"] = truth[0] / truth.sum() if truth.sum() else np.nan
    results: dict[str, list[tuple[float, float, float]]] = {quantity: [] for quantity in true}
    for seed in range(1, seeds + 1):
        finds = _finds(kinds, total - truth, read, seed)
        found = np.array([of.sum() for of in finds], dtype=np.int64)
        drawn, points = drawn_totals(found, read, total), expand(found, read, total)
        results["recall"].append(recall(drawn, points))
        results["share_of_lines"].append(_share(drawn, points, totals["lines"]))
        for unit in units:
            means = [_mean(place, kinds[place], finds[place], unit) for place in range(len(kinds))]
            by_unit = weighted(drawn, found, means)
            results[f"share_of_{unit}"].append(
                _share(by_unit, points * np.array([mean for mean, _ in means]), totals[unit])
            )
    audits = pl.concat([_audits(quantity, float(true[quantity]), results[quantity]) for quantity in true])
    return Coverage(_summary(audits), audits)


def _kinds(sensitive: pl.DataFrame, units: list[str]) -> pl.DataFrame:
    """Group the sensitive lines of one stratum by their weights: one row per combination, with its `lines`."""
    kinds = sensitive.group_by(["stratum", *units]).agg(lines=pl.len().cast(pl.Int64))
    return kinds.sort("stratum", *units)


def _finds(kinds: list[pl.DataFrame], harmless: Counts, read: Counts, seed: int) -> list[Counts]:
    """Draw what one sample finds: for each stratum, the number of lines of each kind."""
    generator = np.random.default_rng(seed)
    return [
        generator.multivariate_hypergeometric([*kind["lines"], rest], tried)[:-1]
        for kind, rest, tried in zip(kinds, harmless, read, strict=True)
    ]


def _mean(place: int, kind: pl.DataFrame, finds: Counts, unit: str) -> tuple[float, Floats]:
    values, places = np.unique(kind[unit].to_numpy(), return_inverse=True)
    times = np.bincount(places, weights=finds, minlength=len(values)).astype(np.int64)
    return mean_weight(place, values[times > 0], times[times > 0])


def _share(drawn: Floats, points: Floats, denominator: int) -> tuple[float, float, float]:
    point, low, high = interval(drawn.sum(axis=1), float(points.sum()))
    return point / denominator, low / denominator, high / denominator


def _audits(quantity: str, true: float, results: list[tuple[float, float, float]]) -> pl.DataFrame:
    table = pl.DataFrame(results, schema=["value", "low", "high"], orient="row").with_row_index("seed", 1)
    return table.select(
        pl.lit(quantity).alias("quantity"),
        pl.col("seed").cast(pl.Int64),
        pl.lit(true).alias("true"),
        "value",
        "low",
        "high",
        holds=pl.lit(true).is_between("low", "high"),
    )


def _summary(audits: pl.DataFrame) -> pl.DataFrame:
    width = pl.col("high") - pl.col("low")
    table = audits.group_by("quantity", maintain_order=True).agg(
        pl.col("true").first(),
        mean=pl.col("value").mean(),
        mean_width=width.mean(),
        seeds=pl.len().cast(pl.Int64),
        held=pl.col("holds").sum().cast(pl.Int64),
    )
    ends = [wilson(held, seeds) for held, seeds in table.select("held", "seeds").iter_rows()]
    return table.with_columns(
        coverage=pl.col("held") / pl.col("seeds"),
        low=pl.Series([end.low for end in ends]),
        high=pl.Series([end.high for end in ends]),
    )
