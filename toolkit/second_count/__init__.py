"""A second, independent count of the headline numbers, to check the first.

`toolkit.analysis` counts with Ibis, on DuckDB or Spark. This package reads the Parquet files itself and counts again
with Polars (lazy queries on its streaming engine). It imports nothing from the rest of the toolkit, not even the names
of the columns: name folding, keys and the stratified estimator are implemented again from their definitions. If the two
counts of a number differ, one of them is wrong.

The functions return plain numbers under the names used in `results.json`.
"""

from toolkit.second_count._clusters import count_clusters
from toolkit.second_count._estimate import Stratum, Total, estimate_total
from toolkit.second_count._figures import count_exact_pairs
from toolkit.second_count._folding import fold
from toolkit.second_count._lines import count_dates, count_filled, count_lines
from toolkit.second_count._people import count_people_by_keys
from toolkit.second_count._planted import count_planted
from toolkit.second_count._units import count_units

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
    "count_units",
    "estimate_total",
    "fold",
]
