"""The run manifest: complete, the same for the same run, checked when it is read, documented key by key."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from toolkit.errors import InputError
from toolkit.report import Findings
from toolkit.run import RunRecord, read_record
from toolkit.run import _run_manifest as records
from toolkit.run._run_manifest import code_digests, make_record, table_digest, write_record
from toolkit.scenario import load_scenario

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "run-record.md"


@pytest.fixture(scope="module")
def findings(small_findings: Findings) -> Findings:
    """Return the findings of an investigation of the small leak in 1 GB."""
    return replace(small_findings, memory_limit="1GB")


@pytest.fixture(scope="module")
def record(findings: Findings) -> RunRecord:
    """Return the record of that investigation."""
    return make_record(findings, load_scenario(), ("lines", "records"))


def test_record_is_complete(record: RunRecord, findings: Findings) -> None:
    """The record has scenario, seed, rows, parameters, versions, code, hashes, and every number with its
    denominator.
    """
    results = {result.id: result for result in findings.results}

    assert load_scenario() == record.scenario_of_run()
    assert (1, 20_000, "1GB", 2, "en") == (
        record.seed, record.rows, record.parameters.memory_limit, record.parameters.threads, record.parameters.language,
    )  # fmt: skip
    assert {"size": 3_000, "seed": 1, "reviewer": "truth"} == record.parameters.audit.model_dump()
    assert {"audit": 3_000} == record.parameters.options["comments"]
    assert ("synthetic", {}) == (record.data_set.origin, record.unanswerable)
    assert {"python", "leak-forensics-toolkit", "duckdb", "polars", "splink"} <= set(record.versions)
    assert {"analysis", "synth", "questions", "privacy", "i18n.py", "locale"} <= set(record.code)
    assert findings.manifest["content_hash"] == record.data_set.content_hash
    assert len(findings.manifest["files"]) == len(record.data_set.files)
    assert list(results) == [number.id for number in record.numbers]
    for number in record.numbers:
        found = results[number.id]
        assert (found.value, found.low, found.high, found.denominator) == (
            number.value, number.low, number.high, number.denominator,
        )  # fmt: skip
    assert {("duplicates", "waterfall"), ("claims", "claims")} <= {(one.question, one.name) for one in record.tables}


def test_record_is_read_as_it_was_written(record: RunRecord, tmp_path: Path) -> None:
    """A record is read as it was written, to the last digit, and whole numbers stay whole."""
    again = read_record(write_record(tmp_path, record))

    assert record == again
    lines = next(number for number in again.numbers if number.id == "lines")
    assert isinstance(lines.value, int)


def test_record_of_version_0_1_is_read(record: RunRecord, tmp_path: Path) -> None:
    """A record of format 1, which lacks the keys that were added since, is read with their defaults."""
    content = record.model_dump(mode="json") | {"format": 1}
    del content["unanswerable"], content["parameters"]["options"]
    del content["data_set"]["origin"], content["data_set"]["path"]
    (tmp_path / "run.json").write_text(json.dumps(content), encoding="utf-8")

    old = read_record(tmp_path / "run.json")

    assert ("synthetic", None, {}, {}) == (
        old.data_set.origin, old.data_set.path, old.parameters.options, old.unanswerable,
    )  # fmt: skip
    assert record.numbers == old.numbers


def test_same_run_writes_the_same_record(record: RunRecord, findings: Findings, tmp_path: Path) -> None:
    """A record has no time, no absolute path and no random order: the same run writes the same bytes."""
    first = write_record(tmp_path / "a", record).read_bytes()
    second = write_record(tmp_path / "b", make_record(findings, load_scenario(), ("lines", "records"))).read_bytes()

    assert first == second
    assert str(findings.leak_path).encode() not in first


def test_every_key_is_documented() -> None:
    """Each key of a record is explained in the document of the format."""
    parts = [one for one in vars(records).values() if isinstance(one, type) and issubclass(one, records._Part)]
    keys = {key for part in parts for key in part.model_fields}

    text = DOCUMENT.read_text(encoding="utf-8")

    assert {"kind", "content_hash", "reviewer", "digest"} <= keys
    assert set() == {key for key in keys if f"`{key}`" not in text}


# --- Broken and foreign files -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "a recipe"}, r"is not the record of a run"),
        ({"format": 3}, r"is a record of format 3 where 1 or 2 was expected"),
        ({"seed": "seven"}, r"is a broken record \(key 'seed': .*integer"),
        ({"extra": 1}, r"is a broken record \(key 'extra'"),
        ({"numbers": [{"id": "lines"}]}, r"is a broken record \(key 'numbers.0.question': field required"),
    ],
)
def test_wrong_record_is_one_clear_error(
    record: RunRecord, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    """The error names a foreign, newer or edited file, and the key that is wrong."""
    path = tmp_path / "run.json"
    path.write_text(json.dumps(record.model_dump(mode="json") | changes), encoding="utf-8")

    with pytest.raises(InputError, match=message) as error:
        read_record(path)

    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", ["", '{"kind": "leak', "[1, 2]", '"text"', "{}"])
def test_file_that_is_no_record_is_one_clear_error(tmp_path: Path, content: str) -> None:
    """An empty, truncated or unrelated file is refused, and the error states what was expected."""
    (tmp_path / "run.json").write_text(content, encoding="utf-8")

    with pytest.raises(InputError, match=r"run\.json is not"):
        read_record(tmp_path / "run.json")


def test_missing_and_binary_files_are_clear_errors(tmp_path: Path) -> None:
    """A missing file and a binary file are each refused in one sentence."""
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff")

    with pytest.raises(InputError, match="No such file"):
        read_record(tmp_path / "run.json")
    with pytest.raises(InputError, match="not valid JSON"):
        read_record(tmp_path / "picture.png")


def test_scenario_of_another_version_is_refused(record: RunRecord) -> None:
    """The error for a scenario with an unknown key names the key and the version that wrote it."""
    other = record.model_copy(update={"scenario": record.scenario | {"weather": "fine"}})

    with pytest.raises(InputError, match=r"does not understand the scenario .*\(key 'weather'.*use version 0"):
        other.scenario_of_run()


# --- Digests ----------------------------------------------------------------------------------------------------------


def test_digest_of_a_table_depends_on_its_content() -> None:
    """Another value, column or order changes the digest of a table; the eleventh digit of a fraction does not."""
    table = pl.DataFrame({"a": [1, 2], "share": [0.1, 1 / 3], "list": [["x"], []]})

    assert table_digest(table) == table_digest(table.clone())
    assert table_digest(table) == table_digest(table.with_columns(share=pl.col("share") * (1 + 1e-12)))
    others = (
        table.with_columns(share=pl.col("share") * (1 + 1e-6)),
        table.with_columns(a=pl.lit(1)),
        table.rename({"a": "b"}),
        table.reverse(),
        table.head(1),
    )
    assert table_digest(table) not in {table_digest(other) for other in others}


def test_code_has_a_digest_per_part(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A change of one file changes the digest of its part and of no other."""
    for part in records._PARTS:
        place = tmp_path / part
        place.parent.mkdir(exist_ok=True, parents=True)
        place.mkdir() if "." not in part else place.write_text(part, encoding="utf-8")
    (tmp_path / "analysis" / "counts.py").write_text("one", encoding="utf-8")
    monkeypatch.setattr("toolkit.run._run_manifest.resources.files", lambda _package: tmp_path)
    before = code_digests()

    (tmp_path / "analysis" / "counts.py").write_text("two", encoding="utf-8")
    (tmp_path / "analysis" / "__pycache__").mkdir()

    after = code_digests()
    assert {"analysis"} == {part for part in before if before[part] != after[part]}


def test_run_without_an_audit_has_none(findings: Findings) -> None:
    """The record of a run without a labelled sample has no audit."""
    unlabelled = replace(findings, answers={"counts": findings.answers["counts"]})

    assert make_record(unlabelled, load_scenario()).parameters.audit is None
