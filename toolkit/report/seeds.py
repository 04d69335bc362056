"""How far chance moves the numbers: the same investigation on leaks that differ in their seed alone.

One leak after the other is made, asked and, unless it is to be kept, removed, so that ten leaks take the room of one.
What a seed said stands in a record of its own, which `toolkit rerun` repeats as any other; a study that was interrupted
goes on after the last seed that is finished.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

import polars as pl

from toolkit.errors import InputError
from toolkit.leak import open_leak
from toolkit.report.asking import Progress, ask_everything
from toolkit.report.counted_twice import check_against_second_count
from toolkit.report.data_sets import DATA, data_set_folder
from toolkit.report.findings import Findings
from toolkit.report.plan import MAKING, SECOND_COUNT, expected_seconds
from toolkit.report.record import RunRecord, code_digests, make_record, read_record, versions, write_record
from toolkit.report.writing import write_text
from toolkit.scenario import Scenario
from toolkit.second_count import count_planted
from toolkit.synth.generate import GenerateOptions, generate

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
    scenario: Scenario,
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

    Writes `reports/<scenario>-<rows>-seeds-<seeds>/`: `seed-<n>/run.json` and `planted.json` as each seed is finished,
    then `values.csv`, `spread.csv` and `results.json`.  A seed that is there already, of the same scenario, rows, code
    and versions, is not asked again.  A leak made for a seed is removed once its numbers are written, unless
    `keep_data`; one that was there before stays.
    Raises the errors of `generate` and `open_leak`, and `ReportError` when the disk does not let us.
    """
    tell = progress or (lambda _step, _done, _total: None)
    scenario.sizes_at(rows)
    folder = reports / f"{scenario.name}-{rows}-seeds-{told_seeds(seeds)}"
    done = []
    for seed in seeds:
        own = folder / f"seed-{seed}"
        if not _is_done(own, scenario, rows):
            tell(seed_step(seed), 0, 1)
            _ask_seed(scenario, seed, rows, own, threads, memory_limit, keep_data, _within(tell, seed, rows))
            tell(seed_step(seed), 1, 1)
            done.append(seed)
    values = pl.concat([_values(folder / f"seed-{seed}") for seed in seeds])
    table = spread(values)
    write_text(folder / "values.csv", values.write_csv())
    write_text(folder / "spread.csv", table.write_csv())
    write_text(folder / "results.json", json.dumps(table.to_dicts(), ensure_ascii=False, indent=2) + "\n")
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
    """Whether this very scenario, size, code and set of libraries was asked already."""
    if not ((folder / "run.json").is_file() and (folder / "planted.json").is_file()):
        return False
    record = read_record(folder / "run.json")
    same_code = record.code == code_digests() and record.versions == versions()
    return same_code and record.rows == rows and record.scenario == scenario.model_dump(mode="json")


def _ask_seed(
    scenario: Scenario,
    seed: int,
    rows: int,
    folder: Path,
    threads: int,
    memory_limit: str,
    keep_data: bool,  # noqa: FBT001 (handed on by its name)
    tell: Progress,
) -> None:
    """Make the leak of one seed, ask it, write its record, and remove it unless it is to stay."""
    own = data_set_folder(scenario.name, rows, seed)
    passing = None if keep_data or own.exists() else DATA / ".passing" / own.name
    made = generate(scenario, seed, rows, passing or own, GenerateOptions(threads=threads), partial(tell, MAKING))
    opened = partial(open_leak, made.path, memory_limit=memory_limit, threads=threads, keep=False)
    answers, ledger = ask_everything(opened, tell)
    tell(SECOND_COUNT, 0, 1)
    agreed = check_against_second_count(made.path, answers)
    tell(SECOND_COUNT, 1, 1)
    parameters = {"rows": rows, "seed": seed, "memory_limit": memory_limit, "threads": threads}
    command = f"toolkit investigate --scenario {scenario.name} --rows {rows} --seed {seed}"
    findings = Findings(own.name, made.path, made.manifest, answers, ledger, (), parameters, command)
    write_text(folder / "planted.json", json.dumps(count_planted(made.path), indent=2) + "\n")
    write_record(folder, make_record(findings, scenario, agreed))
    if passing is not None:
        shutil.rmtree(passing, ignore_errors=True)
        with suppress(OSError):  # another study may have one there
            passing.parent.rmdir()


def _values(folder: Path) -> pl.DataFrame:
    """The numbers of one seed, with what was planted where that is known."""
    record: RunRecord = read_record(folder / "run.json")
    planted = json.loads((folder / "planted.json").read_text(encoding="utf-8"))
    rows = [
        (record.seed, number.id, number.unit, number.value, number.low, number.high, planted.get(number.id))
        for number in record.numbers
    ]
    return pl.DataFrame(rows, schema=_COLUMNS, orient="row", strict=False)
