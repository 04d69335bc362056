"""The access log: who saw personal values in clear, when, which ones, and why.

By default the toolkit shows counts and masked lines only. Showing values in clear takes a reason, which is logged
first: if the log cannot be written, nothing is shown. The log is in the folder of the data set (mode 0600), one line of
JSON per disclosure, and contains none of the values shown. Article 5(2) of the GDPR (accountability) requires such a
record, and so do most editors.
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
"""The name of the log file in the directory of a data set."""

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
    """The access log cannot be written or read; nothing is shown."""


def disclose(directory: str | os.PathLike[str], what: str, columns: Sequence[str], rows: int, reason: str) -> None:
    """Log that `rows` rows of `columns` are about to be shown in clear. Call this before showing them.

    `directory` is that of the data set, `what` describes the rows in words, `reason` explains why they are needed.
    Raises `InputError` when the reason is missing or too short, and `DisclosureError` when the log cannot be written.
    """
    if len(reason.strip()) < _SHORTEST_REASON:
        raise InputError(
            f"The reason {reason!r} is too short. "
            "Explain in one sentence why these values are needed; it will be logged."
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
            f"The access log {file} cannot be written ({error.reason}), so nothing is shown. "
            "Make the directory of the data set writable."
        ) from None


def read_disclosures(directory: str | os.PathLike[str]) -> pl.DataFrame:
    """Return the access log of a data set: one row per disclosure, `when`, `who`, `what`, `columns`, `rows`, `why`.

    Raises `DisclosureError` when the directory does not exist, or when the log in it cannot be read.
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
        raise DisclosureError(f"The access log {file} cannot be read: it is not a list of disclosures.") from None
