"""What an audit sample says of the whole: totals, shares, recall and elusion, each with an interval.

The arithmetic behind `toolkit.analysis.audit._sample`, on numbers alone: nothing here opens a leak. Points are those of the
stratified estimator (W. Cochran 1977, *Sampling Techniques*, chapter 5; P. Olofsson et al. 2013, Remote Sensing of
Environment 129). Intervals come from Jeffreys' Beta(k + 1/2, n - k + 1/2) in each stratum, since Wald's fail where
finds are few (L. Brown, T. Cai and A. DasGupta 2001, Statistical Science 16).

A stratum is finite. What was read is known, so only its lines that were not read are drawn from the Beta; a stratum
that was read whole adds no width.
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
    "weighed",
]

MEANINGS = {
    "A": "called sensitive",
    "B": "hit by the scan, then qualified out",
    "C": "not hit, first in the second reader's order",
    "D": "not hit, the rest of the comments",
    "E": "blank",
}
"""The strata, in their order. Every line of the dump is in exactly one."""

FLAGGED, REST, BLANK = "A", "D", "E"

ANTICIPATED = {"A": 0.9, "B": 0.05, "C": 0.1, "D": 0.002}
"""The share of sensitive lines that each stratum is planned for: a guess, for the sizes only. No estimate is biased by
it; a bad guess makes the interval wider. A blank line reveals nothing, so E is known and never read."""

ANSWERS = ("sensitive", "not", "unsure")
"""What a reviewer may say of a comment."""

LEAST = 30
"""Lines read in every stratum that has as many, so that none is judged by its anticipated share."""

_OWN_LINES = {"records": "record_lines", "people": "person_lines"}
"""Units that may have several lines, and the column of `Sample.units` that counts those with the same comment."""

_DRAWS = 10_000
_MONTE_CARLO_SEED = 1934
"""Any fixed number does: it makes the same sample and labels give the same interval to the last digit."""

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sample:
    """Lines drawn for review, frozen: what was drawn, from what, by which seed and under which rules.

    - units: one row a line drawn, in the order of review, which mixes the strata so that the reviewer does not know
      them: line_id, unit (the first line drawn with the same comment: each comment is judged once), stratum,
      administrative_comment, record_lines (lines of its record with the same comment, itself among them), and
      person_lines where people are known (null for nobody);
    - kin: one row a line drawn and other comment of its record or person: line_id, per ("records" or "people"), unit,
      administrative_comment, lines (of that record or person with that comment);
    - strata: one row a stratum: stratum, meaning, texts, lines, sampled;
    - totals: the denominators, by unit: lines, comments, records, and people where they are known;
    - seed, and rules: a hash of the lexicon, of the code that reads it, and of what the second reader was taught.
    """

    units: pl.DataFrame
    kin: pl.DataFrame
    strata: pl.DataFrame
    totals: Mapping[str, int]
    seed: int
    rules: str

    @property
    def digest(self) -> str:
        """A hash of what was drawn: answers given for one sample cannot be taken for another's."""
        lines = ",".join(map(str, self.units["line_id"].sort().to_list()))
        return hashlib.sha256(f"{self.seed}:{self.rules}:{lines}".encode()).hexdigest()

    def to_judge(self, sensitive: Collection[int]) -> pl.DataFrame:
        """Which comments must be judged, once the comments `sensitive` (units) were called so?

        One row a comment, in the order of review: `unit`, `administrative_comment`. First all that were drawn. Then the
        other comments of the records and persons of those that were found sensitive: who has two counts once.
        """
        found = self.units.filter(pl.col("unit").is_in(list(sensitive)))
        follow = self.kin.join(found, on="line_id", how="semi", maintain_order="left")
        columns = ["unit", "administrative_comment"]
        return pl.concat([self.units.select(columns), follow.select(columns)]).unique("unit", maintain_order=True)


class Estimate(NamedTuple):
    """What a labelled sample says, as three small tables."""

    shares: pl.DataFrame
    """One row a unit: `unit` (lines, comments, records, people), `sensitive` with `sensitive_low` and `sensitive_high`
    (how many), `denominator` (all of them), `value`, `low`, `high` (sensitive over denominator). A unit of which there
    is none has no row."""
    scan: pl.DataFrame
    """How good the scan was, by lines. One row a quantity: `quantity`, `value`, `low`, `high`, `denominator`,
    `denominator_unit`. precision, recall, elusion (the share of D that is sensitive), missed_at_most (lines of D: with
    95 % confidence no more are sensitive)."""
    strata: pl.DataFrame
    """One row a stratum: `stratum`, `meaning`, `lines`, `sampled`, `sensitive` (of those sampled), `value`, `low`,
    `high` (Clopper-Pearson). E is known to hold none."""


class Agreement(NamedTuple):
    """How far two reviewers agree: Cohen's kappa, its interval, the share on which they agree, and of how many."""

    kappa: float
    low: float
    high: float
    agreed: float
    comments: int


def allocate(lines: Mapping[str, int], size: int, floor: int) -> dict[str, int]:
    """How many lines to read in each stratum, given how many it holds?

    Neyman's allocation for the anticipated shares, with a floor on D, where finds are rarest and matter most, and
    `LEAST` elsewhere. Each next line goes where it takes most off the variance, which gives the best whole numbers
    (T. Wright 2012, The American Statistician 66). Raises `InputError` when `size` is below the floors.
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
    """What share of the lines, comments, records and people is sensitive, and what did the scan miss?

    `labels` has one row a comment judged: `unit` and `answer` ("sensitive" or "not"), as `audit.label` and a
    labelling sheet give them. All intervals are at 95 %.

    A record or person counts once, however many of its lines are sensitive: a line of it weighs 1 over the number of
    these, which is why `Sample.to_judge` asks for its other comments (multiplicity estimator: Z. Birnbaum and M. Sirken
    1965).

    Raises `InputError` when a comment that must be judged has no answer, two of them, or "unsure".
    """
    judged = _judged(sample, labels)
    names = list(ANTICIPATED)
    lines = _column(sample.strata, "lines", names)
    read = _column(sample.strata, "sampled", names)
    found = np.array([judged.filter(pl.col("stratum") == name)["found"].sum() for name in names], dtype=np.int64)
    drawn = drawn_totals(found, read, lines)
    points = expand(found, read, lines)
    return Estimate(
        _shares(sample, judged, drawn, points, found), _scan(found, read, lines, drawn), _by_stratum(sample, found)
    )


def kappa(labels_a: pl.DataFrame, labels_b: pl.DataFrame, confidence: float = 0.95) -> Agreement:
    """Do two reviewers agree more than chance would have them?

    Each table has one row a comment: `unit` and `answer`; comments that only one of them judged are left out. "unsure"
    is an answer like another. Cohen's kappa (1960) with the large-sample standard error of J. Fleiss, J. Cohen and B.
    Everitt (1969), Psychological Bulletin 72. Raises `InputError` when they share no comment, or when both always gave
    the same one answer: then chance would agree too, and there is no kappa.
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


def _judged(sample: Sample, labels: pl.DataFrame) -> pl.DataFrame:
    """The lines of the sample with `found` (called sensitive), and what each adds to records and people if it is."""
    if labels["unit"].is_duplicated().any():
        raise InputError("Some comments have two answers: give one row a unit, of one reviewer.")
    settled = labels.filter(pl.col("answer").is_in(["sensitive", "not"]))
    sensitive = settled.filter(pl.col("answer") == "sensitive").select("unit")
    wanted = sample.to_judge(sensitive["unit"].to_list())
    unsettled = wanted.join(settled, on="unit", how="anti").height
    if unsettled:
        raise InputError(
            f"{unsettled} of the {wanted.height} comments to judge have no answer, or 'unsure': "
            "finish the labelling sheet, which shows the unsure ones again at its end."
        )
    judged = sample.units.with_columns(found=pl.col("unit").is_in(sensitive["unit"].implode()))
    others = sample.kin.join(sensitive, on="unit", how="semi")
    for per, own in _OWN_LINES.items():
        if own in judged.columns:
            more = others.filter(pl.col("per") == per).group_by("line_id").agg(more=pl.col("lines").sum())
            judged = judged.join(more, on="line_id", how="left", maintain_order="left")
            weight = 1 / (pl.col(own) + pl.col("more").fill_null(0))
            # A line of nobody adds no person.
            judged = judged.with_columns(weight.fill_null(0.0).alias(per)).drop("more")
    return judged


def _column(strata: pl.DataFrame, column: str, names: list[str]) -> Counts:
    of = dict(zip(strata["stratum"], strata[column], strict=True))
    return np.array([of[name] for name in names], dtype=np.int64)


def expand(found: Counts, read: Counts, lines: Counts) -> Floats:
    """The stratified estimator's terms, N_h k_h / n_h; a stratum without lines adds nothing."""
    return lines * found / np.maximum(read, 1)


def drawn_totals(found: Counts, read: Counts, lines: Counts) -> Floats:
    """Draws of the number of sensitive lines, one column a stratum."""
    columns = [_drawn(place, *map(int, of)) for place, of in enumerate(zip(found, read, lines, strict=True))]
    return np.column_stack(columns)


@lru_cache(maxsize=512)
def _drawn(place: int, found: int, read: int, lines: int) -> Floats:
    """Draws for one stratum: what was found, and the rest by Jeffreys.

    Each stratum has its own fixed stream, so the same finds give the same draws: `audit_coverage` meets the same finds
    again and again, and pays for them once.
    """
    generator = np.random.default_rng([_MONTE_CARLO_SEED, place])
    shares = generator.beta(found + 0.5, read - found + 0.5, _DRAWS)
    drawn = np.asarray(found + generator.binomial(lines - read, shares), dtype=np.float64)
    drawn.setflags(write=False)
    return drawn


def interval(drawn: Floats, point: float) -> tuple[float, float, float]:
    """The point, and the middle 95 % of the draws, stretched to the point where all or nothing was found."""
    low, high = np.quantile(drawn, [0.025, 0.975])
    return point, min(float(low), point), max(float(high), point)


def recall(drawn: Floats, points: Floats) -> tuple[float, float, float]:
    """Of the sensitive lines, those that were called so; no point (NaN) where none was found at all."""
    everything = drawn.sum(axis=1)
    shares = np.divide(drawn[:, 0], everything, out=np.zeros(_DRAWS), where=everything > 0)
    if not points.sum():
        low, high = np.quantile(shares, [0.025, 0.975])
        return float("nan"), float(low), float(high)
    return interval(shares, float(points[0] / points.sum()))


def mean_weight(place: int, values: Floats, times: Counts) -> tuple[float, Floats]:
    """What a sensitive line of one stratum adds on average to a count of records or people, and draws of that mean.

    `values` are the different weights found, `times` how often. The draws are a Bayesian bootstrap (D. Rubin 1981,
    Annals of Statistics 9). Equal weights share one part of the Dirichlet, whose parts add up, so few parts stand for
    many lines. A stratum with no find has no weight to learn from: each line then counts whole, which can only raise
    the upper end.
    """
    if not times.sum():
        return 1.0, np.ones(_DRAWS)
    if len(values) == 1:
        return float(values[0]), np.full(_DRAWS, values[0])
    generator = np.random.default_rng([_MONTE_CARLO_SEED + 1, place])
    return float(values @ times / times.sum()), np.asarray(generator.dirichlet(times, _DRAWS) @ values)


def weighed(drawn: Floats, found: Counts, means: list[tuple[float, Floats]]) -> Floats:
    """Draws of a count of records or people, one column a stratum.

    What was found weighs what it weighs; only the lines that were not read weigh a drawn mean.
    """
    known = found * np.array([mean for mean, _ in means])
    return np.asarray(known + (drawn - found) * np.column_stack([draws for _, draws in means]))


def _shares(sample: Sample, judged: pl.DataFrame, drawn: Floats, points: Floats, found: Counts) -> pl.DataFrame:
    rows = []
    # A unit of which there is none has no share: a leak whose comments are all blank has no comments.
    for unit in [name for name in ("lines", "comments", "records", "people") if sample.totals.get(name)]:
        means = _mean_weights(judged, unit)
        point = float((points * np.array([mean for mean, _ in means])).sum())
        count, low, high = interval(weighed(drawn, found, means).sum(axis=1), point)
        whole = sample.totals[unit]
        rows.append((unit, count, low, high, whole, count / whole, low / whole, high / whole))
    columns = ["unit", "sensitive", "sensitive_low", "sensitive_high", "denominator", "value", "low", "high"]
    return pl.DataFrame(rows, schema=columns, orient="row")


def _mean_weights(judged: pl.DataFrame, unit: str) -> list[tuple[float, Floats]]:
    """`mean_weight` of each stratum for a count of `unit`; a line counts whole in lines and comments."""
    if unit not in _OWN_LINES:
        return [(1.0, np.ones(_DRAWS)) for _ in ANTICIPATED]
    found = [judged.filter("found", pl.col("stratum") == name)[unit].to_numpy() for name in ANTICIPATED]
    return [mean_weight(place, *np.unique(values, return_counts=True)) for place, values in enumerate(found)]


def _scan(found: Counts, read: Counts, lines: Counts, drawn: Floats) -> pl.DataFrame:
    """How good the scan was; a stratum without lines gives no row."""
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
        finds, tried, whole = int(found[rest]), int(read[rest]), int(lines[rest])
        rows.append(("elusion", finds / tried, *clopper_pearson(finds, tried), whole, "lines of D"))
        # A bound on one side at 95 % is the upper end of an interval at 90 %; with no find it is nearly 3 / n.
        most = whole * clopper_pearson(finds, tried, 0.9).high
        rows.append(("missed_at_most", most, float(finds), most, whole, "lines of D"))
    columns = ["quantity", "value", "low", "high", "denominator", "denominator_unit"]
    return pl.DataFrame(rows, schema=columns, orient="row").with_columns(pl.col("value").fill_nan(None))


def _by_stratum(sample: Sample, found: Counts) -> pl.DataFrame:
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
    """Cohen's kappa of a table of joint shares, and its standard error (Fleiss, Cohen and Everitt 1969, formula 13)."""
    by_a, by_b = shares.sum(axis=1), shares.sum(axis=0)
    agreed, by_chance = float(np.trace(shares)), float(by_a @ by_b)
    # The error's two sums run over the cells where the reviewers agree, and over those where they do not.
    same = np.diag(shares) * ((1 - by_chance) - (by_a + by_b) * (1 - agreed)) ** 2
    apart = shares * (by_b[:, None] + by_a[None, :]) ** 2
    np.fill_diagonal(apart, 0)
    spread = same.sum() + (1 - agreed) ** 2 * apart.sum() - (agreed * by_chance - 2 * by_chance + agreed) ** 2
    error = (max(float(spread), 0.0) / comments) ** 0.5 / (1 - by_chance) ** 2
    return (agreed - by_chance) / (1 - by_chance), error
