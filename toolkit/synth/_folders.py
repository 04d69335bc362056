"""Where data sets are written: the folder that `toolkit generate` fills and the notebooks look in."""

from __future__ import annotations

from pathlib import Path

__all__ = ["DATA", "data_set_folder"]

DATA = Path("data") / "synthetic"
"""The folder of data sets, below the project's root."""


def data_set_folder(scenario: str, rows: int, seed: int) -> Path:
    """The folder that `toolkit generate` uses unless told: data/synthetic/<scenario>-<rows>-<seed>."""
    return DATA / f"{scenario}-{rows}-{seed}"
