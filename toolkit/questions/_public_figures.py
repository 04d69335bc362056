"""The question `public-figures`: which public figures are in the leak, and how many of the hits are namesakes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.questions._base import (
    Answer,
    Cost,
    Headline,
    Meaning,
    Option,
    Question,
    Result,
    Section,
    TablePlan,
    chart_of,
    denominator,
    needs_any_column,
    needs_column,
    needs_table,
    value,
)

if TYPE_CHECKING:
    import polars as pl

    from toolkit.dataset import Leak

__all__ = ["PUBLIC_FIGURES"]


def answer(leak: Leak, *, register: Path | None = None, out: Path | None = None) -> Answer:
    """Match a register of public figures with the records; count the hits and those expected by chance.

    `register` is a file (CSV, Parquet or Excel); without it the register of the data set is used. `out` is a Parquet
    file for the hits, which names records and figures by their ids. Tables: `tiers` and `exposure`.
    Raises `InputError` for a register that cannot be read and a file that cannot be written.
    """
    from toolkit.analysis import public_figures

    if out is not None:
        public_figures.check_place(out)
    matches = public_figures.match(leak, None if register is None else public_figures.read_register(register))
    if out is not None:
        public_figures.write_hits(matches, out)
    exposure = public_figures.exposure(leak, matches)
    results = [result for row in matches.tiers.iter_rows(named=True) for result in _tier_results(row)]
    results += _exposed(exposure, matches.register.height)
    return Answer(tuple(results), {"tiers": matches.tiers, "exposure": exposure})


def _tier_results(row: dict[str, Any]) -> Iterator[Result]:
    """Yield the figures with a hit in one tier, and how many of the hits chance alone would give."""
    agreeing = _TIERS[row["tier"]]
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
    """Yield how many figures are confirmed and what of them is exposed, except where a count is too small to show."""
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
    for name, meaning in _EXPOSED.items():
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


_CONFIRMED = "figures matched by name and birth date, each with at most a 5% risk of being another person"
_TIERS = {
    "name": "first name, and last or birth name",
    "name_birth_year": "name and birth year",
    "name_birth_date": "name and birth date",
    "name_birth_date_place": "name, birth date and departement",
}
_EXPOSED = {
    "address": "an address is exposed",
    "phone": "a telephone number is exposed",
    "email": "an e-mail address is exposed",
    "nir": "the social security number is exposed",
    "comment": "a comment is exposed",
    "sensitive_comment": "a sensitive comment is exposed",
    "several_practices": "records at two or more practices",
}

PUBLIC_FIGURES = Question(
    name="public-figures",
    title="Which public figures are in the leak, and how many of the hits are another person?",
    help="Match a register of public figures with the records; count hits and namesakes. Counts only, no names.",
    answer=answer,
    needs=(
        needs_table("register", "register of public figures; give one with --register", unless="register"),
        needs_column("first_name", "first names"),
        needs_any_column(("last_name", "birth_name"), "last names"),
    ),
    options=(
        Option(
            "register",
            Path | None,
            "Register of public figures: CSV, Parquet or Excel, with at least first and last names.",
            metavar="FILE",
            show_default="the register of the data set",
        ),
        Option(
            "out",
            Path | None,
            "Parquet file for the hits: ids, tier and P(wrong person), no names; readable by its owner only.",
            metavar="FILE",
        ),
    ),
    tables={
        "tiers": TablePlan("Hits on public figures by the fields that agree, and hits expected by chance"),
        "exposure": TablePlan("What is exposed of confirmed figures, by kind of role"),
    },
    charts={
        "public_figures_tiers": chart_of("public_figures_tiers", "tiers"),
        "public_figures_exposure": chart_of("public_figures_exposure", "exposure"),
    },
    labels={
        "figures_by_name": "figures whose name is on a record",
        "figures_by_name_birth_date": "figures matched by name and birth date",
        "confirmed_figures": "public figures, confirmed with a risk of 5% at most",
        "chance_hits_by_name": "hits by name that namesakes alone would give",
        "chance_hits_by_name_birth_date": "hits by name and birth date that namesakes alone would give",
    },
    summary=("confirmed_figures",),
    spread=("figures_by_name", "figures_by_name_birth_date"),
    section=Section(
        numbers=(
            "figures_by_name",
            "figures_by_name_birth_date",
            "confirmed_figures",
            "chance_hits_by_name",
            "chance_hits_by_name_birth_date",
        ),
        method=(
            (
                "An outside register is matched with the records by first name, last or birth name, birth date and "
                "departement."
            ),
            (
                "For each hit, the names and birth dates in the leak give the number of other people who would agree "
                "as well, and so the probability that the record is another person's."
            ),
            (
                "A figure is called confirmed when name and birth date agree and that probability is 5% at most. "
                "Nobody is named here, and counts under 10 are not shown."
            ),
        ),
        limits=(
            (
                "A hit is a lead, not a fact, however small the risk: before anybody is named, an independent source "
                "must confirm it, the person must be asked, and the public interest must justify it."
            ),
            "A figure without a birth date in the register is matched by name alone, where chance is strongest.",
        ),
    ),
    headlines=(
        Headline(
            "{figures} public figures are confirmed by name and birth date.",
            "Out of {register} in the register; for each the risk of the wrong person is 5% at most. A name alone "
            "proves little: of {pairs} hits by name, chance gives about {chance}; with the birth date, {dated_chance} "
            "of {dated}.",
            {
                "figures": value("confirmed_figures"),
                "register": denominator("confirmed_figures"),
                "pairs": denominator("chance_hits_by_name"),
                "chance": value("chance_hits_by_name"),
                "dated": denominator("chance_hits_by_name_birth_date"),
                "dated_chance": value("chance_hits_by_name_birth_date"),
            },
        ),
    ),
    notebook="03_public_figures",
    cells={
        **{f"{kind}_by_{tier}": "03-07" for kind in ("figures", "chance_hits") for tier in _TIERS},
        "confirmed_figures": "03-16",
        **{f"confirmed_figures_with_{name}": "03-16" for name in _EXPOSED},
    },
    cost=Cost(1.0, 0.8),
    notebook_cost=Cost(11.0, 0.9),
)
