"""The steps of a run in their order, with about how long each takes, from which the time left is estimated.

Seconds are rough, for 2 cores. Only their proportions matter: the first steps of a run show the speed of the machine.
"""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.questions import Cost, Question, questions

__all__ = [
    "CROSS_CHECK",
    "GENERATE",
    "WRITE",
    "answer_step",
    "expected_seconds",
    "first_time_seconds",
    "linkage_step",
    "notebook_step",
]

GENERATE = "Making the leak"
CROSS_CHECK = "Counting a second time"
WRITE = "Writing the report"


def answer_step(question: str) -> str:
    """Return the name of the step that answers a question."""
    return f"Answering: {question}"


def linkage_step(step: str) -> str:
    """Return the name of a step of the record linkage, which runs before the questions."""
    return f"Linking: {step}"


def notebook_step(name: str) -> str:
    """Return the name of the step that runs a notebook."""
    return f"Notebook {name}"


def expected_seconds(rows: int, notebooks: Sequence[str], *, generate: bool = True) -> dict[str, float]:
    """Return about how many seconds each step takes on `rows` lines, in the order of the steps."""
    by_notebook = {question.notebook: question.notebook_cost for question in questions()} | {_START: _START_COST}
    costs = {GENERATE: _GENERATE} if generate else {}
    costs |= {linkage_step(step): cost for step, cost in _LINKAGE.items()}
    costs |= {answer_step(question.name): question.cost for question in questions()}
    costs[CROSS_CHECK] = _CROSS_CHECK
    costs |= {notebook_step(name): by_notebook.get(name, _NOTEBOOK) for name in notebooks}
    costs[WRITE] = _WRITE
    return {step: _seconds(cost, rows) for step, cost in costs.items()}


def first_time_seconds(notebook: str, rows: int) -> float:
    """Return about how many seconds a notebook takes on `rows` lines with every answer that it needs."""
    own = [question for question in questions() if question.notebook == notebook]
    if notebook == _START:
        own = [question for question in questions() if question.name == "counts"]
    needed = _with_what_they_use(own)
    costs = [next((question.notebook_cost for question in questions() if question.notebook == notebook), _NOTEBOOK)]
    costs += [question.cost for question in needed]
    if any(question.links for question in needed):
        costs += _LINKAGE.values()
    return sum(_seconds(cost, rows) for cost in costs)


def _with_what_they_use(asked: Sequence[Question]) -> list[Question]:
    names = {question.name for question in asked} | {name for question in asked for name in question.uses}
    return [question for question in questions() if question.name in names]


def _seconds(cost: Cost, rows: int) -> float:
    return cost.fixed + cost.per_million * rows / 1e6


_START = "00_start_here"
_START_COST = Cost(7.0, 0.7)
_NOTEBOOK = Cost(7.0, 0.5)
_GENERATE = Cost(1.0, 3.4)
_CROSS_CHECK = Cost(0.3, 1.15)
_WRITE = Cost(11.5, 0.35)
_LINKAGE = {
    "read": Cost(0.1, 0.25),
    "normalise": Cost(0.2, 1.35),
    "group copies": Cost(0.1, 0.6),
    "block": Cost(0.3, 2.8),
    "train": Cost(4.0, 0.25),
    "score": Cost(0.5, 1.5),
    "cluster": Cost(0.1, 0.12),
    "check clusters": Cost(0.5, 0.2),
    "name clusters": Cost(0.1, 0.36),
    "count repeats": Cost(0.2, 0.75),
}
"""The steps of `duplicates.count_people`, in order (a test compares them with `linkage.PEOPLE_STEPS`)."""
