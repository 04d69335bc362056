"""Estimate totals, shares, recall and elusion from a labelled audit sample, each with an interval.

The functions work on numbers and tables; none opens a leak. Point estimates are those of the stratified estimator
(W. Cochran 1977, *Sampling Techniques*, chapter 5; P. Olofsson et al. 2013, Remote Sensing of Environment 129).
Intervals come from Jeffreys' Beta(k + 1/2, n - k + 1/2) in each stratum, because Wald intervals fail where few lines
are sensitive (L. Brown, T. Cai and A. DasGupta 2001, Statistical Science 16).

A stratum is finite. The lines that were read are known, so only the others are drawn from the Beta distribution; a
stratum that was read completely adds no width.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import stats

from toolkit.analysis.stats import clopper_pearson, jeffreys
from toolkit.errors import InputError

__all__ = [
    "ANSWERS",
    "ANTICIPATED",
    "BLANK",
    "FLAGGED",
    "MEANINGS",
    "REST",
    "Agreement",
    "Estimate",
    "Sample",
    "allocate",
    "drawn_totals",
    "estimate",
    "expand",
    "interval",
    "kappa",
    "mean_weight",
    "recall",
    "weighted",
]

MEANINGS = {
    "A": "called sensitive",
    "B": "hit by the scan, then qualified out",
    "C": "not hit, ranked first by the n-gram model",
    "D": "not hit, the rest of the comments",
    "E": "blank",
}
"""The strata, in their order. Every line of the dump is in exactly one."""

FLAGGED, REST, BLANK = "A", "D", "E"

ANTICIPATED = {"A": 0.9, "B": 0.05, "C": 0.1, "D": 0.002}
"""The anticipated share of sensitive lines in each stratum, used only to allocate the sample. A bad guess does not bias
an estimate; it makes the interval wider. A blank line reveals nothing, so E is known and never read."""

ANSWERS = ("sensitive", "not", "unsure")
"""The possible answers of a reviewer."""

LEAST = 30
"""The minimum number of lines read in each stratum that has as many, in case its anticipated share is wrong."""

_OWN_LINES = {"records": "record_lines", "people": "person_lines"}
"""Units that may have several lines, and the column of `Sample.units` that counts those with the same comment."""

_DRAWS = 10_000
_MONTE_CARLO_SEED = 1934
"""A fixed seed, so that the same sample and labels give the same interval to the last digit."""

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sample:
    """Lines drawn for review, with the seed and the rules of the draw.

    - units: one row per line drawn, in the order of review, which mixes the strata so that the reviewer cannot guess
      them: line_id, unit (the first line drawn with the same comment: each comment is labelled once), stratum,
      administrative_comment, record_lines (lines of its record with the same comment, including itself), and
      person_lines where people are known (null for placeholder records);
    - related: one row per line drawn and other comment of its record or person: line_id, per ("records" or "people"),
      unit, administrative_comment, lines (of that record or person with that comment);
    - strata: one row per stratum: stratum, meaning, texts, lines, sampled;
    - totals: the denominators, by unit: lines, comments, records, and people where they are known;
    - seed, and rules: a hash of the lexicon, the code that uses it, and the training data of the n-gram model.
    """

    units: pl.DataFrame
    related: pl.DataFrame
    strata: pl.DataFrame
    totals: Mapping[str, int]
    seed: int
    rules: str

    @property
    def digest(self) -> str:
        """Return a hash of the lines drawn, which keeps the answers of one sample from being used for another."""
        lines = ",".join(map(str, self.units["line_id"].sort().to_list()))
        return hashlib.sha256(f"{self.seed}:{self.rules}:{lines}".encode()).hexdigest()

    def to_label(self, sensitive: Collection[int]) -> pl.DataFrame:
        """Return the comments that need a label, given the units labelled sensitive so far.

        One row per comment, in the order of review: `unit`, `administrative_comment`. First all comments drawn, then
        the other comments of the records and people with a sensitive one, so that each record or person counts once.
        """
        found = self.units.filter(pl.col("unit").is_in(list(sensitive)))
        others = self.related.join(found, on="line_id", how="semi", maintain_order="left")
        columns = ["unit", "administrative_comment"]
        return pl.concat([self.units.select(columns), others.select(columns)]).unique("unit", maintain_order=True)


class Estimate(NamedTuple):
    """The estimates from a labelled sample, as three small tables."""

    shares: pl.DataFrame
    """One row per unit: `unit` (lines, comments, records, people), `sensitive` with `sensitive_low` and
    `sensitive_high` (numbers of units), `denominator` (all of them), `value`, `low`, `high` (sensitive over
    denominator). A unit whose denominator is 0 has no row."""
    scan: pl.DataFrame
    """The quality of the scan, by lines, one row per quantity: `quantity`, `value`, `low`, `high`, `denominator`,
    `denominator_unit`. Quantities are precision, recall, elusion (the share of D that is sensitive) and missed_at_most
    (the upper limit of sensitive lines in D, with 95 % confidence)."""
    strata: pl.DataFrame
    """One row per stratum: `stratum`, `meaning`, `lines`, `sampled`, `sensitive` (of those sampled), `value`, `low`,
    `high` (Clopper-Pearson). No line of E is sensitive."""


class Agreement(NamedTuple):
    """The agreement of two reviewers: Cohen's kappa, its interval, the share of equal answers, the comments."""

    kappa: float
    low: float
    high: float
    agreed: float
    comments: int


def allocate(lines: Mapping[str, int], size: int, floor: int) -> dict[str, int]:
    """Return how many lines to read in each stratum, given the lines it has.

    Neyman allocation for the anticipated shares, with a floor on D, where sensitive lines are rarest and weigh most,
    and `LEAST` elsewhere. Each further line goes to the stratum where it reduces the variance most, which gives the
    optimal whole numbers (T. Wright 2012, The American Statistician 66). Raises `InputError` when `size` is below the
    floors.
    """
    read = {name: min(lines[name], floor if name == REST else LEAST) for name in ANTICIPATED}
    least = sum(read.values())
    if size < least:
        raise InputError(
            f"A sample of {size} lines is smaller than its floors, {least} lines: give a larger size or a lower floor."
        )
    deviation = {name: lines[name] * (share * (1 - share)) ** 0.5 for name, share in ANTICIPATED.items()}
    for _ in range(min(size, sum(lines[name] for name in ANTICIPATED)) - least):
        open_strata = [name for name in ANTICIPATED if read[name] < lines[name]]
        read[max(open_strata, key=lambda name: deviation[name] / (read[name] * (read[name] + 1)) ** 0.5)] += 1
    return read


def estimate(sample: Sample, labels: pl.DataFrame) -> Estimate:
    """Estimate the share of sensitive lines, comments, records and people, and what the scan missed.

    `labels` has one row per labelled comment: `unit` and `answer` ("sensitive" or "not"), as returned by `audit.label`
    and by a labelling sheet. All intervals are at 95 %.

    A record or person counts once, however many of its lines are sensitive: each sensitive line has a weight of 1 over
    their number, which is why `Sample.to_label` includes the other comments (multiplicity estimator: Z. Birnbaum and
    M. Sirken 1965).

    Raises `InputError` when a comment that needs a label has no answer, two answers, or "unsure".
    """
    labelled = _labelled(sample, labels)
    names = list(ANTICIPATED)
    lines = _column(sample.strata, "lines", names)
    read = _column(sample.strata, "sampled", names)
    found = np.array([labelled.filter(pl.col("stratum") == name)["found"].sum() for name in names], dtype=np.int64)
    drawn = drawn_totals(found, read, lines)
    points = expand(found, read, lines)
    return Estimate(
        _shares(sample, labelled, drawn, points, found), _scan(found, read, lines, drawn), _by_stratum(sample, found)
    )


def kappa(labels_a: pl.DataFrame, labels_b: pl.DataFrame, confidence: float = 0.95) -> Agreement:
    """Return how far two reviewers agree beyond chance.

    Each table has one row per comment: `unit` and `answer`. Comments that only one of them labelled are left out;
    "unsure" counts as an answer. Cohen's kappa (1960) with the large-sample standard error of J. Fleiss, J. Cohen and
    B. Everitt (1969), Psychological Bulletin 72. Raises `InputError` when they share no comment, or when both gave the
    same answer to every comment: kappa is undefined then.
    """
    both = labels_a.select("unit", a="answer").join(labels_b.select("unit", b="answer"), on="unit", validate="1:1")
    answers = sorted({*both["a"], *both["b"]})
    if len(answers) < 2:
        raise InputError(
            f"The reviewers share {both.height} comments and {len(answers)} answers: kappa needs two answers or more."
        )
    table = np.array([[both.filter((pl.col("a") == a) & (pl.col("b") == b)).height for b in answers] for a in answers])
    value, error = _kappa_of(table / both.height, both.height)
    half = float(stats.norm.isf((1 - confidence) / 2)) * error
    agreed = float(np.trace(table)) / both.height
    return Agreement(value, max(-1.0, value - half), min(1.0, value + half), agreed, both.height)


def _labelled(sample: Sample, labels: pl.DataFrame) -> pl.DataFrame:
    """Return the lines of the sample with `found` (labelled sensitive) and their weights in `records` and `people`."""
    if labels["unit"].is_duplicated().any():
        raise InputError("Some comments have two answers: give one row per unit, from one reviewer.")
    answered = labels.filter(pl.col("answer").is_in(["sensitive", "not"]))
    sensitive = answered.filter(pl.col("answer") == "sensitive").select("unit")
    wanted = sample.to_label(sensitive["unit"].to_list())
    missing = wanted.join(answered, on="unit", how="anti").height
    if missing:
        raise InputError(
            f"{missing} of the {wanted.height} comments to label have no answer, or 'unsure': "
            "finish the labelling sheet, which shows the unsure ones again at its end."
        )
    lines = sample.units.with_columns(found=pl.col("unit").is_in(sensitive["unit"].implode()))
    others = sample.related.join(sensitive, on="unit", how="semi")
    for per, own in _OWN_LINES.items():
        if own in lines.columns:
            more = others.filter(pl.col("per") == per).group_by("line_id").agg(more=pl.col("lines").sum())
            lines = lines.join(more, on="line_id", how="left", maintain_order="left")
            weight = 1 / (pl.col(own) + pl.col("more").fill_null(0))
            # A placeholder record has no person, so its lines add none.
            lines = lines.with_columns(weight.fill_null(0.0).alias(per)).drop("more")
    return lines


def _column(strata: pl.DataFrame, column: str, names: list[str]) -> Counts:
    of = dict(zip(strata["stratum"], strata[column], strict=True))
    return np.array([of[name] for name in names], dtype=np.int64)


def expand(found: Counts, read: Counts, lines: Counts) -> Floats:
    """Return the terms of the stratified estimator, N_h k_h / n_h; a stratum without lines adds 0."""
    return lines * found / np.maximum(read, 1)


def drawn_totals(found: Counts, read: Counts, lines: Counts) -> Floats:
    """Draw the number of sensitive lines, one column per stratum."""
    columns = [_drawn(place, *map(int, of)) for place, of in enumerate(zip(found, read, lines, strict=True))]
    return np.column_stack(columns)


@lru_cache(maxsize=512)
def _drawn(place: int, found: int, read: int, lines: int) -> Floats:
    """Draw the number of sensitive lines of one stratum: those found, plus the unread ones by Jeffreys' prior.

    Each stratum has its own fixed random stream, so equal arguments give equal draws. They are cached because
    `coverage_of` repeats the same arguments many times.
    """
    generator = np.random.default_rng([_MONTE_CARLO_SEED, place])
    shares = generator.beta(found + 0.5, read - found + 0.5, _DRAWS)
    drawn = np.asarray(found + generator.binomial(lines - read, shares), dtype=np.float64)
    drawn.setflags(write=False)
    return drawn


def interval(drawn: Floats, point: float) -> tuple[float, float, float]:
    """Return the point and the middle 95 % of the draws, extended to include the point."""
    low, high = np.quantile(drawn, [0.025, 0.975])
    return point, min(float(low), point), max(float(high), point)


def recall(drawn: Floats, points: Floats) -> tuple[float, float, float]:
    """Return the share of sensitive lines that the scan flagged; the point is NaN where none was found."""
    totals = drawn.sum(axis=1)
    shares = np.divide(drawn[:, 0], totals, out=np.zeros(_DRAWS), where=totals > 0)
    if not points.sum():
        low, high = np.quantile(shares, [0.025, 0.975])
        return float("nan"), float(low), float(high)
    return interval(shares, float(points[0] / points.sum()))


def mean_weight(place: int, values: Floats, times: Counts) -> tuple[float, Floats]:
    """Return the mean weight of a sensitive line of one stratum in a count of records or people, and draws of it.

    `values` are the distinct weights found, `times` their numbers. The draws are a Bayesian bootstrap (D. Rubin 1981,
    Annals of Statistics 9). Equal weights share one component of the Dirichlet, so that few components are enough for
    many lines. In a stratum without a sensitive line each line has weight 1, which can only raise the upper end.
    """
    if not times.sum():
        return 1.0, np.ones(_DRAWS)
    if len(values) == 1:
        return float(values[0]), np.full(_DRAWS, values[0])
    generator = np.random.default_rng([_MONTE_CARLO_SEED + 1, place])
    return float(values @ times / times.sum()), np.asarray(generator.dirichlet(times, _DRAWS) @ values)


def weighted(drawn: Floats, found: Counts, means: list[tuple[float, Floats]]) -> Floats:
    """Return draws of a count of records or people, one column per stratum.

    Lines that were read have their known mean weight; only the unread ones have a drawn mean weight.
    """
    known = found * np.array([mean for mean, _ in means])
    return np.asarray(known + (drawn - found) * np.column_stack([draws for _, draws in means]))


def _shares(sample: Sample, labelled: pl.DataFrame, drawn: Floats, points: Floats, found: Counts) -> pl.DataFrame:
    """Return `Estimate.shares`."""
    rows = []
    # A denominator of 0 has no share: in a leak whose comments are all blank there are no comments.
    for unit in [name for name in ("lines", "comments", "records", "people") if sample.totals.get(name)]:
        means = _mean_weights(labelled, unit)
        point = float((points * np.array([mean for mean, _ in means])).sum())
        count, low, high = interval(weighted(drawn, found, means).sum(axis=1), point)
        total = sample.totals[unit]
        rows.append((unit, count, low, high, total, count / total, low / total, high / total))
    columns = ["unit", "sensitive", "sensitive_low", "sensitive_high", "denominator", "value", "low", "high"]
    return pl.DataFrame(rows, schema=columns, orient="row")


def _mean_weights(labelled: pl.DataFrame, unit: str) -> list[tuple[float, Floats]]:
    """Return the `mean_weight` of each stratum for a count of `unit`; it is 1 for lines and comments."""
    if unit not in _OWN_LINES:
        return [(1.0, np.ones(_DRAWS)) for _ in ANTICIPATED]
    found = [labelled.filter("found", pl.col("stratum") == name)[unit].to_numpy() for name in ANTICIPATED]
    return [mean_weight(place, *np.unique(values, return_counts=True)) for place, values in enumerate(found)]


def _scan(found: Counts, read: Counts, lines: Counts, drawn: Floats) -> pl.DataFrame:
    """Return `Estimate.scan`; a quantity of a stratum without lines has no row."""
    rows: list[tuple[str, float | None, float, float, int, str]] = []
    if read[0]:
        rows.append(
            ("precision", found[0] / read[0], *jeffreys(int(found[0]), int(read[0])), int(lines[0]), "lines of A")
        )
    points = expand(found, read, lines)
    sensitive = round(float(points.sum()))
    rows.append(("recall", *recall(drawn, points), sensitive, "sensitive lines (estimated)"))
    rest = list(ANTICIPATED).index(REST)
    if read[rest]:
        finds, tried, total = int(found[rest]), int(read[rest]), int(lines[rest])
        rows.append(("elusion", finds / tried, *clopper_pearson(finds, tried), total, "lines of D"))
        # A one-sided bound at 95 % is the upper end of an interval at 90 %; with nothing found it is nearly 3 / n.
        most = total * clopper_pearson(finds, tried, 0.9).high
        rows.append(("missed_at_most", most, float(finds), most, total, "lines of D"))
    columns = ["quantity", "value", "low", "high", "denominator", "denominator_unit"]
    return pl.DataFrame(rows, schema=columns, orient="row").with_columns(pl.col("value").fill_nan(None))


def _by_stratum(sample: Sample, found: Counts) -> pl.DataFrame:
    """Return `Estimate.strata`."""
    rows = []
    finds = dict(zip(ANTICIPATED, map(int, found), strict=True)) | {BLANK: 0}
    for row in sample.strata.iter_rows(named=True):
        finds_here, read = finds[row["stratum"]], row["sampled"]
        known = row["stratum"] == BLANK
        ends: tuple[float | None, float | None] = (0.0, 0.0) if known else (None, None)
        if read:
            ends = clopper_pearson(finds_here, read)
        value = 0.0 if known else (finds_here / read if read else None)
        rows.append((row["stratum"], row["meaning"], row["lines"], read, finds_here, value, *ends))
    columns = ["stratum", "meaning", "lines", "sampled", "sensitive", "value", "low", "high"]
    floats = dict.fromkeys(["value", "low", "high"], pl.Float64)
    return pl.DataFrame(rows, schema=columns, schema_overrides=floats, orient="row")


def _kappa_of(shares: Floats, comments: int) -> tuple[float, float]:
    """Return Cohen's kappa of a table of joint shares, and its standard error.

    The standard error is formula 13 of Fleiss, Cohen and Everitt (1969).
    """
    by_a, by_b = shares.sum(axis=1), shares.sum(axis=0)
    agreed, by_chance = float(np.trace(shares)), float(by_a @ by_b)
    # The formula has one sum over the cells where the reviewers agree, and one over the other cells.
    equal = np.diag(shares) * ((1 - by_chance) - (by_a + by_b) * (1 - agreed)) ** 2
    unequal = shares * (by_b[:, None] + by_a[None, :]) ** 2
    np.fill_diagonal(unequal, 0)
    variance = equal.sum() + (1 - agreed) ** 2 * unequal.sum() - (agreed * by_chance - 2 * by_chance + agreed) ** 2
    error = (max(float(variance), 0.0) / comments) ** 0.5 / (1 - by_chance) ** 2
    return (agreed - by_chance) / (1 - by_chance), error
