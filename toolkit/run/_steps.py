"""The steps of an investigation in their order, and about how long each takes: what a time left is told from.

Seconds are rough, for 2 cores. Only their shares matter: the machine tells its own speed as the first steps pass.
"""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.analysis.linkage import PEOPLE_STEPS
from toolkit.questions import ANSWERS

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


_NOTEBOOK = 7.0, 0.5
_COSTS = {
    MAKING: (1.0, 3.4),
    linking("read"): (0.1, 0.25),
    linking("normalise"): (0.2, 1.35),
    linking("group copies"): (0.1, 0.6),
    linking("block"): (0.3, 2.8),
    linking("train"): (4.0, 0.25),
    linking("score"): (0.5, 1.5),
    linking("cluster"): (0.1, 0.12),
    linking("check clusters"): (0.5, 0.2),
    linking("name clusters"): (0.1, 0.36),
    linking("count repeats"): (0.2, 0.75),
    asking("counts"): (0.5, 1.6),
    asking("comments"): (5.0, 2.8),
    asking("public-figures"): (1.0, 0.8),
    asking("duplicates"): (0.2, 0.14),
    CLAIMS: (1.0, 0.33),
    SECOND_COUNT: (0.3, 1.15),
    notebook_step("00_start_here"): (7.0, 0.7),
    notebook_step("01_counts"): (7.0, 0.25),
    notebook_step("02_comments"): (12.0, 1.0),
    notebook_step("03_public_figures"): (11.0, 0.9),
    notebook_step("04_duplicates"): (9.0, 5.0),
    notebook_step("05_claims"): (7.0, 0.1),
    WRITING: (11.5, 0.35),
}
"""Seconds of each step: whatever the size, and a million lines."""
