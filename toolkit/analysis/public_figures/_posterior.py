"""How likely is a hit to be the wrong person?

**The question** is that of the database search in forensic science: somebody with these traits was looked for among N
people, some were found, how likely is each of them to be the one? (D. Balding and P. Donnelly, 1995, *Inference in
forensic identification*, JRSS A 158; A. P. Dawid, 1994, *The island problem: coherent use of identification evidence*;
for many searches at once, with the frequencies learnt from the data, it is Bayesian record linkage one to one,
M. Sadinle, 2017, *Bayesian estimation of bipartite matchings for record linkage*, JASA 112.)

**The model.** A figure is in the leak, under a name by which it can be found, with probability p. If it is, its
record shows pattern a (what agrees: names, date, departement) with probability m(a). Besides, L(a) *other* people show
that pattern, a Poisson number with the mean worked out in `namesakes`. Say n(a) people are found at each pattern.
If the figure is not in the leak, all are namesakes, and the data have the probability

    D = prod over a of Poisson(n(a); L(a)).

If it is, and is one of those found at pattern a, one fewer is a namesake there, which multiplies D by n(a) / L(a), and
any of the n(a) may be the one. So candidate j, with pattern a(j), is the figure with probability

    P(j) = p m(a(j)) / L(a(j))  /  (1 - p + p * sum over all candidates k of m(a(k)) / L(a(k))).

The candidates of one figure share what is left after "not in the leak", so two equal ones cannot both be likely; a lone
hit with L namesakes expected is wrong with the odds (1 - p) L : p m.

**Several records.** A person at several practices has several records. Those with one birth date, or one social
security number, are one candidate. But a second record may bear a mistyped date: if the figure is another candidate k,
candidate j may still be its record, one of e(a) expected further ones with pattern a against L(a) namesakes, hence

    P(j is the figure's) = P(j) + (sum of P(k) for k other than j) * e(a) / (e(a) + L(a)).

**What is not known** is learnt from all figures at once by expectation and maximisation (empirical Bayes): p is the
share of figures beyond chance, m the patterns of what is likely theirs. A prior worth a few records, with rates of
slips that are assumptions, keeps a small register from learning nonsense.

**P(wrong person)** of a hit is 1 - P(j is the figure's).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from toolkit.analysis.public_figures._match_levels import DATES, NEAR_NAME, PLACES
from toolkit.analysis.public_figures._namesakes import Rates

__all__ = ["Judged", "Learnt", "judge"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Assumptions, worth `_WORTH` records: how often a person's own record shows each level.
_ASSUMED_DATES = np.array([0.955, 0.003, 0.005, 0.002, 0.002, 0.003, 0.005, 0.025])
_ASSUMED_PLACE = 0.95
_ASSUMED_FURTHER = 0.02
_WORTH = 20.0
_FIRST_GUESS = 0.2
_LEAST = 1e-12
"""Less than any number of namesakes, where there are none to count."""
_ROUNDS = 200
_SETTLED = 1e-9


@dataclass(frozen=True)
class Learnt:
    """What was learnt from a register and a leak."""

    present: float
    """p, the share of figures that are in the leak under a name by which they can be found."""
    dates: Floats
    """m at each level of `DATES` for the same name, and last for the same date and a near name."""
    same_place: float
    """How often a figure's own record is in the departement of the register."""
    further: float
    """Further records of a figure that bear another birth date than its first."""


@dataclass(frozen=True)
class Judged:
    """The verdict on each pair."""

    pairs: pl.DataFrame
    """The pairs with `p_wrong_person`, `person` (a number for each candidate of a figure) and `weight`: the odds for
    the figure against one namesake that the pattern alone gives."""
    present: Floats
    """For each figure of the register, the probability that it is in the leak."""
    learnt: Learnt


def judge(register: pl.DataFrame, pairs: pl.DataFrame, rates: Rates) -> Judged:
    """How likely is each pair of figure and record to be the wrong person?

    `pairs` has `figure_id`, `record_id`, `same_name`, `date` (in `DATES`), `place` (in `PLACES`), `typed` and `nir`;
    `rates` are those of the register's figures beside their hits.
    """
    evidence = _Evidence(register, _with_people(pairs), rates)
    learnt = Learnt(_FIRST_GUESS, _ASSUMED_DATES, _ASSUMED_PLACE, _ASSUMED_FURTHER)
    for _ in range(_ROUNDS):
        step = evidence.learn(learnt)
        settled = abs(step.present - learnt.present) < _SETTLED
        learnt = step
        if settled:
            break
    weights = evidence.weigh(learnt)
    verdict = evidence.people.with_columns(
        p_wrong_person=pl.Series(np.clip(1 - weights.right, 0, 1)), weight=pl.Series(evidence.odds(learnt))
    )
    columns = ["figure_id", "person", "p_wrong_person", "weight"]
    judged = evidence.pairs.join(verdict.select(columns), on=["figure_id", "person"], maintain_order="left")
    return Judged(judged, weights.present, learnt)


def _with_people(pairs: pl.DataFrame) -> pl.DataFrame:
    """The pairs with `person`: records of one figure that share a birth date, or a NIR, are one candidate's."""
    people = pairs.with_columns(person=pl.col("record_id"))
    # Sharing is handed on: a record with neither joins one by its date, another by its NIR. Three rounds are enough
    # for chains that people make.
    for _ in range(3):
        for shared in ("typed", "nir"):
            least = pl.col("person").min().over("figure_id", shared)
            people = people.with_columns(person=pl.when(pl.col(shared).is_not_null()).then(least).otherwise("person"))
    return people.join(
        _near_another(people), on=["figure_id", "person"], how="left", maintain_order="left"
    ).with_columns(near_another=pl.col("near_another").fill_null(value=False) | pl.col("typed").is_null())


def _near_another(people: pl.DataFrame) -> pl.DataFrame:
    """The candidates whose birth date is one slip away from that of another candidate of the figure.

    Dates that agree once a digit is covered are one digit apart, those that agree in the year and in the set of day and
    month are equal or have them swapped.
    """
    dates = (
        people.drop_nulls("typed").select("figure_id", "person", text=pl.col("typed").dt.strftime("%Y%m%d")).unique()
    )
    text = pl.col("text")
    covered = [pl.concat_str(text.str.head(at), pl.lit("*"), text.str.slice(at + 1)) for at in range(8)]
    month, day = text.str.slice(4, 2), text.str.slice(6, 2)
    swapped = pl.concat_str(text.str.head(4), pl.min_horizontal(month, day), pl.max_horizontal(month, day))
    keys = dates.select("figure_id", "person", key=pl.concat_list(*covered, swapped)).explode("key")
    shared = keys.filter(pl.col("person").n_unique().over("figure_id", "key") > 1)
    return shared.select("figure_id", "person", near_another=pl.lit(value=True)).unique()


@dataclass(frozen=True)
class _Weights:
    """Probabilities: one entry a candidate, and for `present` one a figure."""

    right: Floats
    """It is the figure's."""
    further: Floats
    """It is, while the figure is another candidate too."""
    present: Floats
    """The figure is in the leak."""


class _Evidence:
    """Candidates as arrays: one entry a candidate person, with its pattern and the namesakes expected there."""

    def __init__(self, register: pl.DataFrame, pairs: pl.DataFrame, rates: Rates) -> None:
        self.pairs = pairs
        rows = register.select("figure_id", dated=pl.col("birth_date").is_not_null()).with_row_index("row")
        level = pl.col("date").replace_strict({name: at for at, name in enumerate(DATES)}, return_dtype=pl.Int64)
        level = pl.when("same_name").then(level).otherwise(NEAR_NAME)
        place = pl.col("place").replace_strict({name: at for at, name in enumerate(PLACES)}, return_dtype=pl.Int64)
        # What agrees best in any of a candidate's records counts.
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
        self._strangers = np.maximum(rates.people[self._row, self._level], _LEAST)
        self._strangers *= np.where(self._known_place, by_place, 1.0)

    def weigh(self, learnt: Learnt) -> _Weights:
        """What each candidate is likely to be, and each figure."""
        own = self._own(learnt)
        density = own / self._strangers
        sums = np.bincount(self._row, density, self._figures)
        nobody = 1 - learnt.present + learnt.present * sums
        first = learnt.present * density / nobody[self._row]
        present = learnt.present * sums / nobody
        # Without a birth date in the register, the dates of the candidates are compared with each other.
        own_slip = np.where(self._dated | self._near_another, 1.0, learnt.dates[DATES.index("other")])
        more = learnt.further * own * own_slip
        another = np.maximum(present[self._row] - first, 0)
        further = another * more / (more + self._strangers)
        return _Weights(first + further, further, present)

    def odds(self, learnt: Learnt) -> Floats:
        """The odds for the figure that a candidate's pattern gives, were it the only one."""
        odds: Floats = learnt.present * self._own(learnt) / (self._strangers * (1 - learnt.present))
        return odds

    def learn(self, learnt: Learnt) -> Learnt:
        """One step of expectation and maximisation."""
        weights = self.weigh(learnt)
        right = weights.right
        dated = np.bincount(self._level[self._dated], right[self._dated], len(_ASSUMED_DATES))
        dates = (dated + _WORTH * _ASSUMED_DATES) / (dated.sum() + _WORTH)
        placed = float(right[self._known_place].sum())
        same = float(right[self._place == 0].sum())
        return Learnt(
            present=float((weights.present.sum() + _WORTH * _FIRST_GUESS) / (self._figures + _WORTH)),
            dates=dates,
            same_place=(same + _WORTH * _ASSUMED_PLACE) / (placed + _WORTH),
            further=float((weights.further.sum() + _WORTH * _ASSUMED_FURTHER) / (weights.present.sum() + _WORTH)),
        )

    def _own(self, learnt: Learnt) -> Floats:
        """m: how often a figure's own record shows the pattern of each candidate."""
        place = np.where(self._place == 0, learnt.same_place, 1 - learnt.same_place)
        # Where the register has no birth date, nothing of it can agree or differ.
        own: Floats = np.where(self._dated, learnt.dates[self._level], 1.0) * np.where(self._known_place, place, 1.0)
        return own
