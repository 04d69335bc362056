"""The marks of synthetic data: the key of a social security number, and the checks of whole data sets."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit import schema
from toolkit.errors import DataSetError, InputError, NotADataSetError
from toolkit.provenance import (
    FICTION_PHONE_ROOTS,
    FICTIONAL_STREET_COMPLEMENTS,
    SYNTHETIC_KEY,
    SYNTHETIC_VALUE,
    UNALLOCATED_MOBILE_PREFIXES,
    SyntheticReport,
    nir_key,
    verify_synthetic,
)

ARCEP_FICTION_ROOTS = {"01 99 00", "02 61 91", "03 53 01", "04 65 71", "05 36 49", "06 39 98"}
CLEAN: dict[str, Any] = {
    "mobile_phone": "0639981234",
    "landline_phone": "0199001234",
    "nir": "2800599000001" + nir_key("2800599000001"),
    "address": "12 rue du Moulin aux Cent Nuages",
    "email": "zoe.lefevre@gmail.example",
    "administrative_comment": "rdv le 12/03/2024, tel 06 39 98 12 34, mail zoe@orange.example",
}

bodies = st.builds(
    "{}{:02d}{:02d}{}{:03d}{:03d}".format,
    st.sampled_from("12"),
    st.integers(0, 99),
    st.integers(1, 12),
    st.sampled_from([f"{number:02d}" for number in range(100)] + ["2A", "2B"]),
    st.integers(0, 999),
    st.integers(1, 999),
)


def filler(column: schema.Column) -> object:
    """A value of the column's type that no check looks at; null where null is allowed."""
    if column.nullable:
        return None
    if pa.types.is_integer(column.type):
        return 1
    if pa.types.is_boolean(column.type):
        return False
    if pa.types.is_list(column.type):
        return []
    return date(2020, 1, 1) if pa.types.is_date(column.type) else "x"


def rows_of(table: schema.Table, *values: dict[str, Any]) -> pa.Table:
    """A table of the schema with one row for each dictionary of values, the other columns filled in."""
    blank = {column.name: filler(column) for column in table.columns}
    return pa.Table.from_pylist([blank | value for value in values], schema=table.arrow_schema())


def write(file: Path, table: pa.Table, *, marker: str | None = SYNTHETIC_VALUE) -> None:
    """Write a Parquet file with the marker in its footer, or without it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table.replace_schema_metadata({SYNTHETIC_KEY: marker} if marker else {}), file)


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    """A data set of two lines that passes every check."""
    write(tmp_path / "lines" / "part-00000.parquet", rows_of(schema.LINES, CLEAN, {}))
    write(tmp_path / "truth" / "lines" / "part-00000.parquet", rows_of(schema.TRUTH_LINES, {}, {}))
    for table in (schema.PRACTICES, schema.PRACTITIONERS, schema.PUBLIC_FIGURES):
        write(tmp_path / table.files, rows_of(table, {}))
    for name in ("manifest.json", "datapackage.json"):
        (tmp_path / name).write_text(json.dumps({"synthetic": True}), encoding="utf-8")
    return tmp_path


def plant(data_set: Path, **values: object) -> None:
    """Write one more file with one line, clean but for the values given."""
    write(data_set / "lines" / "part-00001.parquet", rows_of(schema.LINES, CLEAN | values))


def offending(report: SyntheticReport) -> dict[str, int]:
    """The failed checks, with their counts."""
    return {check.name: check.offending for check in report.checks if check.offending}


# --- Social security numbers ------------------------------------------------------------------------------------------


def test_nir_key_of_the_published_example() -> None:
    """The key of 2 55 08 14 168 025, the example in common use, is 38."""
    assert "38" == nir_key("2550814168025")


@given(bodies)
def test_nir_key_agrees_with_python_stdnum(body: str) -> None:
    """The key is the one that python-stdnum computes, for any departement, Corsica included."""
    nir = pytest.importorskip("stdnum.fr.nir")

    assert nir.calc_check_digits(body) == nir_key(body)


def test_nir_key_in_corsica() -> None:
    """2A is read as 19 and 2B as 18 before the division."""
    assert (nir_key("1840519000123"), nir_key("1840518000123")) == (nir_key("184052A000123"), nir_key("184052B000123"))


@given(bodies)
def test_nir_with_its_key_is_a_multiple_of_97(body: str) -> None:
    """A number plus its key is a multiple of 97, and the key lies between 01 and 97."""
    key = nir_key(body)
    number = int(body.replace("2A", "19", 1) if body[5:7] == "2A" else body[:5] + body[5:].replace("2B", "18", 1))

    assert 0 == (number + int(key)) % 97
    assert 1 <= int(key) <= 97
    assert 2 == len(key)


@pytest.mark.parametrize(
    "text", ["", "184057500012", "18405750001234", "184052C000123", "1A40575000123", "١٨٤٠٥٧٥٠٠٠١٢٣"]
)
def test_nir_key_refuses_another_layout(text: str) -> None:
    """Text that is not laid out as the 13 characters of a NIR raises an error that does not repeat the value."""
    with pytest.raises(InputError, match="A NIR without its key is 13 digits") as refused:
        nir_key(text)

    assert not text or text not in str(refused.value)


# --- The marks --------------------------------------------------------------------------------------------------------


def test_the_roots_are_those_of_arcep() -> None:
    """The roots for fiction are the six of Arcep's decision 2018-0881."""
    assert {root.replace(" ", "") for root in ARCEP_FICTION_ROOTS} == set(FICTION_PHONE_ROOTS)


def test_the_unallocated_mobiles_go_from_0710_to_0739() -> None:
    """The unallocated mobile numbers are thirty blocks of a million numbers, from 07 10 to 07 39."""
    assert ("0710", "0739", 30) == (
        UNALLOCATED_MOBILE_PREFIXES[0],
        UNALLOCATED_MOBILE_PREFIXES[-1],
        len(UNALLOCATED_MOBILE_PREFIXES),
    )


def test_complements_are_plain_and_many() -> None:
    """At least sixty complements, all different, in unaccented letters and spaces, each of two words or more."""
    assert len(set(FICTIONAL_STREET_COMPLEMENTS)) == len(FICTIONAL_STREET_COMPLEMENTS) >= 60
    for complement in FICTIONAL_STREET_COMPLEMENTS:
        assert complement.isascii()
        assert complement.replace(" ", "").isalpha()
        assert len(complement.split()) >= 3


# --- The checks -------------------------------------------------------------------------------------------------------


def test_a_clean_data_set_passes(clean: Path) -> None:
    """A clean data set passes every check, and every value that is not null is examined."""
    report = verify_synthetic(clean)

    assert {} == offending(report)
    assert report.ok
    assert {"mobile_phone": 1, "email": 1, "nir": 1, "parquet_footers": 5, "columns": 5, "comment_nirs": 1} == {
        check.name: check.examined
        for check in report.checks
        if check.name in {"mobile_phone", "email", "nir", "parquet_footers", "columns", "comment_nirs"}
    }


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("mobile_phone", "0710000000"),
        ("mobile_phone", "0739999999"),
        ("mobile_phone", "+33 6 39 98 12 34"),
        ("mobile_phone", "0033639981234"),
        ("mobile_phone", "06.39.98.12.34"),
        ("mobile_phone", "0600000000"),
        ("landline_phone", "0000000000"),
        ("landline_phone", "0536-49-00-00"),
        ("landline_phone", "  "),
        ("nir", "284052A000001" + nir_key("284052A000001")),
        ("nir", "1840597400001" + nir_key("1840597400001")),
        ("nir", "1840575056001" + "00"),
        ("email", "A.B@GMAIL.EXAMPLE"),
        ("address", "3 ALLEE DES TILLEULS DU HIBOU DISTRAIT"),
        ("administrative_comment", "né le 12.03.1984, dossier 12345678, 0710123456/0639981234, 07 10 12 34 56"),
        ("administrative_comment", "secu 1 84 05 75 000 123 45"),
        ("administrative_comment", "secu 184059740012345 ou 184052B000123"),
        ("administrative_comment", "2 rdv à 14h, 3 @ 10"),
    ],
)
def test_unreachable_values_pass(clean: Path, column: str, value: str) -> None:
    """Reserved numbers in any format, placeholders, blanks and impossible numbers pass."""
    plant(clean, **{column: value})

    assert {} == offending(verify_synthetic(clean))


@pytest.mark.parametrize(
    ("check", "column", "value"),
    [
        ("mobile_phone", "mobile_phone", "0612345678"),
        ("mobile_phone", "mobile_phone", "0709999999"),
        ("mobile_phone", "mobile_phone", "0740000000"),
        ("mobile_phone", "mobile_phone", "+33 (0)6 12 34 56 78"),
        ("mobile_phone", "mobile_phone", "06399812345"),
        ("landline_phone", "landline_phone", "01 42 34 56 78"),
        ("nir", "nir", "2550814168025" + "38"),
        ("nir", "nir", "1840597411001" + nir_key("1840597411001")),
        ("nir", "nir", "184052A004001" + nir_key("184052A004001")),
        ("nir", "nir", "1840575000001"),
        ("nir", "nir", "1 84 05 75 000 001 12"),
        ("email", "email", "zoe.lefevre@gmail.com"),
        ("email", "email", "zoe.lefevre@gmail.example.com"),
        ("email", "email", "zoe.lefevre@example"),
        ("email", "email", "zoe.lefevre"),
        ("address", "address", "12 rue du Moulin"),
        ("address", "address", "12 rue aux Cent Nuages bis"),
        ("comment_phones", "administrative_comment", "fils 0639981234 fille 06 12 34 56 78"),
        ("comment_phones", "administrative_comment", "0639981234 0612345678"),
        ("comment_phones", "administrative_comment", "tel.+33612345678"),
        ("comment_nirs", "administrative_comment", "secu 255081416802538"),
        ("comment_nirs", "administrative_comment", "184057500012345 2 55 08 14 168 025"),
        ("comment_nirs", "administrative_comment", "secu 1 84 05 2a 004 001"),
        ("comment_emails", "administrative_comment", "écrire à zoe@orange.example ou zoe@orange.fr."),
    ],
)
def test_a_planted_value_fails_its_check(clean: Path, check: str, column: str, value: str) -> None:
    """A value that could be real is counted by its check and by no other."""
    plant(clean, **{column: value})
    report = verify_synthetic(clean)

    assert {check: 1} == offending(report)
    assert not report.ok


def test_a_report_repeats_no_value(clean: Path) -> None:
    """The report does not contain a failing value, because it may be real."""
    plant(clean, mobile_phone="0612345678")

    assert "612345678" not in repr(verify_synthetic(clean))


def test_a_footer_without_marker_is_counted(clean: Path) -> None:
    """A Parquet file without the mark fails, also in the truth."""
    write(clean / "truth" / "lines" / "part-00000.parquet", rows_of(schema.TRUTH_LINES, {}), marker=None)

    assert {"parquet_footers": 1} == offending(verify_synthetic(clean))


@pytest.mark.parametrize("name", ["manifest", "datapackage"])
@pytest.mark.parametrize("content", [None, "{}", '{"synthetic": "yes"}', "[]", "not JSON"])
def test_a_json_file_without_marker_is_counted(clean: Path, name: str, content: str | None) -> None:
    """A manifest or data package that is missing or lacks `"synthetic": true` fails."""
    (clean / f"{name}.json").unlink()
    if content is not None:
        (clean / f"{name}.json").write_text(content, encoding="utf-8")

    assert {name: 1} == offending(verify_synthetic(clean))


def test_a_missing_table_is_counted(clean: Path) -> None:
    """A data set without one of its tables fails."""
    (clean / "public_figures.parquet").unlink()

    assert {"tables": 1} == offending(verify_synthetic(clean))


def test_a_file_with_another_column_is_counted(clean: Path) -> None:
    """A file with a column that its table does not have fails."""
    practices = rows_of(schema.PRACTICES, {})
    write(clean / "practices.parquet", practices.append_column("iban", pa.array(["x"])))

    assert {"columns": 1} == offending(verify_synthetic(clean))


def test_a_stray_file_is_counted_and_read(clean: Path) -> None:
    """A Parquet file of no table fails, and its values are examined like those of lines."""
    write(clean / "extra" / "more.parquet", pa.table({"email": ["zoe.lefevre@gmail.com"]}))

    assert {"columns": 1, "email": 1} == offending(verify_synthetic(clean))


def test_a_list_column_written_another_way_agrees(clean: Path) -> None:
    """Columns agree with the schema for any offset width of strings and lists."""
    truth = rows_of(schema.TRUTH_LINES, {})
    wide = [
        pa.field(f.name, {pa.string(): pa.large_string()}.get(f.type, pa.large_list(pa.large_string())))
        if f.type in (pa.string(), pa.list_(pa.string()))
        else f
        for f in truth.schema
    ]
    write(clean / "truth" / "lines" / "part-00000.parquet", truth.cast(pa.schema(wide)))

    assert {} == offending(verify_synthetic(clean))


@pytest.mark.parametrize("as_directory", [True, False], ids=["directory", "file"])
def test_foreign_parquet_fails_without_crashing(tmp_path: Path, as_directory: bool) -> None:
    """A table from elsewhere, of any types, is read as lines and fails."""
    file = tmp_path / "people.parquet"
    pq.write_table(
        pa.table({"mobile_phone": [612345678, None], "email": ["a@b.fr", "c@d.example"], "age": [1, 2]}), file
    )
    report = verify_synthetic(tmp_path if as_directory else file)

    assert not report.ok
    assert {
        "parquet_footers": 1, "manifest": 1, "datapackage": 1, "tables": 5, "columns": 1, "mobile_phone": 1, "email": 1,
    } == offending(report)  # fmt: skip


def test_nothing_to_examine_is_a_clear_error(tmp_path: Path) -> None:
    """A path that does not exist and a directory without Parquet files raise an error."""
    with pytest.raises(NotADataSetError, match="There is no file or directory"):
        verify_synthetic(tmp_path / "absent")
    with pytest.raises(NotADataSetError, match="contains no Parquet file"):
        verify_synthetic(tmp_path)


def test_a_broken_file_is_a_clear_error(tmp_path: Path) -> None:
    """A file that is not Parquet raises a `DataSetError`."""
    (tmp_path / "people.parquet").write_text("name\nx\n", encoding="utf-8")

    with pytest.raises(DataSetError, match="cannot be read"):
        verify_synthetic(tmp_path)


def test_settings_that_duckdb_refuses_are_a_clear_error(clean: Path) -> None:
    """An invalid memory limit raises an error with the value."""
    with pytest.raises(InputError, match="DuckDB refused memory_limit='plenty'"):
        verify_synthetic(clean, memory_limit="plenty")


def test_column_names_are_read_in_any_case(clean: Path) -> None:
    """A column called EMAIL is examined as e-mail."""
    write(clean / "extra.parquet", pa.table({"EMAIL": ["a@b.fr"]}))

    assert {"columns": 1, "email": 1} == offending(verify_synthetic(clean))


def test_a_directory_named_like_a_pattern_is_read(clean: Path) -> None:
    """Brackets and stars in a directory's name are part of the name."""
    odd = clean.rename(clean.with_name("odd[1]*name"))

    assert {} == offending(verify_synthetic(odd))
