"""Files of a report, each written aside and renamed: a page is whole or it is not there."""

from __future__ import annotations

from pathlib import Path

from toolkit.errors import ToolkitError

__all__ = ["ReportError", "write_text"]


class ReportError(ToolkitError):
    """A step of the report could not be done."""


def write_text(path: Path, text: str) -> None:
    """Write `text` in UTF-8 to `path`, whose folder is made if it is missing.

    Raises `ReportError` when the disk does not let us; then what was there before is still there.
    """
    aside = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_text(text, encoding="utf-8")
        aside.replace(path)
    except OSError as error:
        raise ReportError(
            f"{path} cannot be written ({error.strerror}): free some space or give another --reports."
        ) from error
