"""The shape of an answer: what a number needs to be printed."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import polars as pl

from toolkit.dataset import Leak
from toolkit.i18n import number, translate

__all__ = ["LINKED", "Answer", "Meaning", "Result", "make_answer", "of_people", "person_by", "shown_path"]


LINKED = "records that the trained model takes for one person"
"""The definition of a person wherever records are linked."""


class Meaning(str):
    """What a number counts: English text that remembers how it was put together, to be said in another language.

    `text` holds the names of `values` in braces; a value is a text or another meaning, which are translated, or a
    number, which is written as the reader writes numbers.
    """

    __slots__ = ("text", "values")
    text: str
    values: dict[str, str | int]

    def __new__(cls, text: str, **values: str | int) -> Self:
        """The English text, with its values in their places."""
        told = {name: f"{value:,}" if isinstance(value, int) else value for name, value in values.items()}
        made = super().__new__(cls, text.format(**told))
        made.text, made.values = text, values
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        """How a copy is made."""
        return _meaning, (self.text, self.values)

    @staticmethod
    def said(text: str) -> str:
        """A text in the current language, whether it is a meaning or a sentence of the catalogue."""
        if not isinstance(text, Meaning):
            return translate(text)
        told = {
            name: number(value) if isinstance(value, int) else Meaning.said(value)
            for name, value in text.values.items()
        }
        return translate(text.text, **told)


@dataclass(frozen=True, slots=True)
class Result:
    """One number: `value` in `unit`, out of `denominator` in `denominator_unit`, and what it counts.

    `share` is the part of the denominator, `low` and `high` are an interval, of the kind that `interval` names; each is
    null where it has no meaning. A leak that is counted whole has no sampling error, hence no interval of that kind.
    `command` gives the number again. Texts are English; `toolkit.questions._wording` says them in another language.
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
    interval: str = "95% interval"


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


def person_by(definition: str) -> Meaning:
    """The definition of a person, in a sentence that a reader understands alone."""
    return Meaning("a person is: {definition}", definition=definition)


def of_people(meaning: str, definition: str) -> Meaning:
    """What a number of people counts, and what is taken for a person there."""
    return Meaning("{meaning}; a person is: {definition}", meaning=meaning, definition=definition)


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


def _meaning(text: str, values: dict[str, str | int]) -> Meaning:
    return Meaning(text, **values)
