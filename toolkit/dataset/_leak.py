"""Open a data set on disk: its tables as Ibis tables, on DuckDB or on Spark, with its manifest and capabilities.

An Ibis expression written against a `Leak` runs unchanged on both engines.
"""

from __future__ import annotations

import glob
import os
import warnings
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from toolkit import schema
from toolkit.dataset._backends import ENGINES, Backend, start
from toolkit.dataset._manifest import (
    SYNTHETIC,
    Capabilities,
    Nulls,
    count_nulls,
    files_of,
    find_capabilities,
    read_manifest,
)
from toolkit.errors import DataSetError, InputError
from toolkit.privacy import Choice, card, choose, in_clear, masked
from toolkit.progress import Progress

__all__ = ["ENGINES", "Leak", "open_leak"]

_FILES = "the_files_of_the_lines"


class Leak:
    """An open data set: its tables as Ibis tables, its manifest, its name and its capabilities.

    Use it in a `with` block, or call `close()`: it holds a connection and a directory for what does not fit in
    memory. Its representation shows sizes and never a row; `preview` shows lines masked, `reveal` shows them in clear
    with a reason that is logged. Its tables are for expressions, which hold no row until they are executed: whoever
    executes one (`to_polars()`, or Ibis' interactive mode, which is off by default) sees the data, and no log is
    written.

    Every column of the schema is there: a column that the data set lacks is null throughout. `record_id` is always
    filled: a line without one counts as a record of its own, with the number -1 - line_id.
    """

    def __init__(
        self,
        path: Path,
        engine: str,
        manifest: dict[str, Any],
        backend: Backend,
        *,
        memory_limit: str | None = None,
        threads: int | None = None,
        cache: bool = True,
        progress: Progress | None = None,
    ) -> None:
        self.path = path
        self.engine = engine
        self.manifest = manifest
        self.memory_limit = memory_limit
        """Memory limit of the engine, which work beside it keeps to; None where the engine chose."""
        self.threads = threads
        """Threads of the engine; None where the engine chose."""
        self.uses_cache = cache
        """Whether answers that take long are cached in the folder of the data set, and read from there."""
        self.memory_cache: dict[str, Any] = {}
        """Answers cached while the leak is open and nowhere else, by name."""
        self.progress = progress
        """Called as an answer that takes minutes goes on from step to step."""
        self._backend = backend
        self._tables: dict[str, ir.Table] = {}

    @property
    def name(self) -> str:
        """The name of the directory, which identifies the data set in reports."""
        return self.path.name

    @property
    def origin(self) -> str:
        """`"synthetic"` for a data set of the maker; `"intake"` for received files, which hold real people."""
        return str(self.manifest["origin"])

    @property
    def is_synthetic(self) -> bool:
        """Whether the maker generated the data set, so that no line is about a real person."""
        return self.origin == SYNTHETIC

    @cached_property
    def capabilities(self) -> Capabilities:
        """The tables and the columns that hold anything."""
        return find_capabilities(self.manifest, self._nulls, files_of(schema.LINES, self.path, self.manifest))

    @property
    def lines(self) -> ir.Table:
        """One row per line of the dump (`schema.LINES`)."""
        return self._table(schema.LINES)

    @property
    def practices(self) -> ir.Table:
        """One row per practice (`schema.PRACTICES`); raises `MissingError` where the data set has no such table."""
        return self._table(schema.PRACTICES)

    @property
    def practitioners(self) -> ir.Table:
        """One row per practitioner (`schema.PRACTITIONERS`); raises `MissingError` where there is no such table."""
        return self._table(schema.PRACTITIONERS)

    @property
    def public_figures(self) -> ir.Table:
        """One row per public figure of the outside register (`schema.PUBLIC_FIGURES`); raises `MissingError`."""
        return self._table(schema.PUBLIC_FIGURES)

    @property
    def truth(self) -> ir.Table:
        """One row per line, with the planted truth (`schema.TRUTH_LINES`): for scoring, and as reviewer of an audit.

        A method that reads the truth proves nothing: a real leak has none. Raises `MissingError` where there is none.
        """
        return self._table(schema.TRUTH_LINES)

    @property
    def hands(self) -> ir.Table:
        """One row per secretary of a practice, with habits (`schema.TRUTH_HANDS`); part of the truth.

        Raises `MissingError` where there is none, as in leaks of the first version of the scenario.
        """
        return self._table(schema.TRUTH_HANDS)

    @property
    def has_truth(self) -> bool:
        """Whether the data set holds the truth about each line: a synthetic leak does, a real one does not."""
        return self.capabilities.truth

    def lines_in_duckdb(self) -> str:
        """Return a DuckDB query for the lines: the columns of the schema, in its order and of its types.

        For work on a DuckDB connection of its own, such as record linkage.
        """
        files = files_of(schema.LINES, self.path, self.manifest)
        query = str(ibis.to_sql(self._complete(schema.LINES, _unbound(files)), dialect="duckdb"))
        return query.replace(f'"{_FILES}"', _read_parquet(files))

    def materialize(self, name: str, make: Callable[[Leak], ir.Table]) -> ir.Table:
        """Return the table that `make` computes from this leak, computed once per `name` while the leak is open."""
        if name not in self._tables:
            self._tables[name] = self._backend.materialize(make(self), name)
        return self._tables[name]

    def register_table(self, rows: pa.Table) -> ir.Table:
        """Return an Arrow table as a table of the engine, to join with those of the leak while it is open."""
        return self._backend.register_table(rows, ibis.util.gen_name("registered"))

    def preview(self, limit: int = 10, *, where: Choice | None = None) -> pl.DataFrame:
        """Return the first `limit` lines in the order of the dump, every column, masked.

        Names become initials, dates years, places departements, comments first letters; the rest of what identifies a
        person is hidden (`privacy.mask_lines`). `where` chooses lines as in `reveal`; nothing is logged.
        Raises `InputError` when `limit` is not between 1 and `privacy.MASKED`, or `where` is neither a condition nor a
        table with ids.
        """
        return masked(choose(self.lines, where, self.register_table), limit)

    def reveal(
        self, columns: Sequence[str], *, reason: str, where: Choice | None = None, limit: int | None = None
    ) -> pl.DataFrame:
        """Return `columns` of chosen lines as they were typed, after writing the reason to the access log.

        `where` chooses lines: an Ibis condition (`leak.lines.city == "Rennes"`, or `ibis._.city == "Rennes"`), or a
        Polars table with a column `line_id` or `record_id`, such as the hits of a search; without it all lines are
        meant. One row per line, in the order of the dump: `line_id`, then `columns`. More than `privacy.IN_CLEAR` lines
        are shown only when `limit` gives the number needed; the first ones are returned.

        The log in the folder of the data set (`privacy.read_disclosures`) records who, when, which lines and columns,
        and why, before anything is shown; columns that the schema marks as not personal are not logged.
        Raises `InputError` for a reason that is too short, an unknown column, or too many lines, and
        `DisclosureError` when the log cannot be written.
        """
        chosen = choose(self.lines, where, self.register_table)
        return in_clear(chosen, self.path, columns, reason, limit)

    def close(self) -> None:
        """Close the connection and remove what it wrote to disk."""
        self._backend.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Leak {self.name!r}: {self.manifest['rows']:,} lines, engine {self.engine}>"

    def _repr_html_(self) -> str:
        """The card that Jupyter shows: what the data set is and how to look at it, and never a row."""
        return card(self.name, self.manifest, self.engine)

    @cached_property
    def _nulls(self) -> dict[str, Nulls]:
        return count_nulls(files_of(schema.LINES, self.path, self.manifest))

    def _table(self, table: schema.Table) -> ir.Table:
        if table.name not in self._tables:
            opened = self._backend.read_parquet(files_of(table, self.path, self.manifest), table.name)
            self._tables[table.name] = self._complete(table, opened)
        return self._tables[table.name]

    def _complete(self, table: schema.Table, opened: ir.Table) -> ir.Table:
        """Return the columns of the schema: those that are missing as nulls, those of another type cast."""
        key = table.columns[0].name
        if key not in opened.columns:
            raise DataSetError(
                f"The files {table.files} of the data set {self.path} have no column {key}: make the data set again."
            )
        columns = {column.name: _typed(opened, column) for column in table.columns}
        nulls = self._nulls.get("record_id")
        if table is schema.LINES and (nulls is None or nulls.nulls or not nulls.known):
            columns["record_id"] = columns["record_id"].coalesce(-1 - opened["line_id"].cast("int64"))
        return opened.select(**columns)


def open_leak(
    path: str | os.PathLike[str],
    engine: str = "duckdb",
    *,
    memory_limit: str | None = None,
    threads: int | None = None,
    cache: bool = True,
    progress: Progress | None = None,
    keep: bool | None = None,
) -> Leak:
    """Open the data set in the directory `path` for questions.

    `engine` is "duckdb" or "spark" (local mode; needs PySpark, an optional extra, and Java). `memory_limit` ("4GB")
    and `threads` are given to the engine; a Spark session that is already running is used as it is and left running.
    Answers that take long are cached in the folder `derived` of the data set, readable by its owner only; with
    `cache=False` everything is computed again, cached in memory while the leak is open, and nothing is written.
    `progress` is called as a long answer goes on. `keep` is the former name of `cache`.

    Raises `DataSetError` when the directory is not a finished data set, or when a file of it is missing or does not
    have the size in the manifest, and `InputError` when the engine is unknown or cannot start.
    """
    if engine not in ENGINES:
        raise InputError(f"There is no engine {engine!r}: use one of {', '.join(ENGINES)}.")
    if ibis.options.interactive:
        warnings.warn(
            "Ibis' interactive mode is on: an expression that is shown is executed, and shows lines in clear. "
            "Switch it off (ibis.options.interactive = False) and look at lines with leak.preview().",
            stacklevel=2,
        )
    directory = Path(path).resolve()
    manifest = read_manifest(directory)
    backend = start(engine, memory_limit, threads)
    return Leak(
        directory,
        engine,
        manifest,
        backend,
        memory_limit=memory_limit,
        threads=threads,
        cache=cache if keep is None else keep,
        progress=progress,
    )


def _typed(table: ir.Table, column: schema.Column) -> ir.Value:
    """Return a column of the schema: as it is, cast to its type, or null throughout where the table lacks it."""
    wanted = dt.DataType.from_pyarrow(column.type)
    if column.name not in table.columns:
        return ibis.null(wanted)
    found = table[column.name]
    return found if found.type().copy(nullable=True) == wanted.copy(nullable=True) else found.cast(wanted)


def _unbound(files: Sequence[Path]) -> ir.Table:
    """Return a table of no engine with the columns of the files, to write a query with."""
    columns = {field.name: field.type for file in files for field in pq.read_schema(file)}
    return ibis.table({name: dt.DataType.from_pyarrow(kind) for name, kind in columns.items()}, name=_FILES)


def _read_parquet(files: Sequence[Path]) -> str:
    """Return the DuckDB table function that reads the files, with their names taken literally."""
    listed = ", ".join("'" + glob.escape(os.fspath(file)).replace("'", "''") + "'" for file in files)
    return f"read_parquet([{listed}], union_by_name = true)"
