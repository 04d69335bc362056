"""The official tables: communes, departements, ages, and the coordinates of the communes."""

from __future__ import annotations

import math
from pathlib import Path

import polars as pl
import pytest

from maintenance import coordinates as script
from toolkit import reference

FOLDER = Path(reference.__file__).parent


@pytest.fixture(scope="module")
def communes() -> pl.DataFrame:
    """The communes and municipal arrondissements outside the overseas collectivities."""
    return pl.read_parquet(reference.read("communes.parquet")).filter(pl.col("zone") != "com")


@pytest.fixture(scope="module")
def positions() -> pl.DataFrame:
    """The coordinates of the communes."""
    return pl.read_parquet(reference.read("coordinates.parquet"))


def kilometres(positions: pl.DataFrame, start: str, end: str) -> float:
    """Distance between two communes."""
    (a,), (b,) = (positions.filter(pl.col("insee_code") == code).select("x", "y").rows() for code in (start, end))
    return math.dist(a, b) / 10


def test_an_unknown_table_is_an_error() -> None:
    """A table that does not exist raises an error."""
    with pytest.raises(FileNotFoundError):
        reference.read("moons.csv")


def test_every_table_is_documented() -> None:
    """The README beside the tables names each file."""
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")

    assert [] == [file.name for file in FOLDER.glob("*.[cp]*") if file.suffix != ".py" and file.name not in readme]


def test_no_commune_is_000(communes: pl.DataFrame) -> None:
    """No INSEE code ends in the impossible commune ('00' after an overseas departement)."""
    assert not communes["insee_code"].str.contains(r"^(?:..000|97.00)$").any()


# --- Coordinates ------------------------------------------------------------------------------------------------------


def test_every_commune_has_a_position(communes: pl.DataFrame, positions: pl.DataFrame) -> None:
    """Each commune and municipal arrondissement has one row, without nulls."""
    assert {"insee_code": pl.String, "x": pl.Int32, "y": pl.Int32, "located": pl.Boolean} == dict(positions.schema)
    assert sorted(communes["insee_code"]) == positions["insee_code"].to_list()
    assert 0 == sum(positions.null_count().row(0))


def test_most_people_live_where_the_position_is_known(communes: pl.DataFrame, positions: pl.DataFrame) -> None:
    """Communes located by name hold more than 85 % of the residents, and include each municipal arrondissement."""
    table = communes.filter("is_residence_unit").join(positions, on="insee_code")
    residents = table["population"].sum()

    assert table.filter("located")["population"].sum() > 0.85 * residents
    assert table.filter(pl.col("kind") == "arrondissement")["located"].all()


@pytest.mark.parametrize(
    ("start", "end", "distance"),
    [
        ("75056", "69123", 392),  # Paris, Lyon
        ("35238", "29019", 210),  # Rennes, Brest
        ("13055", "06088", 159),  # Marseille, Nice
        ("31555", "33063", 212),  # Toulouse, Bordeaux
        ("67482", "75056", 397),  # Strasbourg, Paris
        ("59350", "59512", 11),  # Lille, Roubaix
        ("2A004", "2B033", 106),  # Ajaccio, Bastia
        ("97411", "97416", 51),  # Saint-Denis and Saint-Pierre of La Réunion
    ],
)
def test_distances_are_those_of_a_map(positions: pl.DataFrame, start: str, end: str, distance: float) -> None:
    """Distances between well-known towns are right to 3 km."""
    assert pytest.approx(distance, abs=3) == kilometres(positions, start, end)


@pytest.mark.parametrize(("start", "end"), [("75056", "97411"), ("97105", "97209"), ("97411", "97611")])
def test_overseas_departements_are_far_from_everywhere(positions: pl.DataFrame, start: str, end: str) -> None:
    """The distance between two zones is larger than the Earth, so nobody mistakes it for a real one."""
    assert kilometres(positions, start, end) > 40_000


def test_every_commune_is_near_its_departement(communes: pl.DataFrame, positions: pl.DataFrame) -> None:
    """No metropolitan commune is more than 150 km from the centre of its departement, weighted by population."""
    table = communes.filter(pl.col("zone") == "metro").join(positions, on="insee_code")
    weight = pl.col("population").fill_null(0).cast(pl.Float64)
    centres = table.group_by("departement_code").agg(
        centre_x=(pl.col("x") * weight).sum() / weight.sum(), centre_y=(pl.col("y") * weight).sum() / weight.sum()
    )
    apart = table.join(centres, on="departement_code").select(
        ((pl.col("x") - pl.col("centre_x")) ** 2 + (pl.col("y") - pl.col("centre_y")) ** 2).sqrt()
    )

    assert apart.to_series().max() < 1_500


def test_lambert_93_is_the_official_projection() -> None:
    """The origin of the projection has its official coordinates, and Brest (in degrees) is where the IGN puts it."""
    assert pytest.approx((700_000, 6_600_000), abs=0.01) == script.lambert_93(46.5, 3)
    assert pytest.approx((146_000, 6_837_000), abs=3_000) == script.lambert_93(48.39, -4.486)
