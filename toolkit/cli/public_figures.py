"""The command `public-figures`."""

from __future__ import annotations

from toolkit.cli.answering import answer
from toolkit.cli.options import (
    DirectoryArgument,
    EngineOption,
    JsonOption,
    MemoryOption,
    ThreadsOption,
)

__all__ = ["public_figures"]


def public_figures(
    directory: DirectoryArgument,
    engine: EngineOption = "duckdb",
    threads: ThreadsOption = None,
    memory_limit: MemoryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Which public figures may be in the leak, and how many of the hits are namesakes? Counts only, no names."""
    answer("public-figures", directory, engine, threads, memory_limit, as_json)
