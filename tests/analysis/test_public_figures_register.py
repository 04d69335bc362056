"""Registers: read from the usual files, with French or English headers, or refused with one clear sentence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from toolkit import schema
from toolkit.analysis.public_figures import own_register, read_register, to_register
from toolkit.dataset._leak import Leak
from toolkit.errors import InputError

FRENCH = pl.DataFrame(
    {
        "Nom d'usage": ["Placroux", "Verdu"],
        "Nom de naissance": [None, "Sile"],
        "PRÉNOM": ["Benjamin", "Noémie"],
        "Sexe": ["H", "Mme"],
        "Né(e) le": ["24/12/1962", None],
        "Département": ["1", "2a"],
        "Fonction": ["préfet", None],
        "Site": ["x", "y"],
    }
)
EXPECTED = [
    (1, "Placroux", "Placroux", "Benjamin", "M", date(1962, 12, 24), "01", "préfet", "préfet"),
    (2, "Verdu", "Sile", "Noémie", "F", None, "2A", "not given", "not given"),
]


def test_french_headers_are_mapped() -> None:
    """French headers with capitals and accents are recognised; missing values are filled, unknown columns dropped."""
    register = to_register(FRENCH)

    assert list(schema.PUBLIC_FIGURES.names) == register.columns
    assert EXPECTED == register.rows()


WRITERS: dict[str, Callable[[pl.DataFrame, Path], object]] = {
    "register.csv": lambda table, path: table.write_csv(path),
    "semicolons.csv": lambda table, path: table.write_csv(path, separator=";"),
    "old.csv": lambda table, path: path.write_bytes(table.write_csv(separator=";").encode("cp1252")),
    "marked.csv": lambda table, path: path.write_bytes(b"\xef\xbb\xbf" + table.write_csv().encode()),
    "register.parquet": lambda table, path: table.write_parquet(path),
    "register.xlsx": lambda table, path: table.write_excel(path),
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_kind_of_file_is_read(name: str, tmp_path: Path) -> None:
    """CSV of any usual kind, Parquet and Excel give the same register."""
    WRITERS[name](FRENCH, tmp_path / name)

    assert EXPECTED == read_register(tmp_path / name).rows()


def test_dates_of_a_spreadsheet_stay_dates(tmp_path: Path) -> None:
    """A column of dates in Excel is read as dates."""
    table = pl.DataFrame({"nom": ["A", "B"], "prénom": ["C", "D"], "dob": [date(1962, 12, 24), None]})
    table.write_excel(tmp_path / "dates.xlsx")

    assert [date(1962, 12, 24), None] == read_register(tmp_path / "dates.xlsx")["birth_date"].to_list()


def test_the_register_of_a_leak_passes_unchanged(leak: Leak) -> None:
    """The register that came with the leak passes through unchanged."""
    own = own_register(leak)

    assert_frame_equal(own, to_register(own))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"nom": ["A"], "role": ["x"]}, "lacks a first name .*its columns are: nom, role"),
        ({"prénom": ["A"]}, "lacks a last name .* or birth name"),
        ({"age": [1]}, "lacks a first name .* and a last name"),
        ({"nom": ["A"], "last_name": ["B"], "prénom": ["C"]}, "two columns for last_name: 'nom' and 'last_name'"),
        ({"nom": ["A", None], "prénom": ["C", "D"]}, "1 values have no name in the column last_name: rows 2"),
        ({"nom": ["A"], "prénom": [" "]}, "have no name in the column first_name: rows 1"),
        ({"nom": ["A", "B"], "prénom": ["C", "D"], "id": [7, 7]}, "appear more than once .* figure_id: rows 1, 2"),
        ({"nom": ["A"], "prénom": ["C"], "id": ["x"]}, r"not whole numbers .* figure_id: rows 1 \(the first is 'x'\)"),
        ({"nom": ["A"], "prénom": ["C"], "sexe": ["?"]}, "neither M nor F in the column sex: rows 1"),
        ({"nom": ["A"], "prénom": ["C"], "dob": ["31/02/1960"]}, r"not dates .* birth_date: rows 1 .*'31/02/1960'"),
        ({"nom": ["A"], "prénom": ["C"], "département": ["Ain"]}, "not codes .* departement_code: rows 1 .*'Ain'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_table_that_is_not_a_register_is_refused(table: dict[str, list[object]], message: str) -> None:
    """The error names a missing, repeated or unreadable column, the rows, and what was expected."""
    with pytest.raises(InputError, match=message):
        to_register(pl.DataFrame(table))


def test_names_are_not_repeated_in_errors() -> None:
    """An error about a name gives the row and no name."""
    with pytest.raises(InputError) as raised:
        to_register(pl.DataFrame({"nom": ["Placroux", None], "prénom": ["Benjamin", "Noémie"]}))

    assert not any(name in str(raised.value) for name in ("Placroux", "Benjamin", "Noémie"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.csv", None, "There is no file"),
        ("register.docx", b"x", r"ends in '\.docx': use one of \.csv, \.parquet"),
        ("empty.csv", b"", "cannot be read|lacks a first name"),
        ("broken.parquet", b"no parquet", "cannot be read"),
        ("broken.xlsx", b"no spreadsheet", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(name: str, content: bytes | None, message: str, tmp_path: Path) -> None:
    """The error names a file that is missing, broken or of another kind."""
    if content is not None:
        (tmp_path / name).write_bytes(content)

    with pytest.raises(InputError, match=message):
        read_register(tmp_path / name)
