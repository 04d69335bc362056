"""The answer to the question of `public-figures`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from toolkit.analysis import public_figures
from toolkit.analysis.public_figures import Matches
from toolkit.dataset import Leak
from toolkit.questions._base import Answer, Meaning, Result, make_answer

__all__ = ["answer_matches", "answer_public_figures"]

_QUESTION = "Which public figures are in the leak, and how many of the hits are the wrong person?"


def answer_public_figures(leak: Leak) -> Answer:
    """The answer for the register that came with the leak."""
    return answer_matches(leak, public_figures.match(leak))


def answer_matches(leak: Leak, matches: Matches, options: Sequence[str] = ()) -> Answer:
    """Which public figures are in the leak, and how many of the hits are the wrong person?

    Tables: `tiers` and `exposure`. `options` are those that the command needs to find the same register.
    """
    tiers = matches.tiers
    exposure = public_figures.exposure(leak, matches)
    results = [result for row in tiers.iter_rows(named=True) for result in _tier_results(row)]
    results += _exposed(exposure, matches.register.height)
    return make_answer("public-figures", leak, _QUESTION, results, {"tiers": tiers, "exposure": exposure}, options)


def _tier_results(row: dict[str, Any]) -> Iterator[Result]:
    """Figures with a hit at one tier, and how many of the hits are likely wrong."""
    agreeing = _AGREEING[row["tier"]]
    yield Result(
        id=f"figures_by_{row['tier']}",
        value=row["figures"],
        unit="public figures",
        denominator=row["figures_testable"],
        denominator_unit="figures of the register that can be compared",
        share=row["share"],
        definition=Meaning("figures with at least one record of the same {fields}", fields=agreeing),
    )
    yield Result(
        id=f"chance_hits_by_{row['tier']}",
        value=row["expected_by_chance"],
        unit="pairs of figure and record",
        denominator=row["hits"],
        denominator_unit="pairs found",
        share=None,
        definition=Meaning("pairs of the same {fields} that namesakes alone would give", fields=agreeing),
        low=row["low"],
        high=row["high"],
        interval="in 95 of 100 cases",
    )


def _exposed(exposure: pl.DataFrame, register: int) -> Iterator[Result]:
    """How many figures are confirmed and what of them is exposed; nothing where a count is too small to be shown."""
    everybody = exposure.row(-1, named=True)
    figures = everybody["figures"]
    if figures is not None:
        yield Result(
            id="confirmed_figures",
            value=figures,
            unit="public figures",
            denominator=register,
            denominator_unit="figures of the register",
            share=figures / register if register else None,
            definition=_CONFIRMED,
        )
    for name, meaning in _MEANINGS.items():
        if figures and everybody[name] is not None:
            yield Result(
                id=f"confirmed_figures_with_{name}",
                value=everybody[name],
                unit="public figures",
                denominator=figures,
                denominator_unit="confirmed figures",
                share=everybody[name] / figures,
                definition=Meaning("{whom}: {what}", whom=_CONFIRMED, what=meaning),
            )


_CONFIRMED = "figures found by name and birth date, each with a risk of the wrong person of 5% at most"
_AGREEING = {
    "name": "first name, and last or birth name",
    "name_birth_year": "name and birth year",
    "name_birth_date": "name and birth date",
    "name_birth_date_place": "name, birth date and departement",
}
_MEANINGS = {
    "address": "an address is exposed",
    "phone": "a telephone number is exposed",
    "email": "an e-mail address is exposed",
    "nir": "the social security number is exposed",
    "comment": "a comment is exposed",
    "sensitive_comment": "a comment is exposed that reveals something intimate",
    "several_practices": "records at more than one practice",
}
