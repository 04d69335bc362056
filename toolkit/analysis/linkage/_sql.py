"""Helpers for queries that return one row or one number."""

from __future__ import annotations

from typing import Any

import duckdb

__all__ = ["first_row", "number"]


def first_row(con: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    """Return the first row of a result; all rows are fetched, because DuckDB keeps the connection busy until then."""
    return tuple(con.execute(sql).fetchall()[0])


def number(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    """Return the result of a query for one whole number."""
    return int(first_row(con, sql)[0])
