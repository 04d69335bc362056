"""Hits on public figures and their tiers: against nine lines, the truth of a synthetic leak, and the other engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal

from toolkit import schema
from toolkit.analysis import public_figures, scoring
from toolkit.analysis.public_figures import Matches
from toolkit.analysis.public_figures._match_levels import date_agreement, place_agreement
from toolkit.analysis.public_figures._names import near_names, with_keys
from toolkit.dataset._leak import Leak, open_leak
from toolkit.errors import DataSetError

D = date


@pytest.fixture(scope="module")
def small(small_leak: Path) -> Iterator[Leak]:
    """The synthetic leak of 20,000 lines, open."""
    with open_leak(small_leak, threads=2) as opened:
        yield opened


@pytest.fixture(scope="module")
def found(small: Leak) -> Matches:
    """The matches of the leak with its own register."""
    return public_figures.match(small)


# --- What agrees ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "level"),
    [
        (D(1980, 5, 7), "same"),
        (D(1980, 7, 5), "swapped"),
        (D(1980, 5, 17), "one_digit"),
        (D(1980, 6, 7), "one_digit"),
        (D(1990, 5, 7), "one_digit_of_year"),
        (D(1980, 12, 24), "year"),
        (D(1981, 5, 8), "other"),
        (None, "unknown"),
    ],
)
def test_birth_dates_agree_in_levels(typed: date | None, level: str) -> None:
    """Dates are equal, swapped, one digit apart, in the same year, different, or one of them is unknown."""
    both = pl.DataFrame({"born": [D(1980, 5, 7)], "typed": [typed]}, schema={"born": pl.Date, "typed": pl.Date})

    assert level == both.select(date_agreement("born", "typed")).item()


def test_places_agree_in_levels() -> None:
    """Departements are equal, different, or one of them is unknown."""
    both = pl.DataFrame({"lives": ["35", "35", "35", None], "typed": ["35", "75", None, "35"]})

    assert ["same", "other", "unknown", "unknown"] == both.select(
        place_agreement("lives", "typed")
    ).to_series().to_list()


@pytest.mark.parametrize(
    ("spelling", "key"),
    [
        ("Le Gall", "LEGALL"),
        ("LEGALL", "LEGALL"),
        ("Lefèvre-Œuvrard", "LEFEVREOEUVRARD"),
        # UTF-8 read as Windows-1252.
        ("LefÃ¨vre", "LEFEVRE"),
        ("  d'Aubrac ", "DAUBRAC"),
        ("--", None),
    ],
)
def test_names_are_the_same_by_their_key(spelling: str, key: str | None) -> None:
    """Spellings that differ in capitals, accents, hyphens, spaces or broken letters have the same key."""
    assert [key] == with_keys(pl.DataFrame({"spelling": [spelling]}))["key"].to_list()


@pytest.mark.parametrize(
    ("wanted", "known", "near"),
    [
        ("Jean-Pierre", "Jean", True),
        ("Jean", "Jean Pierre", True),
        ("de La Tour", "Tour", True),
        ("Silva-Bayer", "Bayer", True),
        ("Silva-Bayer", "Silva Costa", False),
        ("Placroux", "Placrou", True),
        ("Placroux", "Plarcoux", True),
        ("Placroux", "Pläcroix", True),
        # One slip apart, but too short to look alike.
        ("Léa", "Léo", False),
        ("Placroux", "Delacroix", False),
        # The same name is not near itself.
        ("Le Gall", "Legall", False),
        ("de La Tour", "de La Fosse", False),
    ],
)
def test_names_are_near_by_parts_or_one_slip(wanted: str, known: str, near: bool) -> None:
    """A name is near another that has all its words, or that differs by one typing error."""
    left, right = (with_keys(pl.DataFrame({"spelling": [name]})) for name in (wanted, known))

    assert near == (near_names(left, right).height == 1)


# --- Hits -------------------------------------------------------------------------------------------------------------


def test_hits_reach_the_strongest_tier_that_agrees(leak: Leak) -> None:
    """Each pair of figure and record is one hit, at the strongest tier it reaches; the other sex does not match."""
    hits = public_figures.match(leak).hits

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
    ] == hits.drop("rank", "p_wrong_person").rows()


def test_tiers_count_hits_and_figures(leak: Leak) -> None:
    """A hit counts at every tier up to its own; figures are out of those with the fields that the tier compares."""
    table = public_figures.match(leak).tiers

    assert [
        # hits, best, figures, figures testable
        ("name", 7, 2, 3, 4),
        ("name_birth_year", 5, 3, 2, 3),
        ("name_birth_date", 2, 0, 1, 3),
        ("name_birth_date_place", 2, 2, 1, 3),
    ] == table.select("tier", "hits", "best", "figures", "figures_testable").rows()


def test_a_register_that_is_given_replaces_that_of_the_leak(leak: Leak) -> None:
    """A table with names only is a register: it finds records with these names, at the first tier."""
    register = public_figures.to_register(pl.DataFrame({"Nom": ["LEFÈVRE", "Personne"], "Prénom": ["zoé", "Ulysse"]}))

    hits = public_figures.match(leak, register).hits

    assert [(1, 10, "name"), (1, 20, "name")] == hits.select("figure_id", "record_id", "tier").rows()


ZOE = {"last_name": "Lefèvre", "birth_name": "Lefèvre", "first_name": "Zoé-Marie", "sex": "F"}
SLIPS = {
    "as it is": {},
    "swapped day": {"birth_date": D(1980, 7, 5)},
    "wrong digit": {"birth_date": D(1980, 5, 17)},
    "wrong year": {"birth_date": D(1970, 5, 7)},
    "misspelt name": {"last_name": "Lefèbvre", "birth_name": "Lefèbvre"},
    "cut first name": {"first_name": "Zoé"},
    "names exchanged": {"last_name": "Zoé-Marie", "birth_name": "Zoé-Marie", "first_name": "Lefèvre"},
    "husband's name": {"last_name": "Martin"},
}


@pytest.fixture(scope="module")
def slips_path(write_data_set: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One person with a record for each of `SLIPS`, and 500 others with other names."""
    own = [ZOE | {"birth_date": D(1980, 5, 7), "postal_code": "35000"} | slip for slip in SLIPS.values()]
    others = [
        ZOE | {"last_name": name, "birth_name": name, "first_name": "Ida", "postal_code": "75001"}
        | {"birth_date": D(1930 + n % 90, 1 + n % 12, 1 + n % 28)}
        for n in range(500)
        for name in [f"Nom{'abcdefghij'[n // 50]}{'klmnopqrst'[n % 10]}"]
    ]  # fmt: skip
    lines = [
        dict.fromkeys(schema.LINES.names)
        | {"line_id": n, "record_id": n, "practice_id": 1, "practitioner_id": 1, "created_on": D(2020, 1, 1)}
        | {"updated_on": D(2020, 1, 1)}
        | who
        for n, who in enumerate([*own, *others])
    ]
    figure = ZOE | {"figure_id": 1, "birth_date": D(1980, 5, 7), "departement_code": "35"}
    figures = [figure | {"role": "maire", "role_category": "mayor"}]
    tables = {
        "lines": pa.Table.from_pylist(lines, schema.LINES.arrow_schema()),
        "public_figures": pa.Table.from_pylist(figures, schema.PUBLIC_FIGURES.arrow_schema()),
    }
    return write_data_set(tmp_path_factory.mktemp("slips"), **tables)


@pytest.fixture(scope="module")
def slips(slips_path: Path) -> Iterator[Leak]:
    """The leak with typing errors, open on DuckDB."""
    with open_leak(slips_path, threads=1) as opened:
        yield opened


def test_slips_count_as_agreement_where_no_namesake_is_likelier(slips: Leak) -> None:
    """With a rare name, every record with one error is found at the tier it would reach without the error."""
    hits = public_figures.match(slips).hits

    assert dict.fromkeys(range(len(SLIPS)), "name_birth_date_place") == dict(hits.select("record_id", "tier").rows())
    assert 0.05 > hits["p_wrong_person"].max()


def test_a_leak_without_birth_dates_is_refused(write_data_set: Callable[..., Path], tmp_path: Path) -> None:
    """Without any birth date the number of namesakes is unknown, and matching is refused."""
    line = dict.fromkeys(schema.LINES.names) | {"line_id": 0, "record_id": 0, "practice_id": 1, "practitioner_id": 1}
    line |= {"last_name": "A", "first_name": "B", "created_on": D(2020, 1, 1), "updated_on": D(2020, 1, 1)}
    lines = pa.Table.from_pylist([line], schema.LINES.arrow_schema())
    with (
        open_leak(write_data_set(tmp_path, lines=lines), threads=1) as leak,
        pytest.raises(DataSetError, match="has a birth date"),
    ):
        public_figures.match(leak)


# --- Against the truth, and the other engine -----------------------------------------------------------------------


def test_figures_are_found_at_the_best_tier_they_allow(small: Leak, found: Matches) -> None:
    """Against the truth, at least 97 % of the figures are found at each tier they allow, with precision of 98 %."""
    table = scoring.score_public_figures(small, found.hits)

    assert 70 < table["figures_allowing"][0]
    assert 0.97 <= table["figure_recall"].min()
    assert 0.98 <= table.filter(pl.col("tier") == "name_birth_date")["precision"].item()


def test_matches_show_numbers_and_no_name(found: Matches) -> None:
    """The representation of the matches contains no name."""
    shown = repr(found)

    assert f"of {found.register.height:,} figures" in shown
    assert not any(name in shown for name in found.register["last_name"])


@pytest.mark.spark
def test_duckdb_and_spark_agree(leak: Leak, spark_leak: Leak) -> None:
    """Hits, probabilities and tiers are the same on DuckDB and on Spark."""
    here, there = public_figures.match(leak), public_figures.match(spark_leak)

    assert_frame_equal(here.hits, there.hits)
    assert_frame_equal(here.tiers, there.tiers)
    assert_frame_equal(public_figures.exposure(leak, here, 1), public_figures.exposure(spark_leak, there, 1))


@pytest.mark.spark
@pytest.mark.slow
def test_duckdb_and_spark_agree_on_slips(slips: Leak, slips_path: Path, spark_leak: Leak) -> None:
    """Records with typing errors have the same tier and probability on both engines."""
    with open_leak(slips_path, "spark") as there:
        assert_frame_equal(public_figures.match(slips).hits, public_figures.match(there).hits)
