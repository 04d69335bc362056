"""Reruns: a run is repeated from its record, and every difference is named."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from toolkit.cli import main
from toolkit.errors import DataSetError
from toolkit.questions import Answer
from toolkit.report import Findings
from toolkit.run import DataSet
from toolkit.run import _pipeline as pipeline
from toolkit.run import _rerun as reruns
from toolkit.run._rerun import compare_numbers
from toolkit.run._run_manifest import Number, RunRecord, make_record, read_record, write_record
from toolkit.scenario import load_scenario


@pytest.fixture(scope="module")
def record(small_findings: Findings) -> RunRecord:
    """Return the record of an investigation of the small leak."""
    return make_record(small_findings, load_scenario())


@pytest.fixture
def answered_before(monkeypatch: pytest.MonkeyPatch, small_answers: dict[str, Answer]) -> None:
    """Answer every question with the answers that the session has already, to save time."""
    monkeypatch.setattr(pipeline, "ask", lambda question, _leak, **_options: small_answers[question.name])
    monkeypatch.setattr(pipeline, "_link", lambda *_: None)


def number(name: str, value: float, **more: float | None) -> Number:
    """Return a number of a record."""
    units: dict[str, object] = {"question": "counts", "unit": "cats", "denominator_unit": "animals"}
    blank: dict[str, object] = {"denominator": 10, "share": None, "low": None, "high": None}
    return Number.model_validate(units | blank | {"id": name, "value": value} | more)


# --- Comparing --------------------------------------------------------------------------------------------------------


def test_counts_are_compared_exactly() -> None:
    """A count that is off by one in ten billion differs; a computed number that is off by as little does not."""
    was = [number("counted", 10**10), number("computed", 0.1), number("moved", 0.1)]
    now = [number("counted", 10**10 + 1), number("computed", 0.1 * (1 + 1e-12)), number("moved", 0.1001)]

    counted, computed, moved = compare_numbers(was, now)

    assert [("value",), (), ("value",)] == [one.differing for one in (counted, computed, moved)]
    assert [1e-10, 0, 1e-3] == pytest.approx([one.relative for one in (counted, computed, moved)])
    assert computed.equal


def test_denominators_and_intervals_are_compared_too() -> None:
    """A number with the same value differs where its denominator or an end of its interval changed."""
    was = [number("a", 5), number("b", 5, low=1.0, high=9.0), number("c", 5, low=1.0, high=9.0)]
    now = [number("a", 5, denominator=11), number("b", 5, low=1.0, high=8.0), number("c", 5)]

    assert [("denominator",), ("high",), ("low", "high")] == [one.differing for one in compare_numbers(was, now)]


def test_number_of_one_side_only_is_not_equal() -> None:
    """A number that only one side has is not equal, and keeps its place."""
    first, second, third = compare_numbers([number("old", 1), number("both", 2)], [number("both", 2), number("new", 3)])

    assert ("old", None, False) == (first.id, first.now, first.equal)
    assert second.equal
    assert ("new", None, False) == (third.id, third.was, third.equal)


def test_difference_from_zero_has_no_ratio() -> None:
    """A number that was 0 and is 3 differs, without a relative difference."""
    (one,) = compare_numbers([number("a", 0)], [number("a", 3)])

    assert (("value",), None) == (one.differing, one.relative)


# --- The command ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("answered_before")
def test_equal_rerun_ends_with_0(
    record: RunRecord, small_leak: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run with the same numbers is reproduced, states how much was compared, and leaves the report as it is."""
    path = write_record(tmp_path, record)
    before = path.read_bytes()

    code = main(["rerun", str(path), "--out", str(small_leak)])

    out = capsys.readouterr().out
    assert 0 == code
    assert f"Reproduced: all {len(record.numbers)} numbers and {len(record.tables)} tables match." in out
    assert re.search(r"A second program counted [1-9]\d+ numbers again, with the same results\.", out)
    assert [path] == list(tmp_path.iterdir())
    assert before == path.read_bytes()


@pytest.mark.usefixtures("answered_before")
def test_changed_number_is_named_and_ends_with_1(
    record: RunRecord, small_leak: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A record with another number, version and table is not reproduced; the output names each difference and its
    size.
    """
    content = record.model_dump(mode="json")
    people = next(one for one in content["numbers"] if one["id"] == "people_by_nir")
    people["value"] *= 2
    content["numbers"] = [one for one in content["numbers"] if one["id"] != "lines"]
    content["versions"]["duckdb"] = "1.0.0"
    content["tables"][0]["digest"] = "0" * 64
    path = tmp_path / "run.json"
    path.write_text(json.dumps(content), encoding="utf-8")

    code = main(["rerun", str(path), "--out", str(small_leak), "--json"])

    printed = json.loads(capsys.readouterr().out)
    (difference,) = printed["numbers"]
    assert (1, False) == (code, printed["equal"])
    assert ("people_by_nir", ["value"], -0.5) == (
        difference["id"], difference["differing"], difference["relative_difference"],
    )  # fmt: skip
    assert {"value": people["value"]} == difference["was"]
    assert {"value": people["value"] // 2} == difference["is"]
    assert ["lines"] == printed["only_now"]
    assert ["counts: overview"] == [change["what"] for change in printed["tables"]]
    assert {"what": "version of duckdb", "was": "1.0.0"}.items() <= printed["may_explain"][0].items()
    assert [] == printed["data"]

    assert 1 == main(["rerun", str(path), "--out", str(small_leak)])
    out = capsys.readouterr().out
    assert "Not reproduced: of " in out
    assert "1 numbers and 1 tables differ; the data set is the same. This version has 1 more numbers." in out
    assert "-50.000%" in out
    assert re.search(r"lines .* new", out)


@pytest.mark.usefixtures("answered_before")
def test_another_data_set_is_named(
    record: RunRecord, small_leak: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A content hash that differs from the record is named, for the data set and for each file."""
    file = record.data_set.files[0].model_copy(update={"content_hash": "1" * 64})
    data = record.data_set.model_copy(update={"content_hash": "2" * 64, "files": (file, *record.data_set.files[1:])})
    path = write_record(tmp_path, record.model_copy(update={"data_set": data}))

    code = main(["rerun", str(path), "--out", str(small_leak), "--json"])

    named = [change["what"] for change in json.loads(capsys.readouterr().out)["data"]]
    assert 1 == code
    assert [
        "content hash of the data set",
        "content hash of lines/part-00000.parquet",
    ] == named


def test_changed_file_is_refused(
    record: RunRecord, small_leak: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file whose bytes differ from the manifest is named before any question is answered."""
    other = shutil.copytree(small_leak, tmp_path / "other")
    changed = bytearray((other / "practices.parquet").read_bytes())
    changed[100] ^= 1
    (other / "practices.parquet").write_bytes(changed)

    code = main(["rerun", str(write_record(tmp_path, record)), "--out", str(other)])

    assert 2 == code
    error = capsys.readouterr().err
    assert "practices.parquet was changed: its SHA-256 is" in error
    assert 1 == error.count("\n")


def test_missing_file_is_refused(record: RunRecord, small_leak: Path, tmp_path: Path) -> None:
    """A file that the manifest lists and that is missing gives one sentence."""
    other = shutil.copytree(small_leak, tmp_path / "other")
    (other / "practices.parquet").unlink()
    files = [{"path": file.path, "sha256": file.sha256} for file in record.data_set.files]

    with pytest.raises(DataSetError, match=r"practices\.parquet is in the manifest and cannot be read \(No such"):
        reruns._check_bytes(DataSet(other, {"files": files}, made=False), lambda *_: None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rerun", "nowhere.json"], "nowhere.json cannot be read"),
        (["rerun"], "Missing argument"),
    ],
)
def test_user_error_ends_with_2(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A missing record gives one line and exit code 2."""
    code = main(arguments)

    error = capsys.readouterr().err
    assert 2 == code
    assert message in error
    assert 1 == error.count("\n")


def test_folder_with_another_leak_is_refused(
    record: RunRecord, small_leak: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A rerun neither reads nor overwrites a data set of another seed in the same folder."""
    path = write_record(tmp_path, record.model_copy(update={"seed": 2}))

    code = main(["rerun", str(path), "--out", str(small_leak)])

    assert 2 == code
    assert "holds another data set" in capsys.readouterr().err


@pytest.mark.slow
def test_rerun_from_nothing_is_equal(
    record: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the data set, a rerun makes it again, answers everything again, and finds every number equal."""
    monkeypatch.chdir(tmp_path)
    path = write_record(tmp_path / "report", record)

    main(["rerun", str(path), "--json"])

    printed = json.loads(capsys.readouterr().out)
    made = tmp_path / "data" / "synthetic" / "mlm-2026-20000-1"
    assert (True, True, [], [], []) == tuple(
        printed[name] for name in ("made_again", "equal", "numbers", "data", "tables")
    )
    assert len(record.numbers) == printed["numbers_compared"]
    assert (made / "manifest.json").is_file()
    assert not (made / "derived").exists()
    assert record == read_record(path)
