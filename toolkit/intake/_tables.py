"""What a reader offers for each table of a stream: its columns, some of its cells, and its batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from toolkit.intake._kinds import Finding, Job

if TYPE_CHECKING:
    from toolkit.intake._mapping import ColumnMap

__all__ = ["SourceTable", "columns_of", "unique_names"]


@dataclass(slots=True)
class SourceTable:
    """One table of a stream."""

    source: str
    """Its place in the account."""
    unit: str
    """What is counted: physical line, tuple, COPY line, sheet row, table row, array element."""
    names: list[str]
    sample: list[list[str | None]]
    """Some cells of each column, the same rows for all."""
    read: Callable[[ColumnMap], Iterator[Job]]
    """The batches of the table, once its columns are matched."""
    count: Callable[[], Counter[str]]
    """Units of the table if it is not read, all of the kind `other_table` or `not_a_table`."""
    has_header: bool = True
    native_null: bool = True
    """Whether the format has a null of its own."""
    label: str = ""
    """What the table is called in findings."""
    encoding: str = "utf-8"
    dialect: dict[str, object] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def columns_of(rows: Sequence[Sequence[str | None]], width: int) -> list[list[str | None]]:
    """Return rows as columns of a given number; short rows are null at their end."""
    return [[row[number] if number < len(row) else None for row in rows] for number in range(width)]


def unique_names(names: Sequence[str]) -> list[str]:
    """Return the names of columns, each blank one as `(column n)`, repeated ones with a number."""
    seen: Counter[str] = Counter()
    result = []
    for number, raw in enumerate(names):
        name = raw.strip() or f"(column {number + 1})"
        seen[name] += 1
        result.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return result
