"""The main job: `investigate`."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from toolkit.cli._options import JsonOption, RowsOption, memory_size
from toolkit.cli._output import new_console, print_json
from toolkit.cli._progress import Job
from toolkit.cli._seeds import investigate_seeds
from toolkit.cli._summary import print_summary
from toolkit.errors import InputError

if TYPE_CHECKING:
    from toolkit.report import Findings

__all__ = ["investigate"]


def investigate(
    data_set: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DATASET]", help="Directory of an existing data set; without it one is made.", show_default=False
        ),
    ] = None,
    scenario: Annotated[
        str | None,
        typer.Option(help="Scenario to make a leak of: a name, or the path of a TOML file.", show_default="mlm-2026"),
    ] = None,
    rows: RowsOption = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the leak.", show_default="1")] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Directory of the leak.", show_default="data/synthetic/<scenario>-<rows>-<seed>"),
    ] = None,
    reports: Annotated[Path, typer.Option(help="Directory of the reports.")] = Path("reports"),
    threads: Annotated[int, typer.Option(min=1, help="Threads to use.")] = 2,
    memory_limit: Annotated[
        str, typer.Option(parser=memory_size, metavar="SIZE", help="Memory for the engine in each step.")
    ] = "3GB",
    seeds: Annotated[
        str | None,
        typer.Option(
            metavar="SEEDS",
            help="Instead of one report: the spread of the numbers over these seeds, such as 1-10 or 1,4,7-9.",
            show_default=False,
        ),
    ] = None,
    keep_data: Annotated[
        bool, typer.Option("--keep-data", help="With --seeds: keep the leak of each seed, not only its numbers.")
    ] = False,
    lang: Annotated[str, typer.Option(metavar="en|fr", help="Language of the report.")] = "en",
    as_json: JsonOption = False,
) -> None:
    """Answer every question about a data set, run the notebooks, and write the report.

    With DATASET the questions are answered on a data set that exists. Without it a synthetic leak is made first, where
    it is missing.
    """
    from toolkit.i18n import use_language

    making = {"--scenario": scenario, "--rows": rows, "--seed": seed, "--out": out, "--seeds": seeds}
    if data_set is not None and (given := [name for name, value in making.items() if value is not None]):
        raise InputError(
            f"{' and '.join(given)} would make a leak, and {data_set} exists: give the data set or these options."
        )
    if seeds is not None and out is not None:
        raise InputError("--out is the directory of one leak, and --seeds makes several: leave one of the two out.")
    if seeds is None and keep_data:
        raise InputError("--keep-data goes with --seeds: without --seeds the leak is kept anyway, so leave it out.")
    limits: dict[str, Any] = {"threads": threads, "memory_limit": memory_limit}
    with use_language(lang):
        if seeds is not None:
            named, size, _ = _leak(scenario, rows, seed)
            investigate_seeds(named, seeds, size, reports, keep_data=keep_data, as_json=as_json, **limits)
            return
        found, index, taken = _run(data_set, scenario, rows, seed, out, reports, limits)
    if as_json:
        reasons = {name: answer.reason for name, answer in found.answers.items() if answer.reason is not None}
        results = [asdict(result) for result in found.results]
        print_json({"report": os.fspath(index), "not_answerable": reasons, "results": results})
        return
    print_summary(found, taken)
    if not any((index.parent / "charts").glob("*.png")):
        new_console().print("No Chrome or Chromium was found: the charts are on the page, but not in files.")
    new_console().print(f"Report: [bold]{escape(os.fspath(index))}[/]")


def _leak(scenario: str | None, rows: int | None, seed: int | None) -> tuple[str, int, int]:
    """Return the scenario, size and seed of the leak to make, with the defaults filled in."""
    from toolkit.scenario import DEFAULT_SCENARIO, load_scenario

    named = scenario or DEFAULT_SCENARIO
    return named, load_scenario(named).sizes.lines if rows is None else rows, 1 if seed is None else seed


def _run(
    data_set: Path | None,
    scenario: str | None,
    rows: int | None,
    seed: int | None,
    out: Path | None,
    reports: Path,
    limits: dict[str, Any],
) -> tuple[Findings, Path, dict[str, float]]:
    from toolkit import run
    from toolkit.report import find_notebooks

    notebooks = [notebook.stem for notebook in find_notebooks()]
    if data_set is not None:
        size = int(run.open_data_set(data_set).manifest["rows"])
        with Job(run.expected_seconds(size, notebooks, generate=False)) as job:
            found, index = run.investigate_data_set(data_set, reports, progress=job, **limits)
    else:
        named, size, number = _leak(scenario, rows, seed)
        with Job(run.expected_seconds(size, notebooks)) as job:
            found, index = run.investigate(named, number, rows, out, reports, progress=job, **limits)
    return found, index, job.taken
