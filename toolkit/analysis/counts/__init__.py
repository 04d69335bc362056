"""Count lines, records and people; describe columns, years, practices and departements; estimate the table's size."""

from toolkit.analysis.counts._copy_date import CopyDay, History, copy_day, history, latest_copy
from toolkit.analysis.counts._departements import by_departement, inhabitants
from toolkit.analysis.counts._overview import (
    KeyCount,
    by_practice,
    by_year,
    completeness,
    count_key,
    overview,
    per_practitioner,
    period,
)
from toolkit.analysis.counts._table_size import Evenness, Size, TableSize, estimate_size, evenness, table_size

__all__ = [
    "CopyDay",
    "Evenness",
    "History",
    "KeyCount",
    "Size",
    "TableSize",
    "by_departement",
    "by_practice",
    "by_year",
    "completeness",
    "copy_day",
    "count_key",
    "estimate_size",
    "evenness",
    "history",
    "inhabitants",
    "latest_copy",
    "overview",
    "per_practitioner",
    "period",
    "table_size",
]
