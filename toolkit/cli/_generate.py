"""The commands `generate` and `verify-synthetic`."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from toolkit.cli._options import (
    DirectoryArgument,
    JsonOption,
    RowsOption,
    ScenarioOption,
    SeedOption,
    ThreadsOption,
    in_bytes,
    memory_size,
)
from toolkit.cli._output import new_console, new_table, print_counts, print_json
from toolkit.cli._progress import Steps
from toolkit.scenario import DEFAULT_SCENARIO

__all__ = ["generate", "verify_synthetic"]


def generate(
    scenario: ScenarioOption = DEFAULT_SCENARIO,
    rows: RowsOption = None,
    seed: SeedOption = 1,
    without: Annotated[
        list[str] | None,
        typer.Option(metavar="MARK", help="Mark of a real base to leave out, such as working_days; may be repeated."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Directory to make.", show_default="data/synthetic/<scenario>-<rows>-<seed>, with the marks left out"
        ),
    ] = None,
    partitions: Annotated[
        int | None, typer.Option(min=1, help="Files of lines.", show_default="one a million lines")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Threads to use.")] = 2,
    memory_limit: Annotated[
        str, typer.Option(parser=memory_size, metavar="SIZE", help="Memory to stay under.")
    ] = "1GB",
    as_json: JsonOption = False,
) -> None:
    """Generate a leak in which everything is synthetic.

    The same scenario, rows and seed give the same data. The same command resumes an interrupted run.
    """
    from toolkit.scenario import load_scenario
    from toolkit.synth import GenerateOptions, data_set_folder
    from toolkit.synth import generate as make

    left_out = without or []
    plan = load_scenario(scenario).without(left_out)
    rows = plan.sizes.lines if rows is None else rows
    options = GenerateOptions(partitions=partitions, threads=threads, memory_limit=in_bytes(memory_limit))
    out = out or data_set_folder("-without-".join([plan.name, *sorted(set(left_out))]), rows, seed)
    with Steps() as steps:
        made = make(plan, seed, rows, out, options, steps.of("Making the leak"))
    if as_json:
        facts = {key: value for key, value in made.manifest.items() if key != "files"}
        print_json({"path": os.fspath(made.path), "lines_written": made.lines_written, **facts})
        return
    state = f"{made.lines_written:,} lines written" if made.lines_written else "already there, unchanged"
    new_console().print(f"[bold]{escape(os.fspath(made.path))}[/]: {state}.")
    print_counts(made.manifest["counts"])


def verify_synthetic(
    directory: DirectoryArgument,
    threads: ThreadsOption = None,
    memory_limit: Annotated[str, typer.Option(parser=memory_size, metavar="SIZE", help="Memory to use.")] = "2GB",
    as_json: JsonOption = False,
) -> None:
    """Verify that a data set is synthetic: made by this toolkit, and unable to reach anybody.

    Ends with 1 and the number of failures where it is not verified.
    """
    from toolkit.provenance import verify_synthetic as verify

    report = verify(directory, threads=threads, memory_limit=memory_limit)
    if as_json:
        checks = [asdict(check) for check in report.checks]
        print_json({"path": os.fspath(directory), "ok": report.ok, "checks": checks})
    else:
        table = new_table("Checks", "Check", "Examined", "Offending")
        for check in report.checks:
            style = "bold red" if check.offending else None
            table.add_row(check.promise, f"{check.examined:,}", f"{check.offending:,}", style=style)
        new_console().print(table)
        failed = sum(check.offending > 0 for check in report.checks)
        verdict = f"Not verified as synthetic: {failed} of {len(report.checks)} checks failed."
        if report.ok:
            verdict = "Verified as synthetic: nothing in it can reach anybody."
        new_console().print(f"{escape(os.fspath(directory))}: {verdict}")
    raise typer.Exit(0 if report.ok else 1)
