"""The command `counts`."""

from __future__ import annotations

from toolkit.cli._answer import answer
from toolkit.cli._options import DirectoryArgument, EngineOption, JsonOption, MemoryOption, ThreadsOption

__all__ = ["counts"]


def counts(
    directory: DirectoryArgument,
    engine: EngineOption = "duckdb",
    threads: ThreadsOption = None,
    memory_limit: MemoryOption = None,
    as_json: JsonOption = False,
) -> None:
    """How much is there? Lines, records, and people by naive keys."""
    answer("counts", directory, engine, threads, memory_limit, as_json)
