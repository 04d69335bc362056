"""Where a linkage works: a DuckDB database in memory that spills to disk, and a folder that keeps finished steps."""

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

__all__ = ["KeptSteps", "workspace"]

_FILE = "steps.duckdb"


@contextmanager
def workspace(
    threads: int | None = None, memory_limit: str | None = None, folder: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB database in memory, which spills to a directory that goes with it: in `folder`, or a temporary one.

    Raises `InputError` when memory does not suffice, and when DuckDB refuses the settings.
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
        # Splink wraps what DuckDB raises.
        if isinstance(error, SplinkException) and not isinstance(error.__cause__, duckdb.OutOfMemoryException):
            raise
        allowed = memory_limit or "the default memory limit"
        raise InputError(
            f"The linkage does not fit into {allowed} ({str(error.__cause__ or error).splitlines()[0]}): "
            "raise `memory_limit` (--memory-limit), or lower `threads` (--threads)."
        ) from None
    finally:
        shutil.rmtree(spill, ignore_errors=True)


class KeptSteps:
    """Finished steps of a linkage, so that an interrupted one goes on where it stopped.

    They lie in a DuckDB file in `folder`, one transaction a step: a step is there whole or not at all.  Without a
    folder nothing is kept.  What the steps depend on (the records, the settings, the code) is the caller's to tell
    apart, by the name of the folder.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, folder: Path | None) -> None:
        """Raises `InputError` when another process is at work in the folder."""
        self._con = con
        self._keeps = folder is not None
        if folder is None:
            return
        file = folder / _FILE
        try:
            con.execute(f"ATTACH '{str(file).replace(chr(39), chr(39) * 2)}' AS kept")
        except duckdb.IOException as error:
            raise InputError(
                f"The steps of an earlier linkage in {file} cannot be opened ({str(error).splitlines()[0]}): wait "
                f"until the other one has ended, or remove {folder} when there is none."
            ) from None
        make_private(file)
        con.execute("CREATE TABLE IF NOT EXISTS kept.steps (name VARCHAR PRIMARY KEY, facts VARCHAR)")

    def facts(self, step: str) -> dict[str, Any] | None:
        """What was noted of a step when it was finished; none when it is still to be done."""
        if not self._keeps:
            return None
        rows = self._con.execute("SELECT facts FROM kept.steps WHERE name = ?", [step]).fetchall()
        return dict(json.loads(rows[0][0])) if rows else None

    def keep(self, step: str, facts: Mapping[str, object], *tables: str) -> None:
        """Note that a step is finished, with the tables it made."""
        if not self._keeps:
            return
        self._con.execute("BEGIN")
        for table in tables:
            self._con.execute(f"CREATE TABLE kept.{table} AS FROM {table}")
        self._con.execute("INSERT INTO kept.steps VALUES (?, ?)", [step, json.dumps(facts)])
        self._con.execute("COMMIT")

    def restore(self, *tables: str) -> None:
        """Make the tables of a finished step again."""
        for table in tables:
            self._con.execute(f"CREATE TABLE {table} AS FROM kept.{table}")
