"""The tables of an answer as they may be shown: those that are planned, without small counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from toolkit.questions._base import Question, TablePlan

if TYPE_CHECKING:
    import polars as pl

__all__ = ["shown_tables"]


def shown_tables(question: Question, tables: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Return the tables of a question as they may be shown, in the order of its plan.

    Small counts of people are null; a table that the question does not plan is left out.
    """
    return {name: _without_small_counts(tables[name], plan) for name, plan in question.tables.items() if name in tables}


def _without_small_counts(table: pl.DataFrame, plan: TablePlan) -> pl.DataFrame:
    """Return a table whose counts of few people are null, each part of it against its own total."""
    import polars as pl

    from toolkit.privacy import suppress_small

    if not plan.small or table.is_empty():
        return table
    parts = [table] if plan.by is None else table.partition_by(plan.by, maintain_order=True)
    return pl.concat([suppress_small(each, plan.small) for each in parts])
