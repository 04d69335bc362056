"""The errors a user can cause: each message is one clear sentence, which the command line prints before it exits."""

from __future__ import annotations

import errno
import os

__all__ = [
    "DataSetError",
    "InputError",
    "MissingError",
    "NotADataSetError",
    "ReportError",
    "ScenarioError",
    "ToolkitError",
    "WriteError",
]


class ToolkitError(Exception):
    """Something the user gave cannot be used; the message says what, where, what was expected and what to do.

    The message is English: `text`, with `values` in place of the names in braces. `toolkit.i18n.translate` takes both
    where an error is shown in a report.
    """

    def __init__(self, text: str, **values: str) -> None:
        self.text, self.values = text, values
        super().__init__(text.format(**values) if values else text)


class DataSetError(ToolkitError):
    """A data set on disk is missing, incomplete or unreadable."""


class MissingError(DataSetError):
    """The data set lacks what a question needs; the message is one phrase that a sentence can end with.

    For example "the data set has no table of practices".
    """


class NotADataSetError(DataSetError):
    """The path given holds nothing that could be a data set (no such path, or no Parquet file there)."""


class ScenarioError(ToolkitError):
    """A scenario file is missing, malformed or asks for something impossible."""


class InputError(ToolkitError):
    """A table, column, option or value handed to the toolkit is not what it accepts."""


class ReportError(ToolkitError):
    """A step of the report failed, or the report may not be published."""


class WriteError(ToolkitError):
    """A file or folder cannot be written; what was there before is unchanged."""

    def __init__(self, path: str | os.PathLike[str], error: OSError) -> None:
        self.path = os.fspath(path)
        self.errno = error.errno
        self.reason = error.strerror or str(error)
        super().__init__(f"{self.path} cannot be written ({self.reason}): {_advice(error)}.")


def _advice(error: OSError) -> str:
    if error.errno in {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}:
        return "free some disk space and try again"
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return "choose a folder that you may write to"
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        return "choose a folder that exists"
    if error.errno == errno.EISDIR:
        return "there is a folder of that name, choose another one"
    return "check the path, or choose another folder"
