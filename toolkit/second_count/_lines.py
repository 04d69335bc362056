"""Count lines, records, practices, comments and filled columns, and find the first and last dates."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

__all__ = ["count_dates", "count_filled", "count_lines", "scan_lines", "totals"]

_BLANK = " \t\n\r\v\f"
_COMMENT = "administrative_comment"


def scan_lines(data_set: Path) -> pl.LazyFrame:
    """Scan the lines of a data set; brackets in the name of its folder are not read as a pattern."""
    return pl.scan_parquet(sorted((data_set / "lines").glob("*.parquet")), glob=False)


def totals(query: pl.LazyFrame) -> dict[str, int]:
    """Return the single row of a query, by column name."""
    row = query.collect(engine="streaming").row(0, named=True)
    return {name: int(value or 0) for name, value in row.items()}


def count_lines(data_set: Path) -> dict[str, int]:
    """Count the lines, records, practices, practitioners and comments of a data set."""
    lines = scan_lines(data_set)
    counted = totals(
        lines.select(
            lines=pl.len(),
            records=pl.col("record_id").n_unique(),
            practices=pl.col("practice_id").n_unique(),
            practitioners=pl.col("practitioner_id").n_unique(),
        )
    )
    texts = lines.filter(_is_filled(_COMMENT)).group_by(_COMMENT).agg(lines=pl.len())
    counted |= totals(texts.select(commented_lines=pl.col("lines").sum(), distinct_texts=pl.len()))
    return counted | {"repeated_lines": counted["lines"] - counted["records"]}


def count_filled(data_set: Path) -> dict[str, int]:
    """Count the lines on which each column is filled (not null and not blank), by column name."""
    lines = scan_lines(data_set)
    return totals(lines.select(_filled(name, kind).alias(name) for name, kind in lines.collect_schema().items()))


def count_dates(data_set: Path) -> dict[str, tuple[date, date, int]]:
    """Return the first day, the last day and the number of filled rows of each date column, by column name."""
    practices = pl.scan_parquet(data_set / "practices.parquet", glob=False)
    tables = {"created_on": scan_lines(data_set), "updated_on": scan_lines(data_set), "installed_on": practices}
    spans = {}
    for name, table in tables.items():
        day = pl.col(name)
        spans[name] = table.select(day.min().alias("first"), day.max().alias("last"), day.count().alias("rows"))
    return {name: span.collect(engine="streaming").row(0) for name, span in spans.items()}


def _is_filled(name: str) -> pl.Expr:
    """Return whether a text has characters other than spaces, tabs and line ends."""
    return (pl.col(name).str.strip_chars(_BLANK) != "").fill_null(value=False)


def _filled(name: str, kind: pl.DataType) -> pl.Expr:
    """Return the number of filled rows of a column; texts of spaces, tabs and line ends are not filled."""
    column = pl.col(name)
    if kind != pl.String:
        return column.count()
    # A blank text sorts before "!", so only the few texts before it are checked.
    blank = column.filter(column < "!").str.strip_chars(_BLANK) == ""
    return column.count() - blank.sum()
