"""Repeat a run from its record, and compare every number with the recorded one.

A count must be the same to the last digit. A computed number (one with a fraction on either side) may differ by one
part in 10^9: it is a sum of fractions, and no library or processor promises the order in which it adds them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit._io import file_digest
from toolkit.errors import DataSetError, InputError
from toolkit.i18n import use_language
from toolkit.progress import Progress, no_progress
from toolkit.run._pipeline import DataSet as RunDataSet
from toolkit.run._pipeline import Settings, answer_questions, make_data_set, open_data_set
from toolkit.run._run_manifest import (
    DataSet,
    File,
    Number,
    RunRecord,
    Table,
    code_digests,
    describe_data_set,
    record_numbers,
    record_tables,
    versions,
)
from toolkit.synth import DATA, data_set_folder

__all__ = ["RELATIVE", "Change", "Comparison", "Rerun", "compare_numbers", "rerun"]

RELATIVE = 1e-9
"""The part of itself by which a computed number may differ and still be equal."""

_FIELDS = ("value", "denominator", "share", "low", "high")
_FORMER_IDS = {"entries_of_nobody": "placeholder_records"}
"""Ids that earlier versions gave to numbers."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One number, recorded and now: `was` or `now` is None where only the other side has it.

    `differing` names what differs (value, denominator, share, low, high), `relative` is the difference of the value as
    a part of the recorded one; None where that was 0.
    """

    id: str
    was: Number | None
    now: Number | None
    differing: tuple[str, ...]
    relative: float | None

    @property
    def equal(self) -> bool:
        """Whether both sides have the number, and agree on all of it."""
        return self.was is not None and self.now is not None and not self.differing


@dataclass(frozen=True, slots=True)
class Change:
    """Something that differs, recorded and now."""

    what: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class Rerun:
    """The result of a rerun.

    `numbers`: one per number of either side, in the order of the record. `tables`: those that differ, or that one side
    lacks. `data`: what differs in the data set. `changes`: versions, code and settings that differ from the recorded
    ones. `counted_twice`: how many numbers the second program confirmed.
    """

    path: Path
    made: bool
    numbers: tuple[Comparison, ...]
    tables: tuple[Change, ...]
    tables_compared: int
    data: tuple[Change, ...]
    changes: tuple[Change, ...]
    counted_twice: int

    @property
    def equal(self) -> bool:
        """Whether the data set, every recorded number and every table are the same."""
        recorded = (number for number in self.numbers if number.was is not None)
        return all(number.equal for number in recorded) and not self.tables and not self.data


def rerun(
    record: RunRecord,
    out: Path | None = None,
    *,
    threads: int | None = None,
    memory_limit: str | None = None,
    progress: Progress | None = None,
) -> Rerun:
    """Repeat a run: make its data set where it is missing, answer everything again, and compare.

    The data set is looked for in `out`, else where `toolkit investigate` puts it; where it is missing it is made there,
    unless the run used a data set that it did not make. `threads` and `memory_limit` are those of the record unless
    given: no number depends on them. Nothing is read from cached answers, and no report is written.

    Raises the errors of `generate` and `open_leak`, `DataSetError` when a file of the data set is missing or was
    changed, `InputError` when this version does not understand the scenario of the record, and `ReportError` when the
    second count differs from the first.
    """
    report_progress = progress or no_progress
    parameters = record.parameters
    settings = Settings(threads or parameters.threads, memory_limit or parameters.memory_limit)
    with use_language(parameters.language):
        data_set = _data_set(record, out, settings, report_progress)
        digests = _check_bytes(data_set, report_progress)
        data = _data_changes(record.data_set, describe_data_set(data_set.path.name, data_set.manifest, digests))
        answered = answer_questions(data_set.path, settings, report_progress, options=_options(record), cache=False)
    tables, compared = _compare_tables(record.tables, record_tables(answered.answers))
    return Rerun(
        path=data_set.path,
        made=data_set.made,
        numbers=compare_numbers(record.numbers, record_numbers(answered.answers)),
        tables=tables,
        tables_compared=compared,
        data=data,
        changes=_changes(record, {"threads": str(settings.threads), "memory_limit": settings.memory_limit}),
        counted_twice=len(answered.counted_twice),
    )


def compare_numbers(was: Sequence[Number], now: Sequence[Number]) -> tuple[Comparison, ...]:
    """Compare every number of either side, those of the record first and in their order."""
    before = {_FORMER_IDS.get(number.id, number.id): number for number in was}
    after = {number.id: number for number in now}
    return tuple(_compare(name, before.get(name), after.get(name)) for name in dict.fromkeys([*before, *after]))


def _compare(name: str, was: Number | None, now: Number | None) -> Comparison:
    if was is None or now is None:
        return Comparison(name, was, now, (), None)
    differing = tuple(field for field in _FIELDS if not _same(getattr(was, field), getattr(now, field)))
    relative = (now.value - was.value) / abs(was.value) if was.value else None
    return Comparison(name, was, now, differing, relative if "value" in differing else 0.0)


def _same(was: float | None, now: float | None) -> bool:
    if was is None or now is None or (isinstance(was, int) and isinstance(now, int)):
        return was == now
    return math.isclose(was, now, rel_tol=RELATIVE)


def _data_set(record: RunRecord, out: Path | None, settings: Settings, progress: Progress) -> RunDataSet:
    """Make the data set of the run where it is missing, or open the one that it used."""
    if record.scenario is not None and record.seed is not None:
        scenario = record.scenario_of_run()
        folder = out or _folder(record, data_set_folder(scenario.name, record.rows, record.seed))
        return make_data_set(scenario, record.seed, record.rows, folder, settings, progress)
    folder = out or Path(record.data_set.path or record.data_set.name)
    if not folder.is_dir():
        raise InputError(
            f"The run used the data set {record.data_set.name}, which it did not make, and {folder} is no folder: "
            "give the folder of the data set with --out."
        )
    return open_data_set(folder)


def _folder(record: RunRecord, made: Path) -> Path:
    """Return where the data set is by the name it had, or else where it would be made."""
    named = DATA / record.data_set.name
    return named if (named / "manifest.json").is_file() else made


def _options(record: RunRecord) -> dict[str, dict[str, Any]]:
    """Return the options that the recorded run answered each question with."""
    options: dict[str, dict[str, Any]] = {name: dict(given) for name, given in record.parameters.options.items()}
    audit = record.parameters.audit
    # Records of version 0.1 hold the plan of the audit alone.
    comments = {} if audit is None else {"audit": audit.size, "seed": audit.seed, "reviewer": audit.reviewer}
    return {"comments": comments} | options


def _compare_tables(was: Sequence[Table], now: Sequence[Table]) -> tuple[tuple[Change, ...], int]:
    """Return the tables that differ, and how many were compared."""
    before, after = ({f"{table.question}: {table.name}": table for table in side} for side in (was, now))
    differing = tuple(
        Change(name, _summary(before.get(name)), _summary(after.get(name)))
        for name in dict.fromkeys([*before, *after])
        if name not in before or name not in after or before[name].digest != after[name].digest
    )
    return differing, len(before.keys() & after.keys())


def _summary(table: Table | None) -> str:
    return "missing" if table is None else f"{table.rows:,} rows, {table.digest[:12]}"


def _data_changes(was: DataSet, now: DataSet) -> tuple[Change, ...]:
    """Return what differs between the recorded data set and the one used now: its content, then its files."""
    whole = Change("content hash of the data set", str(was.content_hash), str(now.content_hash))
    before, after = ({file.path: file for file in side.files} for side in (was, now))
    files = (_file_change(path, before.get(path), after.get(path)) for path in dict.fromkeys([*before, *after]))
    return tuple(change for change in (whole, *files) if change.was != change.now)


def _file_change(path: str, was: File | None, now: File | None) -> Change:
    """Compare a file by the hash of its values where both sides have one, and else by its bytes."""
    if was is None or now is None:
        there = ["missing" if side is None else "there" for side in (was, now)]
        return Change(f"file {path}", *there)
    if was.content_hash is not None and now.content_hash is not None:
        return Change(f"content hash of {path}", was.content_hash, now.content_hash)
    # Earlier versions recorded no SHA-256 where the manifest of the data set had none.
    found = str(now.sha256)
    return Change(f"SHA-256 of {path}", was.sha256 or found, found)


def _check_bytes(data_set: RunDataSet, progress: Progress) -> dict[str, str]:
    """Check that every file holds the bytes of its manifest, as far as that has hashes; return the SHA-256 by path."""
    files, digests = data_set.manifest["files"], {}
    for number, file in enumerate(files):
        progress(_CHECK, number, len(files))
        path = data_set.path / file["path"]
        try:
            found = digests[file["path"]] = file_digest(path)
        except OSError as error:
            raise DataSetError(
                f"The file {path} is in the manifest and cannot be read ({error.strerror}): copy the data set again, "
                f"or delete {data_set.path} and the rerun makes it again."
            ) from None
        expected = file.get("sha256")
        if expected is not None and found != expected:
            raise DataSetError(
                f"The file {path} was changed: its SHA-256 is {found[:12]}… where the manifest has {expected[:12]}…. "
                f"Copy the data set again, or delete {data_set.path} and the rerun makes it again."
            )
    progress(_CHECK, len(files), len(files))
    return digests


_CHECK = "Checking the files"


def _changes(record: RunRecord, used: Mapping[str, str]) -> tuple[Change, ...]:
    """Return the versions, code and settings that differ from the recorded ones."""
    parameters = {name: str(getattr(record.parameters, name)) for name in used}
    sides = (
        ("version of ", record.versions, versions()),
        ("code of ", record.code, code_digests()),
        ("parameter ", parameters, used),
    )
    return tuple(
        Change(f"{kind}{name}", was.get(name, "missing"), now.get(name, "missing"))
        for kind, was, now in sides
        for name in dict.fromkeys([*was, *now])
        if was.get(name) != now.get(name)
    )
