"""Levels of agreement between a figure and a record: names, birth date and departement."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["DATES", "NEAR_NAME", "PLACES", "RANKS", "TIERS", "date_agreement", "place_agreement"]

TIERS = {
    "name": "first name, and last or birth name",
    "name_birth_year": "the same, and birth year",
    "name_birth_date": "the same, and birth date",
    "name_birth_date_place": "the same, and departement of the postal code",
}
"""The fields that agree between figure and record, from the weakest tier to the strongest."""

DATES = ("same", "swapped", "one_digit", "one_digit_of_year", "year", "other", "unknown")
"""Birth dates: equal; equal after swapping day and month; one digit apart in the day or month, or in the year; in the
same year; none of these; one unknown."""

NEAR_NAME = len(DATES)
"""The level after those of `DATES`: the same birth date, and one name only near, or both names exchanged."""

PLACES = ("same", "other", "unknown")
"""Departements: equal, different, or one of them unknown."""


def _ranks() -> NDArray[np.int64]:
    name, year, date = 0, 1, 2
    # The rank when an error is likelier than a namesake (the error counts as agreement), and when it is not.
    by_level = {
        "same": (date, date),
        "swapped": (date, year),
        "one_digit": (date, year),
        "one_digit_of_year": (date, name),
        "year": (year, year),
        "other": (name, name),
        "unknown": (name, name),
    }
    ranks = np.empty((len(DATES) + 1, len(PLACES), 2), dtype=np.int64)
    for level, (taken, left) in enumerate([*by_level.values(), (date, -1)]):
        ranks[level, :, 1], ranks[level, :, 0] = taken, left
    in_place = PLACES.index("same")
    ranks[:, in_place] += ranks[:, in_place] == date
    return ranks


RANKS = _ranks()
"""The tier (its position in `TIERS`, -1 for none) by level of date or name, by place, and by whether errors count.

An error (day and month swapped, one digit, a near name) counts as agreement where it is likelier than a namesake.
"""


def date_agreement(born: str, typed: str) -> pl.Expr:
    """Return the strongest level in `DATES` at which two columns of dates agree."""
    figure, record = pl.col(born), pl.col(typed)
    same_year = figure.dt.year() == record.dt.year()
    swapped = same_year & (figure.dt.month() == record.dt.day()) & (figure.dt.day() == record.dt.month())
    of_figure, of_record = figure.dt.strftime("%Y%m%d"), record.dt.strftime("%Y%m%d")
    differing = pl.sum_horizontal((of_figure.str.slice(at, 1) != of_record.str.slice(at, 1)) for at in range(8))
    return (
        pl.when(figure.is_null() | record.is_null())
        .then(pl.lit("unknown"))
        .when(figure == record)
        .then(pl.lit("same"))
        .when(swapped)
        .then(pl.lit("swapped"))
        .when((differing == 1) & same_year)
        .then(pl.lit("one_digit"))
        .when(differing == 1)
        .then(pl.lit("one_digit_of_year"))
        .when(same_year)
        .then(pl.lit("year"))
        .otherwise(pl.lit("other"))
    )


def place_agreement(lives: str, departement: str) -> pl.Expr:
    """Return the level in `PLACES` at which two columns of departement codes agree."""
    known = pl.col(lives).is_not_null() & pl.col(departement).is_not_null()
    same = pl.col(lives) == pl.col(departement)
    return pl.when(~known).then(pl.lit("unknown")).when(same).then(pl.lit("same")).otherwise(pl.lit("other"))
