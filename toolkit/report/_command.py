"""The commands that reproduce a run, and paths as a report shows them."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from toolkit.i18n import LANGUAGES, current_language

__all__ = ["command_to_investigate", "command_to_make", "path_in_report", "without_folders"]


def path_in_report(path: Path) -> str:
    """Return a path as a report shows it: relative to the working directory, or the name of its last folder.

    What is above shows where somebody works and often how they log in, and a report is passed on.
    """
    here, whole = Path.cwd(), path.resolve()
    return os.fspath(whole.relative_to(here)) if whole.is_relative_to(here) else whole.name


def without_folders(text: str, path: Path) -> str:
    """Return a text, such as a command, with `path` as a report shows it."""
    return text.replace(os.fspath(path.resolve()), path_in_report(path))


def command_to_make(scenario: str, rows: int, seed: int, out: Path | None = None) -> str:
    """Return the command that makes the data set of a scenario and gives the same numbers, in the current language.

    `scenario` is the name or the path by which the scenario was given, `out` the folder of the data set if it was
    given; absolute paths are shortened by `path_in_report`.
    """
    scenario = path_in_report(Path(scenario)) if Path(scenario).is_absolute() else scenario
    words = ["--scenario", scenario, "--rows", str(rows), "--seed", str(seed)]
    return _investigate(words if out is None else [*words, "--out", path_in_report(out)])


def command_to_investigate(data_set: Path) -> str:
    """Return the command that gives the same numbers from an existing data set, in the current language."""
    return _investigate([path_in_report(data_set)])


def _investigate(words: Sequence[str]) -> str:
    language = [] if current_language() == LANGUAGES[0] else ["--lang", current_language()]
    return shlex.join(["toolkit", "investigate", *words, *language])
