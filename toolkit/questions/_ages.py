"""The question `ages`: how many people of the leak are children."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.questions._base import (
    LINKED,
    Answer,
    Cost,
    Headline,
    Question,
    Result,
    Section,
    TablePlan,
    chart_of,
    denominator,
    needs_any_column,
    needs_column,
    of_people,
    share,
    value,
)

if TYPE_CHECKING:
    from toolkit.dataset import Leak

__all__ = ["AGES"]


def answer(leak: Leak) -> Answer:
    """Count the linked people by age, and the children among them. Tables: `by_age`."""
    from toolkit.analysis.ages import count_ages

    ages = count_ages(leak)
    dated = of_people("people with a plausible birth date: at most 120 years ago, and not in the future", LINKED)
    minors = of_people("people under 18 on the day of the last change of a record", LINKED)
    results = (
        Result(
            "people_with_age", ages.dated, "people", ages.people, "people",
            ages.dated / ages.people if ages.people else None, dated,
        ),
        Result(
            "people_under_18", ages.minors, "people", ages.dated, "people with a plausible birth date",
            ages.minors / ages.dated if ages.dated else None, minors,
        ),
    )  # fmt: skip
    return Answer(results, {"by_age": ages.table})


AGES = Question(
    name="ages",
    title="How many of the people are children?",
    help="Count the people by age, and the children among them. The records are linked for it, see `duplicates`.",
    answer=answer,
    needs=(
        needs_column("birth_date", "birth dates"),
        needs_column("updated_on", "dates of last change, on which ages are computed"),
        needs_any_column(("first_name", "last_name", "birth_name"), "names"),
    ),
    tables={"by_age": TablePlan("People by age group", ("people",), printed=True)},
    charts={"people_by_age": chart_of("people_by_age", "by_age")},
    labels={
        "people_with_age": "people with a plausible birth date",
        "people_under_18": "people under 18",
    },
    summary=("people_under_18",),
    spread=("people_under_18",),
    section=Section(
        numbers=("people_under_18", "people_with_age"),
        method=(
            "The records are linked to people, and the birth date on most lines of a person is theirs.",
            (
                "The age is in completed years, on the day of the last change of a record: the copy was made on that "
                "day or later."
            ),
        ),
        limits=(
            "A birth date that was typed wrong moves a person to another age group; an implausible one is left out.",
            (
                "Everything was counted, so there is no sampling error; the number of people depends on the linkage, "
                "as the section on people shows."
            ),
        ),
    ),
    headlines=(
        Headline(
            "{share} of the people, {minors}, are children.",
            "Under 18 on the day of the last change of a record, out of {dated} linked people with a plausible birth "
            "date.",
            {
                "share": share("people_under_18"),
                "minors": value("people_under_18"),
                "dated": denominator("people_under_18"),
            },
        ),
    ),
    notebook="06_ages",
    cells=dict.fromkeys(("people_with_age", "people_under_18"), "06-06"),
    links=True,
    cost=Cost(0.5, 0.6),
    notebook_cost=Cost(7.0, 0.3),
)
