"""The four answers, each as a short list of numbers that say what they count.

The analyst's tables are put into one shape here, which the terminal, `results.json` and the report's page share: a
number with its unit, what it is a part of, its definition, its interval where it has one, and the command that gives
it again. Nothing is counted here: what the analyst does not say is not in a result.
"""

from __future__ import annotations

from collections.abc import Callable

from toolkit.leak import Leak
from toolkit.report.answers.comments import AuditPlan, answer_comments, answer_comments_audited
from toolkit.report.answers.counts import answer_counts
from toolkit.report.answers.duplicates import answer_duplicates
from toolkit.report.answers.public_figures import answer_public_figures
from toolkit.report.answers.result import Answer, Meaning, Result, shown_path

__all__ = ["ANSWERS", "Answer", "AuditPlan", "Meaning", "Result", "answer_comments", "shown_path"]

ANSWERS: dict[str, Callable[[Leak], Answer]] = {
    "counts": answer_counts,
    "comments": answer_comments_audited,
    "public-figures": answer_public_figures,
    "duplicates": answer_duplicates,
}
"""The answers by the name of their command, in the order of the notebooks."""
