"""The log of disclosures: who was shown personal values in clear, when, what, and why.

What the toolkit shows by itself is counted or masked. Whoever asks for more gives a reason, and the log is written
before anything is shown: when it cannot be, nothing is. It lies beside the data, readable by its owner alone, one line
of JSON a disclosure, and holds none of the values that were shown. This is the trace that article 5(2) of the GDPR
(accountability) asks for, and what an editor asks for too.
"""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from toolkit._io import append_text
from toolkit.errors import InputError, ToolkitError, WriteError

__all__ = ["LOG", "DisclosureError", "disclose", "read_disclosures"]

LOG = "disclosures.jsonl"
"""The name of the log in the directory of a data set."""

_SHORTEST_REASON = 10
_COLUMNS: dict[str, pl.DataType] = {
    "when": pl.String(),
    "who": pl.String(),
    "what": pl.String(),
    "columns": pl.List(pl.String),
    "rows": pl.Int64(),
    "why": pl.String(),
}


class DisclosureError(ToolkitError):
    """The log of disclosures cannot be written or read, so nothing is shown."""


def disclose(directory: str | os.PathLike[str], what: str, columns: Sequence[str], rows: int, reason: str) -> None:
    """Write to the log of a data set that `rows` rows of `columns` are about to be shown in clear.

    `directory` is the data set's, `what` says in words whose values these are, `reason` why they are needed. Call this
    first and show afterwards. Raises `InputError` when the reason is missing or says nothing, and `DisclosureError`
    when the log cannot be written.
    """
    if len(reason.strip()) < _SHORTEST_REASON:
        raise InputError(
            f"The reason {reason!r} says too little: tell in a sentence why these values must be shown, for the log."
        )
    entry = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "who": getpass.getuser(),
        "what": what,
        "columns": list(columns),
        "rows": rows,
        "why": " ".join(reason.split()),
    }
    file = Path(directory) / LOG
    try:
        append_text(file, json.dumps(entry, ensure_ascii=False) + "\n")
    except WriteError as error:
        raise DisclosureError(
            f"The log {file} cannot be written ({error.reason}), so nothing is shown: "
            "make the directory of the data set writable."
        ) from None


def read_disclosures(directory: str | os.PathLike[str]) -> pl.DataFrame:
    """What was disclosed of a data set so far: one row a disclosure, `when`, `who`, `what`, `columns`, `rows`, `why`.

    Raises `DisclosureError` when there is no such directory, or a log in it that cannot be read.
    """
    file = Path(directory) / LOG
    if not file.parent.is_dir():
        raise DisclosureError(f"There is no directory {file.parent}: give the directory of a data set.")
    if not file.exists():
        return pl.DataFrame(schema=_COLUMNS)
    try:
        entries = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        return pl.DataFrame(entries, schema=_COLUMNS)
    except (OSError, ValueError, TypeError, pl.exceptions.PolarsError):
        raise DisclosureError(f"The log {file} cannot be read: it is no list of disclosures.") from None
