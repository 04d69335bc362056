"""What chance really gives: the same search with registers in which nobody can be right.

The model of `namesakes` says how many hits chance gives; a placebo looks. Each figure is given the birth date of
another of the same sex and about the same age, so that whoever still agrees is a namesake; or its first name, so that
whoever bears the name that comes out does so by chance. The idea is that of a negative control (M. Lipsitch, E.
Tchetgen Tchetgen and T. Cohen, 2010, *Negative controls*, Epidemiology 21).
"""

from __future__ import annotations

import polars as pl

from toolkit.analysis.public_figures._match_levels import TIERS, date_agreement
from toolkit.analysis.public_figures._matching import Matches, exact_hits
from toolkit.errors import InputError

__all__ = ["placebo", "shuffle_dates", "shuffle_names"]

_OWN = 0.5
_SAME_YEAR = ("same", "swapped", "one_digit", "year")
_COMPARED = tuple(TIERS)[1:]
_STEP = 40
_APART = 7
_TRIES = 8


def shuffle_dates(register: pl.DataFrame, step: int = _STEP) -> pl.DataFrame:
    """The register with each birth date replaced by that of the figure `step` places younger, of the same sex.

    Figures without a birth date have none afterwards, nor has one that is alone of its sex. Raises `InputError` when
    `step` is below 1.
    """
    return _moved(register, "birth_date", step)


def shuffle_names(register: pl.DataFrame, step: int = _STEP) -> pl.DataFrame:
    """The register with each first name replaced by another, of a figure about `step` places younger, of the same sex.

    Names stay those of their generation. Raises `InputError` when `step` is below 1.
    """
    return _moved(register, "first_name", step)


def placebo(matches: Matches, rounds: int = 20) -> pl.DataFrame:
    """How many records agree with birth dates that are not the figures' own, and how many does the model expect?

    The records found by name in `matches` are compared `rounds` times with shuffled birth dates; those that are likely
    the figure's own are left out. One row a tier that compares dates: `tier`, `rounds`, `hits` and
    `expected_by_chance` (in one round, on average), `low` and `high` (between which the hits of one round fall in 95 of
    100 cases). Dates that are one slip away do not count as agreeing here.
    """
    others = matches.pairs.filter("same_name", pl.col("p_wrong_person") > _OWN).drop("born", "date")
    found = dict.fromkeys(_COMPARED, 0)
    expected = dict.fromkeys(_COMPARED, 0.0)
    for step in range(_STEP, _STEP + rounds * _APART, _APART):
        shuffled = shuffle_dates(matches.register, step)
        born = shuffled.select("figure_id", born="birth_date")
        compared = others.join(born, on="figure_id").with_columns(date=date_agreement("born", "typed"))
        same = pl.col("date") == "same"
        reached = (pl.col("date").is_in(_SAME_YEAR), same, same & (pl.col("place") == "same"))
        counts = compared.select(agreeing.sum().alias(tier) for tier, agreeing in zip(_COMPARED, reached, strict=True))
        for tier, by_chance in zip(_COMPARED, exact_hits(matches, shuffled), strict=True):
            found[tier] += int(counts[tier].item())
            expected[tier] += by_chance / rounds
    ranges = [matches.chance_range(expected[tier]) for tier in _COMPARED]
    return pl.DataFrame(
        {
            "tier": _COMPARED,
            "rounds": rounds,
            "hits": [count / rounds for count in found.values()],
            "expected_by_chance": list(expected.values()),
            "low": [int(low) for low, _ in ranges],
            "high": [int(high) for _, high in ranges],
        }
    )


def _moved(register: pl.DataFrame, column: str, step: int) -> pl.DataFrame:
    if step < 1:
        raise InputError(f"A step of {step} gives figures their own values back: use 1 or more.")
    # Figures without a date stand apart: their names go round among them, their dates stay blank.
    undated = register["birth_date"].is_null().alias("undated")
    ordered = register.with_columns(undated).sort("undated", "sex", "birth_date", "figure_id", nulls_last=True)
    own, many = pl.col(column), pl.len()
    moved = own
    # Who would be given the own value back takes that of the next.
    for further in range(_TRIES):
        other = own.gather((pl.int_range(many) + step + further) % many)
        moved = pl.when(moved == own).then(other).otherwise(moved)
    if column == "birth_date":
        moved = pl.when(moved != own).then(moved)
    return ordered.with_columns(moved.over(pl.struct("undated", "sex"))).drop("undated").sort("figure_id")
