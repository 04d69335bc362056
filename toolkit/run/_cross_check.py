"""The numbers of a run, compared with a second count by a program that shares no code with the analysis.

See `toolkit.second_count`. Each question pairs its numbers with those of the second program: counts must be equal, an
estimate the same to the ninth digit, and the ends of its interval as close as the draws of the first program allow.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from toolkit.errors import ReportError
from toolkit.questions import Answer, Pair, find_question

__all__ = ["cross_check", "pair_with_second_count"]


def cross_check(data_set: Path, answers: Mapping[str, Answer]) -> tuple[str, ...]:
    """Return the names of the numbers that were counted twice, all of them equal.

    Raises `ReportError`, with both values of each, where one is not: then neither can be trusted.
    """
    pairs = pair_with_second_count(data_set, answers)
    wrong = [f"{pair.name} is {pair.first} and {pair.second}" for pair in pairs if not pair.agrees]
    if wrong:
        raise ReportError(
            f"Two programs that should count the same in {data_set} disagree: {'; '.join(wrong)}. "
            "No report was written: this is a fault of the toolkit, or a file changed meanwhile; please report it."
        )
    return tuple(pair.name for pair in pairs)


def pair_with_second_count(data_set: Path, answers: Mapping[str, Answer]) -> list[Pair]:
    """Return every number of the answers that the second program counts too, beside its count, once each."""
    pairs: dict[str, Pair] = {}
    for name, answer in answers.items():
        if answer.reason is None:
            for pair in find_question(name).cross_check(data_set, answer):
                pairs.setdefault(pair.name, pair)
    return list(pairs.values())
