"""Score pairs with Splink and a given model."""

from __future__ import annotations

import duckdb
from splink import Linker
from splink.backends.duckdb import DuckDBAPI

from toolkit.analysis.linkage._model import Model, settings
from toolkit.analysis.linkage._training import quiet_splink

__all__ = ["Scorer"]


class Scorer:
    """Scorer for pairs of the table `records`, with the name frequencies that were counted once over all identities."""

    def __init__(self, con: duckdb.DuckDBPyConnection, model: Model) -> None:
        self._con = con
        with quiet_splink():
            self._api = DuckDBAPI(con)
            self._linker = Linker(
                self._api.register("records"), settings(model), validate_settings=False, log_level=None
            )
            for column in ("last", "first"):
                table = self._api.register(f"frequency_{column}")
                self._linker.table_management.register_term_frequency_lookup(table, column)

    def score(self, pairs: str, into: str, at_least: float | None = None) -> None:
        """Create the table `into` (`uid_l`, `uid_r`, `weight`) from the pairs of the query `pairs`.

        With `at_least`, keep only pairs of at least that weight. Weights are rounded to a thousandth of a bit, so that
        rounding errors in a sum of floats do not change any result.
        """
        self._con.execute(
            "CREATE OR REPLACE TABLE requested AS "
            f"SELECT uid_l AS join_key_l, uid_r AS join_key_r, '0' AS match_key FROM ({pairs})"
        )
        with quiet_splink():
            self._linker.table_management.register_blocked_pairs_for_predict(self._api.register("requested"))
            scored = self._linker.inference.predict(threshold_match_weight=at_least, warning_mode="never")
        self._con.execute(
            f"CREATE TABLE {into} AS SELECT uid_l, uid_r, round(match_weight, 3) AS weight FROM {scored.physical_name}"
        )
        scored.drop_table_from_database_and_remove_from_cache()
        self._con.execute("DROP TABLE requested")
