"""Departements against what was counted by hand on the nine lines of `conftest`, and against the reference."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal

from toolkit import schema
from toolkit.analysis import counts
from toolkit.analysis.counts._departements import by_departement, inhabitants
from toolkit.dataset._leak import Leak, open_leak


def test_records_are_counted_where_the_practice_is(leak: Leak) -> None:
    """Lines and records are those of two practices in Rennes, one in Paris and one in La Réunion."""
    table = by_departement(leak)

    held = {row[0]: row[1:] for row in table.select("departement_code", "practices", "lines", "records").iter_rows()}
    assert {"35": (2, 4, 3), "75": (1, 3, 3), "974": (1, 2, 2)} == {
        code: row for code, row in held.items() if row != (0, 0, 0)
    }
    assert sum(row[1] for row in held.values()) == counts.overview(leak)["value"][0]


def test_every_departement_has_a_row_and_its_inhabitants(leak: Leak) -> None:
    """The 101 departements come in the order of their codes, with the population of the reference."""
    table = by_departement(leak)

    assert 101 == table.height
    assert table["departement_code"].is_sorted()
    paris = table.filter(pl.col("departement_code") == "75").row(0, named=True)
    assert ("Paris", 3) == (paris["name"], paris["records"])
    assert pytest.approx(3000 / paris["inhabitants"]) == paris["records_per_1000"]


def test_inhabitants_are_those_of_the_communes() -> None:
    """The reference has 101 departements and some 68 million residents, none counted twice."""
    table = inhabitants()

    assert 101 == table["departement_code"].n_unique() == table.height
    assert 66_000_000 < table["inhabitants"].sum() < 70_000_000
    assert ("2A", "Corse-du-Sud") in table.select("departement_code", "name").rows()


def test_a_departement_that_the_reference_lacks_has_no_inhabitants(
    write_data_set: Callable[..., Path], tmp_path: Path, leak: Leak
) -> None:
    """Records of a practice outside the 101 departements are counted, without name and rate."""
    practices = leak.practices.to_pyarrow().to_pylist()
    for practice in practices:
        practice["departement_code"] = practice["departement_code"].replace("974", "987")
    moved = pa.Table.from_pylist(practices, schema=schema.PRACTICES.arrow_schema())
    with open_leak(write_data_set(tmp_path, practices=moved)) as elsewhere:
        table = by_departement(elsewhere)

    assert [("987", None, 1, 2, 2, None, None)] == table.tail(1).rows()
    assert 102 == table.height


def test_a_leak_without_lines(write_data_set: Callable[..., Path], tmp_path: Path) -> None:
    """Practices without lines are listed with zeros."""
    empty = pa.Table.from_pylist([], schema=schema.LINES.arrow_schema())
    with open_leak(write_data_set(tmp_path, lines=empty)) as leak:
        table = by_departement(leak)

    assert (4, 0, 0) == tuple(table.select("practices", "lines", "records").sum().row(0))


@pytest.mark.spark
def test_duckdb_and_spark_agree(leak: Leak, spark_leak: Leak) -> None:
    """The table is the same, types included, on DuckDB and on Spark."""
    assert_frame_equal(by_departement(leak), by_departement(spark_leak), check_exact=True)
