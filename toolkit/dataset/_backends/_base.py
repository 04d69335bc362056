"""What a leak asks of an engine; this folder is the one place that tells the engines apart."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

import ibis.expr.types as ir
import pyarrow as pa

__all__ = ["Backend"]


class Backend(ABC):
    """An engine that runs Ibis expressions."""

    @abstractmethod
    def read_parquet(self, files: list[Path], name: str) -> ir.Table:
        """Return the Parquet files as one table; a column that only some of them have is null in the others."""

    @abstractmethod
    def materialize(self, expression: ir.Table, name: str) -> ir.Table:
        """Compute an expression now, and return a table of its result that lasts until the engine is closed."""

    @abstractmethod
    def register_table(self, rows: pa.Table, name: str) -> ir.Table:
        """Return an Arrow table as a table of the engine."""

    @abstractmethod
    def close(self) -> None:
        """Close the engine and remove what it wrote to disk."""
