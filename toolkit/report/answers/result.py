"""The shape of an answer: what a number needs to be printed."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from toolkit.leak import Leak

__all__ = ["Answer", "Result", "make_answer", "person_by", "shown_path"]


@dataclass(frozen=True, slots=True)
class Result:
    """One number: `value` in `unit`, out of `denominator` in `denominator_unit`, and what it counts.

    `share` is the part of the denominator, `low` and `high` are an interval, of the kind that `interval` names; each is
    null where it has no meaning. A leak that is counted whole has no sampling error, hence no interval of that kind.
    `command` gives the number again.
    """

    id: str
    value: float
    unit: str
    denominator: int
    denominator_unit: str
    share: float | None
    definition: str
    low: float | None = None
    high: float | None = None
    command: str = ""
    interval: str = "95 % interval"


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question: its numbers, and the analyst's tables behind them, by name."""

    question: str
    results: tuple[Result, ...]
    tables: dict[str, pl.DataFrame]


def shown_path(path: Path) -> str:
    """A path as a reader may type it: from the working directory where it lies below it."""
    here = Path.cwd()
    return os.fspath(path.relative_to(here) if path.is_relative_to(here) else path)


def person_by(definition: str) -> str:
    """The definition of a person, in a sentence that a reader understands alone."""
    return f"a person is: {definition}"


def make_answer(
    name: str,
    leak: Leak,
    question: str,
    results: list[Result],
    tables: dict[str, pl.DataFrame],
    options: Sequence[str] = (),
) -> Answer:
    """An answer whose numbers all name the command that gives them again, with its `options`."""
    command = shlex.join(["toolkit", name, shown_path(leak.path), *options, "--json"])
    return Answer(question, tuple(replace(result, command=command) for result in results), tables)
