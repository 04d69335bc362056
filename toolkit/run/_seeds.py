"""The spread of the numbers over seeds: the same questions on synthetic leaks that differ in their seed alone.

One leak after the other is made, answered and, unless it is kept, removed, so that ten leaks need the room of one. Each
seed has a record of its own, which `toolkit rerun` repeats like any other; an interrupted study resumes after the last
finished seed.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import polars as pl

from toolkit._io import write_text
from toolkit.errors import InputError
from toolkit.i18n import current_language
from toolkit.progress import Progress, no_progress
from toolkit.report import Findings, command_to_make
from toolkit.run._pipeline import Settings, answer_questions, make_data_set
from toolkit.run._run_manifest import RunRecord, code_digests, make_record, read_record, versions, write_record
from toolkit.run._steps import expected_seconds
from toolkit.scenario import Scenario, load_scenario
from toolkit.second_count import count_planted
from toolkit.synth import DATA, data_set_folder

__all__ = ["Study", "format_seeds", "over_seeds", "parse_seeds", "seed_step", "spread"]

_MOST_SEEDS = 1_000
_LONGEST_NAME = 200
"""Bytes of a folder's name that every file system accepts."""
_COLUMNS = {"seed": pl.Int64, "id": pl.String, "unit": pl.String} | dict.fromkeys(
    ("value", "low", "high", "planted"), pl.Float64
)


class Study(NamedTuple):
    """The numbers of several seeds.

    `folder`: where they are written. `values`: one row per number and seed, `seed`, `id`, `unit`, `value`, `low`,
    `high`, `planted`. `spread`: as `spread` returns it. `done`: the seeds that this run computed; the others were
    reused.
    """

    folder: Path
    values: pl.DataFrame
    spread: pl.DataFrame
    done: tuple[int, ...]


def parse_seeds(text: str) -> tuple[int, ...]:
    """Return the seeds in "3", "1-10" or "1,4,7-9", each once and in order.

    Raises `InputError` for anything else, and for more than a thousand.
    """
    seeds: set[int] = set()
    for part in text.split(","):
        found = re.fullmatch(r" *([0-9]{1,18}) *(?:- *([0-9]{1,18}) *)?", part)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
        if first > last:
            raise InputError(f"{text!r} is no list of seeds ({part.strip()!r}): write them as 3, 1-10 or 1,4,7-9.")
        # A long range is not listed before it is refused.
        seeds.update(range(first, min(last, first + _MOST_SEEDS) + 1))
        if len(seeds) > _MOST_SEEDS:
            raise InputError(f"{text!r} has more than {_MOST_SEEDS:,} seeds: give fewer.")
    return tuple(sorted(seeds))


def format_seeds(seeds: Sequence[int]) -> str:
    """Return the seeds written as short as possible: 1-3,7."""
    runs: list[list[int]] = []
    for seed in sorted(seeds):
        if runs and seed == runs[-1][-1] + 1:
            runs[-1].append(seed)
        else:
            runs.append([seed])
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def over_seeds(
    scenario: Scenario | str,
    seeds: Sequence[int],
    rows: int,
    reports: Path = Path("reports"),
    *,
    threads: int = 2,
    memory_limit: str = "3GB",
    keep_data: bool = False,
    progress: Progress | None = None,
) -> Study:
    """Answer every question on leaks made with other seeds, and compare the numbers with the planted truth.

    `scenario` is its name, or the path of its file. Writes `reports/<scenario>-<rows>-seeds-<seeds>/`, with a digest of
    the seeds where they are too many for a name: `seed-<n>/run.json` and `planted.json` as each seed is finished, then
    `values.csv`, `spread.csv` and `results.json`. A finished seed of the same scenario, rows, code and versions is
    reused. A leak made for a seed is removed once its numbers are written, unless `keep_data`; one that was there
    before stays.
    Raises the errors of `load_scenario`, `generate` and `open_leak`, and `WriteError` when the disk refuses.
    """
    report_progress, settings = progress or no_progress, Settings(threads, memory_limit)
    given = scenario.name if isinstance(scenario, Scenario) else scenario
    scenario = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    scenario.sizes_at(rows)
    folder = reports / _folder_name(scenario.name, rows, seeds)
    done = []
    for seed in seeds:
        own = folder / f"seed-{seed}"
        temporary = DATA / ".passing" / data_set_folder(scenario.name, rows, seed).name
        if not _is_done(own, scenario, rows):
            report_progress(seed_step(seed), 0, 1)
            place = data_set_folder(scenario.name, rows, seed)
            if not keep_data and not place.exists():
                place = temporary
            command = command_to_make(given, rows, seed)
            _answer_seed(scenario, seed, rows, place, settings, own, command, _within(report_progress, seed, rows))
            report_progress(seed_step(seed), 1, 1)
            done.append(seed)
        # Also where the run that made it was interrupted before it could remove it.
        _remove(temporary)
    values = pl.concat([_values(folder / f"seed-{seed}") for seed in seeds])
    table = spread(values)
    write_text(folder / "values.csv", values.write_csv(), private=False)
    write_text(folder / "spread.csv", table.write_csv(), private=False)
    results = json.dumps(table.to_dicts(), ensure_ascii=False, indent=2) + "\n"
    write_text(folder / "results.json", results, private=False)
    return Study(folder, values, table, tuple(done))


def spread(values: pl.DataFrame) -> pl.DataFrame:
    """Summarise the values over the seeds.

    One row per number, in the order of the values: `id`, `unit`, `seeds` (that have it), `mean`, `sd` (over the seeds,
    with n - 1; null for one seed), `relative_sd` (sd over mean), `min`, `max`, `planted` (mean of the planted values;
    null where none was planted), `intervals` (seeds that have an interval and a planted value) and `holding` (how many
    of these intervals contain the planted value of their seed).
    """
    known = pl.col("planted").is_not_null() & pl.col("low").is_not_null() & pl.col("high").is_not_null()
    holds = known & (pl.col("low") <= pl.col("planted")) & (pl.col("planted") <= pl.col("high"))
    mean, deviation = pl.col("value").mean(), pl.col("value").std()
    return values.group_by("id", "unit", maintain_order=True).agg(
        seeds=pl.len().cast(pl.Int64),
        mean=mean,
        sd=deviation,
        relative_sd=pl.when(mean != 0).then(deviation / mean.abs()),
        min=pl.col("value").min(),
        max=pl.col("value").max(),
        planted=pl.col("planted").mean(),
        intervals=known.sum().cast(pl.Int64),
        holding=holds.sum().cast(pl.Int64),
    )


def seed_step(seed: int) -> str:
    """Return the name of the step that makes the leak of a seed and answers the questions on it."""
    return f"Seed {seed}"


def _folder_name(scenario: str, rows: int, seeds: Sequence[int]) -> str:
    """Return the name of a study's folder: the seeds, or how many and a digest where that is too long."""
    text = format_seeds(seeds)
    name = f"{scenario}-{rows}-seeds-{text}"
    if len(name.encode()) <= _LONGEST_NAME:
        return name
    return f"{scenario}-{rows}-seeds-{len(seeds)}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _remove(folder: Path) -> None:
    """Remove a temporary leak, if there is one."""
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):  # another study may have one there
        folder.parent.rmdir()


def _within(progress: Progress, seed: int, rows: int) -> Progress:
    """Return a progress function that turns the steps of one seed into parts of the step of that seed."""
    costs = expected_seconds(rows, ())
    whole = sum(costs.values())
    passed: dict[str, float] = {}

    def report(step: str, done: int, total: int) -> None:
        passed[step] = costs.get(step, 0.0) * done / max(1, total)
        # The step of the seed ends when its record is written.
        progress(seed_step(seed), min(999, round(1_000 * sum(passed.values()) / whole)), 1_000)

    return report


def _is_done(folder: Path, scenario: Scenario, rows: int) -> bool:
    """Return whether the seed was computed with this scenario, size, code and libraries, in two readable files."""
    try:
        record = read_record(folder / "run.json")
        json.loads((folder / "planted.json").read_text(encoding="utf-8"))
    except (InputError, OSError, ValueError):
        return False
    same_code = record.code == code_digests() and record.versions == versions()
    return same_code and record.rows == rows and record.scenario == scenario.model_dump(mode="json")


def _answer_seed(
    scenario: Scenario,
    seed: int,
    rows: int,
    place: Path,
    settings: Settings,
    folder: Path,
    command: str,
    progress: Progress,
) -> None:
    """Make the leak of one seed in `place` where it is missing, answer the questions, and write its record."""
    data_set = make_data_set(scenario, seed, rows, place, settings, progress)
    answered = answer_questions(data_set.path, settings, progress, cache=False)
    findings = Findings(
        name=place.name,
        leak_path=data_set_folder(scenario.name, rows, seed),
        manifest=data_set.manifest,
        answers=answered.answers,
        notebooks=(),
        threads=settings.threads,
        memory_limit=settings.memory_limit,
        language=current_language(),
        command=command,
    )
    planted = json.dumps(count_planted(data_set.path), indent=2) + "\n"
    write_text(folder / "planted.json", planted, private=False)
    write_record(folder, make_record(findings, scenario, answered.counted_twice))


def _values(folder: Path) -> pl.DataFrame:
    """Return the numbers of one seed, with the planted values where they are known."""
    record: RunRecord = read_record(folder / "run.json")
    planted = json.loads((folder / "planted.json").read_text(encoding="utf-8"))
    rows = [
        (record.seed, number.id, number.unit, number.value, number.low, number.high, planted.get(number.id))
        for number in record.numbers
    ]
    return pl.DataFrame(rows, schema=_COLUMNS, orient="row", strict=False)
