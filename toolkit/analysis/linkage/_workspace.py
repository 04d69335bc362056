"""The DuckDB database of a linkage, in memory with a spill directory, and the checkpoints of its finished steps."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from splink.internals.exceptions import SplinkException

from toolkit._platform import make_private
from toolkit.errors import InputError

__all__ = ["Checkpoints", "workspace"]

_FILE = "steps.duckdb"


@contextmanager
def workspace(
    threads: int | None = None, memory_limit: str | None = None, folder: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a DuckDB database in memory, with a spill directory (in `folder` or temporary) that is removed at the end.

    Raises `InputError` when there is not enough memory.
    """
    spill = tempfile.mkdtemp(prefix="linkage-", dir=folder)
    config: dict[str, Any] = {
        "temp_directory": spill,
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
    }
    given = {"threads": threads, "memory_limit": memory_limit}
    config |= {name: value for name, value in given.items() if value is not None}
    try:
        with duckdb.connect(":memory:", config=config) as con:
            con.execute("SET enable_progress_bar = false")
            yield con
    except (duckdb.OutOfMemoryException, MemoryError, SplinkException) as error:
        # Splink wraps the exceptions of DuckDB.
        if isinstance(error, SplinkException) and not isinstance(error.__cause__, duckdb.OutOfMemoryException):
            raise
        allowed = memory_limit or "the default memory limit"
        raise InputError(
            f"The linkage needs more memory than {allowed} ({str(error.__cause__ or error).splitlines()[0]}): "
            "raise `memory_limit` (--memory-limit) or lower `threads` (--threads)."
        ) from None
    finally:
        shutil.rmtree(spill, ignore_errors=True)


class Checkpoints:
    """The finished steps of a linkage, from which an interrupted run resumes.

    They are in a DuckDB file in `folder`, one transaction per step, so a step is saved completely or not at all.
    Without a folder nothing is saved. The steps depend on the records, the settings and the code: the caller uses one
    folder for each combination.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, folder: Path | None) -> None:
        """Open the checkpoints. Raises `InputError` when another process uses the folder."""
        self._con = con
        self._enabled = folder is not None
        if folder is None:
            return
        file = folder / _FILE
        try:
            con.execute(f"ATTACH '{str(file).replace(chr(39), chr(39) * 2)}' AS saved")
        except duckdb.IOException as error:
            raise InputError(
                f"The checkpoints of an earlier linkage in {file} cannot be opened ({str(error).splitlines()[0]}): "
                f"wait until the other linkage has ended, or delete {folder} if none is running."
            ) from None
        make_private(file)
        con.execute("CREATE TABLE IF NOT EXISTS saved.steps (name VARCHAR PRIMARY KEY, metadata VARCHAR)")

    def metadata(self, step: str) -> dict[str, Any] | None:
        """Return the metadata of a finished step, or None if the step is not finished."""
        if not self._enabled:
            return None
        rows = self._con.execute("SELECT metadata FROM saved.steps WHERE name = ?", [step]).fetchall()
        return dict(json.loads(rows[0][0])) if rows else None

    def save(self, step: str, metadata: Mapping[str, object], *tables: str) -> None:
        """Save a finished step: its metadata and the tables it created."""
        if not self._enabled:
            return
        self._con.execute("BEGIN")
        for table in tables:
            self._con.execute(f"CREATE TABLE saved.{table} AS FROM {table}")
        self._con.execute("INSERT INTO saved.steps VALUES (?, ?)", [step, json.dumps(metadata)])
        self._con.execute("COMMIT")

    def restore(self, *tables: str) -> None:
        """Create the tables of a finished step from their saved copies."""
        for table in tables:
            self._con.execute(f"CREATE TABLE {table} AS FROM saved.{table}")
