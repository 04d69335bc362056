"""Ages of people: counted by hand on the nine lines, and against the truth on a synthetic leak."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from toolkit.analysis.ages import GROUPS, count_ages
from toolkit.analysis.ages._ages import _age
from toolkit.dataset import Leak, open_leak
from toolkit.errors import MissingError


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        (date(2007, 11, 30), 18),
        (date(2007, 12, 1), 17),
        (date(2025, 11, 30), 0),
        (date(2025, 12, 1), -1),
        (date(2004, 2, 29), 21),
        (date(1900, 1, 1), 125),
    ],
)
def test_age_is_completed_years(born: date, expected: int) -> None:
    """A person is 18 from their eighteenth birthday on, and not a day before."""
    table = pl.DataFrame({"born": [born]}).select(_age("born", date(2025, 11, 30)))

    assert expected == table.item()


def test_ages_of_the_nine_lines(leak: Leak) -> None:
    """The four people were born in 1950, 1962, 1980 and 1991; the records were last changed on 30 November 2025."""
    ages = count_ages(leak)

    counted = dict(ages.table.filter(pl.col("people") > 0).select("group", "people").iter_rows())
    assert (date(2025, 11, 30), 4, 4, 0) == (ages.day, ages.people, ages.dated, ages.minors)
    assert {"30 to 44": 1, "45 to 59": 1, "60 to 74": 1, "75 to 89": 1} == counted
    assert list(GROUPS) == ages.table["first_age"].to_list()


def test_children_and_implausible_dates(nine_lines: Path, write_data_set: Callable[..., Path], tmp_path: Path) -> None:
    """Zoé is a child on two lines and an adult on none, Jean's date is in the future: one child of three people."""
    parts = [pq.read_table(file) for file in sorted((nine_lines / "lines").glob("*.parquet"))]
    lines = pa.concat_tables(parts).sort_by("line_id")
    zoe, jean = pc.equal(lines["first_name"], "Zoé"), pc.equal(lines["first_name"], "Jean")
    zoe = pc.or_(zoe, pc.equal(lines["first_name"], "ZOE"))
    born = pc.if_else(zoe, pa.scalar(date(2010, 5, 17)), lines["birth_date"])
    born = pc.if_else(jean, pa.scalar(date(2050, 1, 2)), born)
    changed = lines.set_column(lines.schema.get_field_index("birth_date"), "birth_date", born)

    with open_leak(write_data_set(tmp_path / "leak", lines=changed.cast(lines.schema))) as leak:
        ages = count_ages(leak)

    assert (4, 3, 1) == (ages.people, ages.dated, ages.minors)
    assert 1 == ages.table.filter(pl.col("group") == "15 to 17")["people"].item()


@pytest.mark.slow
def test_children_of_a_synthetic_leak(small_leak: Path) -> None:
    """The number of children is near that of the true people, whose birth date is the one on most of their lines."""
    truth = pl.read_parquet(small_leak / "truth" / "lines" / "*.parquet").drop_nulls("person_id")
    lines = pl.read_parquet(small_leak / "lines" / "*.parquet").select("line_id", "birth_date", "updated_on")
    day = lines["updated_on"].max()
    births = truth.join(lines, on="line_id").drop_nulls("birth_date").group_by("person_id", "birth_date").len()
    people = births.sort("len", "birth_date", descending=[True, False]).unique("person_id", keep="first")
    true = people.with_columns(age=_age("birth_date", day)).filter(pl.col("age").is_between(0, 17)).height

    with open_leak(small_leak) as leak:
        ages = count_ages(leak)

    assert pytest.approx(true, rel=0.01) == ages.minors
    assert ages.table["people"].sum() == ages.dated


def test_leak_without_dates_of_change(nine_lines: Path, write_data_set: Callable[..., Path], tmp_path: Path) -> None:
    """Without a date of last change there is no day on which to compute an age."""
    parts = [pq.read_table(file) for file in sorted((nine_lines / "lines").glob("*.parquet"))]
    lines = pa.concat_tables(parts).drop_columns(["updated_on"])

    with (
        open_leak(write_data_set(tmp_path / "leak", lines=lines)) as leak,
        pytest.raises(MissingError, match="no date of last change"),
    ):
        count_ages(leak)
