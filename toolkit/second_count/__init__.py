"""The headline numbers counted a second time, by a program that shares no code with the first.

`toolkit.analysis` asks its questions in Ibis, of DuckDB or Spark.  This package reads the Parquet files by itself and
counts them again with Polars (lazy queries on its streaming engine).  It imports nothing of the toolkit, not even the
names of the columns: folding, keys and the stratified estimator are written anew, from their definitions.  A number on
which both agree is no accident of an engine, nor of one programmer's reading; one on which they differ is a fault in
one of the two.

Each function answers with plain numbers by the names that `results.json` gives them.
"""

from toolkit.second_count._clusters import count_clusters
from toolkit.second_count._estimate import Stratum, Total, estimate_total
from toolkit.second_count._figures import count_exact_pairs
from toolkit.second_count._folding import fold
from toolkit.second_count._lines import count_dates, count_filled, count_lines
from toolkit.second_count._people import count_people_by_keys
from toolkit.second_count._planted import count_planted

__all__ = [
    "Stratum",
    "Total",
    "count_clusters",
    "count_dates",
    "count_exact_pairs",
    "count_filled",
    "count_lines",
    "count_people_by_keys",
    "count_planted",
    "estimate_total",
    "fold",
]
