"""Count the people of a leak by age, on the day of the last change of a record."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import ibis
import polars as pl

from toolkit.analysis import duplicates
from toolkit.dataset import Leak, collect, share
from toolkit.dataset.cache import cached
from toolkit.errors import MissingError

__all__ = ["ADULT", "GROUPS", "Ages", "count_ages"]

ADULT = 18
"""The age from which a person is an adult (French Civil Code, article 414)."""
GROUPS = (0, 3, 6, 11, 15, ADULT, 30, 45, 60, 75, 90)
"""The first age of each group; the last group is open."""
_OLDEST = 120
"""An age above this is a placeholder or a typing error."""


class Ages(NamedTuple):
    """The ages of the people of a leak.

    `day`: the day on which the ages are computed, the last one on which a record was changed. `people`: linked people.
    `dated`: those with a plausible birth date (not after `day`, and at most 120 years before). `minors`: those of them
    who are under 18. `table`: one row per age group, `group` (such as "15 to 17"), `first_age`, `people`, `dated`,
    `share` (of the people with a plausible birth date).
    """

    day: date
    people: int
    dated: int
    minors: int
    table: pl.DataFrame


@cached
def count_ages(leak: Leak) -> Ages:
    """Count the linked people by age on the day of the last change of a record.

    A person's birth date is the one on most of their lines, the earliest of several. Placeholder records are left out.
    Raises `MissingError` where no record has a date of last change, or none a birth date.
    """
    lines = leak.lines
    day = collect(lines.aggregate(day=lines.updated_on.max()), "day").item()
    if day is None:
        raise MissingError("the data set has no date of last change on which to compute ages")
    if not leak.capabilities.has("birth_date"):
        raise MissingError("the data set has no birth dates (column birth_date)")
    people = duplicates.people_of_records(leak).drop_nulls("person_cluster")
    linked = leak.register_table(people.select("record_id", "person_cluster").to_arrow())
    births = (
        lines.filter(lines.birth_date.notnull())
        .inner_join(linked, "record_id")
        .group_by("person_cluster", "birth_date")
        .aggregate(lines=ibis._.count())
    )
    ranked = births.mutate(
        place=ibis.row_number().over(group_by="person_cluster", order_by=[births.lines.desc(), births.birth_date.asc()])
    )
    chosen = ranked.filter(ranked.place == 0).group_by("birth_date").aggregate(people=ibis._.count())
    by_date = collect(chosen, "birth_date").with_columns(age=_age("birth_date", day))
    plausible = by_date.filter(pl.col("age").is_between(0, _OLDEST))
    dated = int(plausible["people"].sum())
    minors = int(plausible.filter(pl.col("age") < ADULT)["people"].sum())
    return Ages(day, people["person_cluster"].n_unique(), dated, minors, _by_group(plausible, dated))


def _age(column: str, day: date) -> pl.Expr:
    """Return the completed years from a birth date to `day`; who is born on 29 February completes one on 1 March."""
    born = pl.col(column)
    birthday = born.dt.month().cast(pl.Int64) * 100 + born.dt.day().cast(pl.Int64)
    had_birthday = birthday <= day.month * 100 + day.day
    return day.year - born.dt.year().cast(pl.Int64) - pl.when(had_birthday).then(0).otherwise(1)


def _by_group(plausible: pl.DataFrame, dated: int) -> pl.DataFrame:
    """Return one row per age group, those without anybody included."""
    groups = pl.DataFrame({"group": [_name(n) for n in range(len(GROUPS))], "first_age": list(GROUPS)})
    placed = plausible.sort("age").join_asof(groups, left_on="age", right_on="first_age")
    counted = placed.group_by("group").agg(pl.col("people").sum())
    table = groups.join(counted, on="group", how="left", maintain_order="left").with_columns(
        pl.col("people").fill_null(0), dated=pl.lit(dated, pl.Int64)
    )
    return table.with_columns(share("people", "dated").alias("share"))


def _name(number: int) -> str:
    first = GROUPS[number]
    if number + 1 == len(GROUPS):
        return f"{first} and over"
    return f"{first} to {GROUPS[number + 1] - 1}"
