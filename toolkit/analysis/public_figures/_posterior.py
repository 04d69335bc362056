"""Compute the probability that a hit is the wrong person.

**The problem** is the database search problem of forensic science: a search for a person with certain traits among N
people finds some; how likely is each of them to be that person? (D. Balding and P. Donnelly, 1995, *Inference in
forensic identification*, JRSS A 158; A. P. Dawid, 1994, *The island problem: coherent use of identification evidence*;
for many searches at once, with frequencies learnt from the data, it is Bayesian one-to-one record linkage,
M. Sadinle, 2017, *Bayesian estimation of bipartite matchings for record linkage*, JASA 112.)

**The model.** A figure is in the leak, under a name by which it can be found, with probability p. If it is, its
record has pattern a (which names, date and departement agree) with probability m(a). The number of *other* people with
that pattern is Poisson, with the mean L(a) from `_namesakes`. Let n(a) be the number of people found with each pattern.
If the figure is not in the leak, all of them are namesakes, and the data have the probability

    D = prod over a of Poisson(n(a); L(a)).

If it is one of those found with pattern a, there is one namesake fewer with that pattern, which multiplies D by
n(a) / L(a), and each of the n(a) people is equally likely to be the figure. So candidate j,
with pattern a(j), is the figure with probability

    P(j) = p m(a(j)) / L(a(j))  /  (1 - p + p * sum over all candidates k of m(a(k)) / L(a(k))).

The candidates of one figure share the probability that the figure is in the leak, so two equal candidates cannot both
be likely. A single hit with L namesakes expected is wrong with the odds (1 - p) L : p m.

**Several records.** A person at several practices has several records. Those with one birth date, or one social
security number, are one candidate. But a second record may have a mistyped date: if the figure is another candidate k,
candidate j may still be a further record of the figure. With e(a) further records and L(a) namesakes expected at
pattern a,

    P(j is the figure's) = P(j) + (sum of P(k) for k other than j) * e(a) / (e(a) + L(a)).

**The parameters** are estimated from all figures together by expectation-maximisation (empirical Bayes): p is the share
of figures found beyond chance, m the distribution of patterns among their likely records. A prior worth a few records,
with assumed error rates, keeps the estimates of a small register reasonable.

**P(wrong person)** of a hit is 1 - P(j is the figure's).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from toolkit.analysis.public_figures._match_levels import DATES, NEAR_NAME, PLACES
from toolkit.analysis.public_figures._namesakes import Rates

__all__ = ["Evaluation", "Learnt", "evaluate"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Assumed shares of each level among a person's own records, with the weight of `_PRIOR_RECORDS` records.
_ASSUMED_DATES = np.array([0.955, 0.003, 0.005, 0.002, 0.002, 0.003, 0.005, 0.025])
_ASSUMED_PLACE = 0.95
_ASSUMED_FURTHER = 0.02
_PRIOR_RECORDS = 20.0
_FIRST_GUESS = 0.2
_MIN_NAMESAKES = 1e-12
"""Lower bound on expected namesakes, where none are counted."""
_MAX_ROUNDS = 200
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Learnt:
    """The parameters estimated from a register and a leak."""

    present: float
    """p, the share of figures that are in the leak under a name by which they can be found."""
    dates: Floats
    """m at each level of `DATES` for the same name, and last at the same date with a near name."""
    same_place: float
    """The share of figures' own records that are in the departement of the register."""
    further: float
    """Expected further records of a figure with a birth date other than that of its first."""


@dataclass(frozen=True)
class Evaluation:
    """The probabilities of each pair and figure, and the parameters."""

    pairs: pl.DataFrame
    """The pairs with `p_wrong_person`, `person` (a number for each candidate of a figure) and `weight` (the odds
    from the pattern alone that the record is the figure's and not a namesake's)."""
    present: Floats
    """For each figure of the register, the probability that it is in the leak."""
    learnt: Learnt


def evaluate(register: pl.DataFrame, pairs: pl.DataFrame, rates: Rates) -> Evaluation:
    """Return the probability that each pair of figure and record is the wrong person.

    `pairs` has `figure_id`, `record_id`, `same_name`, `date` (in `DATES`), `place` (in `PLACES`), `typed` and `nir`;
    `rates` are the namesakes of the figures besides their hits (`Namesakes.beside_hits`).
    """
    evidence = _Evidence(register, _with_people(pairs), rates)
    learnt = Learnt(_FIRST_GUESS, _ASSUMED_DATES, _ASSUMED_PLACE, _ASSUMED_FURTHER)
    for _ in range(_MAX_ROUNDS):
        step = evidence.learn(learnt)
        converged = abs(step.present - learnt.present) < _TOLERANCE
        learnt = step
        if converged:
            break
    weights = evidence.weigh(learnt)
    probabilities = evidence.people.with_columns(
        p_wrong_person=pl.Series(np.clip(1 - weights.right, 0, 1)), weight=pl.Series(evidence.odds(learnt))
    )
    columns = ["figure_id", "person", "p_wrong_person", "weight"]
    evaluated = evidence.pairs.join(probabilities.select(columns), on=["figure_id", "person"], maintain_order="left")
    return Evaluation(evaluated, weights.present, learnt)


def _with_people(pairs: pl.DataFrame) -> pl.DataFrame:
    """Add `person` to the pairs: records of a figure with one birth date or one NIR are one candidate."""
    people = pairs.with_columns(person=pl.col("record_id"))
    # A record can link two others, one by its date and one by its NIR. Three rounds are enough for the chains that
    # occur.
    for _ in range(3):
        for shared in ("typed", "nir"):
            least = pl.col("person").min().over("figure_id", shared)
            people = people.with_columns(person=pl.when(pl.col(shared).is_not_null()).then(least).otherwise("person"))
    return people.join(
        _near_another(people), on=["figure_id", "person"], how="left", maintain_order="left"
    ).with_columns(near_another=pl.col("near_another").fill_null(value=False) | pl.col("typed").is_null())


def _near_another(people: pl.DataFrame) -> pl.DataFrame:
    """Return the candidates whose birth date is one error away from that of another candidate of the figure.

    Dates that agree with one digit masked differ by at most that digit; dates with the same year and the same set of
    day and month are equal or have them swapped.
    """
    dates = (
        people.drop_nulls("typed").select("figure_id", "person", text=pl.col("typed").dt.strftime("%Y%m%d")).unique()
    )
    text = pl.col("text")
    masked = [pl.concat_str(text.str.head(at), pl.lit("*"), text.str.slice(at + 1)) for at in range(8)]
    month, day = text.str.slice(4, 2), text.str.slice(6, 2)
    swapped = pl.concat_str(text.str.head(4), pl.min_horizontal(month, day), pl.max_horizontal(month, day))
    keys = dates.select("figure_id", "person", key=pl.concat_list(*masked, swapped)).explode("key")
    shared = keys.filter(pl.col("person").n_unique().over("figure_id", "key") > 1)
    return shared.select("figure_id", "person", near_another=pl.lit(value=True)).unique()


@dataclass(frozen=True)
class _Weights:
    """Probabilities: one value per candidate, and for `present` one per figure."""

    right: Floats
    """The candidate is the figure."""
    further: Floats
    """The candidate is the figure, and so is another candidate."""
    present: Floats
    """The figure is in the leak."""


class _Evidence:
    """Candidates as arrays: one value per candidate person, with its pattern and the namesakes expected there."""

    def __init__(self, register: pl.DataFrame, pairs: pl.DataFrame, rates: Rates) -> None:
        self.pairs = pairs
        rows = register.select("figure_id", dated=pl.col("birth_date").is_not_null()).with_row_index("row")
        level = pl.col("date").replace_strict({name: at for at, name in enumerate(DATES)}, return_dtype=pl.Int64)
        level = pl.when("same_name").then(level).otherwise(NEAR_NAME)
        place = pl.col("place").replace_strict({name: at for at, name in enumerate(PLACES)}, return_dtype=pl.Int64)
        # The best agreement among the records of a candidate counts.
        strength = pl.col("level").replace_strict({0: 0, NEAR_NAME: 1}, default=pl.col("level") + 1)
        ranked = pairs.with_columns(level=level, at=place).sort("figure_id", "person", strength, "at")
        self.people = (
            ranked.group_by("figure_id", "person", maintain_order=True)
            .agg(pl.col("level").first(), pl.col("at").min(), pl.col("near_another").any())
            .join(rows, on="figure_id", maintain_order="left")
        )
        self._figures = register.height
        self._row = self.people["row"].to_numpy().astype(np.int64)
        self._level, self._place = self.people["level"].to_numpy(), self.people["at"].to_numpy()
        self._dated = self.people["dated"].to_numpy()
        self._near_another = self.people["near_another"].to_numpy()
        lives = np.nan_to_num(rates.place[self._row])
        by_place = np.where(self._place == 0, lives, 1 - lives)
        self._known_place = self._place < PLACES.index("unknown")
        self._namesakes = np.maximum(rates.people[self._row, self._level], _MIN_NAMESAKES)
        self._namesakes *= np.where(self._known_place, by_place, 1.0)

    def weigh(self, learnt: Learnt) -> _Weights:
        """Return the probabilities of each candidate and each figure."""
        own = self._own(learnt)
        density = own / self._namesakes
        sums = np.bincount(self._row, density, self._figures)
        evidence = 1 - learnt.present + learnt.present * sums
        first = learnt.present * density / evidence[self._row]
        present = learnt.present * sums / evidence
        # Without a birth date in the register, the dates of the candidates are compared with each other.
        own_error = np.where(self._dated | self._near_another, 1.0, learnt.dates[DATES.index("other")])
        more = learnt.further * own * own_error
        another = np.maximum(present[self._row] - first, 0)
        further = another * more / (more + self._namesakes)
        return _Weights(first + further, further, present)

    def odds(self, learnt: Learnt) -> Floats:
        """Return the odds that a candidate is the figure, from its pattern alone."""
        odds: Floats = learnt.present * self._own(learnt) / (self._namesakes * (1 - learnt.present))
        return odds

    def learn(self, learnt: Learnt) -> Learnt:
        """Take one step of expectation-maximisation."""
        weights = self.weigh(learnt)
        right = weights.right
        dated = np.bincount(self._level[self._dated], right[self._dated], len(_ASSUMED_DATES))
        dates = (dated + _PRIOR_RECORDS * _ASSUMED_DATES) / (dated.sum() + _PRIOR_RECORDS)
        placed = float(right[self._known_place].sum())
        same = float(right[self._place == 0].sum())
        return Learnt(
            present=float((weights.present.sum() + _PRIOR_RECORDS * _FIRST_GUESS) / (self._figures + _PRIOR_RECORDS)),
            dates=dates,
            same_place=(same + _PRIOR_RECORDS * _ASSUMED_PLACE) / (placed + _PRIOR_RECORDS),
            further=float(
                (weights.further.sum() + _PRIOR_RECORDS * _ASSUMED_FURTHER) / (weights.present.sum() + _PRIOR_RECORDS)
            ),
        )

    def _own(self, learnt: Learnt) -> Floats:
        """Return m: the share of figures' own records with the pattern of each candidate."""
        place = np.where(self._place == 0, learnt.same_place, 1 - learnt.same_place)
        # Where the register has no birth date, dates neither agree nor differ.
        own: Floats = np.where(self._dated, learnt.dates[self._level], 1.0) * np.where(self._known_place, place, 1.0)
        return own
