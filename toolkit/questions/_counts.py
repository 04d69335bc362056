"""The answer to the question of `counts`."""

from __future__ import annotations

from toolkit.analysis import counts
from toolkit.dataset import Leak
from toolkit.questions._base import Answer, Result, make_answer, person_by

__all__ = ["answer_counts"]


def answer_counts(leak: Leak) -> Answer:
    """How much is there? Tables: `overview`, `completeness`, `by_year`, `period`, `by_departement`."""
    overview = counts.overview(leak)
    tables = {
        "overview": overview,
        "completeness": counts.completeness(leak),
        "by_year": counts.by_year(leak),
        "period": counts.period(leak),
        "by_departement": counts.by_departement(leak),
    }
    results = [
        Result(
            id=_COUNT_IDS.get(row["quantity"], row["quantity"]),
            value=row["value"],
            unit=row["unit"],
            denominator=row["denominator"],
            denominator_unit=row["denominator_unit"],
            # People over lines is no share: one person has several lines.
            share=None if row["unit"] == "people" else row["share"],
            definition=person_by(row["definition"]) if row["unit"] == "people" else row["definition"],
        )
        for row in overview.iter_rows(named=True)
    ]
    return make_answer("counts", leak, "How much is there?", results, tables)


_COUNT_IDS = {"people_by_folded_use_name": "people_by_names_birth_date"}
"""Names that a reader of `results.json` understands without the analyst's code."""
