"""Reruns: a run is repeated from its record, and whatever differs is named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from toolkit.cli import main
from toolkit.dataset._leak import open_leak
from toolkit.errors import DataSetError
from toolkit.questions import Answer
from toolkit.report._findings import Findings
from toolkit.run import _rerun as reruns
from toolkit.run._rerun import compare_numbers
from toolkit.run._run_manifest import Number, RunRecord, make_record, read_record, write_record
from toolkit.scenario import load_scenario

CLAIMS = pl.DataFrame({"id": ["one"]})


@pytest.fixture(scope="module")
def record(small_leak: Path, small_answers: dict[str, Answer]) -> RunRecord:
    """The record of an investigation of the small leak."""
    with open_leak(small_leak) as leak:
        manifest = leak.manifest
    told = {"rows": 20_000, "seed": 1, "memory_limit": "1GB", "threads": 2}
    found = Findings("small", small_leak, manifest, small_answers, CLAIMS, (), told, "toolkit investigate")
    return make_record(found, load_scenario())


@pytest.fixture
def asked_before(monkeypatch: pytest.MonkeyPatch, small_answers: dict[str, Answer]) -> None:
    """Every question is answered by what was asked at the beginning of the tests, to spare asking again."""
    monkeypatch.setattr(reruns, "ask_everything", lambda *_: (small_answers, CLAIMS))


def number(name: str, value: float, **more: float | None) -> Number:
    """A number of a record."""
    told: dict[str, object] = {"question": "counts", "unit": "cats", "denominator_unit": "animals"}
    blank: dict[str, object] = {"denominator": 10, "share": None, "low": None, "high": None}
    return Number.model_validate(told | blank | {"id": name, "value": value} | more)


# --- Comparing --------------------------------------------------------------------------------------------------------


def test_counts_are_compared_to_the_last_one() -> None:
    """A count that is off by one in a billion differs; a computed number by as little does not."""
    was = [number("counted", 10**10), number("computed", 0.1), number("moved", 0.1)]
    now = [number("counted", 10**10 + 1), number("computed", 0.1 * (1 + 1e-12)), number("moved", 0.1001)]

    counted, computed, moved = compare_numbers(was, now)

    assert [("value",), (), ("value",)] == [one.differing for one in (counted, computed, moved)]
    assert [1e-10, 0, 1e-3] == pytest.approx([one.relative for one in (counted, computed, moved)])
    assert computed.equal


def test_denominators_and_intervals_are_compared_too() -> None:
    """A number whose value stayed differs all the same when its denominator or an end of its interval moved."""
    was = [number("a", 5), number("b", 5, low=1.0, high=9.0), number("c", 5, low=1.0, high=9.0)]
    now = [number("a", 5, denominator=11), number("b", 5, low=1.0, high=8.0), number("c", 5)]

    assert [("denominator",), ("high",), ("low", "high")] == [one.differing for one in compare_numbers(was, now)]


def test_what_one_side_lacks_is_told() -> None:
    """A number that only one side has is no equality, and keeps its place."""
    first, second, third = compare_numbers([number("old", 1), number("both", 2)], [number("both", 2), number("new", 3)])

    assert ("old", None, False) == (first.id, first.now, first.equal)
    assert second.equal
    assert ("new", None, False) == (third.id, third.was, third.equal)


def test_difference_from_nothing_has_no_ratio() -> None:
    """What was 0 and is something differs, by no part of what it was."""
    (one,) = compare_numbers([number("a", 0)], [number("a", 3)])

    assert (("value",), None) == (one.differing, one.relative)


# --- The command ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("asked_before")
def test_equal_rerun_ends_with_0(
    record: RunRecord, small_leak: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run that says the same again is equal, tells how much was compared, and leaves the report as it is."""
    path = write_record(tmp_path, record)
    before = path.read_bytes()

    code = main(["rerun", str(path), "--out", str(small_leak)])

    out = capsys.readouterr().out
    assert 0 == code
    assert f"Equal: {len(record.numbers)} numbers and {len(record.tables)} tables are what they were." in out
    assert "counted a second time by another program: equal." in out
    assert [path] == list(tmp_path.iterdir())
    assert before == path.read_bytes()


@pytest.mark.usefixtures("asked_before")
def test_changed_number_is_named_and_ends_with_1(
    record: RunRecord, small_leak: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A record with another number, version and table than now is unequal, and says what and by how much."""
    content = record.model_dump(mode="json")
    people = next(one for one in content["numbers"] if one["id"] == "people_by_nir")
    people["value"] *= 2
    content["numbers"] = [one for one in content["numbers"] if one["id"] != "lines"]
    content["versions"]["duckdb"] = "1.0.0"
    content["tables"][0]["digest"] = "0" * 64
    path = tmp_path / "run.json"
    path.write_text(json.dumps(content), encoding="utf-8")

    code = main(["rerun", str(path), "--out", str(small_leak), "--json"])

    told = json.loads(capsys.readouterr().out)
    (difference,) = told["numbers"]
    assert (1, False) == (code, told["equal"])
    assert ("people_by_nir", ["value"], -0.5) == (
        difference["id"], difference["differing"], difference["relative_difference"],
    )  # fmt: skip
    assert {"value": people["value"]} == difference["was"]
    assert {"value": people["value"] // 2} == difference["is"]
    assert ["lines"] == told["only_now"]
    assert ["counts: overview"] == [change["what"] for change in told["tables"]]
    assert {"what": "version of duckdb", "was": "1.0.0"}.items() <= told["may_explain"][0].items()
    assert [] == told["data"]

    assert 1 == main(["rerun", str(path), "--out", str(small_leak)])
    out = capsys.readouterr().out
    assert "Not equal: of " in out
    assert "-0.5 of it" in out
    assert "only now" in out


@pytest.mark.usefixtures("asked_before")
def test_another_data_set_is_named(
    record: RunRecord, small_leak: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A content hash that is not the record's is told, of the whole and of each file."""
    file = record.data_set.files[0].model_copy(update={"content_hash": "1" * 64})
    data = record.data_set.model_copy(update={"content_hash": "2" * 64, "files": (file, *record.data_set.files[1:])})
    path = write_record(tmp_path, record.model_copy(update={"data_set": data}))

    code = main(["rerun", str(path), "--out", str(small_leak), "--json"])

    told = [change["what"] for change in json.loads(capsys.readouterr().out)["data"]]
    assert 1 == code
    assert [
        "content hash of the data set",
        "content hash of lines/part-00000.parquet",
    ] == told


def test_changed_file_is_refused(
    record: RunRecord, small_leak: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that does not hold what its manifest tells is named before anything is asked of it."""
    other = shutil.copytree(small_leak, tmp_path / "other")
    spoilt = bytearray((other / "practices.parquet").read_bytes())
    spoilt[100] ^= 1
    (other / "practices.parquet").write_bytes(spoilt)

    code = main(["rerun", str(write_record(tmp_path, record)), "--out", str(other)])

    assert 2 == code
    assert "practices.parquet does not hold what its manifest tells" in capsys.readouterr().err


def test_missing_file_is_refused(record: RunRecord, small_leak: Path, tmp_path: Path) -> None:
    """A file that the manifest names and that is not there is one sentence."""
    other = shutil.copytree(small_leak, tmp_path / "other")
    (other / "practices.parquet").unlink()
    files = [{"path": file.path, "sha256": file.sha256} for file in record.data_set.files]

    with pytest.raises(DataSetError, match=r"practices\.parquet, which the manifest names, cannot be read \(No such"):
        reruns._check_bytes(other, files, lambda *_: None)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rerun", "nowhere.json"], "nowhere.json cannot be read"),
        (["rerun"], "Missing argument"),
    ],
)
def test_user_error_ends_with_2(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A record that is not there is one line and exit code 2."""
    code = main(arguments)

    error = capsys.readouterr().err
    assert 2 == code
    assert said in error
    assert 1 == error.count("\n")


def test_folder_with_another_leak_is_refused(
    record: RunRecord, small_leak: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A rerun never asks, nor overwrites, a data set of another seed that lies in its place."""
    path = write_record(tmp_path, record.model_copy(update={"seed": 2}))

    code = main(["rerun", str(path), "--out", str(small_leak)])

    assert 2 == code
    assert "holds another data set" in capsys.readouterr().err


@pytest.mark.slow
def test_rerun_from_nothing_is_equal(
    record: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the data set gone, a rerun makes it again, asks everything afresh, and finds every number equal."""
    monkeypatch.chdir(tmp_path)
    path = write_record(tmp_path / "report", record)

    main(["rerun", str(path), "--json"])

    told = json.loads(capsys.readouterr().out)
    made = tmp_path / "data" / "synthetic" / "mlm-2026-20000-1"
    # The table of claims was not asked when the record was made.
    assert (True, [], [], ["claims: claims"]) == (
        told["made_again"], told["numbers"], told["data"], [change["what"] for change in told["tables"]],
    )  # fmt: skip
    assert len(record.numbers) == told["numbers_compared"]
    assert (made / "manifest.json").is_file()
    assert not (made / "derived").exists()
    assert record == read_record(path)
