"""A finished linkage, kept as `toolkit.dataset.cache` keeps answers, and the finished steps of one that is not.

Its code is told apart from the rest of the analyst's, and it links on DuckDB whatever the engine of the leak: a linkage
takes minutes, and outlives a change that does not touch it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import polars as pl

from toolkit._io import make_folder
from toolkit.analysis.linkage.resolve import THRESHOLD, Linkage, Options
from toolkit.dataset import Leak, cache, code_digest
from toolkit.errors import WriteError

__all__ = ["Counted", "place", "recall", "unfinished"]

_DECIDING = ("duckdb", "numpy", "scipy", "splink")
"""Libraries on which the clusters depend."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A linkage, and the tables counted from it by their names."""

    linkage: Linkage
    tables: dict[str, pl.DataFrame]


def place(leak: Leak, options: Options) -> Path:
    """Where the linkage of this leak with these options is kept, or would be."""
    model = options.get("model")
    decides = {
        "libraries": {name: version(name) for name in _DECIDING},
        "model": None if model is None else asdict(model),
        "threshold": options.get("threshold", THRESHOLD),
        "seed": None if model is not None else options.get("seed", 1),
    }
    code = code_digest("toolkit.analysis.linkage", within="toolkit.analysis.linkage")
    return cache.place(leak, "people", code, decides)


def recall(leak: Leak, where: Path) -> Counted | None:
    """The linkage kept at `where`, or remembered, with the tables counted from it; none where there is none."""
    found: Counted | None = cache.recall(leak, where, Counted)
    return found


@contextmanager
def unfinished(leak: Leak, where: Path) -> Iterator[Path | None]:
    """The folder in which the linkage to be kept at `where` keeps its finished steps; none where nothing may or can be.

    It stays when the linkage is interrupted, and goes when it ends.
    """
    if not leak.keeps:
        yield None
        return
    folder = where.with_name(f"{where.name}.unfinished")
    try:
        make_folder(folder.parent)
        make_folder(folder)
    except WriteError:
        yield None
        return
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
