"""Every question asked of a leak in turn; what one has computed, the others have from it."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from toolkit import claims
from toolkit.analysis.duplicates import count_people
from toolkit.dataset import Leak
from toolkit.questions import ANSWERS, Answer, AuditPlan, answer_comments
from toolkit.run._steps import CLAIMS, asking, linking

__all__ = ["Progress", "ask_everything"]

Progress = Callable[[str, int, int], None]
"""Told the name of a step, how much of it is done, and of how much."""


def ask_everything(
    opened: Callable[[], Leak], tell: Progress, audit: AuditPlan | None = None
) -> tuple[dict[str, Answer], pl.DataFrame]:
    """The answers by the name of their question, and the claims beside what the leak says of them.

    `opened` opens the leak, once for all.  Its records are linked first, while memory is free, and one step of it after
    the other is told.  With an `audit` the comments are estimated by it; without one by the
    plan that every report has.
    """
    asked = dict(ANSWERS)
    if audit is not None:
        asked["comments"] = lambda leak: answer_comments(leak, audit)
    answers = {}
    with opened() as leak:
        _link(leak, tell)
        for name, ask in asked.items():
            tell(asking(name), 0, 1)
            answers[name] = ask(leak)
            tell(asking(name), 1, 1)
        tell(CLAIMS, 0, 1)
        ledger = claims.check(leak)
        tell(CLAIMS, 1, 1)
    return answers, ledger


def _link(leak: Leak, tell: Progress) -> None:
    """Link the records, for the questions that need it; nothing is told of a linkage that is there."""
    begun: list[str] = []

    def end() -> None:
        for step in begun[-1:]:
            tell(linking(step), 1, 1)

    def begin(step: str, _number: int, _of: int) -> None:
        end()
        begun.append(step)
        tell(linking(step), 0, 1)

    count_people(leak, progress=begin)
    end()
