"""The answer to the question of `duplicates`."""

from __future__ import annotations

import polars as pl

from toolkit.analysis import duplicates
from toolkit.leak import Leak
from toolkit.report.answers.result import Answer, Result, make_answer, person_by

__all__ = ["answer_duplicates"]


def answer_duplicates(leak: Leak) -> Answer:
    """How many people stand at several practices? Tables: `funnel`, `at_several_practices`, `practices_per_person`."""
    several = duplicates.at_several_practices(leak)
    tables = {
        "funnel": duplicates.funnel(leak),
        "at_several_practices": several,
        "practices_per_person": pl.concat(
            [duplicates.practices_per_person(leak, key) for key in duplicates.EXACT_KEYS]
        ),
    }
    results = [
        Result(
            id=f"people_at_several_practices_by_{row['key']}",
            value=row["people_at_several"],
            unit="people",
            denominator=row["people"],
            denominator_unit="people with the key",
            share=row["share"],
            definition=f"people with a file at two practices or more; {person_by(row['definition'])}",
        )
        for row in several.iter_rows(named=True)
    ]
    return make_answer("duplicates", leak, "How many people stand at several practices?", results, tables)
