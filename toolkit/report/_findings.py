"""All that a report tells, in one piece: what was asked, what the leak answered, and where each number was made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from toolkit.questions import Answer, Result

__all__ = ["Findings", "NotebookPage"]


@dataclass(frozen=True, slots=True)
class NotebookPage:
    """A notebook as it was run: `name` without its ending, `address` below the report's folder, and its `title`."""

    name: str
    address: str
    title: str


@dataclass(frozen=True, slots=True)
class Findings:
    """What one investigation found.

    `answers`: one a question, by the name of its command, in the order they are asked.  `claims`: one row a published
    claim, as `toolkit.claims._ledger.check` has it.  `parameters`: all that decides the numbers, and the command that gives
    them again, as `run.json` records them.
    """

    name: str
    leak_path: Path
    manifest: dict[str, Any]
    answers: dict[str, Answer]
    claims: pl.DataFrame
    notebooks: tuple[NotebookPage, ...]
    parameters: dict[str, Any]
    command: str

    @property
    def results(self) -> tuple[Result, ...]:
        """Every number, question after question."""
        return tuple(result for answer in self.answers.values() for result in answer.results)
