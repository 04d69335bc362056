"""The table of first names: totals by decade, spelling, and agreement with the birth year."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import polars as pl
import pytest

from maintenance.first_names import OUTPUT, Curve, births_in_year, build, read_curves

DECADES = [f"d{decade}" for decade in range(1900, 2021, 10)]

# Three of the five commonest names of each decade (INSEE, fichier des prénoms).
COMMON = [
    ("F", "d1920", {"Marie", "Jeanne", "Jacqueline"}),
    ("F", "d1940", {"Marie", "Monique", "Nicole"}),
    ("F", "d1960", {"Sylvie", "Nathalie", "Isabelle"}),
    ("F", "d1980", {"Aurélie", "Émilie", "Céline"}),
    ("F", "d2000", {"Léa", "Emma", "Manon"}),
    ("F", "d2010", {"Jade", "Emma", "Manon"}),
    ("M", "d1920", {"Jean", "André", "Pierre"}),
    ("M", "d1940", {"Jean", "Michel", "Daniel"}),
    ("M", "d1960", {"Philippe", "Éric", "Pascal"}),
    ("M", "d1980", {"Nicolas", "Julien", "Guillaume"}),
    ("M", "d2000", {"Lucas", "Enzo", "Théo"}),
    ("M", "d2010", {"Gabriel", "Lucas", "Louis"}),
]


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    """The committed table: one row a (sex, name), births by decade."""
    return pl.read_csv(OUTPUT)


def unaccented(name: str) -> str:
    """The name in upper case without its accents, hyphens kept."""
    letters = unicodedata.normalize("NFD", name.upper())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def test_the_committed_table_is_what_the_curves_give() -> None:
    """Rebuilding from the committed curves gives the committed table, byte for byte."""
    assert OUTPUT.read_text(encoding="utf-8") == build(read_curves()).write_csv()


@pytest.mark.parametrize("sex", ["F", "M"])
def test_each_decade_of_a_sex_adds_up_to_100000(table: pl.DataFrame, sex: str) -> None:
    """A cell is a share in hundred-thousandths of the births of its sex and decade, and none is negative."""
    cells = table.filter(pl.col("sex") == sex).select(DECADES)

    assert [100_000] * 13 == [cells[decade].sum() for decade in DECADES]
    assert min(cells[decade].to_numpy().min() for decade in DECADES) >= 0


@pytest.mark.parametrize("sex", ["F", "M"])
def test_a_name_is_spelt_in_one_way_for_a_sex(table: pl.DataFrame, sex: str) -> None:
    """Spellings that differ by accents only, such as Léa and Lea, are one row."""
    names = table.filter(pl.col("sex") == sex)["name"].to_list()

    assert len(names) == len({unaccented(name) for name in names})


def test_names_are_written_as_a_practice_would_write_them(table: pl.DataFrame) -> None:
    """Every part of a name starts with a capital and goes on in small letters, and accents are composed."""
    part = r"[^\W\d_a-z][^\W\d_]*"
    names = table["name"].to_list()

    assert [] == [name for name in names if not re.fullmatch(rf"{part}(?:[-']{part})*", name)]
    assert [] == [name for name in names if any(word[1:] != word[1:].lower() for word in re.split("[-']", name))]
    assert names == [unicodedata.normalize("NFC", name) for name in names]


@pytest.mark.parametrize("sex", ["F", "M"])
def test_the_tail_of_the_table_is_long(table: pl.DataFrame, sex: str) -> None:
    """Each sex has at least 1,200 names, many of them rare."""
    assert table.filter(pl.col("sex") == sex).height >= 1_200


@pytest.mark.parametrize("name", ["Camille", "Claude", "Dominique"])
def test_a_unisex_name_is_given_to_both_sexes(table: pl.DataFrame, name: str) -> None:
    """Names that France gives to girls and boys alike have a row for each sex."""
    assert ["F", "M"] == table.filter(pl.col("name") == name)["sex"].sort().to_list()


@pytest.mark.parametrize(("sex", "decade", "names"), COMMON)
def test_the_commonest_names_are_those_of_their_decade(
    table: pl.DataFrame, sex: str, decade: str, names: set[str]
) -> None:
    """Three of the five names that INSEE counts as commonest in a decade are among its ten commonest here."""
    commonest = table.filter(pl.col("sex") == sex).sort([decade, "name"], descending=[True, False])["name"].head(10)

    assert names <= set(commonest)


@pytest.mark.parametrize("sex", ["F", "M"])
def test_first_names_spread_out_from_the_1960s_on(table: pl.DataFrame, sex: str) -> None:
    """Two people share a first name less and less often: one pair in 60 or so in the 1960s, under one in 200 today."""
    shares = table.filter(pl.col("sex") == sex).select(DECADES) / 100_000
    same_name = [(shares[decade] ** 2).sum() for decade in ("d1960", "d1980", "d2000", "d2020")]

    assert same_name == sorted(same_name, reverse=True)
    assert 1 / 75 < same_name[0] < 1 / 45
    assert same_name[-1] < 1 / 200


@pytest.mark.parametrize(
    ("name", "decade"), [("Kévin", "d1930"), ("Enzo", "d1960"), ("Océane", "d1950"), ("Nathalie", "d1930")]
)
def test_a_name_is_rare_before_its_time(table: pl.DataFrame, name: str, decade: str) -> None:
    """A name is given to at most one birth in 10,000 before it became popular."""
    assert table.filter(pl.col("name") == name)[decade].to_numpy().max() <= 10


@pytest.mark.parametrize(("year", "expected"), [(1960, 1_000.0), (1955, 500.0), (1970, 500.0), (1929, 0.0)])
def test_a_wave_halves_at_its_half_widths_and_ends_at_six(year: int, expected: float) -> None:
    """A wave of height 1,000 in 1960 that rises in 5 years and falls in 10 is at half its height 5 and 10 years off."""
    wave = Curve("F", "Sylvie", peak=1960, height=1_000, rise=5, fall=10)

    assert expected == pytest.approx(births_in_year(wave, year) / 10**6, rel=0.001)


def test_waves_of_one_name_add_up() -> None:
    """A name that came twice has the births of both its waves, so two like waves weigh as much as one twice as high."""
    once = [Curve(sex, name, 1960, height, 9, 9) for sex in "FM" for name, height in (("Lou", 200), ("Zoé", 100))]
    twice = [Curve(sex, name, 1960, 100, 9, 9) for sex in "FM" for name in ("Lou", "Lou", "Zoé")]
    everywhere = [Curve(sex, "Alix", 1960, 100, 90, 90) for sex in "FM"]

    assert build([*once, *everywhere]).rows() == build([*twice, *everywhere]).rows()


@pytest.mark.parametrize("row", ["X,Lou,1960,10,5,5,typed", "F,Lou,1960,0,5,5,typed", "F,Lou,1960,10,5,0,typed"])
def test_an_invalid_wave_raises_an_error_with_its_line(tmp_path: Path, row: str) -> None:
    """An invalid sex, height or half-width raises an error with the file and the line."""
    path = tmp_path / "curves.csv"
    path.write_text(f"sex,name,peak,height,rise,fall,source\n{row}\n", encoding="utf-8")

    with pytest.raises(ValueError, match=r"curves\.csv, line 2: Lou: expected sex F or M"):
        read_curves(path)
