"""The answer to the question of `public-figures`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from toolkit.analysis import public_figures
from toolkit.leak import Leak
from toolkit.report.answers.result import Answer, Result, make_answer

__all__ = ["answer_public_figures"]


def answer_public_figures(leak: Leak) -> Answer:
    """Which public figures may be in the leak, and how many hits are namesakes? Table: `tiers`."""
    tiers = public_figures.tiers(leak)
    results: list[Result] = []
    agreeing = ""
    for row in tiers.iter_rows(named=True):
        agreeing = row["definition"].replace("the same", agreeing)
        results += _tier_results(row, agreeing)
    question = "Which public figures may be in the leak, and how many of the hits are namesakes?"
    return make_answer("public-figures", leak, question, results, {"tiers": tiers})


def _tier_results(row: dict[str, Any], agreeing: str) -> Iterator[Result]:
    """Figures with a hit at one tier, and the hits that namesakes do not explain."""
    yield Result(
        id=f"figures_by_{row['tier']}",
        value=row["figures"],
        unit="public figures",
        denominator=row["figures_testable"],
        denominator_unit="figures of the register that can be compared",
        share=row["share"],
        definition=f"figures with at least one record of the same {agreeing}",
    )
    beyond = max(0.0, row["hits"] - row["expected"])
    yield Result(
        id=f"hits_beyond_chance_by_{row['tier']}",
        value=round(beyond, 1),
        unit="pairs of figure and record",
        denominator=row["hits"],
        denominator_unit="pairs found",
        share=beyond / row["hits"] if row["hits"] else None,
        definition=f"pairs of the same {agreeing}, less the {row['expected']:,.1f} that namesakes would give",
        low=row["excess_low"],
        high=row["excess_high"],
    )
