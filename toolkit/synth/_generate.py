"""Generate a data set: plan it, write its partitions, then its small tables, and the manifest last.

An interrupted run leaves finished partitions, each with a note of its hashes. The same command resumes from there and
writes the same bytes as an uninterrupted run.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pyarrow as pa

from toolkit._io import make_folder
from toolkit.errors import DataSetError, InputError, WriteError
from toolkit.provenance import SYNTHETIC_VALUE
from toolkit.scenario import Scenario
from toolkit.schema import LINES, PRACTICES, PRACTITIONERS, PUBLIC_FIGURES, TRUTH_HANDS, TRUTH_LINES
from toolkit.synth._datapackage import data_package
from toolkit.synth._error_model import ErrorModel
from toolkit.synth._geography import Geography
from toolkit.synth._hands import Hands
from toolkit.synth._lines import LineMaker
from toolkit.synth._names import NamePools
from toolkit.synth._parallel import ordered_map
from toolkit.synth._people import People
from toolkit.synth._plan import Plan, make_plan
from toolkit.synth._practices import practice_tables
from toolkit.synth._public_figures import PublicFigures, choose_figures
from toolkit.synth._records import RecordMaker
from toolkit.synth._vocabulary import Vocabulary
from toolkit.synth._writing import PAGE, TableWriter, WrittenFile, content_hash, disk_error, write_json, write_table
from toolkit.synth.comments import Annotator, Grammar

__all__ = ["FORMAT", "GenerateOptions", "Generated", "generate"]

FORMAT = 1
"""Version of the data set's layout on disk."""
_LINES_A_PARTITION = 1_000_000
_BYTES_A_LINE = 130
_NOTES = ".generating.json"
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class GenerateOptions:
    """How to generate a data set; no option changes the data."""

    partitions: int | None = None
    """Number of files of lines; by default one per million lines."""
    threads: int = 2
    memory_limit: int = 1_000_000_000
    """Target for peak memory, in bytes."""

    @property
    def records_at_once(self) -> int:
        """Number of records that each thread works on at a time."""
        available = max(self.memory_limit - 420_000_000, 60_000_000)
        return int(np.clip(available // (self.threads * 3_600), 5_000, 80_000))


@dataclass(frozen=True)
class Generated:
    """A generated data set, or one that was already on disk."""

    path: Path
    manifest: dict[str, Any]
    lines_written: int
    """Lines written by this run; 0 when the data set already existed."""


def generate(
    scenario: Scenario,
    seed: int,
    rows: int,
    out: Path,
    options: GenerateOptions | None = None,
    progress: Progress | None = None,
) -> Generated:
    """Generate the data set of `scenario` with `seed` and `rows` lines in the directory `out`.

    If `out` already holds this data set, leave it unchanged. If it holds an interrupted run of the same data set,
    resume it. `progress(done, total)` is called with the number of lines finished.

    Raises `InputError` for an invalid number, and `DataSetError` when `out` holds something else or writing fails.
    """
    options = options or GenerateOptions()
    bounds = _partition_bounds(rows, options)
    scenario.sizes_at(rows)
    recipe = _recipe(scenario, seed, rows)
    notes = recipe | {"partitions": len(bounds) - 1}
    found = _already_there(out, recipe)
    if found is not None:
        return Generated(out, found, 0)
    try:
        _prepare(out, notes, rows)
        return _Run(scenario, seed, rows, out, options, recipe, _LineCounter(rows, progress)).run(bounds)
    except (OSError, WriteError) as error:
        raise disk_error(error, out) from error


def _partition_bounds(rows: int, options: GenerateOptions) -> list[int]:
    """Return the first line of each partition, then the number of lines; partitions start at page boundaries."""
    pages = -(-rows // PAGE)
    wanted = options.partitions if options.partitions is not None else max(1, round(rows / _LINES_A_PARTITION))
    if options.threads < 1:
        raise InputError(f"--threads is {options.threads}: give at least 1.")
    if not 1 <= wanted <= max(1, pages):
        raise InputError(
            f"--partitions is {wanted}: {rows:,} lines can be cut into 1 to {max(1, pages):,} partitions "
            f"of at least {PAGE:,} lines."
        )
    return [min(rows, number * pages // wanted * PAGE) for number in range(wanted)] + [rows]


def _recipe(scenario: Scenario, seed: int, rows: int) -> dict[str, Any]:
    """Return what determines a data set; another recipe is another data set."""
    fingerprint = content_hash([scenario.model_dump_json(exclude={"title"})])
    return {"format": FORMAT, "scenario": scenario.name, "scenario_hash": fingerprint, "seed": seed, "rows": rows}


def _already_there(out: Path, recipe: dict[str, Any]) -> dict[str, Any] | None:
    """Return the manifest in `out` if it has the same recipe; raise `DataSetError` if `out` holds anything else."""
    if out.exists() and not out.is_dir():
        raise DataSetError(f"{out} is a file: give --out a directory that is empty or does not exist.")
    for name in ("manifest.json", _NOTES):
        path = out / name
        if not path.exists():
            continue
        try:
            found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise DataSetError(f"{path} cannot be read ({error}): delete {out} or give another --out.") from error
        if any(found.get(key) != value for key, value in recipe.items()):
            made = ", ".join(f"{key} {found.get(key)}" for key in ("scenario", "seed", "rows"))
            differ = (
                " with other values in the scenario"
                if all(found.get(k) == recipe[k] for k in ("scenario", "seed", "rows"))
                else ""
            )
            raise DataSetError(
                f"{out} holds another data set ({made}{differ}): give another --out, or delete it first."
            )
        return found if name == "manifest.json" else None
    if out.is_dir() and any(out.iterdir()):
        raise DataSetError(
            f"{out} is not empty and holds no data set of this toolkit: give --out a directory that is empty or new."
        )
    return None


def _prepare(out: Path, notes: dict[str, Any], rows: int) -> None:
    """Create the directory and its progress note; delete partitions of an earlier run with another partition count."""
    path = out / _NOTES
    if path.exists() and json.loads(path.read_text(encoding="utf-8")) != notes:
        for folder in ("lines", "truth"):
            shutil.rmtree(out / folder, ignore_errors=True)
    for folder in (".", "lines", "truth", "truth/lines"):
        make_folder(out / folder)
    done = sum(file.stat().st_size for file in out.rglob("*.parquet"))
    free, needed = shutil.disk_usage(out).free, rows * _BYTES_A_LINE - done
    if free < needed:
        raise DataSetError(
            f"{out} needs about {needed / 1e9:.1f} GB and the disk has {free / 1e9:.1f} GB free: free some space, "
            "give another --out or fewer --rows."
        )
    write_json(path, notes)


class _LineCounter:
    """Count the lines that the threads finish, and report the total."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._total, self._progress, self._done, self._lock = total, progress, 0, Lock()

    def add(self, lines: int) -> None:
        """Add finished lines to the total."""
        with self._lock:
            self._done += lines
            if self._progress is not None:
                self._progress(self._done, self._total)


class _Run:
    """One run of `generate`."""

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        rows: int,
        out: Path,
        options: GenerateOptions,
        recipe: dict[str, Any],
        counter: _LineCounter,
    ) -> None:
        self._scenario, self._out, self._options, self._recipe = scenario, out, options, recipe
        self._counter = counter
        self._geography, vocabulary = Geography.load(), Vocabulary.load()
        self._plan: Plan = make_plan(scenario, seed, rows, self._geography)
        people = People(scenario, self._plan, self._geography, vocabulary, options.threads)
        hands = Hands(scenario, self._plan)
        record_maker = RecordMaker(scenario, self._plan, people.households, hands)
        error_model = ErrorModel(scenario, seed, people, hands, self._geography, vocabulary)
        annotator = Annotator(scenario, self._plan, Grammar.load())
        self._figures: PublicFigures = choose_figures(scenario, self._plan, people, self._geography, NamePools.load())
        self._small = practice_tables(scenario, self._plan, self._geography, vocabulary)
        self._small[TRUTH_HANDS.name] = hands.table()
        self._maker = LineMaker(self._plan, record_maker, error_model, annotator, self._figures)

    def run(self, bounds: list[int]) -> Generated:
        """Write the missing partitions, then the manifest."""
        files: list[WrittenFile] = []
        written = 0
        for fresh, pair in ordered_map(self._partition, list(enumerate(pairwise(bounds))), self._options.threads):
            files += pair
            written += pair[0].rows * fresh
        manifest = self._manifest(files)
        write_json(self._out / "datapackage.json", data_package(self._scenario, manifest))
        write_json(self._out / "manifest.json", manifest)
        for note in [*self._out.glob("truth/lines/.*.json"), self._out / _NOTES]:
            note.unlink(missing_ok=True)
        return Generated(self._out, manifest, written)

    def _partition(self, item: tuple[int, tuple[int, int]]) -> tuple[bool, list[WrittenFile]]:
        """Write one partition unless an earlier run did; return whether it was written, and its two files."""
        number, (start, end) = item
        name = f"part-{number:05d}.parquet"
        note = self._out / "truth" / "lines" / f".{name}.json"
        if note.exists():
            self._counter.add(end - start)
            return False, [_written(entry) for entry in json.loads(note.read_text(encoding="utf-8"))]
        with (
            TableWriter(self._out, f"lines/{name}", LINES) as lines,
            TableWriter(self._out, f"truth/lines/{name}", TRUTH_LINES) as truth,
        ):
            for lines_table, truth_table in self._maker.make(start, end, self._options.records_at_once):
                lines.add(lines_table)
                truth.add(truth_table)
                self._counter.add(lines_table.num_rows)
            pair = [lines.finish(), truth.finish()]
        write_json(note, [asdict(file) for file in pair])
        return True, pair

    def _manifest(self, files: list[WrittenFile]) -> dict[str, Any]:
        small: dict[str, pa.Table] = self._small | {PUBLIC_FIGURES.name: self._figures.register}
        lines, truth = files[0::2], files[1::2]
        others = [
            write_table(self._out, table, small[table.name])
            for table in (PRACTICES, PRACTITIONERS, PUBLIC_FIGURES, TRUTH_HANDS)
        ]
        hashes = [content_hash(page for file in part for page in file.pages) for part in (lines, truth)]
        sizes = self._plan.sizes
        return self._recipe | {
            "title": self._scenario.title,
            "scenario_version": self._scenario.version,
            "marks": self._scenario.marks.model_dump(),
            "origin": "synthetic",
            "synthetic": True,
            "columns": list(LINES.names),
            "notice": SYNTHETIC_VALUE,
            "copied_on": self._scenario.dates.copied_on.isoformat(),
            "created_with": {name: version(name) for name in ("leak-forensics-toolkit", "numpy", "polars", "pyarrow")},
            "counts": {
                "lines": sizes.lines,
                "records": sizes.records,
                "people": sizes.people,
                "practices": sizes.practices,
                "practitioners": sizes.practitioners,
                "sensitive_people": sizes.sensitive_people,
                "table_records": sizes.table_records,
                "public_figures": sizes.public_figures,
                "public_figures_present": len(self._figures.people),
            },
            "content_hash": content_hash([*hashes, *(file.content_hash for file in others)]),
            "files": [file.entry() for file in [*lines, *others, *truth]],
        }


def _written(entry: dict[str, Any]) -> WrittenFile:
    return WrittenFile(**entry | {"pages": tuple(entry["pages"])})
