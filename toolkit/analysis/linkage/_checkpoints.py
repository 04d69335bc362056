"""The cache entry of a finished linkage, and the checkpoint folder of an unfinished one.

A linkage takes minutes. Its cache entry depends only on the code of this package, so that changes elsewhere in the
analysis do not invalidate it. It runs on DuckDB whatever the engine of the leak.
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

__all__ = ["Counted", "entry", "load", "unfinished"]

_DECIDING = ("duckdb", "numpy", "scipy", "splink")
"""Libraries whose versions can change the clusters."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A linkage, and the tables counted from it, by name."""

    linkage: Linkage
    tables: dict[str, pl.DataFrame]


def entry(leak: Leak, options: Options) -> Path:
    """Return the path of the cache entry for the linkage of this leak with these options."""
    model = options.get("model")
    decides = {
        "libraries": {name: version(name) for name in _DECIDING},
        "model": None if model is None else asdict(model),
        "threshold": options.get("threshold", THRESHOLD),
        "seed": None if model is not None else options.get("seed", 1),
    }
    code = code_digest("toolkit.analysis.linkage", within="toolkit.analysis.linkage")
    return cache.entry(leak, "people", code, decides)


def load(leak: Leak, where: Path) -> Counted | None:
    """Return the cached linkage at `where` with the tables counted from it, or None."""
    found: Counted | None = cache.load(leak, where, Counted)
    return found


@contextmanager
def unfinished(leak: Leak, where: Path) -> Iterator[Path | None]:
    """Yield the checkpoint folder of the linkage to be cached at `where`, or None if it may not or cannot be written.

    The folder stays when the linkage is interrupted and is removed when it ends.
    """
    if not leak.uses_cache:
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
