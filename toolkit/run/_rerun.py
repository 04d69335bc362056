"""A run repeated from its record, and every number held against what it was.

What was counted must come out the same to the last digit.  What was computed (a number with a fraction on either side)
may differ by one part in 10^9: it is a sum of fractions, and the order in which a library or a processor adds them up
is not promised.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from toolkit._io import file_digest
from toolkit.dataset import open_leak
from toolkit.errors import DataSetError
from toolkit.i18n import use_language
from toolkit.questions import AuditPlan
from toolkit.run._asking import Progress, ask_everything
from toolkit.run._cross_check import check_against_second_count
from toolkit.run._run_manifest import (
    DataSet,
    Number,
    RunRecord,
    Table,
    code_digests,
    describe_data_set,
    record_numbers,
    record_tables,
    versions,
)
from toolkit.run._steps import MAKING, SECOND_COUNT
from toolkit.synth import DATA, GenerateOptions, data_set_folder, generate

__all__ = ["RELATIVE", "Change", "Comparison", "Rerun", "compare_numbers", "rerun"]

RELATIVE = 1e-9
"""By what part of itself a number that was computed, not counted, may differ and still be equal."""

_FIELDS = ("value", "denominator", "share", "low", "high")


@dataclass(frozen=True, slots=True)
class Comparison:
    """One number then and now: `was` or `now` is none where only the other side has it.

    `differing` names what differs (value, denominator, share, low, high), `relative` by what part of what it was the
    value differs; none where it was 0.
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
    """What is not as it was, and may be why: `what` it is, `was` and `now`."""

    what: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class Rerun:
    """What a rerun found.

    `numbers`: one a number of either side, in the order of the record.  `tables`: those that differ, or that one side
    lacks.  `data`: what differs of the data set.  `changes`: versions, code and parameters that are others than they
    were.  `counted_twice`: how many numbers the second program counted too, and found equal.
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
        """Whether the data set, every number and every table are what they were."""
        return all(number.equal for number in self.numbers) and not self.tables and not self.data


def rerun(
    record: RunRecord,
    out: Path | None = None,
    *,
    threads: int | None = None,
    memory_limit: str | None = None,
    progress: Progress | None = None,
) -> Rerun:
    """Repeat a run: make its data set where it is missing, ask everything afresh, and compare.

    The data set is looked for in `out`, else where `toolkit investigate` keeps it; where it is missing it is made
    there.  `threads` and `memory_limit` are those of the record unless given: no number depends on them.  Nothing is
    read from what an earlier run kept, and no report is written.

    Raises the errors of `generate` and `open_leak`, `DataSetError` when a file of the data set is missing or was
    changed, `InputError` when the scenario of the record is none of this version's, and `ReportError` when the second
    count differs from the first.
    """
    tell = progress or (lambda _step, _done, _total: None)
    threads, memory_limit = threads or record.parameters.threads, memory_limit or record.parameters.memory_limit
    plan = record.plan()
    folder = out or _folder(record, plan.name)
    with use_language(record.parameters.language):
        options = GenerateOptions(threads=threads)
        made = generate(plan, record.seed, record.rows, folder, options, partial(tell, MAKING))
        tell(MAKING, record.rows, record.rows)
        data = _data_changes(record.data_set, describe_data_set(made.path.name, made.manifest))
        _check_bytes(made.path, made.manifest["files"], tell)
        opened = partial(open_leak, made.path, memory_limit=memory_limit, threads=threads, keep=False)
        answers, ledger = ask_everything(opened, tell, _audit(record))
        tell(SECOND_COUNT, 0, 1)
        agreed = check_against_second_count(made.path, answers)
        tell(SECOND_COUNT, 1, 1)
    tables, compared = _compare_tables(record.tables, record_tables(answers, ledger))
    return Rerun(
        path=made.path,
        made=bool(made.lines_written),
        numbers=compare_numbers(record.numbers, record_numbers(answers)),
        tables=tables,
        tables_compared=compared,
        data=data,
        changes=_changes(record, {"threads": str(threads), "memory_limit": memory_limit}),
        counted_twice=len(agreed),
    )


def compare_numbers(was: Sequence[Number], now: Sequence[Number]) -> tuple[Comparison, ...]:
    """Every number of either side, those of the record first and in their order."""
    before, after = ({number.id: number for number in side} for side in (was, now))
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


def _folder(record: RunRecord, scenario: str) -> Path:
    """Where the data set lies by the name it had, or else where it would be made."""
    named = DATA / record.data_set.name
    return named if (named / "manifest.json").is_file() else data_set_folder(scenario, record.rows, record.seed)


def _audit(record: RunRecord) -> AuditPlan | None:
    audit = record.parameters.audit
    return None if audit is None else AuditPlan(**audit.model_dump())


def _compare_tables(was: Sequence[Table], now: Sequence[Table]) -> tuple[tuple[Change, ...], int]:
    """The tables that differ, and how many were compared."""
    before, after = ({f"{table.question}: {table.name}": table for table in side} for side in (was, now))
    differing = tuple(
        Change(name, _told(before.get(name)), _told(after.get(name)))
        for name in dict.fromkeys([*before, *after])
        if name not in before or name not in after or before[name].digest != after[name].digest
    )
    return differing, len(before.keys() & after.keys())


def _told(table: Table | None) -> str:
    return "missing" if table is None else f"{table.rows:,} rows, {table.digest[:12]}"


def _data_changes(was: DataSet, now: DataSet) -> tuple[Change, ...]:
    """What differs between the data set of the record and the one asked now: its content, then that of its files."""
    if was.content_hash == now.content_hash:
        return ()
    before, after = ({file.path: file.content_hash or "missing" for file in side.files} for side in (was, now))
    whole = Change("content hash of the data set", str(was.content_hash), str(now.content_hash))
    files = (
        Change(f"content hash of {path}", before.get(path, "missing"), after.get(path, "missing"))
        for path in dict.fromkeys([*before, *after])
    )
    return (whole, *(change for change in files if change.was != change.now))


def _check_bytes(folder: Path, files: Sequence[Mapping[str, str]], tell: Progress) -> None:
    """Every file holds the bytes that its own manifest tells: else the manifest's hashes say nothing of the data."""
    for number, file in enumerate(files):
        tell("Checking the files", number, len(files))
        path = folder / file["path"]
        try:
            found = file_digest(path)
        except OSError as error:
            raise DataSetError(
                f"The file {path}, which the manifest names, cannot be read ({error.strerror}): "
                f"delete {folder}, and the rerun makes it again."
            ) from None
        if found != file["sha256"]:
            raise DataSetError(
                f"The file {path} does not hold what its manifest tells (SHA-256 {found[:12]}… where "
                f"{file['sha256'][:12]}… was expected): delete {folder}, and the rerun makes it again."
            )
    tell("Checking the files", len(files), len(files))


def _changes(record: RunRecord, told: Mapping[str, str]) -> tuple[Change, ...]:
    """Versions, code and parameters that are others than they were."""
    parameters = {name: str(getattr(record.parameters, name)) for name in told}
    sides = (
        ("version of ", record.versions, versions()),
        ("code of ", record.code, code_digests()),
        ("parameter ", parameters, told),
    )
    return tuple(
        Change(f"{kind}{name}", was.get(name, "missing"), now.get(name, "missing"))
        for kind, was, now in sides
        for name in dict.fromkeys([*was, *now])
        if was.get(name) != now.get(name)
    )
