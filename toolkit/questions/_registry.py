"""The registry of questions. To add a question, add its object to `_BUILT_IN`: one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from toolkit.errors import InputError
from toolkit.questions._ages import AGES
from toolkit.questions._base import Question
from toolkit.questions._claims import CLAIMS
from toolkit.questions._comments import COMMENTS
from toolkit.questions._counts import COUNTS
from toolkit.questions._duplicates import DUPLICATES
from toolkit.questions._public_figures import PUBLIC_FIGURES

__all__ = ["find_question", "questions", "registered"]

_BUILT_IN = (COUNTS, COMMENTS, PUBLIC_FIGURES, DUPLICATES, AGES, CLAIMS)
"""The questions of the toolkit, in the order in which they are answered and shown."""

_QUESTIONS: list[Question] = [*_BUILT_IN]


def questions() -> tuple[Question, ...]:
    """Return every registered question, in the order in which they are answered and shown."""
    return tuple(_QUESTIONS)


def find_question(name: str) -> Question:
    """Return the question called `name`; raises `InputError`, which lists the others, where there is none."""
    for question in _QUESTIONS:
        if question.name == name:
            return question
    raise InputError(f"There is no question {name!r}: use one of {', '.join(each.name for each in _QUESTIONS)}.")


@contextmanager
def registered(question: Question) -> Iterator[None]:
    """Register a question of another package inside the block, after those that are there.

    Raises `InputError` where its name, or the id of one of its results, belongs to another question.
    """
    taken = {each.name for each in _QUESTIONS}
    if question.name in taken:
        raise InputError(f"There is a question {question.name!r} already: give yours another name.")
    labels = {name for each in _QUESTIONS for name in each.labels}
    if shared := labels & question.labels.keys():
        raise InputError(f"Another question has a result {min(shared)!r}: give yours another id.")
    _QUESTIONS.append(question)
    try:
        yield
    finally:
        _QUESTIONS.remove(question)
