"""Measure how long DuckDB takes to copy the `lines` table from memory to one Parquet file.

usage: python -m benchmarks.yardstick DATASET [THREADS]

Times of the toolkit are relative to this copy, in the same run with the same threads, because machines differ.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import duckdb

__all__ = ["copy_seconds"]


def copy_seconds(dataset: Path, threads: int) -> float:
    """Return the seconds of `COPY lines TO ... (FORMAT parquet, COMPRESSION zstd)`, without loading the table."""
    with duckdb.connect() as connection, tempfile.TemporaryDirectory() as folder:
        connection.execute(f"SET threads = {threads}")
        connection.execute("CREATE TABLE lines AS FROM read_parquet(?)", [str(dataset / "lines" / "*.parquet")])
        start = time.perf_counter()
        connection.execute(f"COPY lines TO '{folder}/copy.parquet' (FORMAT parquet, COMPRESSION zstd)")
        return time.perf_counter() - start


if __name__ == "__main__":
    print(copy_seconds(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 2))
