"""Options that several commands share, and the reader of sizes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "DirectoryArgument",
    "EngineOption",
    "JsonOption",
    "MemoryOption",
    "RowsOption",
    "ScenarioOption",
    "SeedOption",
    "ThreadsOption",
    "in_bytes",
    "memory_size",
]

_UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}


def memory_size(text: str) -> str:
    """Return a size that DuckDB, Spark and the maker all accept; raises `BadParameter` for anything else."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]i?B)", text.strip(), flags=re.IGNORECASE)
    if found is None or float(found[1]) == 0:
        raise typer.BadParameter(f"{text!r} is not a size: give a number and a unit, such as 4GB or 500MB.")
    return found[1] + found[2]


def in_bytes(memory: str) -> int:
    """Return the bytes of a checked size."""
    number, unit = re.fullmatch(r"([\d.]+)(.*)", memory).groups()  # type: ignore[union-attr]  # checked by memory_size
    return int(float(number) * _UNITS[unit.upper()])


DirectoryArgument = Annotated[Path, typer.Argument(metavar="DIR", help="Directory of a data set.", show_default=False)]
ScenarioOption = Annotated[str, typer.Option(help="Scenario: a name, or the path of a TOML file.")]
RowsOption = Annotated[
    int | None, typer.Option(help="Lines to make, 1,000 or more.", show_default="the scenario's own size")
]
SeedOption = Annotated[int, typer.Option(help="Seed: another seed gives another leak of the same kind.")]
ThreadsOption = Annotated[int | None, typer.Option(min=1, help="Threads to use.", show_default="chosen by the engine")]
MemoryOption = Annotated[
    str | None,
    typer.Option(
        parser=memory_size, metavar="SIZE", help="Memory to use, such as 4GB.", show_default="chosen by the engine"
    ),
]
EngineOption = Annotated[
    str, typer.Option(metavar="duckdb|spark", help="Engine that computes the answers: duckdb or spark.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
