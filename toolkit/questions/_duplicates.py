"""The question `duplicates`: how many people there are, and how many have records at several practices."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.i18n import N_
from toolkit.questions._base import (
    LINKED,
    Answer,
    Cost,
    Headline,
    Option,
    Pair,
    Question,
    Result,
    Section,
    TablePlan,
    Tables,
    chart_of,
    denominator,
    high,
    low,
    needs_any_column,
    of_people,
    person_by,
    share,
    unavailable,
    value,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go
    import polars as pl

    from toolkit.analysis import duplicates
    from toolkit.dataset import Leak

__all__ = ["DUPLICATES"]

_SEVERAL = "people with records at two or more practices"
_EITHER_WAY = "if the match threshold moves by 6 bits (odds ×64 or ÷64)"
_BY_NIR, _BY_NAMES = (f"people_at_several_practices_by_{key}" for key in ("nir", "birth_identity"))


def answer(leak: Leak, *, model: Path | None = None, out: Path | None = None, save_model: Path | None = None) -> Answer:
    """Link the records and count people, those at several practices, and the kinds of repeated lines.

    `model` is the file of a trained model to link with; `out` a Parquet file for the clusters (record_id and
    person_cluster); `save_model` a JSON file for the model that was used. Tables: `waterfall`, `repeats`,
    `people_by_practices`, `threshold_sweep`, `match_weights` and `copied_bases` of the linkage; `people_range`,
    `funnel`, `at_several_practices` and `practices_per_person` of the exact keys. Raises `InputError` for a model that
    cannot be read and a file that cannot be written.
    """
    import polars as pl

    from toolkit.analysis import duplicates, linkage

    if model is None:
        people = duplicates.count_people(leak)
    else:
        people = duplicates.count_people(leak, model=linkage.Model.load(model))
    if out is not None:
        linkage.write_clusters(people, out)
    if save_model is not None:
        people.linkage.model.save(save_model)
    between = duplicates.people_range(leak)
    tables = {
        "waterfall": people.waterfall,
        "repeats": people.repeats,
        "threshold_sweep": people.linkage.sweep,
        "match_weights": people.linkage.model.weights(),
        "people_range": between,
        "funnel": duplicates.funnel(leak),
    }
    results = [*_linked(people), *_between(between)]
    notes = []
    if leak.capabilities.has("practice_id"):
        several = duplicates.at_several_practices(leak)
        tables |= {
            "people_by_practices": people.practices,
            "copied_bases": duplicates.copied_bases(people.sharing),
            "at_several_practices": several,
            "practices_per_person": pl.concat(
                [duplicates.practices_per_person(leak, key) for key in duplicates.EXACT_KEYS]
            ),
        }
        results[1:1] = _at_several(people)
        results += _by_keys(several)
    else:
        notes.append(unavailable("People at several practices", N_("the data set has no practices (practice_id)")))
    return Answer(tuple(results), tables, tuple(notes))


def _linked(people: duplicates.People) -> list[Result]:
    counts = people.linkage.counts
    placeholders = counts["placeholder records"]
    return [
        Result(
            "people", people.people, "people", counts["records"], "records", None, person_by(LINKED),
            people.low, people.high, interval=_EITHER_WAY,
        ),
        Result(
            "placeholder_records", placeholders, "records", counts["records"], "records",
            placeholders / counts["records"],
            "test and blank entries: no name, birth date or number is left once placeholder values are removed",
        ),
    ]  # fmt: skip


def _at_several(people: duplicates.People) -> list[Result]:
    import polars as pl

    several = int(people.practices.filter(pl.col("practices") > 1)["people"].sum())
    return [
        Result(
            "people_at_several_practices", several, "people", people.people, "people",
            several / people.people if people.people else None,
            of_people(_SEVERAL, LINKED),
        )
    ]  # fmt: skip


def _between(between: pl.DataFrame) -> list[Result]:
    from toolkit.analysis.duplicates import KEYS

    row = between.row(0, named=True)
    meanings = {
        "floor": "the fewest people by an exact key; it ignores people whose key is never filled",
        "ceiling": "the most people by an exact key; it counts a person twice if they were entered in two ways",
    }
    return [
        Result(
            f"people_{end}", row[end], "people", row["records"], "records", None,
            of_people(meaning, KEYS[row[f"{end}_key"]].definition),
        )
        for end, meaning in meanings.items()
        # A key whose columns are missing counts nobody, which is no bound.
        if row["floor"]
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


def _cross_check(data_set: Path, answered: Answer) -> Iterator[Pair]:
    """Pair the people at several practices by exact keys with the second program's."""
    from toolkit import second_count

    results = {result.id: result for result in answered.results}
    counted = second_count.count_people_by_keys(data_set)
    yield from (Pair(name, results[name].value, counted[name]) for name in counted if name in results)


def _people(tables: Tables, source: str) -> go.Figure | None:
    from toolkit import charts

    if "waterfall" not in tables or "threshold_sweep" not in tables:
        return None
    swept = tables["threshold_sweep"]["people"]
    return charts.people_steps(tables["waterfall"], swept[0], swept[-1], source)


def _practices(tables: Tables, source: str) -> go.Figure | None:
    """Draw the linkage first, then the exact keys."""
    import polars as pl

    from toolkit import charts

    if any(name not in tables for name in ("people_by_practices", "practices_per_person", "waterfall")):
        return None
    # Some of the people are hidden: shares are of all of them.
    people = tables["waterfall"]["n"][-1]
    linked = tables["people_by_practices"].select(
        pl.lit("linkage").alias("key"), "practices", "people", share=pl.col("people") / people
    )
    by_key = tables["practices_per_person"].select(linked.columns)
    return charts.people_by_practices(pl.concat([linked, by_key]), source)


DUPLICATES = Question(
    name="duplicates",
    title="How many people are there, and how many have records at several practices?",
    help=(
        "Link the records and count people, and those with records at several practices. Exact keys run on the engine; "
        "DuckDB links the records, in 4GB unless --memory-limit is given. The linkage is cached with the data set, so "
        "a second call is short, and an interrupted one resumes."
    ),
    answer=answer,
    needs=(
        needs_any_column(("first_name", "last_name", "birth_name"), "names"),
        needs_any_column(
            ("birth_date", "nir", "mobile_phone", "email", "postal_code"),
            "birth dates, numbers, addresses or other details that tell namesakes apart",
        ),
    ),
    options=(
        Option("model", Path | None, "Trained model to link with.", metavar="FILE", show_default="trained on the leak"),
        Option(
            "out",
            Path | None,
            "Parquet file for the clusters: record_id and person_cluster; readable by its owner only.",
            metavar="FILE",
        ),
        Option("save_model", Path | None, "JSON file for the model that was used.", metavar="FILE"),
    ),
    tables={
        "waterfall": TablePlan("From lines to people, step by step", printed=True),
        "repeats": TablePlan("Why there are more lines than people, by kind", printed=True),
        "people_by_practices": TablePlan("People by their number of practices, linked", ("people", "records")),
        "practices_per_person": TablePlan(
            "People by their number of practices, by exact key", ("people", "lines"), "key"
        ),
        "at_several_practices": TablePlan("People at several practices, by exact key"),
        "people_range": TablePlan("The fewest and the most people by an exact key"),
        "funnel": TablePlan("From lines to people, by exact key"),
        "threshold_sweep": TablePlan("People found at each threshold of the linkage"),
        "match_weights": TablePlan("Match weight of each agreement in the linkage"),
        "copied_bases": TablePlan(
            "Pairs of practices that look like one base copied", ("shared", "people_a", "people_b"), file=False
        ),
    },
    charts={
        "people_steps": _people,
        "repeats": chart_of("repeats", "repeats"),
        "people_by_practices": _practices,
    },
    labels={
        "people": "people, by record linkage",
        "people_at_several_practices": "people with records at two or more practices",
        "people_floor": "people by social security number: a lower bound",
        "people_ceiling": "people by names, birth date and sex: an upper bound",
        _BY_NIR: "people at several practices, by social security number",
    },
    summary=("people", "people_at_several_practices"),
    spread=("people", "people_at_several_practices", _BY_NIR),
    section=Section(
        numbers=("people", "people_at_several_practices", "people_floor", "people_ceiling"),
        method=(
            (
                "Every agreement and every difference between two records gets a weight from how often it occurs in "
                "records of one person and how often by chance (Fellegi and Sunter, 1969)."
            ),
            (
                "Linked records are one person, and each group is checked again from within, so that a shared number "
                "does not turn a family into one person."
            ),
            "Exact keys are counted beside it: they give a lower and an upper bound.",
        ),
        limits=(
            (
                "The range around the number of people shows the effect of the threshold, not a margin of error: "
                "records that are never compared, and two people who agree in everything, move with no threshold."
            ),
        ),
        limits_synthetic=(
            (
                "Typing errors and families are synthetic too: on real files, pairs read by two people are the only "
                "way to evaluate the linkage."
            ),
        ),
    ),
    headlines=(
        Headline(
            "The records are those of about {people} people.",
            "Linked from {records} records; between {low} and {high} if the match threshold moves by 6 bits (odds ×64 "
            "or ÷64). Exact keys alone give between {floor} and {ceiling}.",
            {
                "people": value("people"),
                "records": denominator("people"),
                "low": low("people"),
                "high": high("people"),
                "floor": value("people_floor"),
                "ceiling": value("people_ceiling"),
            },
        ),
        Headline(
            "The records are those of about {people} people.",
            "Linked from {records} records; between {low} and {high} if the match threshold moves by 6 bits (odds ×64 "
            "or ÷64).",
            {
                "people": value("people"),
                "records": denominator("people"),
                "low": low("people"),
                "high": high("people"),
            },
            unless="people_floor",
        ),
        Headline(
            "{share} of the people, {people}, have records at two or more practices.",
            "Out of {whole} linked people. By names, birth date and sex it would be {key_share} of {key_whole}: an "
            "exact key counts a person twice if they were entered in two ways.",
            {
                "share": share("people_at_several_practices"),
                "people": value("people_at_several_practices"),
                "whole": denominator("people_at_several_practices"),
                "key_share": share(_BY_NAMES),
                "key_whole": denominator(_BY_NAMES),
            },
        ),
    ),
    notebook="04_duplicates",
    cells={
        "people": "04-07",
        "placeholder_records": "04-10",
        **dict.fromkeys(("people_floor", "people_ceiling"), "04-13"),
        **dict.fromkeys(("people_at_several_practices", _BY_NIR, _BY_NAMES), "04-21"),
    },
    links=True,
    cost=Cost(0.2, 0.14),
    notebook_cost=Cost(9.0, 5.0),
    cross_check=_cross_check,
)
