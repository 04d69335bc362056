"""The steps of an investigation in their order, and about how long each takes: what a time left is told from.

Seconds are rough, for 2 cores. Only their shares matter: the machine tells its own speed as the first steps pass.
"""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.analysis.linkage.people import PEOPLE_STEPS
from toolkit.report.answers import ANSWERS

__all__ = ["CLAIMS", "MAKING", "SECOND_COUNT", "WRITING", "asking", "expected_seconds", "linking", "notebook_step"]

MAKING = "Making the leak"
CLAIMS = "Asking: claims"
SECOND_COUNT = "Counting a second time"
WRITING = "Writing the report"


def asking(question: str) -> str:
    """The step that answers a question."""
    return f"Asking: {question}"


def linking(step: str) -> str:
    """A step of the linkage, which passes while people are asked for."""
    return f"Linking: {step}"


def notebook_step(name: str) -> str:
    """The step that runs a notebook."""
    return f"Notebook {name}"


def expected_seconds(rows: int, notebooks: Sequence[str]) -> dict[str, float]:
    """About how long each step takes on `rows` lines, in their order."""
    steps = [MAKING, *map(linking, PEOPLE_STEPS), *map(asking, ANSWERS), CLAIMS, SECOND_COUNT]
    steps += [*map(notebook_step, notebooks), WRITING]
    return {step: fixed + each * rows / 1e6 for step in steps for fixed, each in (_COSTS.get(step, _NOTEBOOK),)}


_NOTEBOOK = 6.0, 0.3
_COSTS = {
    MAKING: (1.0, 3.2),
    asking("counts"): (0.5, 1.6),
    asking("comments"): (3.0, 4.6),
    asking("public-figures"): (0.5, 1.1),
    linking("read"): (0.1, 0.5),
    linking("normalise"): (0.1, 1.6),
    linking("group copies"): (0.1, 0.9),
    linking("block"): (0.1, 2.0),
    linking("train"): (3.0, 0.4),
    linking("score"): (0.2, 3.0),
    linking("cluster"): (0.1, 0.4),
    linking("check from within"): (0.2, 0.3),
    linking("name"): (0.1, 0.6),
    linking("count repeats"): (0.2, 1.0),
    asking("duplicates"): (0.3, 0.9),
    CLAIMS: (1.0, 1.8),
    SECOND_COUNT: (0.5, 1.5),
    notebook_step("00_start_here"): (7.0, 0.8),
    notebook_step("02_comments"): (8.0, 0.5),
    notebook_step("03_public_figures"): (10.0, 1.2),
    notebook_step("04_duplicates"): (8.0, 4.0),
    WRITING: (20.0, 0.5),
}
"""Seconds of each step: whatever the size, and a million lines."""
