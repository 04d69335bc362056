"""Hits on public figures and what chance would give, against hand counts and against figures who are not there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from toolkit import schema
from toolkit.analysis import public_figures
from toolkit.analysis.estimation import poisson_range
from toolkit.leak import Leak, open_leak


def test_hits_reach_the_strongest_tier_that_agrees(leak: Leak) -> None:
    """Each pair of figure and record stands once, at the strongest tier it reaches."""
    table = public_figures.hits(leak)

    assert [
        (1, 10, 1, "name_birth_date_place"),
        # Typed without accents, the same name.
        (1, 20, 2, "name_birth_date_place"),
        # Anne Martin, born Dupond, in the year of the figure Anne Dupond.
        (2, 12, 1, "name_birth_year"),
        (2, 21, 2, "name_birth_year"),
        (2, 22, 2, "name"),
        (2, 30, 3, "name_birth_year"),
        # Exported twice, one hit; the figure has no birth date, so nothing more can agree.
        (3, 11, 1, "name"),
    ] == table.drop("rank").rows()


def test_tiers_count_hits_and_figures(leak: Leak) -> None:
    """A hit counts at every tier up to its own, a figure over those that carry what the tier compares."""
    table = public_figures.tiers(leak)

    assert [
        # hits, best, figures, figures testable
        ("name", 7, 2, 3, 4),
        ("name_birth_year", 5, 3, 2, 3),
        ("name_birth_date", 2, 0, 1, 3),
        ("name_birth_date_place", 2, 2, 1, 3),
    ] == table.select("tier", "hits", "best", "figures", "figures_testable").rows()


def test_expected_by_chance_is_the_product_of_frequencies(leak: Leak) -> None:
    """Expectations are those computed by hand from the nine lines and eight records."""
    expected = public_figures.expected_by_chance(leak)["expected"].to_list()

    # Lines with a surname of the figure times lines with its first name, over the lines: Zoé Lefèvre 2 x 2,
    # Anne Dupond 4 x 4, Jean Cœur 2 x 2.
    by_name = (2 * 2 + 4 * 4 + 2 * 2) / 9**2 * 8
    # The same with first name and birth year: Zoé 1980 2, Anne 1991 3; Jean Cœur has no birth date.
    by_year = (2 * 2 + 4 * 3) / 9**2 * 8
    # Two of nine lines are in departement 35, one is in 75.
    by_place = (2 * 2 * 2 / 9 + 4 * 3 * 1 / 9) / 9**2 * 8 / 365.25
    assert pytest.approx([by_name, by_year, by_year / 365.25, by_place]) == expected


def test_figures_who_are_not_there_are_hit_as_often_as_expected(
    write_data_set: Callable[..., Path], tmp_path: Path
) -> None:
    """Where figures and lines are drawn apart, the hits at each tier fall within what chance is said to give."""
    people = _drawn_apart(np.random.default_rng(1), 30_000)
    figures = _drawn_apart(np.random.default_rng(2), 400)
    lines = people.with_columns(line_id=pl.col("id"), record_id=pl.col("id"), practice_id=1, practitioner_id=1)
    lines = lines.with_columns(created_on=date(2020, 1, 1), updated_on=date(2020, 1, 1))
    register = figures.with_columns(pl.col("postal_code").str.head(2).alias("departement_code"), figure_id=pl.col("id"))
    register = register.with_columns(role=pl.lit("maire"), role_category=pl.lit("mayor"))
    with open_leak(
        write_data_set(tmp_path, lines=_as(schema.LINES, lines), public_figures=_as(schema.PUBLIC_FIGURES, register))
    ) as leak:
        table = public_figures.tiers(leak)

    # In 999 of 1,000 draws all four would be inside.
    for hits, expected in table.select("hits", "expected").rows():
        low, high = poisson_range(expected, 0.9998)
        assert low <= hits <= high
    assert 1000 < table["hits"][0]


@pytest.mark.spark
@pytest.mark.parametrize(
    "question", [public_figures.hits, public_figures.tiers], ids=lambda question: question.__name__
)
def test_duckdb_and_spark_agree(question: Callable[[Leak], pl.DataFrame], leak: Leak, spark_leak: Leak) -> None:
    """Each answer is the same table on DuckDB and on Spark."""
    assert_frame_equal(question(leak), question(spark_leak))


def _drawn_apart(random: np.random.Generator, rows: int) -> pl.DataFrame:
    """People whose surname, first name, birth day and departement are drawn apart, some names commoner than others."""

    def name(prefix: str, many: int) -> list[str]:
        return [
            f"{prefix}{'abcdefghij'[n // 10]}{'abcdefghij'[n % 10]}" for n in random.geometric(1 / many, rows) % 100
        ]

    surnames = name("Sur", 20)
    births = [date(1940, 1, 1) + timedelta(days=int(day)) for day in random.integers(0, 60 * 365, rows)]
    codes = [f"{35 + departement}000" for departement in random.integers(0, 4, rows)]
    return pl.DataFrame(
        {
            "id": range(rows),
            "last_name": surnames,
            "birth_name": surnames,
            "first_name": name("Prénom", 10),
            "sex": "F",
            "birth_date": births,
            "postal_code": codes,
        }
    )


def _as(table: schema.Table, frame: pl.DataFrame) -> object:
    """The rows of `frame` as an Arrow table of the schema, null where it has no column."""
    missing = [pl.lit(None).alias(name) for name in table.names if name not in frame.columns]
    return frame.with_columns(missing).select(table.names).to_arrow().cast(table.arrow_schema())
