"""Spark, for data sets that outgrow one machine."""

from __future__ import annotations

import atexit
import importlib.util
import os
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from toolkit.dataset._backends._base import Backend
from toolkit.errors import InputError

if TYPE_CHECKING:
    from ibis.backends import BaseBackend
    from pyspark.sql import SparkSession

__all__ = ["Spark"]


class Spark(Backend):
    """Spark in local mode, on the session that is running, or on a new one."""

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
        frame = self._session.read.option("mergeSchema", "true").parquet(*(_spark_path(file) for file in files))
        frame.createOrReplaceTempView(view)
        return self._connection.table(view)

    def materialize(self, expression: ir.Table, name: str) -> ir.Table:
        view = ibis.util.gen_name(name)
        self._session.sql(str(ibis.to_sql(expression, dialect="pyspark"))).cache().createOrReplaceTempView(view)
        return self._connection.table(view)

    def register_table(self, rows: pa.Table, name: str) -> ir.Table:
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
    """Return a folder for what Spark spills: private, and removed when the process ends, as Spark's Java is."""
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

    # Python functions run in processes of their own, which need the same interpreter.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = (
        SparkSession.builder.master(f"local[{threads or '*'}]")
        .appName("leak-forensics-toolkit")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        # Loopback only: no data may be served to the network.
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "16")
        # Spark makes its files readable by everyone, so its folder is private.
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
