"""The second count gives the same numbers as the analysis, on leaks and on difficult names."""

from __future__ import annotations

import shutil
import tempfile
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolkit import schema, second_count
from toolkit.analysis import _folding as folding
from toolkit.analysis import counts, duplicates, public_figures
from toolkit.analysis.audit import _estimates as audit_estimates
from toolkit.dataset._leak import Leak, open_leak
from toolkit.errors import ReportError
from toolkit.questions import Answer, Pair, find_question
from toolkit.run._cross_check import cross_check, pair_with_second_count

FEW = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

# --- On leaks ---------------------------------------------------------------------------------------------------------


def test_headlines_of_a_leak_are_counted_alike(small_leak: Path, small_answers: dict[str, Answer]) -> None:
    """Both counts agree on every number of a synthetic leak, with interval bounds within the simulation error."""
    pairs = pair_with_second_count(small_leak, small_answers)

    assert [] == [pair for pair in pairs if not pair.agrees]
    assert {
        "lines",
        "records",
        "repeated_lines",
        "practices",
        "practitioners",
        "people_by_nir",
        "people_by_birth_identity",
        "people_by_names_birth_date",
        "people_by_use_name",
        "people_at_several_practices_by_nir",
        "people_at_several_practices_by_birth_identity",
        "lines_with_nir",
        "commented_lines",
        "distinct_texts",
        "filled_email",
        "first_created_on",
        "last_updated_on",
        "sensitive_lines",
        "sensitive_lines_low",
        "sensitive_share_of_lines",
        "sensitive_share_of_lines_high",
    } <= {pair.name for pair in pairs}


def test_counts_of_nine_lines_are_those_of_the_page(nine_lines: Path) -> None:
    """The second count of the nine-line fixture is the count made by hand."""
    people = second_count.count_people_by_keys(nine_lines)

    expected = {"lines": 9, "records": 8, "repeated_lines": 1, "practices": 3, "practitioners": 4}
    assert expected | {"commented_lines": 4, "distinct_texts": 3} == second_count.count_lines(nine_lines)
    assert (3, 5, 2) == tuple(people[f"{what}_nir"] for what in NIR)
    assert 2 == people["people_at_several_practices_by_birth_identity"]
    assert 6 == people["people_by_use_name"]
    assert 5 == people["people_by_names_birth_date"]
    assert (date(2015, 1, 5), date(2019, 8, 8), 9) == second_count.count_dates(nine_lines)["created_on"]


NIR = ("people_by", "lines_with", "people_at_several_practices_by")


def test_planted_numbers_are_those_of_the_manifest(small_leak: Path) -> None:
    """The numbers counted from the truth are those of the manifest."""
    with open_leak(small_leak) as leak:
        planted = leak.manifest["counts"]

    counted = second_count.count_planted(small_leak)

    assert (planted["people"], planted["sensitive_people"]) == (counted["people"], counted["sensitive_people"])
    assert counted["sensitive_people"] <= counted["sensitive_records"] <= counted["sensitive_lines"]
    assert counted["sensitive_lines"] / 20_000 == counted["sensitive_share_of_lines"]


def test_exact_hits_on_public_figures_are_counted_alike(small_leak: Path) -> None:
    """Both programs find the same number of exact matches of a public figure and a record."""
    with open_leak(small_leak, threads=2) as leak:
        pairs = public_figures.match(leak).pairs

    exact = pairs.filter("same_name", pl.col("date") == "same").height

    assert exact > 0
    assert exact == second_count.count_exact_pairs(small_leak)


def test_linked_people_are_counted_alike_from_the_file_of_clusters(small_leak: Path, tmp_path: Path) -> None:
    """The clusters file has as many people, pairs and people at several practices as the linkage reports."""
    from toolkit.analysis.linkage._people import write_clusters

    with open_leak(small_leak, threads=2) as leak:
        people = duplicates.count_people(leak)
    write_clusters(people, tmp_path / "clusters.parquet")

    counted = second_count.count_clusters(small_leak, tmp_path / "clusters.parquet")

    several = people.practices.filter(pl.col("practices") > 1)["people"].sum()
    pairs = sum(size * (size - 1) // 2 for size in people.linkage.clusters["person_cluster"].value_counts()["count"])
    expected = {
        "records": people.linkage.counts["records"],
        "clusters": people.people + people.linkage.counts["placeholder records"],
        "pairs": pairs,
        "people_at_several_practices": several,
    }
    assert expected == counted


# --- On difficult names -----------------------------------------------------------------------------------------------

# Accents alone and on letters, two letters in one, strokes, apostrophes, spaces of every kind, other alphabets.
DIFFICULT = "aAbBzZ09 éÈêçÿŸœŒæÆßẞǽǾøŁđıŉñ'’-.\t\n\r\u00a0\u202f\u0301\u0327\u034fΔжﬁ中😀\u212b"
NAMES = st.one_of(
    st.none(), st.sampled_from(["", " ", "Martin", "MARTIN", "Zoé", "ZOE"]), st.text(DIFFICULT, max_size=6)
)
DAYS = st.one_of(st.none(), st.sampled_from([date(1900, 1, 1), date(1980, 5, 17), date(1980, 5, 18)]))
LINES = st.lists(
    st.fixed_dictionaries(
        {
            "record_id": st.integers(1, 12),
            "practice_id": st.integers(1, 3),
            "practitioner_id": st.integers(1, 4),
            "last_name": NAMES,
            "birth_name": NAMES,
            "first_name": NAMES,
            "sex": st.sampled_from(["M", "F", "", None]),
            "birth_date": DAYS,
            "nir": st.sampled_from(["280059900000114", "280059900000114 ", "", " ", None]),
            "administrative_comment": NAMES,
        }
    ),
    min_size=1,
    max_size=60,
)


def as_lines(rows: list[dict[str, Any]]) -> pa.Table:
    """Rows of some columns as lines of a dump, the other columns empty."""
    blank = dict.fromkeys(schema.LINES.names) | dict.fromkeys(("created_on", "updated_on"), date(2020, 1, 1))
    lines = [blank | {"line_id": line_id} | row for line_id, row in enumerate(rows)]
    return pa.Table.from_pylist(lines, schema=schema.LINES.arrow_schema())


@FEW
@given(rows=LINES)
def test_difficult_tables_are_counted_alike(rows: list[dict[str, Any]], write_data_set: Callable[..., Path]) -> None:
    """Both counts agree on tables with nulls, blanks, accents, œ, apostrophes and all kinds of spaces."""
    with tempfile.TemporaryDirectory() as folder:
        path = write_data_set(Path(folder), lines=as_lines(rows))
        with open_leak(path, threads=1) as leak:
            answers = {"counts": counted(leak)}
        second = second_count.count_lines(path) | second_count.count_people_by_keys(path)
        filled = second_count.count_filled(path)

    overview, several, completeness = (answers["counts"][name] for name in ("overview", "several", "completeness"))
    assert overview == {name: second[name] for name in overview}
    assert several == {name: second[name] for name in several}
    assert completeness == filled


def counted(leak: Leak) -> dict[str, dict[str, int]]:
    """The numbers of the analysis, under the names of the second count."""
    overview = dict(counts.overview(leak).select("quantity", "value").iter_rows())
    if "people_by_folded_use_name" in overview:
        overview["people_by_names_birth_date"] = overview.pop("people_by_folded_use_name")
    several = duplicates.at_several_practices(leak).select("key", "people_at_several")
    completeness = counts.completeness(leak).select("column", "filled")
    return {
        "overview": overview,
        "several": {f"people_at_several_practices_by_{key}": people for key, people in several.iter_rows()},
        "completeness": dict(completeness.iter_rows()),
    }


def fold_twice(texts: list[str]) -> tuple[list[str | None], list[str | None]]:
    """The results of both folding functions on these texts."""
    table = ibis.memtable({"place": range(len(texts)), "text": texts})
    first = table.select("place", folded=folding.fold(table.text)).order_by("place").to_polars()["folded"]
    second = pl.DataFrame({"text": texts}, schema={"text": pl.String}).select(second_count.fold(pl.col("text")))
    return first.to_list(), second.to_series().to_list()


def test_every_letter_is_folded_alike() -> None:
    """Each character of the first Unicode plane, between two letters, is folded alike by both functions."""
    letters = [chr(code) for code in range(1, 0x10000) if unicodedata.category(chr(code)) != "Cs"]

    first, second = fold_twice([f"a{letter}b" for letter in letters])

    assert [] == [(letter, *both) for letter, *both in zip(letters, first, second, strict=True) if both[0] != both[1]]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(DIFFICULT, max_size=12), min_size=1, max_size=50))
def test_every_name_is_folded_alike(texts: list[str]) -> None:
    """Any sequence of letters, accents and signs is folded alike by both functions."""
    first, second = fold_twice(texts)

    assert first == second


# --- The estimate -----------------------------------------------------------------------------------------------------

STRATUM = st.integers(1, 400).flatmap(
    lambda sampled: st.tuples(
        st.integers(0, 400_000).map(lambda more: sampled + more), st.just(sampled), st.integers(0, sampled)
    )
)


def test_total_of_strata_is_the_textbook_sum() -> None:
    """90 of 100 sampled of 1,000 lines, and 10 of 1,000 sampled of 9,000, give an estimate of 900 + 90."""
    total = second_count.estimate_total([second_count.Stratum(1_000, 100, 90), second_count.Stratum(9_000, 1_000, 10)])

    assert 990 == pytest.approx(total.value)
    assert total.low < 990 < total.high


def test_a_fully_sampled_stratum_has_no_interval() -> None:
    """A stratum whose lines were all sampled adds no uncertainty."""
    assert (7, 7, 7) == second_count.estimate_total([second_count.Stratum(40, 40, 7), second_count.Stratum(5, 0, 0)])


@settings(max_examples=40, deadline=None)
@given(st.lists(STRATUM, min_size=4, max_size=4))
def test_interval_is_that_of_the_analysis(strata: list[tuple[int, int, int]]) -> None:
    """The exact 95 % interval is that of ten thousand simulated values, within the simulation error."""
    lines, read, found = (np.array(column) for column in zip(*strata, strict=True))
    points = audit_estimates.expand(found, read, lines)
    drawn = audit_estimates.drawn_totals(found, read, lines).sum(axis=1)
    value, low, high = audit_estimates.interval(drawn, float(points.sum()))

    total = second_count.estimate_total([second_count.Stratum(*stratum) for stratum in strata])

    assert value == pytest.approx(total.value)
    assert (total.low, total.high) == pytest.approx((low, high), abs=0.06 * (high - low) + 1)


# --- The comparison ---------------------------------------------------------------------------------------------------


def test_a_number_that_differs_stops_the_report(small_leak: Path, small_answers: dict[str, Answer]) -> None:
    """A number on which the counts differ raises an error with its name and both values."""
    answer = small_answers["counts"]
    wrong = tuple(replace(one, value=1) if one.id == "people_by_nir" else one for one in answer.results)

    with pytest.raises(ReportError, match=r"people_by_nir is 1 and 10,?0"):
        cross_check(small_leak, {"counts": replace(answer, results=wrong)})


def test_days_agree_when_they_are_the_same() -> None:
    """Days agree when they are equal, numbers when they differ by no more than their slack."""
    assert Pair("day", date(2020, 1, 1), date(2020, 1, 1)).agrees
    assert not Pair("day", date(2020, 1, 1), date(2020, 1, 2)).agrees
    assert Pair("low", 1.0, 1.5, slack=0.5).agrees
    assert not Pair("low", 1.0, 1.5).agrees
    assert Pair("first_created_on", None, None).agrees
    assert not Pair("first_created_on", date(2020, 1, 1), None).agrees


def test_ends_of_a_narrow_interval_may_be_off_by_one_line(small_leak: Path, small_answers: dict[str, Answer]) -> None:
    """The bounds of a narrow interval may differ by one line, and those of a share by one line's share."""
    comments = small_answers["comments"]
    narrow = tuple(replace(result, low=result.value, high=result.value) for result in comments.results)

    pairs = find_question("comments").cross_check(small_leak, replace(comments, results=narrow))
    slack = {pair.name: pair.slack for pair in pairs}

    lines = comments.tables["strata"]["lines"].sum()
    assert (1, 1 / lines) == (slack["sensitive_lines_low"], slack["sensitive_share_of_lines_high"])


def test_folder_with_brackets_is_counted(nine_lines: Path, tmp_path: Path) -> None:
    """Brackets in the name of a folder are not read as a pattern."""
    folder = shutil.copytree(nine_lines, tmp_path / "a [1]")

    assert second_count.count_lines(nine_lines) == second_count.count_lines(folder)
    assert second_count.count_filled(nine_lines) == second_count.count_filled(folder)
    assert second_count.count_dates(nine_lines) == second_count.count_dates(folder)
    assert second_count.count_exact_pairs(nine_lines) == second_count.count_exact_pairs(folder)
