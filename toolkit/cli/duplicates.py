"""The command `duplicates`."""

from __future__ import annotations

from toolkit.cli.answering import answer
from toolkit.cli.options import (
    DirectoryArgument,
    EngineOption,
    JsonOption,
    MemoryOption,
    ThreadsOption,
)

__all__ = ["duplicates"]


def duplicates(
    directory: DirectoryArgument,
    engine: EngineOption = "duckdb",
    threads: ThreadsOption = None,
    memory_limit: MemoryOption = None,
    as_json: JsonOption = False,
) -> None:
    """How many people stand at several practices?"""
    answer("duplicates", directory, engine, threads, memory_limit, as_json)
