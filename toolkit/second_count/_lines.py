"""Count lines, records, practices, comments and filled columns, and find the first and last dates."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

__all__ = ["count_dates", "count_filled", "count_lines", "scan_lines", "totals"]

_BLANK = " \t\n\r\v\f"
_COMMENT = "administrative_comment"


_is_given = pl.col("record_id") >= 0
"""Whether a line has a record id of its own: `scan_lines` gives a negative one to the others."""
_TEXTS = (
    "last_name", "birth_name", "first_name", "sex", "nir", "address", "postal_code", "city", "mobile_phone",
    "landline_phone", "email", _COMMENT,
)  # fmt: skip
_COLUMNS: dict[str, type[pl.DataType]] = {"record_id": pl.Int64, "practice_id": pl.Int32, "practitioner_id": pl.Int32}
_COLUMNS |= dict.fromkeys(("birth_date", "created_on", "updated_on"), pl.Date) | dict.fromkeys(_TEXTS, pl.String)


def scan_lines(data_set: Path) -> pl.LazyFrame:
    """Scan the lines of a data set; brackets in the name of its folder are not read as a pattern.

    A column that the files lack is null. A line without a record id is a record of its own, with the id -1 - line_id.
    """
    files = sorted((data_set / "lines").glob("*.parquet"))
    parts = [pl.scan_parquet(file, glob=False) for file in files]
    if len({tuple(part.collect_schema().names()) for part in parts}) == 1:
        lines = pl.scan_parquet(files, glob=False)
    else:
        lines = pl.concat(parts, how="diagonal_relaxed")
    there = lines.collect_schema().names()
    lines = lines.with_columns(pl.lit(None, kind).alias(name) for name, kind in _COLUMNS.items() if name not in there)
    return lines.with_columns(pl.col("record_id").fill_null(-1 - pl.col("line_id").cast(pl.Int64)))


def totals(query: pl.LazyFrame) -> dict[str, int]:
    """Return the single row of a query, by column name."""
    row = query.collect(engine="streaming").row(0, named=True)
    return {name: int(value or 0) for name, value in row.items()}


def count_lines(data_set: Path) -> dict[str, int]:
    """Count the lines, records, practices, practitioners and comments of a data set.

    Records, and lines that repeat one, are counted on the lines with a record id.
    """
    lines = scan_lines(data_set)
    records = pl.col("record_id").filter(_is_given)
    counted = totals(
        lines.select(
            lines=pl.len(),
            records=records.n_unique(),
            repeated_lines=records.count() - records.n_unique(),
            practices=pl.col("practice_id").n_unique(),
            practitioners=pl.col("practitioner_id").n_unique(),
        )
    )
    texts = lines.filter(_is_filled(_COMMENT)).group_by(_COMMENT).agg(lines=pl.len())
    counted |= totals(texts.select(commented_lines=pl.col("lines").sum(), distinct_texts=pl.len()))
    return counted


def count_filled(data_set: Path) -> dict[str, int]:
    """Count the lines on which each column is filled (not null and not blank), by column name."""
    lines = scan_lines(data_set)
    return totals(lines.select(_filled(name, kind).alias(name) for name, kind in lines.collect_schema().items()))


def count_dates(data_set: Path) -> dict[str, tuple[date | None, date | None, int]]:
    """Return the first day, the last day and the number of filled rows of each date column, by column name.

    The day on which practices were installed is left out where there is no table of practices.
    """
    tables = {"created_on": scan_lines(data_set), "updated_on": scan_lines(data_set)}
    practices = data_set / "practices.parquet"
    if practices.is_file():
        tables["installed_on"] = pl.scan_parquet(practices, glob=False)
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
    if name == "record_id":
        return column.filter(_is_given).count()
    if kind != pl.String:
        return column.count()
    # A blank text sorts before "!", so only the few texts before it are checked.
    blank = column.filter(column < "!").str.strip_chars(_BLANK) == ""
    return column.count() - blank.sum()
