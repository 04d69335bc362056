"""How far chance moves the numbers: the same investigation on leaks that differ in their seed alone.

One leak after the other is made, asked and, unless it is to be kept, removed, so that ten leaks take the room of one.
What a seed said stands in a record of its own, which `toolkit rerun` repeats as any other; a study that was interrupted
goes on after the last seed that is finished.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from toolkit._io import write_text
from toolkit.dataset import open_leak
from toolkit.errors import InputError
from toolkit.i18n import current_language
from toolkit.report import Findings, command
from toolkit.run._asking import Progress, ask_everything
from toolkit.run._cross_check import check_against_second_count
from toolkit.run._run_manifest import RunRecord, code_digests, make_record, read_record, versions, write_record
from toolkit.run._steps import MAKING, SECOND_COUNT, expected_seconds
from toolkit.scenario import Scenario, load_scenario
from toolkit.second_count import count_planted
from toolkit.synth import DATA, GenerateOptions, data_set_folder, generate

__all__ = ["HEADLINES", "Study", "over_seeds", "parse_seeds", "seed_step", "spread", "told_seeds"]

HEADLINES = {
    "people": "people, linked",
    "people_at_several_practices": "people at several practices, linked",
    "sensitive_lines": "lines with a sensitive comment, estimated",
    "sensitive_records": "records with a sensitive comment, estimated",
    "sensitive_people": "people with a sensitive comment, estimated",
    "people_by_nir": "people by social security number",
    "people_by_birth_identity": "people by birth name, first name, birth date, sex",
    "people_by_names_birth_date": "people by last name, first name, birth date",
    "people_at_several_practices_by_nir": "people at several practices, by social security number",
    "flagged_lines": "lines that the comment scan hits",
    "figures_by_name": "public figures by name",
    "figures_by_name_birth_date": "public figures by name and birth date",
}
"""The numbers that the chart and the terminal show, by their ids, and what they are called there."""

_MOST_SEEDS = 1_000
_LONGEST_NAME = 200
"""Bytes of a folder's name that every file system takes."""
_COLUMNS = {"seed": pl.Int64, "id": pl.String, "unit": pl.String} | dict.fromkeys(
    ("value", "low", "high", "planted"), pl.Float64
)


class Study(NamedTuple):
    """What several seeds said.

    `folder`: where it is written.  `values`: one row a number and seed, `seed`, `id`, `unit`, `value`, `low`, `high`,
    `planted`.  `spread`: as `spread` returns it.  `done`: the seeds that this run asked, the others were there already.
    """

    folder: Path
    values: pl.DataFrame
    spread: pl.DataFrame
    done: tuple[int, ...]


def parse_seeds(text: str) -> tuple[int, ...]:
    """The seeds meant by "3", "1-10" or "1,4,7-9", each once and in order.

    Raises `InputError` for anything else, and for more than a thousand.
    """
    seeds: set[int] = set()
    for part in text.split(","):
        found = re.fullmatch(r" *([0-9]{1,18}) *(?:- *([0-9]{1,18}) *)?", part)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
        if first > last:
            raise InputError(f"{text!r} names no seeds ({part.strip()!r}): write them as 3, 1-10 or 1,4,7-9.")
        # A long range is not listed before it is refused.
        seeds.update(range(first, min(last, first + _MOST_SEEDS) + 1))
        if len(seeds) > _MOST_SEEDS:
            raise InputError(f"{text!r} names more than {_MOST_SEEDS:,} seeds: give fewer.")
    return tuple(sorted(seeds))


def told_seeds(seeds: Sequence[int]) -> str:
    """The shortest way to write these seeds: 1-3,7."""
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
    """What does each number say on leaks made with other seeds, and do its intervals hold the planted truth?

    `scenario` may be named, or be the path of its file: the commands in the records then say so.
    Writes `reports/<scenario>-<rows>-seeds-<seeds>/`, with a digest of the seeds where they are too many for a name:
    `seed-<n>/run.json` and `planted.json` as each seed is finished, then `values.csv`, `spread.csv` and `results.json`.
    A seed that is there already, of the same scenario, rows, code and versions, is not asked again.  A leak made for a
    seed is removed once its numbers are written, unless `keep_data`; one that was there before stays.
    Raises the errors of `load_scenario`, `generate` and `open_leak`, and `WriteError` when the disk does not let us.
    """
    tell = progress or (lambda _step, _done, _total: None)
    given = scenario.name if isinstance(scenario, Scenario) else scenario
    scenario = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    scenario.sizes_at(rows)
    folder = reports / _folder_name(scenario.name, rows, seeds)
    done = []
    for seed in seeds:
        own, passing = folder / f"seed-{seed}", DATA / ".passing" / data_set_folder(scenario.name, rows, seed).name
        if not _is_done(own, scenario, rows):
            tell(seed_step(seed), 0, 1)
            told = {
                "rows": rows,
                "seed": seed,
                "memory_limit": memory_limit,
                "threads": threads,
                "language": current_language(),
            }
            place = None if keep_data else passing
            _ask_seed(scenario, told, command(given, rows, seed), own, place, _within(tell, seed, rows))
            tell(seed_step(seed), 1, 1)
            done.append(seed)
        # Also where the run that asked it was interrupted before it could.
        _remove(passing)
    values = pl.concat([_values(folder / f"seed-{seed}") for seed in seeds])
    table = spread(values)
    write_text(folder / "values.csv", values.write_csv(), private=False)
    write_text(folder / "spread.csv", table.write_csv(), private=False)
    write_text(
        folder / "results.json", json.dumps(table.to_dicts(), ensure_ascii=False, indent=2) + "\n", private=False
    )
    return Study(folder, values, table, tuple(done))


def spread(values: pl.DataFrame) -> pl.DataFrame:
    """How far apart are the seeds, number by number?

    One row a number, in the order of the values: `id`, `unit`, `seeds` (that have it), `mean`, `sd` (of the seeds, with
    n - 1; null for one seed), `relative_sd` (of the mean), `min`, `max`, `planted` (mean of what was planted; null
    where nothing was), `intervals` (seeds that have one, where a truth was planted) and `holding` (how many of these
    hold the truth of their seed).
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
    """The step that makes and asks the leak of a seed."""
    return f"Seed {seed}"


def _folder_name(scenario: str, rows: int, seeds: Sequence[int]) -> str:
    """The name of a study's folder: the seeds themselves, or how many and a digest where that is too long."""
    told = told_seeds(seeds)
    name = f"{scenario}-{rows}-seeds-{told}"
    if len(name.encode()) <= _LONGEST_NAME:
        return name
    return f"{scenario}-{rows}-seeds-{len(seeds)}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"


def _remove(passing: Path) -> None:
    """Remove a leak that was not to stay, if there is one."""
    shutil.rmtree(passing, ignore_errors=True)
    with suppress(OSError):  # another study may have one there
        passing.parent.rmdir()


def _within(tell: Progress, seed: int, rows: int) -> Progress:
    """The steps of one seed, told as parts of it by what each is expected to cost."""
    costs = expected_seconds(rows, ())
    whole = sum(costs.values())
    passed: dict[str, float] = {}

    def step(name: str, done: int, total: int) -> None:
        passed[name] = costs.get(name, 0.0) * done / max(1, total)
        # The whole of it is told when its record is written.
        tell(seed_step(seed), min(999, round(1_000 * sum(passed.values()) / whole)), 1_000)

    return step


def _is_done(folder: Path, scenario: Scenario, rows: int) -> bool:
    """Whether this very scenario, size, code and set of libraries was asked already, and both files can be read."""
    try:
        record = read_record(folder / "run.json")
        json.loads((folder / "planted.json").read_text(encoding="utf-8"))
    except (InputError, OSError, ValueError):
        return False
    same_code = record.code == code_digests() and record.versions == versions()
    return same_code and record.rows == rows and record.scenario == scenario.model_dump(mode="json")


def _ask_seed(
    scenario: Scenario, told: dict[str, Any], again: str, folder: Path, passing: Path | None, tell: Progress
) -> None:
    """Ask the leak of one seed, and write its record; where there is none, make it, in `passing` if it is not to stay.

    `told` are the parameters of the record, `again` is its command.
    """
    rows, seed, threads, memory_limit = (told[name] for name in ("rows", "seed", "threads", "memory_limit"))
    own = data_set_folder(scenario.name, rows, seed)
    place = own if passing is None or own.exists() else passing
    made = generate(scenario, seed, rows, place, GenerateOptions(threads=threads), partial(tell, MAKING))
    opened = partial(open_leak, made.path, memory_limit=memory_limit, threads=threads, keep=False)
    answers, ledger = ask_everything(opened, tell)
    tell(SECOND_COUNT, 0, 1)
    agreed = check_against_second_count(made.path, answers)
    tell(SECOND_COUNT, 1, 1)
    findings = Findings(own.name, made.path, made.manifest, answers, ledger, (), told, again)
    write_text(folder / "planted.json", json.dumps(count_planted(made.path), indent=2) + "\n", private=False)
    write_record(folder, make_record(findings, scenario, agreed))


def _values(folder: Path) -> pl.DataFrame:
    """The numbers of one seed, with what was planted where that is known."""
    record: RunRecord = read_record(folder / "run.json")
    planted = json.loads((folder / "planted.json").read_text(encoding="utf-8"))
    rows = [
        (record.seed, number.id, number.unit, number.value, number.low, number.high, planted.get(number.id))
        for number in record.numbers
    ]
    return pl.DataFrame(rows, schema=_COLUMNS, orient="row", strict=False)
