"""Placebo test: repeat the search with registers in which every hit is wrong, and count the hits.

The model of `_namesakes` predicts the number of chance hits; a placebo measures it. Each figure gets the birth date of
another figure of the same sex and about the same age, so every record that still agrees is a namesake's; or it gets
another's first name, so people with the combined name have it by chance. This is a negative control (M. Lipsitch, E.
Tchetgen Tchetgen and T. Cohen, 2010, *Negative controls*, Epidemiology 21).
"""

from __future__ import annotations

import polars as pl

from toolkit.analysis.public_figures._match_levels import TIERS, date_agreement
from toolkit.analysis.public_figures._matching import Matches, exact_hits
from toolkit.errors import InputError

__all__ = ["placebo", "shuffle_dates", "shuffle_names"]

_LIKELY_OWN = 0.5
_SAME_YEAR = ("same", "swapped", "one_digit", "year")
_COMPARED = tuple(TIERS)[1:]
_STEP = 40
_APART = 7
_TRIES = 8


def shuffle_dates(register: pl.DataFrame, step: int = _STEP) -> pl.DataFrame:
    """Replace each birth date of the register by that of the figure `step` places younger, of the same sex.

    A figure without a birth date stays without one, and the only figure of its sex loses its own. Raises `InputError`
    when `step` is below 1.
    """
    return _shift(register, "birth_date", step)


def shuffle_names(register: pl.DataFrame, step: int = _STEP) -> pl.DataFrame:
    """Replace each first name of the register by that of a figure about `step` places younger, of the same sex.

    So first names stay typical of their generation. Raises `InputError` when `step` is below 1.
    """
    return _shift(register, "first_name", step)


def placebo(matches: Matches, rounds: int = 20) -> pl.DataFrame:
    """Count the records that agree with birth dates of other figures, next to the number that the model expects.

    Compares the records found by name in `matches` with shuffled birth dates, `rounds` times, without those that are
    likely the figure's own. One row per tier that compares dates: `tier`, `rounds`, `hits` and
    `expected_by_chance` (in one round, on average), `low` and `high` (the range of the hits of one round in 95 of 100
    cases). Dates with an error do not count as agreeing here.
    """
    others = matches.pairs.filter("same_name", pl.col("p_wrong_person") > _LIKELY_OWN).drop("born", "date")
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


def _shift(register: pl.DataFrame, column: str, step: int) -> pl.DataFrame:
    if step < 1:
        raise InputError(f"A step of {step} would give figures their own values: use 1 or more.")
    # Figures without a date form a group of their own: names move within it, and dates stay blank.
    undated = register["birth_date"].is_null().alias("undated")
    ordered = register.with_columns(undated).sort("undated", "sex", "birth_date", "figure_id", nulls_last=True)
    own, count = pl.col(column), pl.len()
    shifted = own
    # A figure that would get its own value takes that of the next one.
    for further in range(_TRIES):
        other = own.gather((pl.int_range(count) + step + further) % count)
        shifted = pl.when(shifted == own).then(other).otherwise(shifted)
    if column == "birth_date":
        shifted = pl.when(shifted != own).then(shifted)
    return ordered.with_columns(shifted.over(pl.struct("undated", "sex"))).drop("undated").sort("figure_id")
