"""The questions by the name of their command, in the order of the notebooks."""

from __future__ import annotations

from collections.abc import Callable

from toolkit.dataset import Leak
from toolkit.questions._base import Answer
from toolkit.questions._comments import answer_comments_audited
from toolkit.questions._counts import answer_counts
from toolkit.questions._duplicates import answer_duplicates
from toolkit.questions._public_figures import answer_public_figures

__all__ = ["ANSWERS"]

ANSWERS: dict[str, Callable[[Leak], Answer]] = {
    "counts": answer_counts,
    "comments": answer_comments_audited,
    "public-figures": answer_public_figures,
    "duplicates": answer_duplicates,
}
"""The answers by the name of their command, in the order of the notebooks."""
