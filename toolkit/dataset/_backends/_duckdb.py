"""DuckDB in this process, the default engine."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa

from toolkit.dataset._backends._base import Backend
from toolkit.errors import InputError

if TYPE_CHECKING:
    from ibis.backends import BaseBackend

__all__ = ["DuckDB"]


class DuckDB(Backend):
    """DuckDB in memory; what does not fit goes to a temporary directory, which `close` removes."""

    def __init__(self, memory_limit: str | None, threads: int | None) -> None:
        self._spill = tempfile.mkdtemp(prefix="leak-")
        config: dict[str, Any] = {
            "temp_directory": self._spill,
            # Every result is sorted before it is shown, so the order of the files does not matter, which saves memory.
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
        }
        if memory_limit is not None:
            config["memory_limit"] = memory_limit
        if threads is not None:
            config["threads"] = threads
        try:
            self._connection: BaseBackend = ibis.duckdb.connect(**config)
        except duckdb.Error as error:
            shutil.rmtree(self._spill, ignore_errors=True)
            reason = str(error).splitlines()[0]
            raise InputError(
                f"DuckDB refused memory_limit={memory_limit!r} and threads={threads!r} ({reason}): "
                'use values such as "4GB" and 2.'
            ) from None
        # Also where `close` is never called: at the end of the process, or once no expression uses the connection.
        self._remove_spill = weakref.finalize(self._connection, shutil.rmtree, self._spill, ignore_errors=True)

    def read_parquet(self, files: list[Path], name: str) -> ir.Table:
        # DuckDB takes a path that exists as it is, before it looks for patterns in it.
        return self._connection.read_parquet(files, table_name=name, union_by_name=True)

    def materialize(self, expression: ir.Table, name: str) -> ir.Table:
        self._connection.con.execute(f"CREATE TEMPORARY TABLE {name} AS {ibis.to_sql(expression, dialect='duckdb')}")
        return self._connection.table(name)

    def register_table(self, rows: pa.Table, name: str) -> ir.Table:
        self._connection.con.register(name, rows)
        return self._connection.table(name)

    def close(self) -> None:
        self._connection.disconnect()
        self._remove_spill()
