"""The engines: DuckDB by default, Spark where one machine is not enough."""

from toolkit.dataset._backends._base import Backend

__all__ = ["ENGINES", "Backend", "start"]

ENGINES = ("duckdb", "spark")
"""The engines a leak can be opened with."""


def start(engine: str, memory_limit: str | None, threads: int | None) -> Backend:
    """Start one of `ENGINES`; raises `InputError` where it cannot start."""
    if engine == "spark":
        from toolkit.dataset._backends._spark import Spark

        return Spark(memory_limit, threads)
    from toolkit.dataset._backends._duckdb import DuckDB

    return DuckDB(memory_limit, threads)
