"""Counts against what was counted by hand on the nine lines of `conftest`, and against Spark."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal

from toolkit import schema
from toolkit.analysis import counts
from toolkit.analysis._keys import KEYS
from toolkit.dataset._leak import Leak, open_leak

QUESTIONS = [
    counts.overview,
    counts.by_practice,
    counts.per_practitioner,
    counts.by_year,
    counts.completeness,
    counts.period,
]


def test_overview_counts_lines_records_and_people(leak: Leak) -> None:
    """Lines, records and people by each key, each with its denominator."""
    table = counts.overview(leak)

    assert [
        ("lines", 9, 9),
        ("records", 8, 9),
        ("repeated_lines", 1, 9),
        ("practices", 3, 4),
        ("practitioners", 4, 5),
        ("people_by_nir", 3, 5),
        # Zoé, Jean, Anne Martin, Anne Dupond; not the third Anne Martin nor the test entry, which have no sex.
        ("people_by_birth_identity", 4, 7),
        ("people_by_folded_use_name", 5, 9),
        # Letter for letter, Zoé Lefèvre and ZOE LEFEVRE are two.
        ("people_by_use_name", 6, 9),
    ] == table.select("quantity", "value", "denominator").rows()


def test_overview_shares_are_value_over_denominator(leak: Leak) -> None:
    """The share is the value over the denominator of the same row."""
    table = counts.overview(leak)

    assert (table["value"] / table["denominator"]).to_list() == table["share"].to_list()


def test_by_practice_lists_practices_without_lines(leak: Leak) -> None:
    """Every listed practice has a row, with 0 where the leak has no line of it."""
    table = counts.by_practice(leak)

    assert [(1, 4, 3), (2, 3, 3), (3, 2, 2), (4, 0, 0)] == table.select("practice_id", "lines", "records").rows()
    assert [4 / 9, 3 / 9, 2 / 9, 0.0] == table["share"].to_list()
    assert [date(2015, 1, 5), date(2018, 4, 4), date(2019, 5, 5), None] == table["first_created_on"].to_list()
    assert [date(2025, 11, 30), date(2025, 9, 1), date(2023, 3, 1), None] == table["last_updated_on"].to_list()


def test_per_practitioner_holds_no_name(leak: Leak) -> None:
    """Practitioners have a number and no name."""
    table = counts.per_practitioner(leak)

    assert [(1, 1, 3, 2), (2, 2, 3, 3), (3, 1, 1, 1), (4, 3, 2, 2), (5, 4, 0, 0)] == table.select(
        "practitioner_id", "practice_id", "lines", "records"
    ).rows()
    assert ["practitioner_id", "practice_id", "specialty", "lines", "records", "share"] == table.columns


def test_by_year_has_every_year_between_first_and_last(leak: Leak) -> None:
    """Years without a file have a row with 0."""
    table = counts.by_year(leak)

    created = {2015: 3, 2017: 1, 2018: 1, 2019: 4}
    updated = {2019: 1, 2023: 3, 2024: 2, 2025: 3}
    assert [
        (year, created.get(year, 0), updated.get(year, 0), 9, created.get(year, 0) / 9, updated.get(year, 0) / 9)
        for year in range(2015, 2026)
    ] == table.rows()


def test_completeness_counts_blank_as_missing(leak: Leak) -> None:
    """Null, empty and blank values are not filled."""
    table = counts.completeness(leak)

    filled = dict(zip(table["column"], table["filled"], strict=True))
    assert list(schema.LINES.names) == table["column"].to_list()
    assert {9} == set(table["lines"])
    assert {
        "last_name": 9,
        "sex": 7,
        "nir": 5,
        "postal_code": 8,
        "email": 0,
        # "rdv", "note 1" twice and "note 2"; not "   " nor "".
        "administrative_comment": 4,
    } == {name: filled[name] for name in ("last_name", "sex", "nir", "postal_code", "email", "administrative_comment")}


def test_period_has_first_and_last_dates(leak: Leak) -> None:
    """The first and last day of each date column, over the rows that have one."""
    assert [
        ("created_on", date(2015, 1, 5), date(2019, 8, 8), 9, "lines"),
        ("updated_on", date(2019, 8, 8), date(2025, 11, 30), 9, "lines"),
        ("installed_on", date(2015, 1, 1), date(2020, 1, 1), 4, "practices"),
    ] == counts.period(leak).rows()


def test_a_key_counts_like_a_set(leak: Leak) -> None:
    """The number of people by NIR is the size of the set of numbers, over the lines that have one."""
    numbers = [nir for nir in leak.lines.nir.to_polars() if nir is not None]

    assert (len(set(numbers)), len(numbers)) == counts.count_key(leak, KEYS["nir"])


def test_keys_of_names_count_blanks_as_missing(write_data_set: Callable[..., Path], tmp_path: Path) -> None:
    """A name that folds to nothing counts letter for letter only; a blank or missing one counts for no key."""
    names = [
        # last name, birth name, first name
        ("Lefèvre", "Lefèvre", "Zoé"),
        ("LEFEVRE", "Lefèvre", "ZOE"),
        ("Martin", "Lefèvre", "Zoé"),
        ("--", "--", "Zoé"),
        ("", "Martin", "Zoé"),
        (None, "MARTIN", "Zoé"),
        ("Martin", None, "Zoé"),
        ("Martin", "", "Zoé"),
    ]
    blank = {column.name: 1 for column in schema.LINES.columns if column.always_generated}
    dates = dict.fromkeys(("birth_date", "created_on", "updated_on"), date(2000, 1, 1))
    rows = [
        dict.fromkeys(schema.LINES.names) | blank | dates | {"sex": "F", "line_id": line_id}
        | dict(zip(("last_name", "birth_name", "first_name"), name, strict=True))
        for line_id, name in enumerate(names)
    ]  # fmt: skip
    lines = pa.Table.from_pylist(rows, schema=schema.LINES.arrow_schema())
    with open_leak(write_data_set(tmp_path, lines=lines)) as leak:
        found = {name: counts.count_key(leak, key) for name, key in KEYS.items()}

    assert {
        "nir": (0, 0),
        # Born Lefèvre, three times, and born Martin, twice.
        "birth_identity": (2, 5),
        # Lefèvre twice, Martin three times.
        "folded_use_name": (2, 5),
        # Lefèvre and LEFEVRE, Martin three times, and two hyphens.
        "use_name": (4, 6),
    } == found


def test_a_leak_without_lines(write_data_set: Callable[..., Path], tmp_path: Path) -> None:
    """A leak without lines has counts of 0 and null shares, not an error."""
    empty = pa.Table.from_pylist([], schema=schema.LINES.arrow_schema())
    with open_leak(write_data_set(tmp_path, lines=empty)) as leak:
        tables = [question(leak) for question in QUESTIONS]

    assert [0, 0, 0] == tables[0]["value"].head(3).to_list()
    assert [None, None, None] == tables[0]["share"].head(3).to_list()
    assert 0 == tables[3].height


@pytest.mark.spark
@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.__name__)
def test_duckdb_and_spark_agree(question: Callable[[Leak], pl.DataFrame], leak: Leak, spark_leak: Leak) -> None:
    """Each count is the same table, types included, on DuckDB and on Spark."""
    assert_frame_equal(question(leak), question(spark_leak), check_exact=True)
