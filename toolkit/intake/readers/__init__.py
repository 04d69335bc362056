"""One module for each kind of file; each yields batches of text cells with their places."""

from __future__ import annotations

from pathlib import Path

from toolkit.intake._containers import Stream
from toolkit.intake._tables import SourceTable
from toolkit.intake.readers._delimited import delimited_table, not_a_table
from toolkit.intake.readers._json import json_tables
from toolkit.intake.readers._parquet import parquet_tables
from toolkit.intake.readers._sheets import html_tables, workbook_tables
from toolkit.intake.readers._sql import sql_tables
from toolkit.intake.readers._sqlite import sqlite_tables

__all__ = ["tables_of"]


def tables_of(stream: Stream, kind: str, work: Path, *, copy_year: int) -> list[SourceTable]:
    """Return the tables of a stream of a kind as `toolkit.intake._detect.kind_of` names it, at least one.

    `work` is a private folder for copies. A stream without any table is one table without columns.
    """
    if kind == "text":
        table = delimited_table(stream, copy_year=copy_year)
        return [table if table is not None else not_a_table(stream)]
    if kind == "json":
        found = json_tables(stream)
        if not found:
            table = delimited_table(stream, copy_year=copy_year)
            found = [table] if table is not None else []
    elif kind == "sql":
        found = sql_tables(stream, work)
    elif kind == "sqlite":
        found = sqlite_tables(stream, work)
    elif kind == "parquet":
        found = parquet_tables(stream)
    elif kind == "workbook":
        found = workbook_tables(stream, work)
    elif kind == "html":
        found = html_tables(stream)
    else:
        found = []
    return found or [not_a_table(stream)]
