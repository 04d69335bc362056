"""The main job: `investigate`."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from toolkit.cli.options import (
    JsonOption,
    RowsOption,
    ScenarioOption,
    SeedOption,
    memory_size,
)
from toolkit.cli.printing import new_console, print_json, print_results
from toolkit.cli.progress import Steps
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
    as_json: JsonOption = False,
) -> None:
    """Make the leak if it is missing, ask it every question, run the notebooks, write the report."""
    from toolkit.report.investigation import investigate as run
    from toolkit.scenario import load_scenario

    plan = load_scenario(scenario)
    with Steps() as steps:
        found, index = run(plan, seed, rows, out, reports, threads=threads, memory_limit=memory_limit, progress=steps)
    if as_json:
        print_json({"report": os.fspath(index), "results": [asdict(result) for result in found.results]})
        return
    print_results(f"{found.name}: the answers", found.results)
    new_console().print(f"The report: [bold]{escape(os.fspath(index))}[/]")
