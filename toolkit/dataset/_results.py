"""Run an Ibis expression and return a small Polars table that is the same on every engine."""

from __future__ import annotations

import ibis.expr.types as ir
import polars as pl

__all__ = ["collect", "share"]


def collect(expression: ir.Table, order_by: str | list[str]) -> pl.DataFrame:
    """Run `expression` and return its rows in the order of `order_by`, with 64-bit integers.

    Engines differ in the width of counts and in the order of groups.
    """
    frame = expression.to_polars()
    if not isinstance(frame, pl.DataFrame):
        raise TypeError(f"expected a Polars table from Ibis, not {type(frame).__name__}")
    small = [name for name, dtype in frame.schema.items() if dtype.is_integer() or isinstance(dtype, pl.Decimal)]
    return frame.with_columns(pl.col(small).cast(pl.Int64)).sort(order_by, nulls_last=True)


def share(numerator: str, denominator: str) -> pl.Expr:
    """Return the share of one column in another, null where the denominator is 0."""
    return pl.when(pl.col(denominator) > 0).then(pl.col(numerator) / pl.col(denominator))
