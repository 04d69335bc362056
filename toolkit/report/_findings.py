"""The findings of an investigation: everything that a report shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.dataset import SYNTHETIC
from toolkit.questions import Answer, Question, Result, questions

__all__ = ["Findings", "NotebookPage"]


@dataclass(frozen=True, slots=True)
class NotebookPage:
    """An executed notebook: `name` without its ending, `address` below the report's folder, and its `title`."""

    name: str
    address: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What one investigation found.

    `answers`: one per question, by its name, in the order of the registry. `threads`, `memory_limit`, `language`: the
    settings of the run. `command`: reproduces the run.
    """

    name: str
    leak_path: Path
    manifest: dict[str, Any]
    answers: dict[str, Answer]
    notebooks: tuple[NotebookPage, ...]
    threads: int
    memory_limit: str
    language: str
    command: str

    @property
    def is_synthetic(self) -> bool:
        """Whether no line of the data set is about a real person."""
        return bool(self.manifest["origin"] == SYNTHETIC)

    @property
    def answered(self) -> Iterator[tuple[Question, Answer]]:
        """The questions with their answers, in the order of the registry, answerable or not."""
        return ((question, self.answers[question.name]) for question in questions() if question.name in self.answers)

    @property
    def results(self) -> tuple[Result, ...]:
        """Every number, question after question."""
        return tuple(result for answer in self.answers.values() for result in answer.results)
