"""The command line that gives a run again."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from toolkit.i18n import LANGUAGES, current_language

__all__ = ["command", "path_in_report", "without_folders"]


def path_in_report(path: Path) -> str:
    """A path as a report tells it: from the working directory where it lies below it, or else its last folder's name.

    What lies above says where somebody works and often how they log in, and a report is given away.
    """
    here, whole = Path.cwd(), path.resolve()
    return os.fspath(whole.relative_to(here)) if whole.is_relative_to(here) else whole.name


def without_folders(text: str, path: Path) -> str:
    """A text, such as a command, with `path` told as in a report."""
    return text.replace(os.fspath(path.resolve()), path_in_report(path))


def command(scenario: str, rows: int, seed: int, out: Path | None = None) -> str:
    """The command that gives the same numbers again, in the current language, to be pasted into a shell.

    `scenario` is the name or the path by which the scenario was given, `out` the folder of the data set if one was;
    a whole path is told as `path_in_report` tells it.
    """
    scenario = path_in_report(Path(scenario)) if Path(scenario).is_absolute() else scenario
    words = ["toolkit", "investigate", "--scenario", scenario, "--rows", str(rows), "--seed", str(seed)]
    if out is not None:
        words += ["--out", path_in_report(out)]
    if current_language() != LANGUAGES[0]:
        words += ["--lang", current_language()]
    return shlex.join(words)
