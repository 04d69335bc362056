"""People at several practices, against the nine lines of `conftest` counted by hand."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from toolkit.analysis import duplicates
from toolkit.analysis._keys import KEYS
from toolkit.dataset._leak import Leak


def test_funnel_from_lines_to_people(leak: Leak) -> None:
    """The funnel counts lines, records and people for each key."""
    table = duplicates.funnel(leak)

    assert [
        # key, lines, records, lines with key, records with key, people
        ("nir", 9, 8, 5, 5, 3),
        ("birth_identity", 9, 8, 7, 6, 4),
    ] == table.drop("definition", "lines_per_person", "records_per_person").rows()
    assert [5 / 3, 6 / 4] == table["records_per_person"].to_list()


def test_practices_per_person(leak: Leak) -> None:
    """Zoé and Anne Martin have their NIR at two practices each, Anne Dupond at one."""
    table = duplicates.practices_per_person(leak, KEYS["nir"])

    assert [("nir", 1, 1, 3, 1 / 3, 1), ("nir", 2, 2, 3, 2 / 3, 4)] == table.rows()


def test_a_key_without_sex_follows_to_the_third_practice(leak: Leak) -> None:
    """By use name and birth date, Anne Martin has records at three practices, which is correct."""
    table = duplicates.practices_per_person(leak, KEYS["folded_use_name"])

    assert [(1, 3), (2, 1), (3, 1)] == table.select("practices", "people").rows()


def test_at_several_practices(leak: Leak) -> None:
    """The share of people at two or more practices is taken of the people with the key."""
    table = duplicates.at_several_practices(leak)

    assert [("nir", 3, 2, 2 / 3), ("birth_identity", 4, 2, 1 / 2)] == table.drop("definition").rows()


def test_people_range(leak: Leak) -> None:
    """The range runs from the key with the fewest people to the key with the most."""
    assert [(3, "nir", 4, "birth_identity", 8, 9)] == duplicates.people_range(leak).rows()


def test_key_clusters_put_records_together(leak: Leak) -> None:
    """Records with the same key are one cluster; repeated lines add none, and records without the key are left out."""
    clusters = duplicates.key_clusters(leak, KEYS["birth_identity"]).to_polars()

    together = clusters.group_by("person_cluster").agg(pl.col("record_id").sort())["record_id"].to_list()
    assert [[10, 20], [11], [12, 21], [22]] == sorted(together)


@pytest.mark.spark
@pytest.mark.parametrize(
    "question",
    [duplicates.funnel, duplicates.at_several_practices, duplicates.people_range],
    ids=lambda question: question.__name__,
)
def test_duckdb_and_spark_agree(question: Callable[[Leak], pl.DataFrame], leak: Leak, spark_leak: Leak) -> None:
    """Each answer is the same table on DuckDB and on Spark."""
    assert_frame_equal(question(leak), question(spark_leak), check_exact=True)
