"""The folder where `toolkit generate` writes data sets and the notebooks look for them."""

from __future__ import annotations

from pathlib import Path

__all__ = ["DATA", "data_set_folder"]

DATA = Path("data") / "synthetic"
"""The folder of data sets, below the project's root."""


def data_set_folder(scenario: str, rows: int, seed: int) -> Path:
    """Return the default folder of `toolkit generate`: data/synthetic/<scenario>-<rows>-<seed>."""
    return DATA / f"{scenario}-{rows}-{seed}"
