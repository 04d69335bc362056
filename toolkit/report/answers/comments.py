"""The answer to the question of `comments`."""

from __future__ import annotations

from dataclasses import replace

from toolkit.analysis import comments
from toolkit.leak import Leak
from toolkit.report.answers.result import Answer, Result, make_answer

__all__ = ["answer_comments"]


def answer_comments(leak: Leak) -> Answer:
    """What share of the lines reveals something intimate? Tables: `totals`, `categories`."""
    totals, categories = comments.overview(leak)
    results = [
        Result(
            id=row["quantity"],
            value=row["value"],
            unit=row["unit"],
            denominator=row["denominator"],
            denominator_unit=row["denominator_unit"],
            share=row["share"],
            definition=_COMMENT_DEFINITIONS[row["quantity"].partition("_")[0]],
        )
        for row in totals.iter_rows(named=True)
    ]
    sensitive = next(result for result in results if result.id == "sensitive_lines")
    if sensitive.share is not None:
        results.append(
            replace(sensitive, id="sensitive_share_of_lines", value=sensitive.share, unit="share of lines", share=None)
        )
    tables = {"totals": totals, "categories": categories}
    return make_answer("comments", leak, "What share of the lines reveals something intimate?", results, tables)


_COMMENT_DEFINITIONS = {
    "commented": "the comment is not blank",
    "distinct": "different comments, letter for letter",
    "sensitive": "the comment reveals something intimate, of whomever and however it is said",
    "strict": "the comment states something intimate of the patient",
}
"""What the quantities of `comments.overview` count, by their first word."""
