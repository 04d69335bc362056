"""The practices of people, counted by hand on seven records."""

from __future__ import annotations

import duckdb
import polars as pl
import pytest

from toolkit.analysis.linkage._practices_per_person import Visits, visits_of

LINES = (
    # record, practice, practitioner
    (10, 1, 101), (10, 1, 101), (11, 1, 101), (12, 1, 102), (13, 2, 103), (14, 3, 104), (20, 2, 103), (30, 1, 101),
)  # fmt: skip
"""Records 10 to 14 are one person, and 10 was exported twice; 20 is another person, and 30 a placeholder record."""


@pytest.fixture
def visits() -> Visits:
    """Practices 1 and 2 are in one departement, 3 in another."""
    clusters = pl.DataFrame({"record_id": [10, 11, 12, 13, 14, 20, 30], "person_cluster": [10] * 5 + [20, 30]})
    lines = pl.DataFrame(LINES, schema=["record_id", "practice_id", "practitioner_id"], orient="row")
    bases = pl.DataFrame({"practice_id": [1, 2, 3], "departement_code": ["35", "35", "29"]})
    with duckdb.connect() as con:
        con.register("lines", lines.to_arrow())
        con.register("bases", bases.to_arrow())
        return visits_of(con, clusters, pl.Series("record_id", [30]))


def test_each_level_is_counted_once(visits: Visits) -> None:
    """One person has five records with four practitioners in three practices of two departements; another has one."""
    expected = {
        "practices": [1, 3],
        "people": [1, 1],
        "records": [1, 5],
        "practitioners": [1, 4],
        "in_practices": [1, 3],
        "departements": [1, 2],
    }
    assert expected == visits.by_practices.to_dict(as_series=False)


def test_a_person_visits_a_practice_once(visits: Visits) -> None:
    """There is one row per person and practice, and none for the placeholder record."""
    people = visits.visits.group_by("person", maintain_order=True).agg(pl.col("practice_id").sort())

    assert [[1, 2, 3], [2]] == people["practice_id"].to_list()


def test_records_on_several_lines(visits: Visits) -> None:
    """Only the record that was exported twice is listed."""
    assert [10] == visits.repeated["record_id"].to_list()
