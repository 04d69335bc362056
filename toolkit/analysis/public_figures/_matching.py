"""Match a register with a leak: hits, each with its tier and the probability that it is the wrong person."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from toolkit.analysis.public_figures._candidates import Candidates, FigureNames, find_candidates, name_figures
from toolkit.analysis.public_figures._frequencies import Frequencies, count_frequencies
from toolkit.analysis.public_figures._match_levels import (
    DATES,
    NEAR_NAME,
    PLACES,
    RANKS,
    TIERS,
    date_agreement,
    place_agreement,
)
from toolkit.analysis.public_figures._namesakes import Namesakes, Rates
from toolkit.analysis.public_figures._posterior import Learnt, evaluate
from toolkit.analysis.public_figures._register import own_register
from toolkit.analysis.stats import Interval, poisson_range
from toolkit.dataset import Leak, share
from toolkit.dataset.cache import cached

__all__ = ["Matches", "exact_hits", "match"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, repr=False)
class Matches:
    """The result of matching a register with a leak: `hits`, and `tiers` that compare their numbers with chance.

    Its representation shows numbers and never a name.
    """

    register: pl.DataFrame
    """The register, one row per figure, in the order of their ids."""
    pairs: pl.DataFrame
    """One row per figure and record that were compared, hit or not: what agrees, and the probabilities."""
    learnt: Learnt
    present: Floats
    """For each figure of the register, the probability that it is in the leak."""
    frequencies: Frequencies
    names: FigureNames
    candidates: Candidates

    def __repr__(self) -> str:
        figures = self.hits["figure_id"].n_unique()
        return f"<Matches: {self.hits.height:,} hits on {figures:,} of {self.register.height:,} figures>"

    @cached_property
    def hits(self) -> pl.DataFrame:
        """The records that may be a figure's.

        One row per hit: `figure_id`, `record_id`, `practice_id`, `tier` (the strongest reached), `rank` (its
        position in `TIERS`, from 0), `p_wrong_person`. Names are in the register only. A record exported twice
        is one hit.
        """
        ranked = self.pairs.filter(pl.col("rank") >= 0)
        tier = pl.col("rank").replace_strict(list(range(len(TIERS))), list(TIERS), return_dtype=pl.String)
        columns = ["figure_id", "record_id", "practice_id", "tier", "rank", "p_wrong_person"]
        return ranked.with_columns(tier=tier).select(columns).sort("figure_id", "record_id")

    @cached_property
    def tiers(self) -> pl.DataFrame:
        """The number of hits at each tier, and the number that chance alone would give.

        One row per tier, weakest first: `tier`, `definition`, `hits` (pairs that reach this tier or a stronger one),
        `best` (pairs whose strongest tier this is), `figures` (with such a hit), `figures_testable` (figures with
        the fields that the tier compares, the denominator), `share` (figures over figures_testable),
        `expected_by_chance` (hits that namesakes alone would give), `low` and `high` (the range of that number in 95 of
        100 cases), `expected_wrong` (the sum of P(wrong person) over the hits found, another estimate of the same),
        `excess_low` and `excess_high` (hits less `high` and `low`, never below 0).
        """
        expected = _expected_hits(self)
        dated = self.register["birth_date"].is_not_null()
        placed = dated & self.register["departement_code"].is_not_null()
        testable = (self.register.height, int(dated.sum()), int(dated.sum()), int(placed.sum()))
        rows = []
        for rank, (tier, definition) in enumerate(TIERS.items()):
            reached = self.hits.filter(pl.col("rank") >= rank)
            low, high = self.chance_range(expected[rank])
            rows.append(
                {
                    "tier": tier,
                    "definition": definition,
                    "hits": reached.height,
                    "best": self.hits.filter(pl.col("rank") == rank).height,
                    "figures": reached["figure_id"].n_unique(),
                    "figures_testable": testable[rank],
                    "expected_by_chance": expected[rank],
                    "low": int(low),
                    "high": int(high),
                    "expected_wrong": float(reached["p_wrong_person"].sum()),
                    "excess_low": max(0, reached.height - int(high)),
                    "excess_high": max(0, reached.height - int(low)),
                }
            )
        table = pl.DataFrame(rows).with_columns(share("figures", "figures_testable").alias("share"))
        return table.select(*table.columns[:6], "share", *table.columns[6:-1])

    def chance_range(self, expected: float) -> Interval:
        """Return the range of the number of chance hits in 95 of 100 cases, when `expected` are expected.

        The number of namesakes is Poisson, and each gives as many hits as it has records: a compound Poisson number,
        whose variance is its mean times `spread`. Divided by `spread`, it is nearly Poisson again.
        """
        spread = self.candidates.squared_records_per_person / self.candidates.records_per_person
        low, high = poisson_range(expected / spread)
        return Interval(float(np.floor(low * spread)), float(np.ceil(high * spread)))


@cached
def match(leak: Leak, register: pl.DataFrame | None = None, frequencies: Frequencies | None = None) -> Matches:
    """Find the records that may belong to the figures of a register, with the probability that each hit is wrong.

    `register` has the shape that `read_register` and `to_register` return; without one, the register that came with the
    leak is used. Pass `frequencies` (from `count_frequencies`) to avoid counting the leak again for a second register.
    Raises `MissingError` when there is no register, or when no line has a birth date, a sex, a first name or a surname.
    """
    register = (own_register(leak) if register is None else register).sort("figure_id")
    frequencies = frequencies or count_frequencies(leak)
    names = name_figures(register, frequencies)
    candidates = find_candidates(leak, register, names, frequencies)
    rates = Namesakes(register, names, frequencies, candidates).beside_hits()
    evaluated = evaluate(register, _agreements(register, candidates.pairs), rates)
    pairs = _ranked(evaluated.pairs)
    return Matches(register, pairs, evaluated.learnt, evaluated.present, frequencies, names, candidates)


def exact_hits(matches: Matches, register: pl.DataFrame) -> tuple[float, float, float]:
    """Return the expected chance hits that agree exactly in the year, in the date, and in date and place.

    `register` has the figures of the matches, with the birth dates to compare.
    """
    rates = Namesakes(register, matches.names, matches.frequencies, matches.candidates).in_all(matches.present)
    people = rates.people * matches.candidates.records_per_person
    same = people[:, DATES.index("same")]
    in_place = _places(rates.place, matches.frequencies.unplaced)[:, PLACES.index("same")]
    year = people[:, [DATES.index(level) for level in ("same", "swapped", "one_digit", "year")]]
    return float(year.sum()), float(same.sum()), float((same * in_place).sum())


def _expected_hits(matches: Matches) -> list[float]:
    """Return the hits expected from namesakes at each tier or a stronger one, in the order of `TIERS`."""
    namesakes = Namesakes(matches.register, matches.names, matches.frequencies, matches.candidates)
    rates = namesakes.in_all(matches.present)
    likely = _error_likely(namesakes.beside_hits(), matches.learnt, matches.register)
    by_place = _places(rates.place, matches.frequencies.unplaced)
    expected = [0.0] * len(TIERS)
    for level in range(len(DATES) + 1):
        for place in range(len(PLACES)):
            hits = rates.people[:, level] * by_place[:, place] * matches.candidates.records_per_person
            ranks = RANKS[level, place][likely[:, level, place].astype(np.int64)]
            for rank in range(len(TIERS)):
                expected[rank] += float(hits[ranks >= rank].sum())
    return expected


def _agreements(register: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    figures = register.select("figure_id", born="birth_date", lives="departement_code")
    return pairs.join(figures, on="figure_id", maintain_order="left").with_columns(
        date=date_agreement("born", "typed"), place=place_agreement("lives", "departement")
    )


def _ranked(pairs: pl.DataFrame) -> pl.DataFrame:
    """Add `rank` to the pairs; -1 for pairs that are no hit."""
    level = pairs["date"].replace_strict({name: at for at, name in enumerate(DATES)}, return_dtype=pl.Int64)
    levels = level.set(~pairs["same_name"], NEAR_NAME).to_numpy()
    place = pairs["place"].replace_strict({name: at for at, name in enumerate(PLACES)}, return_dtype=pl.Int64)
    likely = (pairs["weight"] > 1).to_numpy().astype(np.int64)
    return pairs.drop("nir").with_columns(rank=pl.Series(RANKS[levels, place.to_numpy(), likely]))


def _error_likely(rates: Rates, learnt: Learnt, register: pl.DataFrame) -> NDArray[np.bool_]:
    """Return for each figure, level and place whether an error is likelier than a namesake."""
    places = np.stack([rates.place, 1 - rates.place, np.ones_like(rates.place)], axis=1)
    own_place = np.array([learnt.same_place, 1 - learnt.same_place, 1.0])
    namesakes = np.maximum(rates.people[:, :, None] * np.nan_to_num(places, nan=1.0)[:, None, :], 1e-12)
    own = learnt.dates[None, :, None] * own_place[None, None, :]
    odds = learnt.present * own / (namesakes * (1 - learnt.present))
    dated = register["birth_date"].is_not_null().to_numpy()
    likely: NDArray[np.bool_] = (odds > 1) & dated[:, None, None]
    return likely


def _places(lives: Floats, unplaced: float) -> Floats:
    """Return for each figure the shares of namesakes in its departement, in another, and in an unknown one."""
    shares = np.stack([lives * (1 - unplaced), (1 - lives) * (1 - unplaced), np.full_like(lives, unplaced)], axis=1)
    nowhere = np.array([0.0, 0.0, 1.0])
    return np.where(np.isnan(lives)[:, None], nowhere, shares)
