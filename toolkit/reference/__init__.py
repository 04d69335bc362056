"""Official tables of France that several packages use: communes, departements, coordinates, ages.

The README beside the tables gives the columns, source and licence of each.
"""

from __future__ import annotations

from importlib import resources

__all__ = ["read"]


def read(name: str) -> bytes:
    """Return the content of the table called `name`, such as `communes.parquet`.

    Raises `FileNotFoundError` when there is no such table.
    """
    return (resources.files("toolkit.reference") / name).read_bytes()
