"""What a data set from elsewhere may lack: record ids, and the tables of practices and practitioners."""

from __future__ import annotations

import ibis.expr.types as ir

from toolkit.dataset import Leak
from toolkit.errors import MissingError

__all__ = ["has_record_id", "table_or_none"]


def has_record_id(lines: ir.Table) -> ir.BooleanValue:
    """Return whether each line has a record id, null or false where it has none.

    A `Leak` gives a line without a record id a number below 0 of its own.
    """
    return lines.record_id >= 0


def table_or_none(leak: Leak, name: str) -> ir.Table | None:
    """Return the table called `name` of the leak, or None where the data set has no such table."""
    try:
        table: ir.Table = getattr(leak, name)
    except MissingError:
        return None
    return table
