"""Open a data set on disk: its tables as Ibis tables, on DuckDB or on Spark, and its manifest.

An Ibis expression written against a `Leak` runs unchanged on both engines; this module is the one place that tells
them apart.
"""

from __future__ import annotations

import atexit
import importlib.util
import json
import os
import shutil
import sys
import tempfile
import warnings
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import duckdb
import ibis
import ibis.expr.types as ir
import polars as pl
import pyarrow as pa

from toolkit import schema
from toolkit.errors import DataSetError, InputError, NotADataSetError
from toolkit.privacy import Choice, card, choose, in_clear, masked

if TYPE_CHECKING:
    from ibis.backends import BaseBackend
    from pyspark.sql import SparkSession

__all__ = ["ENGINES", "Leak", "open_leak"]

ENGINES = ("duckdb", "spark")
"""The engines a leak can be opened with."""

MANIFEST_FORMAT = 1
"""The one version of `manifest.json` that this module reads."""


class Leak:
    """A data set that is open: its tables as Ibis tables, its manifest, its name.

    Use it in a `with` block, or call `close()`: it holds a connection and a directory for what does not fit in
    memory. What it shows of itself is sizes and never a row; `preview` shows lines masked, `reveal` in clear with a
    reason that is logged. Its tables are for expressions, which hold no row until they are executed: what executes
    one (`to_polars()`, or showing it in Ibis' interactive mode, which is off unless switched on) gets what it asks
    for, and no log is written.
    """

    def __init__(self, path: Path, engine: str, manifest: dict[str, Any], backend: _Backend) -> None:
        self.path = path
        self.engine = engine
        self.manifest = manifest
        self._backend = backend
        self._tables: dict[str, ir.Table] = {}
        self.memory_limit: str | None = None
        """Memory that the engine was given, for work beside it to keep to; none when it was left to the engine."""
        self.threads: int | None = None
        """Threads that the engine was given; none when they were left to the engine."""
        self.keeps = True
        """Whether answers about this leak that take long are kept beside it, and read from there."""
        self.remembered: dict[str, Any] = {}
        """Answers that are not kept beside it, by their names, as long as it is open."""
        self.progress: Callable[[str, int, int], None] | None = None
        """Hears of each step of an answer that takes minutes, as it begins: its name, its number, of how many."""

    @property
    def name(self) -> str:
        """The name of the directory, by which reports call the data set."""
        return self.path.name

    @property
    def lines(self) -> ir.Table:
        """One row a line of the dump (`schema.LINES`)."""
        return self._table(schema.LINES)

    @property
    def practices(self) -> ir.Table:
        """One row a practice (`schema.PRACTICES`)."""
        return self._table(schema.PRACTICES)

    @property
    def practitioners(self) -> ir.Table:
        """One row a practitioner (`schema.PRACTITIONERS`)."""
        return self._table(schema.PRACTITIONERS)

    @property
    def public_figures(self) -> ir.Table:
        """One row a public figure of the outside register (`schema.PUBLIC_FIGURES`)."""
        return self._table(schema.PUBLIC_FIGURES)

    @property
    def truth(self) -> ir.Table:
        """One row a line, as the maker knows it (`schema.TRUTH_LINES`): for `scoring`, and the reviewer of an `audit`.

        A method that reads the truth proves nothing: a real leak has none.
        """
        return self._table(schema.TRUTH_LINES)

    @property
    def has_truth(self) -> bool:
        """Whether the data set holds what its maker knows of each line: an invented leak does, a real one does not."""
        return any(fnmatch(entry["path"], schema.TRUTH_LINES.files) for entry in self.manifest["files"])

    def derived(self, name: str, make: Callable[[Leak], ir.Table]) -> ir.Table:
        """What `make` computes from this leak, computed once and kept under `name` while the leak is open."""
        if name not in self._tables:
            self._tables[name] = self._backend.keep(make(self), name)
        return self._tables[name]

    def lend(self, rows: pa.Table) -> ir.Table:
        """A table of ours as a table of the engine, to be joined with those of the leak while it is open."""
        return self._backend.lend(rows, ibis.util.gen_name("lent"))

    def preview(self, limit: int = 10, *, where: Choice | None = None) -> pl.DataFrame:
        """What do lines look like? The first `limit` in the order of the dump, every column, masked.

        Names become initials, dates years, places departements, comments first letters; the rest of what points at a
        person is hidden (`privacy.mask_lines`). `where` chooses lines as in `reveal`; nothing is logged.
        Raises `InputError` when `limit` is not between 1 and `privacy.MASKED`, or `where` chooses nothing it can.
        """
        return masked(choose(self.lines, where, self.lend), limit)

    def reveal(
        self, columns: Sequence[str], *, reason: str, where: Choice | None = None, limit: int | None = None
    ) -> pl.DataFrame:
        """What do lines really say? `columns` of them as they were typed, after the reason is written to the log.

        `where` chooses lines: an Ibis condition (`leak.lines.city == "Rennes"`, or `ibis._.city == "Rennes"`), or a
        Polars table with a column `line_id` or `record_id`, such as the hits of a search; without it all lines are
        meant. One row a line, in the order of the dump: `line_id`, then `columns`. More than `privacy.IN_CLEAR` lines
        are shown only when `limit` says how many are needed; the first ones are taken.

        The log beside the data (`disclosure.read_disclosures`) holds who, when, which lines and columns, and why, and
        is written before anything is shown; columns that the schema calls not personal are not logged.
        Raises `InputError` for a reason that says nothing, a column there is not, or too many lines, and
        `DisclosureError` when the log cannot be written.
        """
        chosen = choose(self.lines, where, self.lend)
        return in_clear(chosen, self.path, columns, reason, limit)

    def close(self) -> None:
        """Close the connection and remove what it spilled to disk."""
        self._backend.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        lines = self.manifest.get("rows")
        size = f"{lines:,} lines" if isinstance(lines, int) else "size unknown"
        return f"<Leak {self.name!r}: {size}, engine {self.engine}>"

    def _repr_html_(self) -> str:
        """What Jupyter shows of a leak: what it is and how to look at it, and never a row."""
        return card(self.name, self.manifest, self.engine)

    def _table(self, table: schema.Table) -> ir.Table:
        if table.name not in self._tables:
            files = _files_of(table, self.path, self.manifest)
            opened = self._backend.read_parquet(files, table.name)
            missing = [name for name in table.names if name not in opened.columns]
            if missing:
                raise DataSetError(
                    f"The files {table.files} of the data set {self.path} lack the columns {', '.join(missing)}: "
                    "make the data set again with this version of the toolkit."
                )
            self._tables[table.name] = opened.select(*table.names)
        return self._tables[table.name]


def open_leak(
    path: str | os.PathLike[str],
    engine: str = "duckdb",
    *,
    memory_limit: str | None = None,
    threads: int | None = None,
    keep: bool = True,
) -> Leak:
    """Open the data set in the directory `path` for questions.

    `engine` is "duckdb" or "spark" (local mode; needs PySpark, an optional extra, and Java). `memory_limit` ("4GB")
    and `threads` are given to the engine; a Spark session that already runs is used as it is and left running. Answers
    that take long are kept in the folder `derived` of the data set, for its owner alone, and read from there; with
    `keep=False` everything is computed afresh, remembered while the leak is open, and nothing is written.

    Raises `DataSetError` when the directory is not a finished data set, or when a file of it is missing or does not
    have the size the manifest tells, and `InputError` when the engine is not known or cannot start.
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
    manifest = _read_manifest(directory)
    _check_files(directory, manifest)
    backend = _DuckDB(memory_limit, threads) if engine == "duckdb" else _Spark(memory_limit, threads)
    leak = Leak(directory, engine, manifest, backend)
    leak.memory_limit, leak.threads, leak.keeps = memory_limit, threads, keep
    return leak


def _read_manifest(directory: Path) -> dict[str, Any]:
    if not directory.is_dir():
        raise NotADataSetError(f"There is no directory {directory}: give the directory of a data set.")
    file = directory / "manifest.json"
    if not file.is_file():
        raise DataSetError(
            f"The directory {directory} has no manifest.json: it is not a data set, or its making did not finish; "
            "run `toolkit generate` again with the same options to resume it."
        )
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataSetError(f"The file {file} is not valid JSON ({error}): make the data set again.") from None
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), list):
        raise DataSetError(f"The file {file} is not the manifest of a data set: it has no list of files.")
    if manifest.get("format") != MANIFEST_FORMAT:
        raise DataSetError(
            f"The file {file} has format {manifest.get('format')!r} where {MANIFEST_FORMAT} was expected: "
            "make the data set again with this version of the toolkit."
        )
    return manifest


def _check_files(directory: Path, manifest: dict[str, Any]) -> None:
    """Every file of the manifest is there and has its size (content hashes are `verify-synthetic`'s business)."""
    for entry in manifest["files"]:
        file = directory / entry["path"]
        if not file.is_file():
            raise DataSetError(
                f"The file {file} is in the manifest but not on disk: copy the data set again or make it again."
            )
        if file.stat().st_size != entry["bytes"]:
            raise DataSetError(
                f"The file {file} has {file.stat().st_size} bytes where the manifest says {entry['bytes']}: "
                "copy the data set again or make it again."
            )


def _files_of(table: schema.Table, directory: Path, manifest: dict[str, Any]) -> list[Path]:
    files = sorted(directory / entry["path"] for entry in manifest["files"] if fnmatch(entry["path"], table.files))
    if not files:
        raise DataSetError(f"The manifest of {directory} lists no file {table.files}: make the data set again.")
    return files


class _Backend(ABC):
    """What a `Leak` asks of an engine."""

    @abstractmethod
    def read_parquet(self, files: list[Path], name: str) -> ir.Table:
        """The Parquet files as one table."""

    @abstractmethod
    def keep(self, expression: ir.Table, name: str) -> ir.Table:
        """The result of an expression, computed now and kept until the engine is closed."""

    @abstractmethod
    def lend(self, rows: pa.Table, name: str) -> ir.Table:
        """Rows from outside as a table of the engine."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the engine, and of what it spilled to disk."""


class _DuckDB(_Backend):
    """DuckDB in memory, spilling to a directory of its own that goes when it closes."""

    def __init__(self, memory_limit: str | None, threads: int | None) -> None:
        self._spill = tempfile.mkdtemp(prefix="leak-")
        config: dict[str, Any] = {
            "temp_directory": self._spill,
            # Every result is ordered by name, so the order of the files need not be kept, which saves memory.
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
        # Also when nobody closes it: at the end of the process, or once no expression can ask the connection any more.
        self._forget = weakref.finalize(self._connection, shutil.rmtree, self._spill, ignore_errors=True)

    def read_parquet(self, files: list[Path], name: str) -> ir.Table:
        # DuckDB takes a path that exists as it is, before it looks for patterns in it.
        return self._connection.read_parquet(files, table_name=name)

    def keep(self, expression: ir.Table, name: str) -> ir.Table:
        self._connection.con.execute(f"CREATE TEMPORARY TABLE {name} AS {ibis.to_sql(expression, dialect='duckdb')}")
        return self._connection.table(name)

    def lend(self, rows: pa.Table, name: str) -> ir.Table:
        self._connection.con.register(name, rows)
        return self._connection.table(name)

    def close(self) -> None:
        self._connection.disconnect()
        self._forget()


class _Spark(_Backend):
    """Spark in local mode, on the session that runs already or on one of its own."""

    def __init__(self, memory_limit: str | None, threads: int | None) -> None:
        if importlib.util.find_spec("pyspark") is None:
            raise InputError(
                "The engine 'spark' needs PySpark, which is not installed: "
                "run `pip install 'leak-forensics-toolkit[spark]'`, or use the engine 'duckdb'."
            )
        from pyspark.sql import SparkSession

        running = SparkSession.getActiveSession()
        self._own = running is None
        self._session = running or _start_spark(memory_limit, threads)
        self._connection: BaseBackend = ibis.pyspark.connect(self._session)

    def read_parquet(self, files: list[Path], name: str) -> ir.Table:
        # Spark views are named for the whole session, where several leaks may be open.
        view = ibis.util.gen_name(name)
        frame = self._session.read.parquet(*(_spark_path(file) for file in files))
        frame.createOrReplaceTempView(view)
        return self._connection.table(view)

    def keep(self, expression: ir.Table, name: str) -> ir.Table:
        view = ibis.util.gen_name(name)
        self._session.sql(str(ibis.to_sql(expression, dialect="pyspark"))).cache().createOrReplaceTempView(view)
        return self._connection.table(view)

    def lend(self, rows: pa.Table, name: str) -> ir.Table:
        self._session.createDataFrame(rows).createOrReplaceTempView(name)
        return self._connection.table(name)

    def close(self) -> None:
        if self._own:
            self._session.stop()


def _spark_path(file: Path) -> str:
    """The path with Hadoop's pattern characters escaped."""
    return "".join(f"\\{character}" if character in r"\*?[]{}" else character for character in str(file))


@cache
def _spark_folder() -> str:
    """Where Spark spills: nobody else may enter it, and it goes with the process, as Spark's Java does."""
    folder = tempfile.mkdtemp(prefix="leak-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _start_spark(memory_limit: str | None, threads: int | None) -> SparkSession:
    if shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
        raise InputError(
            "The engine 'spark' needs Java 17 or later, and there is no `java` on the path nor JAVA_HOME: "
            "install one (on Debian, openjdk-17-jre-headless), or use the engine 'duckdb'."
        )
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    # Functions in Python run in processes of their own, which must find what this one finds.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = (
        SparkSession.builder.master(f"local[{threads or '*'}]")
        .appName("leak-forensics-toolkit")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        # Loopback only: nothing of a leak may be served to the network.
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "16")
        # Spark makes its files readable by everybody.
        .config("spark.local.dir", _spark_folder())
        # Otherwise Spark leaves an empty spark-warehouse in the working directory.
        .config("spark.sql.warehouse.dir", f"{_spark_folder()}/warehouse")
        # Without Arrow every result is pickled row by row.
        .config("spark.sql.execution.arrow.pyspark.enabled", "true")
    )
    if memory_limit is not None:
        builder = builder.config("spark.driver.memory", memory_limit.upper().removesuffix("B"))
    try:
        return builder.getOrCreate()
    except PySparkException as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"Spark did not start ({reason}): check Java and the memory limit, or use the engine 'duckdb'."
        ) from None
