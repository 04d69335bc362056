"""The main job: `investigate`."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from toolkit.cli._options import JsonOption, RowsOption, ScenarioOption, SeedOption, memory_size
from toolkit.cli._output import new_console, print_json
from toolkit.cli._progress import Job
from toolkit.cli._seeds import investigate_seeds
from toolkit.cli._summary import print_summary
from toolkit.scenario import DEFAULT_SCENARIO

__all__ = ["investigate"]


def investigate(
    scenario: ScenarioOption = DEFAULT_SCENARIO,
    rows: RowsOption = None,
    seed: SeedOption = 1,
    out: Annotated[
        Path | None,
        typer.Option(help="Directory of the data set.", show_default="data/synthetic/<scenario>-<rows>-<seed>"),
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
            help="Instead of one report: how far the numbers move over these seeds, such as 1-10 or 1,4,7-9.",
            show_default=False,
        ),
    ] = None,
    keep_data: Annotated[
        bool, typer.Option("--keep-data", help="With --seeds: keep the leak of each seed, not its numbers alone.")
    ] = False,
    lang: Annotated[str, typer.Option(metavar="en|fr", help="Language of the report.")] = "en",
    as_json: JsonOption = False,
) -> None:
    """Make the leak if it is missing, ask it every question, run the notebooks, write the report."""
    from toolkit.errors import InputError
    from toolkit.i18n import use_language
    from toolkit.report import find_notebooks
    from toolkit.run import expected_seconds
    from toolkit.run import investigate as run
    from toolkit.scenario import load_scenario

    if seeds is not None and out is not None:
        raise InputError("--out is the folder of one data set, and --seeds asks several: leave one of the two out.")
    if seeds is None and keep_data:
        raise InputError("--keep-data goes with --seeds: without it the leak is kept anyway, so leave it out.")
    size = load_scenario(scenario).sizes.lines if rows is None else rows
    if seeds is not None:
        with use_language(lang):
            investigate_seeds(
                scenario,
                seeds,
                size,
                reports,
                threads=threads,
                memory_limit=memory_limit,
                keep_data=keep_data,
                as_json=as_json,
            )
        return
    with use_language(lang), Job(expected_seconds(size, [notebook.stem for notebook in find_notebooks()])) as job:
        found, index = run(scenario, seed, rows, out, reports, threads=threads, memory_limit=memory_limit, progress=job)
    if as_json:
        print_json({"report": os.fspath(index), "results": [asdict(result) for result in found.results]})
        return
    print_summary(found, job.taken)
    if not any((index.parent / "charts").glob("*.png")):
        new_console().print("No Chrome or Chromium that starts was found: the charts are on the page, not in files.")
    new_console().print(f"The report: [bold]{escape(os.fspath(index))}[/]")
