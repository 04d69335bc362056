"""Write the hits to a file for other tools: ids and probabilities, no names."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow.parquet as pq

from toolkit._io import replacing
from toolkit.analysis.public_figures._matching import Matches
from toolkit.errors import InputError

__all__ = ["check_place", "write_hits"]

_COLUMNS = ("figure_id", "record_id", "tier", "p_wrong_person")


def check_place(path: str | os.PathLike[str]) -> None:
    """Raise `InputError` when the folder of an output file does not exist, before the work begins."""
    folder = Path(path).absolute().parent
    if not folder.is_dir():
        raise InputError(f"The file {path} cannot be written (there is no folder {folder}): give --out another path.")


def write_hits(matches: Matches, path: str | os.PathLike[str]) -> None:
    """Write one row a hit to a Parquet file: `figure_id`, `record_id`, `tier`, `p_wrong_person`.

    The file lists people, if only by number, so it is readable by its owner alone. Raises `WriteError` when it cannot
    be written.
    """
    with replacing(Path(path)) as partial:
        pq.write_table(matches.hits.select(_COLUMNS).to_arrow(), partial, compression="zstd")
