"""Compare the match weights of Spark and DuckDB on the pairs of a leak, with the same model and settings.

usage: python -m benchmarks.engines DATA_SET

Prints the number of pairs, the largest difference between two weights in bits, how many pairs differ by more than the
rounding of a thousandth of a bit, and how many are on different sides of the threshold. Needs PySpark and Java.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl
from pyspark.sql import SparkSession

from toolkit.analysis.linkage import score_on_spark
from toolkit.analysis.linkage.resolve import THRESHOLD, compared_tables, link
from toolkit.dataset import open_leak

_ROUNDING = 0.0011


def compare_engines(data_set: Path) -> pl.DataFrame:
    """Return one row: `records`, `pairs`, `largest_difference`, `differ` and `decided_otherwise`."""
    lines = pl.read_parquet(sorted((data_set / "lines").glob("*.parquet")))
    records = lines.sort("line_id").unique("record_id", keep="first").sort("record_id")
    on_duckdb = link(records, keep_pairs=True)
    if on_duckdb.pairs is None:
        raise AssertionError("link() returned no pairs")
    with open_leak(data_set, engine="spark"):
        session = SparkSession.getActiveSession()
        if session is None:
            raise AssertionError("no Spark session is open")
        tables = compared_tables(records)
        rows = score_on_spark(session, on_duckdb.model, tables).collect()
    scored = pl.DataFrame([row.asDict() for row in rows])
    ids = pl.DataFrame(tables["ids"]).sort("uid")["id"]
    on_spark = scored.select(id_l=ids.gather(scored["uid_l"]), id_r=ids.gather(scored["uid_r"]), weight_spark="weight")
    both = on_duckdb.pairs.join(on_spark, on=["id_l", "id_r"], how="full", coalesce=True)
    difference = (pl.col("weight") - pl.col("weight_spark")).abs()
    sides = (pl.col("weight") >= THRESHOLD) != (pl.col("weight_spark") >= THRESHOLD)
    return both.select(
        records=pl.lit(records.height),
        pairs=pl.len(),
        largest_difference=difference.max(),
        differ=(difference.fill_null(float("inf")) > _ROUNDING).sum(),
        decided_otherwise=sides.fill_null(value=True).sum(),
    )


if __name__ == "__main__":
    with pl.Config(tbl_cols=-1):
        print(compare_engines(Path(sys.argv[1])))
