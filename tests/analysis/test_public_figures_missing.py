"""Matching public figures on data sets that lack names, dates, ids or a register: nine lines with columns made null."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from toolkit import schema
from toolkit.analysis import public_figures
from toolkit.dataset._leak import open_leak
from toolkit.errors import MissingError

Blank = Callable[..., Path]


@pytest.fixture
def blank(write_data_set: Callable[..., Path], nine_lines: Path, tmp_path: Path) -> Blank:
    """Write the nine lines with columns of the lines made null or filled, with or without a register."""

    def write(*columns: str, register: bool = True, **filled: str) -> Path:
        rows = pa.concat_tables(pq.read_table(file) for file in sorted(nine_lines.glob("lines/*.parquet"))).to_pylist()
        changes = filled | dict.fromkeys(columns)
        lines = pa.Table.from_pylist([row | changes for row in rows], schema.LINES.arrow_schema())
        path = write_data_set(tmp_path / "leak", lines=lines)
        if not register:
            manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
            manifest["files"] = [file for file in manifest["files"] if file["path"] != "public_figures.parquet"]
            (path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (["birth_date"], "no line of the data set has a birth date"),
        (["sex"], "no line of the data set with a birth date has a sex"),
        (["first_name"], "no line of the data set has a first name"),
        (["last_name", "birth_name"], "no line of the data set has a last name or a birth name"),
    ],
)
def test_what_the_number_of_namesakes_needs_is_required(columns: list[str], message: str, blank: Blank) -> None:
    """Without birth dates, sexes, first names or surnames, matching raises an error with what is missing."""
    with open_leak(blank(*columns), threads=1) as leak, pytest.raises(MissingError, match=message):
        public_figures.match(leak)


def test_without_a_register_there_is_nothing_to_match(blank: Blank) -> None:
    """A data set without a register raises an error, and matches a register that is given."""
    register = public_figures.to_register(pl.DataFrame({"nom": ["Lefèvre"], "prénom": ["Zoé"]}))
    with open_leak(blank(register=False), threads=1) as leak:
        hits = public_figures.match(leak, register).hits
        with pytest.raises(MissingError, match="the data set has no"):
            public_figures.match(leak)

    assert [(1, 10), (1, 20)] == hits.select("figure_id", "record_id").rows()


@pytest.mark.parametrize(
    ("column", "tiers"),
    [
        ("nir", ["name_birth_date_place", "name_birth_date_place"]),
        ("practice_id", ["name_birth_date_place", "name_birth_date_place"]),
        # The place of a record is its postal code.
        ("postal_code", ["name_birth_date", "name_birth_date"]),
        # Without one of the surnames the other one is compared.
        ("last_name", ["name_birth_date_place", "name_birth_date_place"]),
        ("birth_name", ["name_birth_date_place", "name_birth_date_place"]),
    ],
)
def test_hits_do_not_need_every_column(column: str, tiers: list[str], blank: Blank) -> None:
    """Figure 1 is found in records 10 and 20 without columns that are not needed."""
    with open_leak(blank(column), threads=1) as leak:
        hits = public_figures.match(leak).hits

    own = hits.filter(pl.col("figure_id") == 1)
    assert ([10, 20], tiers) == (own["record_id"].to_list(), own["tier"].to_list())
    assert own["p_wrong_person"].is_between(0, 1).all()


def test_without_record_ids_each_line_is_a_record(blank: Blank) -> None:
    """Lines without a record id are matched one by one, and the record exported twice gives two hits."""
    with open_leak(blank("record_id"), threads=1) as leak:
        hits = public_figures.match(leak).hits

    assert {1: 2, 2: 4, 3: 2} == dict(hits.group_by("figure_id").len().rows())


@pytest.mark.parametrize(
    ("columns", "unknown"),
    [
        (["practice_id"], {"several_practices"}),
        (["address"], {"address"}),
        (["mobile_phone"], set()),
        (["mobile_phone", "landline_phone"], {"phone"}),
        (["email"], {"email"}),
        (["nir"], {"nir"}),
        (["administrative_comment"], {"comment", "sensitive_comment"}),
    ],
    ids=lambda value: "-".join(sorted(value)) or "nothing",
)
def test_exposure_of_absent_data_is_unknown(columns: list[str], unknown: set[str], blank: Blank) -> None:
    """What no line of a data set has is unknown for each figure, not 0; all else is counted."""
    # Phone numbers reserved for fiction.
    filled = {"email": "a@example.org", "mobile_phone": "0639980000", "landline_phone": "0199000000"}
    with open_leak(blank(*columns, **filled), threads=1) as leak:
        table = public_figures.exposure(leak, public_figures.match(leak), minimum=1)

    assert unknown == {column.name for column in table if column.null_count() == table.height > 0}
