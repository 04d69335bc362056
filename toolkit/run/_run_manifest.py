"""The run manifest, `run.json`: all that decides the numbers of a run, and the numbers, to compare a rerun with.

`docs/run-record.md` describes the format key by key. It has a version of its own; a file is checked when it is read, so
that a broken or foreign one gives one clear sentence. Nothing in it depends on the day: two runs with the same data,
code, libraries and settings on the same kind of machine write the same file.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterator, Mapping
from importlib import resources
from importlib.metadata import version
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from toolkit._io import write_text
from toolkit.dataset import SYNTHETIC
from toolkit.dataset.cache import DECIDING
from toolkit.errors import InputError
from toolkit.questions import Answer
from toolkit.report import Findings, path_in_report
from toolkit.scenario import Scenario

__all__ = [
    "FORMAT",
    "KIND",
    "Audit",
    "DataSet",
    "File",
    "Number",
    "Parameters",
    "RunRecord",
    "Table",
    "code_digests",
    "make_record",
    "read_record",
    "record_numbers",
    "record_tables",
    "table_digest",
    "versions",
    "write_record",
]

KIND: Literal["leak-forensics-toolkit/run"] = "leak-forensics-toolkit/run"
FORMAT: Literal[2] = 2
"""The version of the record that this module writes."""

_READABLE = (1, 2)
"""The versions that it reads; records of version 0.1 of the toolkit have format 1."""

_PARTS = (
    "analysis", "claims", "dataset", "i18n.py", "locale", "privacy", "questions", "scenario.py", "schema.py", "synth",
)  # fmt: skip
"""The parts of the package that decide a number or the words of a table; the command line and the pages do not."""

_DIGITS = 9
"""Digits of a fraction that go into the digest of a table: the others may differ from processor to processor."""

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Quantity = int | float
"""Whole numbers stay whole in JSON, so that a reader knows what was counted and what was computed."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class File(_Part):
    """One file of the data set."""

    path: str
    rows: int | None
    content_hash: Digest | None = None
    sha256: Digest | None = None


class DataSet(_Part):
    """The data set that the questions were answered on.

    `path` is where it was, as a report shows paths; `origin` is where it comes from.
    """

    name: str
    origin: str = SYNTHETIC
    path: str | None = None
    content_hash: Digest | None
    files: tuple[File, ...]


class Audit(_Part):
    """How the share of sensitive comments was estimated."""

    size: int
    seed: int
    reviewer: str


class Parameters(_Part):
    """The settings of the run; `options` are those that questions were answered with, by the name of the question."""

    threads: int
    memory_limit: str
    language: str
    audit: Audit | None
    options: dict[str, dict[str, Any]] = {}


class Number(_Part):
    """One number of the run, as `results.json` has it, without its words."""

    id: str
    question: str
    value: Quantity
    unit: str
    denominator: Quantity
    denominator_unit: str
    share: float | None
    low: Quantity | None
    high: Quantity | None


class Table(_Part):
    """One table behind the numbers."""

    question: str
    name: str
    rows: int
    digest: Digest


class RunRecord(_Part):
    """All that decides the numbers of a run, and the numbers.

    `scenario` and `seed` are null where the run was on a data set that it did not make. `unanswerable` gives the reason
    for each question that the data set does not allow.
    """

    kind: Literal["leak-forensics-toolkit/run"] = KIND
    format: Literal[1, 2] = FORMAT
    command: str
    scenario: dict[str, Any] | None
    seed: int | None
    rows: int
    data_set: DataSet
    parameters: Parameters
    versions: dict[str, str]
    code: dict[str, Digest]
    numbers: tuple[Number, ...]
    tables: tuple[Table, ...]
    counted_twice: tuple[str, ...]
    unanswerable: dict[str, str] = {}

    def scenario_of_run(self) -> Scenario:
        """Return the scenario of the run, from its content: no file of the user's is needed.

        Raises `InputError` where there is none, and where this version of the toolkit does not understand it.
        """
        if self.scenario is None:
            raise InputError("The run used a data set that it did not make, so its record has no scenario.")
        try:
            return Scenario.model_validate_json(json.dumps(self.scenario))
        except ValidationError as error:
            raise InputError(
                f"This version of the toolkit does not understand the scenario in the record ({_first_fault(error)}): "
                f"use version {self.versions.get('leak-forensics-toolkit')} of the toolkit."
            ) from None


def write_record(folder: Path, record: RunRecord) -> Path:
    """Write `run.json` into the report's folder, and return its path.

    Raises `WriteError` when the disk does not let us.
    """
    path = folder / "run.json"
    write_text(path, record.model_dump_json(indent=2) + "\n", private=False)
    return path


def make_record(
    findings: Findings,
    scenario: Scenario | None,
    counted_twice: tuple[str, ...] = (),
    digests: Mapping[str, str] | None = None,
) -> RunRecord:
    """Return the record of a run, with the versions and the code of this process.

    `scenario` is the one that the run made its data set from, None where it opened one. `counted_twice` are the names
    of the numbers that a second program confirmed. `digests` are the SHA-256 of the files, by their path, where the
    manifest of the data set has none.
    """
    manifest = findings.manifest
    options = {name: answer.options for name, answer in findings.answers.items() if answer.options}
    return RunRecord(
        command=findings.command,
        scenario=None if scenario is None else scenario.model_dump(mode="json"),
        seed=None if scenario is None else manifest["seed"],
        rows=manifest["rows"],
        data_set=describe_data_set(findings.name, manifest, digests or {}, path_in_report(findings.leak_path)),
        parameters=Parameters(
            threads=findings.threads,
            memory_limit=findings.memory_limit,
            language=findings.language,
            audit=_audit(findings.answers),
            options=json.loads(json.dumps(options, default=str)),
        ),
        versions=versions(),
        code=code_digests(),
        numbers=record_numbers(findings.answers),
        tables=record_tables(findings.answers),
        counted_twice=counted_twice,
        unanswerable={name: answer.reason for name, answer in findings.answers.items() if answer.reason is not None},
    )


def describe_data_set(
    name: str, manifest: Mapping[str, Any], digests: Mapping[str, str], path: str | None = None
) -> DataSet:
    """Return a data set as its manifest describes it, with the `digests` of the files where the manifest has none."""
    listed = [{key: file.get(key) for key in File.model_fields} for file in manifest["files"]]
    files = tuple(File(**file | {"sha256": file["sha256"] or digests.get(file["path"])}) for file in listed)
    origin = manifest.get("origin", SYNTHETIC)
    return DataSet(name=name, origin=origin, path=path, content_hash=manifest.get("content_hash"), files=files)


def read_record(path: Path) -> RunRecord:
    """The record in the file `path`, checked.

    Raises `InputError`, with one sentence, for a file that is missing, broken, foreign, or of another format.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"{path} cannot be read ({reason}): give the run.json of a report.") from None
    except ValueError as error:
        raise InputError(f"{path} is not valid JSON ({error}): it was cut short, or is no record of a run.") from None
    if not isinstance(content, dict) or content.get("kind") != KIND:
        raise InputError(f'{path} is not the record of a run ("kind": "{KIND}"): give the run.json of a report.')
    if content.get("format") not in _READABLE:
        readable = " or ".join(map(str, _READABLE))
        raise InputError(
            f"{path} is a record of format {content.get('format')!r} where {readable} was expected: "
            "rerun it with the version of the toolkit that wrote it."
        )
    try:
        return RunRecord.model_validate(content)
    except ValidationError as error:
        raise InputError(
            f"{path} is a broken record ({_first_fault(error)}): take a copy that nobody edited."
        ) from None


def record_numbers(answers: Mapping[str, Answer]) -> tuple[Number, ...]:
    """Every number of the answers, question after question."""
    shared = Number.model_fields.keys() - {"question"}
    return tuple(
        Number(question=question, **{name: getattr(result, name) for name in shared})
        for question, answer in answers.items()
        for result in answer.results
    )


def record_tables(answers: Mapping[str, Answer]) -> tuple[Table, ...]:
    """Return every table behind the answers, with its digest."""
    return tuple(
        Table(question=question, name=name, rows=table.height, digest=table_digest(table))
        for question, answer in answers.items()
        for name, table in answer.tables.items()
    )


def table_digest(table: pl.DataFrame) -> str:
    """SHA-256 of what a table says: its columns and rows as JSON, fractions to nine digits."""
    digest = hashlib.sha256(json.dumps(table.columns).encode())
    for row in table.iter_rows():
        digest.update(json.dumps(_plain(row), default=str).encode())
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """The versions of the toolkit, of Python and of the libraries that decide, and the kind of machine."""
    found = {name: version(name) for name in ("leak-forensics-toolkit", *DECIDING)}
    return found | {"machine": f"{platform.system()} {platform.machine()}", "python": platform.python_version()}


def code_digests() -> dict[str, str]:
    """SHA-256 of each part of the package that decides a number: its files by name and content."""
    package = resources.files("toolkit")
    digests = {}
    for part in _PARTS:
        digest = hashlib.sha256()
        for name, content in _contents(package.joinpath(part), part):
            digest.update(f"{name}:{hashlib.sha256(content).hexdigest()}\n".encode())
        digests[part] = digest.hexdigest()
    return digests


def _contents(place: Traversable, name: str) -> Iterator[tuple[str, bytes]]:
    """The files at or below a place, in the order of their names."""
    if place.is_file():
        yield name, place.read_bytes()
        return
    for entry in sorted(place.iterdir(), key=lambda entry: entry.name):
        if entry.name != "__pycache__":
            yield from _contents(entry, f"{name}/{entry.name}")


def _plain(value: object) -> object:
    """A cell as it goes into a digest."""
    if isinstance(value, float):
        return f"{value:.{_DIGITS}g}"
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return value


def _audit(answers: Mapping[str, Answer]) -> Audit | None:
    """Return the sample that the comments were estimated from, where there was one."""
    sample = answers["comments"].tables.get("sample") if "comments" in answers else None
    if sample is None:
        return None
    drawn = sample.row(0, named=True)
    size = answers["comments"].options.get("audit") or drawn["lines"]
    return Audit(size=size, seed=drawn["seed"], reviewer=drawn["reviewer"])


def _first_fault(error: ValidationError) -> str:
    """The first of the faults, in words."""
    fault = error.errors()[0]
    key = ".".join(str(part) for part in fault["loc"]) or "the whole"
    return f"key {key!r}: {fault['msg'].lower()}"
