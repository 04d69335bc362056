"""Received files of 38 kinds, each with the rows, cells, places and repairs of a right reader, made independently."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from toolkit.dataset import open_leak
from toolkit.intake import IntakeOptions, intake

CASES = Path(__file__).parent / "cases"
NAMES = sorted(path.name for path in CASES.iterdir())
_PLACE = {"row", "file", "line", "extra", "line_id"}


def read(folder: Path, name: str) -> list[dict[str, Any]]:
    """Return the rows of one table of a data set."""
    files = sorted((folder / name).glob("*.parquet")) if (folder / name).is_dir() else []
    return pl.concat([pl.read_parquet(file) for file in files]).to_dicts() if files else []


def expected_value(value: object) -> object:
    """Return a cell as the cases write it."""
    return value.isoformat() if isinstance(value, date) else value


def matches(value: object, wanted: object) -> bool:
    """Return whether a cell is the expected one; very long texts are expected by length and digest."""
    if isinstance(wanted, dict):
        text = str(value)
        return len(text) == int(wanted["length"]) and hashlib.sha256(text.encode()).hexdigest() == wanted["sha256_utf8"]
    return bool(expected_value(value) == wanted)


def run(case: Path, out: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read the files of a case; return its expectations and the account."""
    expected = json.loads((case / "expected.json").read_text(encoding="utf-8"))
    files = sorted(case / file["path"] for file in expected["files"] if not file["path"].endswith("-wal"))
    chosen = expected["options"]
    passwords = (chosen["password"],) if "password" in chosen else ()
    return expected, intake(files, out, IntakeOptions(passwords=passwords, copy_year=2026))


def of_case(name: str, files: list[str]) -> str:
    """Return the file of the case that a place of the reader is."""
    tails = [file for file in files if name == file or name.endswith(file.split("/")[-1])]
    return name if name in files else tails[0]


@pytest.mark.parametrize("name", NAMES)
def test_a_case_is_read_as_expected(name: str, tmp_path: Path) -> None:
    """Every expected row is there with its cells, place and repairs, none is invented, and every unit is counted."""
    case = CASES / name
    expected, _ = run(case, tmp_path / "out")
    out = tmp_path / "out"
    wanted = [json.loads(line) for line in (case / "expected_rows.jsonl").read_text("utf-8").split("\n") if line]
    files = [entry["file"] for entry in expected["account"]]
    lines = {row["line_id"]: row for row in read(out, "lines")}
    extra: dict[int, dict[str, str]] = defaultdict(dict)
    for row in read(out, "extra"):
        extra[row["line_id"]][row["column"]] = row["text"]
    rows = sorted(read(out, "provenance"), key=lambda row: row["line_id"])
    got = defaultdict(list)
    for row in rows:
        got[of_case(row["source"], files), row["line"]].append(row)

    assert len(wanted) == len(rows)
    repairs = defaultdict(list)
    for row in wanted:
        place = got[row["file"], row["line"]].pop(0)
        line = lines[place["line_id"]]
        cells = {column: value for column, value in row.items() if column not in _PLACE}
        wrong = {column: line[column] for column, value in cells.items() if not matches(line[column], value)}
        assert {} == wrong, (row["file"], row["line"], cells)
        kept = extra[place["line_id"]]
        assert all(kept.get(column) for column, value in (row.get("extra") or {}).items() if value is not None)
        for lost in expected["cells_lost"]:
            if (lost["file"], lost["line"]) == (row["file"], row["line"]) and lost["value"] is None:
                assert lost["raw"] in kept.values()
        for repair in place["repairs"]:
            repairs[repair].append(f"{row['file']}:{row['line']}")
    assert expected["rows_repaired"] == {repair: sorted(places, key=_by_line) for repair, places in repairs.items()}


def _by_line(place: str) -> tuple[str, int]:
    file, line = place.rsplit(":", 1)
    return file, int(line)


@pytest.mark.parametrize("name", NAMES)
def test_the_units_of_a_case_are_accounted_for(name: str, tmp_path: Path) -> None:
    """Units of each kind are those expected, and what was rejected is kept whole with its code."""
    case = CASES / name
    expected, account = run(case, tmp_path / "out")
    files = [entry["file"] for entry in expected["account"]]
    sources = {of_case(source["source"], files): source for source in account["sources"]}

    for entry in expected["account"]:
        source = sources[entry["file"]]
        kinds = {kind: number for kind, number in entry.items() if kind not in ("file", "unit")}
        assert kinds == {kind: source.get(kind, 0) for kind in kinds}
        units = sum(
            value for kind, value in source.items() if isinstance(value, int) and kind not in ("total", "bytes")
        )
        assert source["total"] == units
    kept = {(of_case(row["source"], files), row["line"]): row for row in read(tmp_path / "out", "quarantine")}
    rejected = {(row["file"], row["line"]): row for row in expected["rows_rejected"]}
    assert {place: row["code"] for place, row in rejected.items()} == {
        place: row["code"] for place, row in kept.items()
    }
    for place, row in rejected.items():
        if row.get("raw_sha256"):
            raw = kept[place]["raw"]
            assert row["raw_sha256"] in {hashlib.sha256(text).hexdigest() for text in (raw, raw.rstrip(b"\r\n"))}


def test_a_data_set_of_received_files_opens(tmp_path: Path) -> None:
    """What intake writes is a data set of the origin `intake`, whose missing columns are null."""
    run(CASES / "31_telephone_forms", tmp_path / "out")

    with open_leak(tmp_path / "out") as leak:
        assert "intake" == leak.origin
        assert not leak.is_synthetic
        assert 16 == leak.lines.count().execute()
        assert leak.capabilities.has("mobile_phone", "landline_phone")
        assert not leak.capabilities.has("birth_date")
