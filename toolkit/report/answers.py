"""The four answers, each as a short list of numbers that say what they count.

The analyst's tables are put into one shape here, which the terminal, `results.json` and the report's page share: a
number with its unit, what it is a part of, its definition, its interval where it has one, and the command that gives
it again. Nothing is counted here: what the analyst does not say is not in a result.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from toolkit.analysis import comments, counts, duplicates, public_figures
from toolkit.leak import Leak

__all__ = ["ANSWERS", "Answer", "Result", "shown_path"]


@dataclass(frozen=True, slots=True)
class Result:
    """One number: `value` in `unit`, out of `denominator` in `denominator_unit`, and what it counts.

    `share` is the part of the denominator, `low` and `high` are an interval; each is null where it has no meaning. A
    leak that is counted whole has no sampling error, hence no interval. `command` gives the number again.
    """

    id: str
    value: float
    unit: str
    denominator: int
    denominator_unit: str
    share: float | None
    definition: str
    low: float | None = None
    high: float | None = None
    command: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question: its numbers, and the analyst's tables behind them, by name."""

    question: str
    results: tuple[Result, ...]
    tables: dict[str, pl.DataFrame]


def shown_path(path: Path) -> str:
    """A path as a reader may type it: from the working directory where it lies below it."""
    here = Path.cwd()
    return os.fspath(path.relative_to(here) if path.is_relative_to(here) else path)


def answer_counts(leak: Leak) -> Answer:
    """How much is there? Tables: `overview`, `completeness`, `by_year`, `period`."""
    overview = counts.overview(leak)
    tables = {
        "overview": overview,
        "completeness": counts.completeness(leak),
        "by_year": counts.by_year(leak),
        "period": counts.period(leak),
    }
    results = [
        Result(
            id=_COUNT_IDS.get(row["quantity"], row["quantity"]),
            value=row["value"],
            unit=row["unit"],
            denominator=row["denominator"],
            denominator_unit=row["denominator_unit"],
            # People over lines is no share: one person has several lines.
            share=None if row["unit"] == "people" else row["share"],
            definition=_person_by(row["definition"]) if row["unit"] == "people" else row["definition"],
        )
        for row in overview.iter_rows(named=True)
    ]
    return _answer("counts", leak, "How much is there?", results, tables)


_COUNT_IDS = {"people_by_folded_use_name": "people_by_names_birth_date"}
"""Names that a reader of `results.json` understands without the analyst's code."""


def answer_comments(leak: Leak) -> Answer:
    """What share of the lines reveals something intimate? Tables: `totals`, `categories`."""
    totals, categories = comments.overview(leak)
    results = [
        Result(
            id=row["quantity"],
            value=row["value"],
            unit=row["unit"],
            denominator=row["denominator"],
            denominator_unit=row["denominator_unit"],
            share=row["share"],
            definition=_COMMENT_DEFINITIONS[row["quantity"].partition("_")[0]],
        )
        for row in totals.iter_rows(named=True)
    ]
    sensitive = next(result for result in results if result.id == "sensitive_lines")
    if sensitive.share is not None:
        results.append(
            replace(sensitive, id="sensitive_share_of_lines", value=sensitive.share, unit="share of lines", share=None)
        )
    tables = {"totals": totals, "categories": categories}
    return _answer("comments", leak, "What share of the lines reveals something intimate?", results, tables)


_COMMENT_DEFINITIONS = {
    "commented": "the comment is not blank",
    "distinct": "different comments, letter for letter",
    "sensitive": "the comment reveals something intimate, of whomever and however it is said",
    "strict": "the comment states something intimate of the patient",
}
"""What the quantities of `comments.overview` count, by their first word."""


def answer_duplicates(leak: Leak) -> Answer:
    """How many people stand at several practices? Tables: `funnel`, `at_several_practices`, `practices_per_person`."""
    several = duplicates.at_several_practices(leak)
    tables = {
        "funnel": duplicates.funnel(leak),
        "at_several_practices": several,
        "practices_per_person": pl.concat(
            [duplicates.practices_per_person(leak, key) for key in duplicates.EXACT_KEYS]
        ),
    }
    results = [
        Result(
            id=f"people_at_several_practices_by_{row['key']}",
            value=row["people_at_several"],
            unit="people",
            denominator=row["people"],
            denominator_unit="people with the key",
            share=row["share"],
            definition=f"people with a file at two practices or more; {_person_by(row['definition'])}",
        )
        for row in several.iter_rows(named=True)
    ]
    return _answer("duplicates", leak, "How many people stand at several practices?", results, tables)


def answer_public_figures(leak: Leak) -> Answer:
    """Which public figures may be in the leak, and how many hits are namesakes? Table: `tiers`."""
    tiers = public_figures.tiers(leak)
    results: list[Result] = []
    agreeing = ""
    for row in tiers.iter_rows(named=True):
        agreeing = row["definition"].replace("the same", agreeing)
        results += _tier_results(row, agreeing)
    question = "Which public figures may be in the leak, and how many of the hits are namesakes?"
    return _answer("public-figures", leak, question, results, {"tiers": tiers})


def _tier_results(row: dict[str, Any], agreeing: str) -> Iterator[Result]:
    """Figures with a hit at one tier, and the hits that namesakes do not explain."""
    yield Result(
        id=f"figures_by_{row['tier']}",
        value=row["figures"],
        unit="public figures",
        denominator=row["figures_testable"],
        denominator_unit="figures of the register that can be compared",
        share=row["share"],
        definition=f"figures with at least one record of the same {agreeing}",
    )
    beyond = max(0.0, row["hits"] - row["expected"])
    yield Result(
        id=f"hits_beyond_chance_by_{row['tier']}",
        value=round(beyond, 1),
        unit="pairs of figure and record",
        denominator=row["hits"],
        denominator_unit="pairs found",
        share=beyond / row["hits"] if row["hits"] else None,
        definition=f"pairs of the same {agreeing}, less the {row['expected']:,.1f} that namesakes would give",
        low=row["excess_low"],
        high=row["excess_high"],
    )


def _person_by(definition: str) -> str:
    return f"a person is: {definition}"


def _answer(name: str, leak: Leak, question: str, results: list[Result], tables: dict[str, pl.DataFrame]) -> Answer:
    command = f"toolkit {name} {shlex.quote(shown_path(leak.path))} --json"
    return Answer(question, tuple(replace(result, command=command) for result in results), tables)


ANSWERS: dict[str, Callable[[Leak], Answer]] = {
    "counts": answer_counts,
    "comments": answer_comments,
    "public-figures": answer_public_figures,
    "duplicates": answer_duplicates,
}
"""The answers by the name of their command, in the order of the notebooks."""
