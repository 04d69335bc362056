"""Small questions to a DuckDB connection."""

from __future__ import annotations

from typing import Any

import duckdb

__all__ = ["first_row", "number"]


def first_row(con: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    """The first row of an answer; all of it is fetched, for DuckDB keeps a connection busy until then."""
    return tuple(con.execute(sql).fetchall()[0])


def number(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    """An answer that is one whole number."""
    return int(first_row(con, sql)[0])
