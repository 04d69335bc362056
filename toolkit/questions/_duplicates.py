"""The answer to the question of `duplicates`."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from toolkit.analysis import duplicates
from toolkit.dataset import Leak
from toolkit.questions._base import LINKED, Answer, Result, make_answer, of_people, person_by

__all__ = ["answer_duplicates", "answer_people"]

_SEVERAL = "people with a file at two practices or more"
_EITHER_WAY = "with a threshold of 64 to 1 either way"


def answer_duplicates(leak: Leak) -> Answer:
    """How many people are there, and how many stand at several practices? Tables as `answer_people` has them."""
    return answer_people(leak, duplicates.count_people(leak))


def answer_people(leak: Leak, people: duplicates.People, options: Sequence[str] = ()) -> Answer:
    """The same of people that are counted already; `options` are those of the command that counts them so.

    Tables: `waterfall`, `repeats`, `people_by_practices`, `threshold_sweep`, `match_weights` and `copied_bases` of the
    linkage; `people_range`, `funnel`, `at_several_practices` and `practices_per_person` of the exact keys.
    """
    between, several = duplicates.people_range(leak), duplicates.at_several_practices(leak)
    tables = {
        "waterfall": people.waterfall,
        "repeats": people.repeats,
        "people_by_practices": people.practices,
        "threshold_sweep": people.linkage.sweep,
        "match_weights": people.linkage.model.weights(),
        "copied_bases": duplicates.copied_bases(people.sharing),
        "people_range": between,
        "funnel": duplicates.funnel(leak),
        "at_several_practices": several,
        "practices_per_person": pl.concat(
            [duplicates.practices_per_person(leak, key) for key in duplicates.EXACT_KEYS]
        ),
    }
    results = [*_linked(people), *_between(between), *_by_keys(several)]
    question = "How many people are there, and how many stand at several practices?"
    return make_answer("duplicates", leak, question, results, tables, options)


def _linked(people: duplicates.People) -> list[Result]:
    counts, practices = people.linkage.counts, people.practices
    several = int(practices.filter(pl.col("practices") > 1)["people"].sum())
    placeholders = counts["placeholder records"]
    return [
        Result(
            "people", people.people, "people", counts["records"], "records", None, person_by(LINKED),
            people.low, people.high, interval=_EITHER_WAY,
        ),
        Result(
            "people_at_several_practices", several, "people", people.people, "people",
            several / people.people if people.people else None,
            of_people(_SEVERAL, LINKED),
        ),
        Result(
            "entries_of_nobody", placeholders, "records", counts["records"], "records",
            placeholders / counts["records"],
            "test entries and blank ones: no name, birth date or number is left without the placeholders",
        ),
    ]  # fmt: skip


def _between(between: pl.DataFrame) -> list[Result]:
    row = between.row(0, named=True)
    meanings = {
        "floor": "the fewest people an exact key finds; it misses who has none on any line",
        "ceiling": "the most people an exact key finds; it counts twice who was typed in two ways",
    }
    return [
        Result(
            f"people_{end}", row[end], "people", row["records"], "records", None,
            of_people(meaning, duplicates.KEYS[row[f"{end}_key"]].definition),
        )
        for end, meaning in meanings.items()
    ]  # fmt: skip


def _by_keys(several: pl.DataFrame) -> list[Result]:
    return [
        Result(
            id=f"people_at_several_practices_by_{row['key']}",
            value=row["people_at_several"],
            unit="people",
            denominator=row["people"],
            denominator_unit="people with the key",
            share=row["share"],
            definition=of_people(_SEVERAL, row["definition"]),
        )
        for row in several.iter_rows(named=True)
    ]
