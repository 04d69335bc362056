"""Score pairs on Spark, with the same model and the same pairs as on DuckDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
from splink import Linker

from toolkit.analysis.linkage._model import Model, settings
from toolkit.analysis.linkage._training import quiet_splink

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["score_on_spark"]


def score_on_spark(session: SparkSession, model: Model, tables: dict[str, pa.Table]) -> DataFrame:
    """Score pairs on Spark.

    `tables` is the result of `resolve.compared_tables` on DuckDB: `records`, `frequency_last`, `frequency_first`, and
    `pairs` (`uid_l`, `uid_r`). Returns one row per pair: `uid_l`, `uid_r`, `weight` (bits).
    """
    from splink.backends.spark import SparkAPI

    _register_jaro(session)

    frames = {name: session.createDataFrame(table.to_pandas()) for name, table in tables.items()}
    pairs = frames["pairs"].selectExpr("uid_l AS join_key_l", "uid_r AS join_key_r", "'0' AS match_key")
    with quiet_splink():
        api = SparkAPI(  # type: ignore[no-untyped-call]
            spark_session=session, break_lineage_method="persist", num_partitions_on_repartition=8
        )
        linker = Linker(
            api.register(frames["records"]), settings(model, "spark"), validate_settings=False, log_level=None
        )
        for column in ("last", "first"):
            table = api.register(frames[f"frequency_{column}"])
            linker.table_management.register_term_frequency_lookup(table, column)
        linker.table_management.register_blocked_pairs_for_predict(api.register(pairs))
        scored = linker.inference.predict(warning_mode="never").as_spark_dataframe()
    scored_pairs: DataFrame = scored.selectExpr("uid_l", "uid_r", "round(match_weight, 3) AS weight")
    return scored_pairs


def _register_jaro(session: SparkSession) -> None:
    """Register `jaro_of_duckdb` in Spark, which has no Jaro similarity of its own.

    Splink provides a Java implementation, but it counts half a transposition where DuckDB counts none. A few pairs in
    several thousand would get another degree of agreement, and sometimes a veto, on one engine only.
    """
    import pandas as pd
    from pyspark.sql.pandas.functions import pandas_udf

    def jaro(one: pd.Series[str], other: pd.Series[str]) -> pd.Series[float]:
        with duckdb.connect() as con:
            con.register("pairs", pa.table({"one": pa.array(one, pa.string()), "other": pa.array(other, pa.string())}))
            similar: pd.Series[float] = con.sql("SELECT jaro_similarity(one, other) AS j FROM pairs").df()["j"]
            return similar

    # Spark derives the kind of function from its annotations, which must be classes, not strings.
    jaro.__annotations__ = dict.fromkeys(("one", "other", "return"), pd.Series)
    session.udf.register("jaro_of_duckdb", pandas_udf(jaro, "double"))  # type: ignore[call-overload]
