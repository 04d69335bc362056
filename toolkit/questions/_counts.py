"""The question `counts`: lines, records, practices, and people by naive keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.questions._base import (
    Answer,
    Cost,
    Headline,
    Pair,
    Question,
    Result,
    Section,
    TablePlan,
    Tables,
    chart_of,
    denominator,
    person_by,
    reason_of,
    share,
    unavailable,
    value,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go
    import polars as pl

    from toolkit.dataset import Leak

__all__ = ["COUNTS"]


def answer(leak: Leak) -> Answer:
    """Count lines, records, practices, practitioners and people by naive keys.

    Tables: `overview`, `completeness`, `by_year`, `period`, `by_departement`. A table that the data set does not allow
    is left out, with a note.
    """
    from toolkit.analysis import counts
    from toolkit.errors import MissingError

    makers: dict[str, Callable[[Leak], pl.DataFrame]] = {
        "completeness": counts.completeness,
        "by_year": counts.by_year,
        "period": counts.period,
        "by_departement": counts.by_departement,
    }
    overview = counts.overview(leak)
    tables, notes = {"overview": overview}, []
    for name, make in makers.items():
        try:
            tables[name] = make(leak)
        except MissingError as error:
            notes.append(unavailable(_TABLES[name].title, reason_of(error)))
    return Answer(tuple(_result(row) for row in overview.iter_rows(named=True)), tables, tuple(notes))


def _result(row: Mapping[str, Any]) -> Result:
    """Return a row of the overview as a result."""
    people = row["unit"] == "people"
    # Without a table of practices or practitioners there is nothing to compare their number with.
    unlisted = row["denominator"] == 0 < row["value"]
    return Result(
        id=_IDS.get(row["quantity"], row["quantity"]),
        value=row["value"],
        unit=row["unit"],
        denominator=row["value"] if unlisted else row["denominator"],
        denominator_unit=row["unit"] if unlisted else row["denominator_unit"],
        # People over lines is no share: one person has several lines.
        share=None if people or unlisted else row["share"],
        definition=person_by(row["definition"]) if people else row["definition"],
    )


def _cross_check(data_set: Path, answered: Answer) -> Iterator[Pair]:
    """Pair every count, the filled lines of each column, and the first and last days, with the second program's."""
    from toolkit import second_count

    results = {result.id: result for result in answered.results}
    counted = second_count.count_lines(data_set) | second_count.count_people_by_keys(data_set)
    yield from (Pair(name, results[name].value, counted[name]) for name in counted if name in results)
    for name, lines in counted.items():
        people = name.replace("lines_with_", "people_by_")
        if people != name and people in results:
            yield Pair(name, results[people].denominator, lines)
    if "completeness" in answered.tables:
        filled = second_count.count_filled(data_set)
        for row in answered.tables["completeness"].iter_rows(named=True):
            yield Pair(f"filled_{row['column']}", row["filled"], filled.get(row["column"], 0))
    if "period" in answered.tables:
        spans = second_count.count_dates(data_set)
        for row in answered.tables["period"].iter_rows(named=True):
            first, last = spans.get(row["column"], (None, None))[:2]
            yield Pair(f"first_{row['column']}", row["first"], first)
            yield Pair(f"last_{row['column']}", row["last"], last)


def _overview_chart(tables: Tables, source: str) -> go.Figure | None:
    """Draw lines, records and people; nothing where no line has a record id."""
    from toolkit import charts

    if "overview" not in tables or "records" not in tables["overview"]["quantity"].to_list():
        return None
    return charts.counts_overview(tables["overview"], source)


_IDS = {"people_by_folded_use_name": "people_by_names_birth_date"}
"""Names that a reader of `results.json` understands without the code of the analysis."""

_TABLES = {
    "overview": TablePlan("Lines, records, practices, and people by naive keys"),
    "completeness": TablePlan("Lines on which each column is filled"),
    "by_year": TablePlan("Lines by the year they were opened and last changed", ("created", "updated")),
    "period": TablePlan("First and last day of each date column"),
    "by_departement": TablePlan("Practices, lines and records by departement", ("lines", "records")),
}

_OVERVIEW = (
    "lines",
    "records",
    "repeated_lines",
    "practices",
    "practitioners",
    "people_by_nir",
    "people_by_birth_identity",
    "people_by_names_birth_date",
    "people_by_use_name",
)

COUNTS = Question(
    name="counts",
    title="How much is there?",
    help="Count lines, records, practices, and people by naive keys.",
    answer=answer,
    tables=_TABLES,
    charts={
        "counts_overview": _overview_chart,
        "departement_map": chart_of("departement_map", "by_departement"),
        "lines_by_year": chart_of("lines_by_year", "by_year"),
        "completeness": chart_of("completeness", "completeness"),
    },
    labels={
        "lines": "lines in the dump",
        "records": "records",
        "repeated_lines": "lines that repeat a record",
        "practices": "practices with at least one line",
        "people_by_nir": "people by social security number",
        "people_by_birth_identity": "people by birth name, first name, birth date and sex",
        "people_by_names_birth_date": "people by last name, first name and birth date",
    },
    summary=("lines", "records"),
    spread=("people_by_nir", "people_by_birth_identity", "people_by_names_birth_date"),
    section=Section(
        numbers=("lines", "records", "repeated_lines", "practices", "people_by_nir", "people_by_names_birth_date"),
        method=(
            "Everything is counted, nothing is sampled: these numbers have no margin of error.",
            (
                "A line is a line of the dump, a record is one file in the program of a practice, a person is a human "
                "being. A record may have been exported twice, and a person may have a record at several practices."
            ),
            (
                "People are counted by simple keys, compared letter by letter or without accents and capitals. Each "
                "key is counted on the lines where it is filled."
            ),
        ),
        limits=(
            (
                "A number of people means nothing without its key and its denominator: a key misses the lines where it "
                "is blank, and counts a person twice if they were entered in two ways."
            ),
            "Test entries are counted as lines and records, and as people by name.",
        ),
    ),
    headlines=(
        Headline(
            "The dump has {lines} lines, which hold {records} records.",
            "{repeated} of the {whole} lines ({share}) are duplicate exports of a record. The lines come from "
            "{practices} practices. Everything was counted: there is no margin of error.",
            {
                "lines": value("lines"),
                "records": value("records"),
                "repeated": value("repeated_lines"),
                "whole": denominator("repeated_lines"),
                "share": share("repeated_lines"),
                "practices": value("practices"),
            },
        ),
    ),
    notebook="01_counts",
    cells=dict.fromkeys(_OVERVIEW, "01-05"),
    cost=Cost(0.5, 1.6),
    notebook_cost=Cost(7.0, 0.25),
    cross_check=_cross_check,
)
