"""The command `public-figures`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli._answer import print_answer
from toolkit.cli._options import DirectoryArgument, EngineOption, JsonOption, MemoryOption, ThreadsOption

if TYPE_CHECKING:
    from toolkit.dataset import Leak
    from toolkit.questions import Answer

__all__ = ["public_figures"]


def public_figures(
    directory: DirectoryArgument,
    register: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Register of people in public life: CSV, Parquet or Excel, with at least first and last names.",
            show_default="the invented register of the data set",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Parquet file for the hits: ids, tier and P(wrong person), no names; readable by its owner alone.",
        ),
    ] = None,
    engine: EngineOption = "duckdb",
    threads: ThreadsOption = None,
    memory_limit: MemoryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Which public figures are in the leak, and how many of the hits are namesakes? Counts only, no names."""

    def ask(leak: Leak) -> Answer:
        from toolkit.analysis.public_figures import check_place, match, read_register, write_hits
        from toolkit.questions import answer_matches

        if out is not None:
            check_place(out)
        matches = match(leak, None if register is None else read_register(register))
        if out is not None:
            write_hits(matches, out)
        return answer_matches(leak, matches, [] if register is None else ["--register", os.fspath(register)])

    print_answer("public-figures", ask, directory, engine, threads, memory_limit, as_json)
