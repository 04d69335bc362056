"""The errors a user can cause: each message is one clear sentence, which the command line prints before it exits."""

from __future__ import annotations

__all__ = ["DataSetError", "InputError", "MissingError", "NotADataSetError", "ScenarioError", "ToolkitError"]


class ToolkitError(Exception):
    """Something the user gave cannot be used; the message says what, where, what was expected and what to do."""


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
