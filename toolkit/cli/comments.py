"""The command `comments`."""

from __future__ import annotations

from toolkit.cli.answering import answer
from toolkit.cli.options import (
    DirectoryArgument,
    EngineOption,
    JsonOption,
    MemoryOption,
    ThreadsOption,
)

__all__ = ["comments"]


def comments(
    directory: DirectoryArgument,
    engine: EngineOption = "duckdb",
    threads: ThreadsOption = None,
    memory_limit: MemoryOption = None,
    as_json: JsonOption = False,
) -> None:
    """What share of the lines carries a comment that reveals something intimate?"""
    answer("comments", directory, engine, threads, memory_limit, as_json)
