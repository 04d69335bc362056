"""The hits as a file, for other tools: ids and probabilities, no names."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow.parquet as pq

from toolkit.analysis.public_figures._matching import Matches
from toolkit.errors import InputError

__all__ = ["check_place", "write_hits"]

_COLUMNS = ("figure_id", "record_id", "tier", "p_wrong_person")
_OWNER_ONLY = 0o600


def check_place(path: str | os.PathLike[str]) -> None:
    """Raise `InputError` when the folder of a file to be written is not there: better before the work than after."""
    folder = Path(path).absolute().parent
    if not folder.is_dir():
        raise InputError(f"The file {path} cannot be written (there is no folder {folder}): give --out another path.")


def write_hits(matches: Matches, path: str | os.PathLike[str]) -> None:
    """Write one row a hit to a Parquet file: `figure_id`, `record_id`, `tier`, `p_wrong_person`.

    A list of people, if only by number: it is readable by its owner alone. Written aside and renamed, so the file is
    whole or what was there before. Raises `InputError` when the disk does not let us.
    """
    file = Path(path)
    aside = file.with_name(f".{file.name}.partial")
    try:
        descriptor = os.open(aside, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, _OWNER_ONLY)
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(stream.fileno(), _OWNER_ONLY)
            pq.write_table(matches.hits.select(_COLUMNS).to_arrow(), stream, compression="zstd")
        aside.replace(file)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise InputError(f"The file {file} cannot be written ({error.strerror}): give --out another path.") from None
