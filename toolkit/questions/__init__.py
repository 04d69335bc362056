"""The four answers, each as a short list of numbers that say what they count.

The analyst's tables are put into one shape here, which the terminal, `results.json` and the report's page share: a
number with its unit, what it is a part of, its definition, its interval where it has one, and the command that gives
it again. Nothing is counted here: what the analyst does not say is not in a result.
"""

from toolkit.questions._base import LINKED, Answer, Meaning, Result, make_answer, of_people, person_by, shown_path
from toolkit.questions._comments import AuditPlan, answer_comments, answer_comments_audited
from toolkit.questions._counts import answer_counts
from toolkit.questions._duplicates import answer_duplicates, answer_people
from toolkit.questions._notebook_cells import CELLS, LEDGER, VERDICTS, Cell, address
from toolkit.questions._public_figures import answer_matches, answer_public_figures
from toolkit.questions._registry import ANSWERS
from toolkit.questions._wording import in_words, interval, told_value

__all__ = [
    "ANSWERS",
    "CELLS",
    "LEDGER",
    "LINKED",
    "VERDICTS",
    "Answer",
    "AuditPlan",
    "Cell",
    "Meaning",
    "Result",
    "address",
    "answer_comments",
    "answer_comments_audited",
    "answer_counts",
    "answer_duplicates",
    "answer_matches",
    "answer_people",
    "answer_public_figures",
    "in_words",
    "interval",
    "make_answer",
    "of_people",
    "person_by",
    "shown_path",
    "told_value",
]
