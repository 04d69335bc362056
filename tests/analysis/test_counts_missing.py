"""Counts on data sets that lack record ids, practices, dates or whole tables: nine lines with columns made null."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from toolkit import schema
from toolkit.analysis import counts
from toolkit.dataset._leak import Leak, open_leak
from toolkit.errors import MissingError

OPTIONAL = tuple(column.name for column in schema.LINES.columns if column.nullable)
"""The columns of `lines` that a data set may lack."""

Blank = Callable[..., Path]


@pytest.fixture
def blank(write_data_set: Callable[..., Path], nine_lines: Path, tmp_path: Path) -> Blank:
    """Write the nine lines with columns of the lines made null, and without some tables."""

    def write(*columns: str, where: Callable[[int], bool] = lambda _: True, without: tuple[str, ...] = ()) -> Path:
        rows = pa.concat_tables(pq.read_table(file) for file in sorted(nine_lines.glob("lines/*.parquet"))).to_pylist()
        for row in rows:
            row.update(dict.fromkeys(columns if where(row["line_id"]) else ()))
        path = write_data_set(tmp_path / "leak", lines=pa.Table.from_pylist(rows, schema.LINES.arrow_schema()))
        manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
        gone = {f"{name}.parquet" for name in without}
        manifest["files"] = [entry for entry in manifest["files"] if entry["path"] not in gone]
        for name in gone:
            (path / name).unlink()
        (path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        return path

    return write


@contextmanager
def opened(path: Path) -> Iterator[Leak]:
    """Open a data set on one thread, without cached answers."""
    with open_leak(path, threads=1, cache=False) as leak:
        yield leak


def test_the_generator_fills_ids_and_dates_that_a_dump_may_lack() -> None:
    """Ids and dates may be null in a data set, and never are in a generated one."""
    required = {"line_id", "record_id", "practice_id", "practitioner_id", "created_on", "updated_on"}

    assert ["line_id"] == [field.name for field in schema.LINES.arrow_schema() if not field.nullable]
    assert required == {field.name for field in schema.LINES.generated_schema() if not field.nullable}


# --- Overview -----------------------------------------------------------------------------------------------------


def test_overview_leaves_out_what_no_line_holds(blank: Blank) -> None:
    """A quantity whose columns are null on every line has no row, so that no zero looks like a count."""
    with opened(blank(*OPTIONAL, where=lambda _: True)) as leak:
        table = counts.overview(leak)

    assert [("lines", 9, 9)] == table.select("quantity", "value", "denominator").rows()


def test_overview_without_nir(blank: Blank) -> None:
    """A key that is blank everywhere is left out; the other keys count as before."""
    with opened(blank("nir")) as leak:
        table = counts.overview(leak)

    assert "people_by_nir" not in table["quantity"].to_list()
    assert 4 == table.filter(pl.col("quantity") == "people_by_birth_identity")["value"].item()


def test_overview_counts_records_among_lines_with_a_record_id(blank: Blank) -> None:
    """Without ids on lines 0, 1 and 8, six lines have an id, and these are five records."""
    with opened(blank("record_id", where=lambda line: line in (0, 1, 8))) as leak:
        table = counts.overview(leak)

    rows = table.filter(pl.col("quantity").is_in(["records", "repeated_lines"]))
    assert [("records", 5, 6, "lines with a record id"), ("repeated_lines", 1, 6, "lines with a record id")] == (
        rows.select("quantity", "value", "denominator", "denominator_unit").rows()
    )


def test_overview_without_tables_of_practices(blank: Blank) -> None:
    """Three practice ids and four practitioner ids are counted, none of which is listed."""
    with opened(blank(without=("practices", "practitioners"))) as leak:
        table = counts.overview(leak)

    rows = table.filter(pl.col("quantity").is_in(["practices", "practitioners"]))
    assert [("practices", 3, 0, None), ("practitioners", 4, 0, None)] == rows.select(
        "quantity", "value", "denominator", "share"
    ).rows()


# --- Practices and practitioners ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "column", "message"),
    [
        (counts.by_practice, "practice_id", "no line of the data set has a practice id"),
        (counts.by_departement, "practice_id", "no line of the data set has a practice id"),
        (counts.per_practitioner, "practitioner_id", "no line of the data set has a practitioner id"),
        (counts.history, "practice_id", "no practice of the data set has a line"),
        (counts.table_size, "record_id", "no line of the data set has a record id"),
    ],
)
def test_a_question_without_its_column_is_refused(
    question: Callable[[Leak], object], column: str, message: str, blank: Blank
) -> None:
    """A question about ids that no line has raises an error with what is missing."""
    with opened(blank(column)) as leak, pytest.raises(MissingError, match=re.escape(message)):
        question(leak)


def test_shares_of_practices_are_of_all_lines(blank: Blank) -> None:
    """Lines without a practice id belong to no practice, and count in the denominator all the same."""
    with opened(blank("practice_id", where=lambda line: line in (0, 1, 8))) as leak:
        table = counts.by_practice(leak)

    assert [(1, 3, 3 / 9), (2, 2, 2 / 9), (3, 1, 1 / 9), (4, 0, 0.0)] == table.select(
        "practice_id", "lines", "share"
    ).rows()


def test_practices_without_record_ids_have_no_number_of_records(blank: Blank) -> None:
    """Practice 1 has no record id on any line: its lines are counted, its records are not known."""
    with opened(blank("record_id", where=lambda line: line in (0, 2, 3, 4))) as leak:
        practices, departements = counts.by_practice(leak), counts.by_departement(leak)

    assert [(1, 4, None), (2, 3, 3), (3, 2, 2), (4, 0, 0)] == practices.select("practice_id", "lines", "records").rows()
    by_code = {row["departement_code"]: row for row in departements.iter_rows(named=True)}
    # Departement 35 has practices 1 and 4, of which 4 has no line.
    assert (4, 3, 0) == (by_code["35"]["lines"], by_code["75"]["records"], by_code["13"]["records"])


def test_practices_without_a_table_are_those_of_the_lines(blank: Blank) -> None:
    """Without tables, one row per id of the lines, of which nothing else is known."""
    with opened(blank(without=("practices", "practitioners"))) as leak:
        practices, practitioners = counts.by_practice(leak), counts.per_practitioner(leak)

    columns = ("specialty", "departement_code", "installed_on", "lines", "records")
    assert [(1, None, None, None, 4, 3), (2, None, None, None, 3, 3), (3, None, None, None, 2, 2)] == practices.select(
        "practice_id", *columns
    ).rows()
    assert [(1, 3, 2), (2, 3, 3), (3, 1, 1), (4, 2, 2)] == practitioners.select(
        "practitioner_id", "lines", "records"
    ).rows()


@pytest.mark.parametrize("question", [counts.by_departement, counts.history])
def test_questions_about_practices_need_their_table(question: Callable[[Leak], object], blank: Blank) -> None:
    """The places and the installation dates of practices are in their table alone."""
    with (
        opened(blank(without=("practices",))) as leak,
        pytest.raises(MissingError, match=r"^the data set has no table of practices$"),
    ):
        question(leak)


# --- Dates --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", [counts.by_year, counts.copy_day, counts.history])
def test_questions_about_dates_need_a_date(question: Callable[[Leak], object], blank: Blank) -> None:
    """Without any date of a file there is no year, no day of the copy and no history."""
    with opened(blank("created_on", "updated_on")) as leak, pytest.raises(MissingError, match="has a date of opening"):
        question(leak)


def test_years_without_one_of_the_dates(blank: Blank) -> None:
    """Without dates of opening, nothing is known of the openings, and changes are counted over all lines."""
    with opened(blank("created_on")) as leak:
        table = counts.by_year(leak)

    changed = {2019: 1, 2023: 3, 2024: 2, 2025: 3}
    assert [
        (year, None, changed.get(year, 0), 9, None, changed.get(year, 0) / 9) for year in range(2019, 2026)
    ] == table.rows()


def test_years_with_some_dates_missing_are_counted_over_all_lines(blank: Blank) -> None:
    """Lines without a date fall in no year and stay in the denominator."""
    with opened(blank("created_on", where=lambda line: line == 4)) as leak:
        table = counts.by_year(leak)

    assert (8, 9) == (table["created"].sum(), table["lines"][0])
    assert 0 == table.filter(pl.col("year") == 2017)["created"].item()


def test_copy_day_takes_the_dates_there_are(blank: Blank) -> None:
    """Without dates of change, the copy is not older than the last opening of a file, on 8 August 2019."""
    with opened(blank("updated_on")) as leak:
        assert date(2019, 8, 8) == counts.copy_day(leak).first


def test_period_without_dates_and_practices(blank: Blank) -> None:
    """The period has a row per date column, null and over no rows where there is no date."""
    with opened(blank("created_on", without=("practices",))) as leak:
        table = counts.period(leak)

    assert [
        ("created_on", None, None, 0, "lines"),
        ("updated_on", date(2019, 8, 8), date(2025, 11, 30), 9, "lines"),
        ("installed_on", None, None, 0, "practices"),
    ] == table.rows()


# --- Columns and record ids ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", OPTIONAL)
def test_a_column_without_a_value_is_filled_on_no_line(column: str, blank: Blank) -> None:
    """Of a column that is null throughout, completeness counts 0 of 9 lines."""
    with opened(blank(column)) as leak:
        table = counts.completeness(leak)

    assert [(0, 9, 0.0)] == table.filter(pl.col("column") == column).select("filled", "lines", "share").rows()


def test_table_size_leaves_out_lines_without_a_record_id(blank: Blank) -> None:
    """Without the ids of lines 0 and 8, six records up to number 30 are left, and the first step is 11."""
    with opened(blank("record_id", where=lambda line: line in (0, 8))) as leak:
        table = counts.table_size(leak)

    assert (6, 30, 11) == (table.records, table.highest, table.evenness.widest_gap)


@pytest.mark.spark
def test_both_engines_agree_on_lines_that_hold_nothing(blank: Blank, spark_leak: Leak) -> None:
    """On lines with nothing but their number, DuckDB and Spark give the same tables."""
    path = blank(*OPTIONAL)
    with opened(path) as here, open_leak(path, "spark", cache=False) as there:
        for question in (counts.overview, counts.completeness, counts.period):
            assert question(here).equals(question(there))
