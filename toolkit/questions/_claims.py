"""The question `claims`: what was published, and whether the leak agrees with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.i18n import day, translate
from toolkit.questions._base import (
    Answer,
    Badge,
    Cost,
    Detail,
    DetailCell,
    Headline,
    Option,
    Question,
    Result,
    Section,
    TablePlan,
    chart_of,
    denominator,
    value,
)

if TYPE_CHECKING:
    from toolkit.dataset import Leak

__all__ = ["CLAIMS"]

_VERDICTS = {
    "consistent": ("consistent", "●", "claims that agree with the data"),
    "contradicted": ("contradicted", "✕", "claims that no reading of the data agrees with"),
    "depends on the definition": ("depends", "◆", "claims that agree under one definition and not under another"),
    "cannot be tested from the data": ("untestable", "○", "claims that the data cannot test"),
}
"""For each verdict a short name, the sign of its badge (told apart without colour), and what it counts."""


def answer(leak: Leak, *, claims: Path | None = None) -> Answer:
    """Compare each published claim with the leak.

    `claims` is a TOML file of claims; without it those published in February 2026 are used. Tables: `claims`, one row
    per claim, as `toolkit.claims.check` returns it. Raises `InputError` for a file that is no list of claims.
    """
    import polars as pl

    from toolkit.claims import check

    checked = check(leak, claims)
    results = tuple(
        Result(
            f"claims_{name}",
            count := checked.filter(pl.col("verdict") == verdict).height,
            "claims",
            checked.height,
            "published claims",
            count / checked.height,
            definition,
        )
        for verdict, (name, _sign, definition) in _VERDICTS.items()
    )
    return Answer(results, {"claims": checked})


def _detail(answered: Answer) -> Detail | None:
    """Return every claim beside what was measured, with the verdict and why."""
    if "claims" not in answered.tables:
        return None
    rows = answered.tables["claims"].iter_rows(named=True)
    return Detail(
        translate("Every published claim, what was measured, and the verdict"),
        (translate("Claim"), translate("Published"), translate("Measured"), translate("Verdict")),
        tuple((row["id"], _cells(row)) for row in rows),
    )


def _cells(row: Mapping[str, Any]) -> tuple[DetailCell, ...]:
    who = translate("{claimant}; {outlet}, {day}", claimant=row["claimant"], outlet=row["outlet"], day=day(row["date"]))
    kind, sign, _ = _VERDICTS[row["verdict"]]
    return (
        DetailCell(row["sentence"], who),
        _published(row),
        _measured(row),
        DetailCell("", more=row["why"], badge=Badge(translate(row["verdict"]), kind, sign)),
    )


def _published(row: Mapping[str, Any]) -> DetailCell:
    """Return what was published, with its unit where it was a number, and its value at the scale of this data set."""
    from toolkit.claims import in_words

    text, unit, stated = row["published"], row["unit"], [row["published_low"], row["published_high"]]
    if any(sign.isdigit() for sign in text) and unit not in ("day", "share"):
        text = translate("{number} {unit}", number=text, unit=translate(_unit(unit, row["published_high"])))
    if row["scale"] == 1 or stated[0] is None:
        return DetailCell(text)
    ends = dict.fromkeys(in_words(round(end * row["scale"]), unit) for end in stated if end is not None)
    scaled = translate("at the scale of this data set: {number}", number=translate(" to ").join(ends))
    return DetailCell(text, scaled)


def _measured(row: Mapping[str, Any]) -> DetailCell:
    """Return what was measured, with its interval and denominator, as a link to its cell."""
    from toolkit.claims import in_words

    if row["measured"] is None:
        return DetailCell("–")
    measured, low, high = (in_words(row[end], row["unit"]) for end in ("measured", "low", "high"))
    between = "" if measured == low == high else translate(" ({low} to {high})", low=low, high=high)
    unit = "" if row["unit"] in ("day", "share") else translate(_unit(row["unit"], row["measured"]))
    note = translate("out of: {whole}", whole=row["denominator"]) if row["denominator"] else ""
    return DetailCell(measured + between, note, linked=True, unit=unit)


def _as_json(answered: Answer) -> Any:  # noqa: ANN401 (what JSON holds)
    from toolkit.claims import as_records

    return as_records(answered.tables["claims"])


def _unit(unit: str, count: float | None) -> str:
    """Return the unit of a claim, in the singular where its number may be one."""
    return "column" if unit == "columns" and count == 1 else unit


CLAIMS = Question(
    name="claims",
    title="What was published, and does it hold?",
    help="Compare published claims with the leak: one verdict per claim, and why.",
    answer=answer,
    options=(
        Option(
            "claims",
            Path | None,
            "TOML file of claims.",
            metavar="FILE",
            show_default="those published in February 2026",
        ),
    ),
    tables={"claims": TablePlan("Every published claim, what was measured, and the verdict")},
    charts={"claims_against_leak": chart_of("claims_against_leak", "claims")},
    detail=_detail,
    as_json=_as_json,
    labels={
        "claims_consistent": "published claims consistent with the data",
        "claims_contradicted": "published claims contradicted",
        "claims_depends": "published claims that depend on the definition",
        "claims_untestable": "published claims that cannot be tested from the data",
    },
    section=Section(
        numbers=("claims_consistent", "claims_contradicted", "claims_depends", "claims_untestable"),
        method=(
            (
                "Each claim is written down with its source, place and date, and the same quantity is measured in the "
                "leak."
            ),
            "A rounded number covers every number that rounds to it.",
            (
                "Contradicted means that no reading of the data agrees with the claim; depends on the definition, that "
                "one reading agrees and another does not."
            ),
        ),
        limits=(
            "Consistent is weak evidence: the data could have contradicted the claim and did not.",
            "The day of the copy is not the day of the intrusion, nor the day on which it was noticed.",
        ),
        limits_synthetic=(
            "The synthetic leak was built to agree with what was published: agreement validates the method only.",
            (
                "In a data set of another size, published counts are compared at its scale. The number of lines is "
                "then the one that was asked for, and practices do not shrink with it: such claims are left open."
            ),
        ),
    ),
    headlines=(
        Headline(
            "Of {claims} published claims, {consistent} are consistent with this leak and {contradicted} contradicted.",
            "{depending} depend on the definition, {untestable} cannot be tested from the data. Consistent is not "
            "proven: the data could have contradicted the claim and did not.",
            {
                "claims": denominator("claims_consistent"),
                "consistent": value("claims_consistent"),
                "contradicted": value("claims_contradicted"),
                "depending": value("claims_depends"),
                "untestable": value("claims_untestable"),
            },
        ),
    ),
    summary=("claims_consistent", "claims_contradicted"),
    notebook="05_claims",
    cells=dict.fromkeys((f"claims_{name}" for name, _, _ in _VERDICTS.values()), "05-18") | {"detail": "05-16"},
    links=True,
    uses=("counts", "comments", "public-figures", "duplicates"),
    cost=Cost(1.0, 0.33),
    notebook_cost=Cost(7.0, 0.1),
)
