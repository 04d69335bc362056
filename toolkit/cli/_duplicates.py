"""The command `duplicates`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli._answer import print_answer
from toolkit.cli._options import DirectoryArgument, EngineOption, JsonOption, MemoryOption, ThreadsOption
from toolkit.cli._output import new_console, new_table

if TYPE_CHECKING:
    import polars as pl

    from toolkit.analysis.duplicates import People
    from toolkit.dataset import Leak
    from toolkit.questions import Answer

__all__ = ["duplicates"]


def duplicates(
    directory: DirectoryArgument,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Parquet file for the clusters: record_id and person_cluster; readable by its owner alone.",
        ),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Trained model to link with.", show_default="one trained on the leak"),
    ] = None,
    save_model: Annotated[
        Path | None, typer.Option(metavar="FILE", help="JSON file for the model that was linked with.")
    ] = None,
    engine: EngineOption = "duckdb",
    threads: ThreadsOption = None,
    memory_limit: MemoryOption = None,
    as_json: JsonOption = False,
) -> None:
    """How many people are there, and how many stand at several practices?

    Exact keys are asked of the engine; records are linked by DuckDB, in 4GB unless --memory-limit says otherwise. The
    linkage is kept with the data set, so a second call is short, and one that was interrupted goes on where it stopped.
    """
    counted: list[People] = []

    def ask(leak: Leak) -> Answer:
        from toolkit.analysis.linkage import write_clusters
        from toolkit.questions import answer_people

        counted.append(_counted(leak, model))
        if out is not None:
            write_clusters(counted[0], out)
        if save_model is not None:
            counted[0].linkage.model.save(save_model)
        return answer_people(leak, counted[0], [] if model is None else ["--model", os.fspath(model)])

    print_answer("duplicates", ask, directory, engine, threads, memory_limit, as_json)
    if not as_json:
        _print_steps("From lines to people", "Rule", counted[0].waterfall)
        _print_steps("What makes lines more than people", "", counted[0].repeats)


def _counted(leak: Leak, model: Path | None) -> People:
    """The people of a leak, by the model in a file where one is given."""
    from toolkit.analysis.duplicates import count_people
    from toolkit.analysis.linkage import Model

    return count_people(leak) if model is None else count_people(leak, model=Model.load(model))


def _print_steps(title: str, heading: str, rows: pl.DataFrame) -> None:
    """A table of names and numbers, with what they mean where the rows tell."""
    table = new_table(title, "Step" if heading else "Kind of repeat", "Number", *([heading] if heading else []))
    for name, number, *meaning in rows.iter_rows():
        table.add_row(name, f"{number:,}", *meaning)
    new_console().print(table)
