"""Published claims compared with a leak: one row per claim, with a verdict and the reason for it."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import polars as pl

from toolkit.claims._ledger import Claim, load_ledger
from toolkit.claims._measures import MEASURES, Evidence, Measurement, UntestableError, measure
from toolkit.claims._units import in_words, json_value
from toolkit.dataset import Leak
from toolkit.i18n import number, translate

__all__ = [
    "CONSISTENT",
    "CONTRADICTED",
    "DEPENDS",
    "UNTESTABLE",
    "VERDICTS",
    "Outcome",
    "as_records",
    "check",
    "evaluate",
]

CONSISTENT, CONTRADICTED = "consistent", "contradicted"
DEPENDS, UNTESTABLE = "depends on the definition", "cannot be tested from the data"
VERDICTS = (CONSISTENT, CONTRADICTED, DEPENDS, UNTESTABLE)
"""The possible verdicts. Consistent does not mean proven: the data could have contradicted the claim and did not."""


class Outcome(NamedTuple):
    """The verdict on a claim, the reason, and the measurement shown with it: the first that fits, or the first."""

    verdict: str
    why: str
    measurement: Measurement | None


class _Measured(NamedTuple):
    """Measurements of a claim: those to compare, why others cannot be compared, and the first of those others."""

    comparable: list[tuple[str, Measurement]]
    reasons: list[str]
    shown_only: Measurement | None


_COLUMNS: dict[str, Any] = {
    **dict.fromkeys(("id", "published"), pl.String),
    **dict.fromkeys(("measured", "low", "high"), pl.Float64),
    **dict.fromkeys(("unit", "definition", "denominator", "verdict", "why"), pl.String),
    **dict.fromkeys(("sentence", "claimant", "outlet"), pl.String),
    "date": pl.Date,
    **dict.fromkeys(("published_low", "published_high", "scale"), pl.Float64),
}


def check(leak: Leak, path: str | os.PathLike[str] | None = None) -> pl.DataFrame:
    """Compare each published claim with a leak.

    `path` is a file of claims; the default is the toolkit's own. One row per claim, in the order of the file: `id`,
    `published` (as text), `measured`, `low`, `high` (a 95 % interval, or that of the linkage threshold; equal for a
    full count), `unit`, `definition` and `denominator` (of the measured value), `verdict` (one of `VERDICTS`), `why`;
    then `sentence`, `claimant`, `outlet`, `date`, `published_low`, `published_high` (null for "more than"), and
    `scale`, the factor applied to a published count before the comparison. Days are numbered from 1970-01-01;
    `as_records` turns them into dates.

    Texts are in the current language; units and verdicts keep their English names, for the caller to translate.
    A data set that lacks what a measure needs makes the claim untestable, with the reason.
    On a synthetic leak, finding the published numbers again tests the method; it is no evidence about the real leak.
    Raises `InputError` when the file is not a valid file of claims.
    """
    ledger = load_ledger(path)
    evidence, scale = Evidence(leak), ledger.scale(leak)
    rows = []
    for claim in ledger.claims:
        measured = _measure_claim(claim, evidence, scale, ledger.lines)
        outcome = evaluate(claim, measured.comparable, measured.reasons, scale)
        if outcome.measurement is None:
            outcome = outcome._replace(measurement=measured.shown_only)
        rows.append(_row(claim, outcome, scale if _proportional(claim) else 1.0))
    return pl.DataFrame(rows, schema=_COLUMNS, orient="row")


def evaluate(
    claim: Claim, measurements: Sequence[tuple[str, Measurement]], reasons: Sequence[str], scale: float = 1.0
) -> Outcome:
    """Return the verdict on a claim, given its measurements, each with the name of its measure.

    `reasons` explains why other measures gave nothing. A measurement fits when its interval overlaps the values that
    round to the published number; one of many values (`Measurement.spread`) fits when all of them do.
    """
    if not measurements:
        why = claim.text("why") or translate("Cannot be tested: {reasons}.", reasons=_joined(dict.fromkeys(reasons)))
        return Outcome(UNTESTABLE, why, None)
    fitting: list[Measurement] = []
    failing: list[Measurement] = []
    for name, measurement in measurements:
        low, high = _to_scale(claim, scale) if MEASURES[name].scaling == "proportional" else claim.bounds
        contained = low <= measurement.low and measurement.high <= high
        fits = contained if measurement.spread else low <= measurement.high and measurement.low <= high
        (fitting if fits else failing).append(measurement)
    shown = (fitting or failing)[0]
    if fitting and failing:
        holds, fails = (_joined(_described(one, claim.unit) for one in part) for part in (fitting, failing))
        why = translate("It holds for {holds}; it fails for {fails}", holds=holds, fails=fails)
        return Outcome(DEPENDS, _complete(claim, why, scale), shown)
    measured, published = _described(shown, claim.unit), claim.published
    why = (
        translate(
            "Measured: {measured}. This agrees with what was published: {published}",
            measured=measured,
            published=published,
        )
        if fitting
        else translate(
            "Measured: {measured}. This differs from what was published: {published}",
            measured=measured,
            published=published,
        )
    )
    return Outcome(CONSISTENT if fitting else CONTRADICTED, _complete(claim, why, scale), shown)


def as_records(table: pl.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of `check` for JSON: id, published, measured, low, high, unit, definition, verdict, why.

    `published` is a number, a list of two numbers for a range, or the published words; days are ISO dates.
    """
    records = []
    for row in table.iter_rows(named=True):
        ends = [row["published_low"], row["published_high"]]
        numbers = [json_value(end, row["unit"]) for end in dict.fromkeys(ends) if end is not None]
        published = row["published"] if not numbers else numbers[0] if len(numbers) == 1 else numbers
        measured = {name: json_value(row[name], row["unit"]) for name in ("measured", "low", "high")}
        rest = {name: row[name] for name in ("unit", "definition", "verdict", "why")}
        records.append({"id": row["id"], "published": published, **measured, **rest})
    return records


def _measure_claim(claim: Claim, evidence: Evidence, scale: float, lines: int | None) -> _Measured:
    """Compute every measure of a claim. `lines` is the number of lines of the dump that the claims are about."""
    comparable: list[tuple[str, Measurement]] = []
    reasons: list[str] = []
    shown_only = None
    for test in claim.tests:
        try:
            measurement = measure(test, evidence, claim.names, float(claim.denominator_value or 1) * scale)
        except UntestableError as error:
            reasons.append(str(error))
            continue
        reason = _not_comparable(claim, test, scale, lines)
        if reason is None:
            comparable.append((test, measurement))
        else:
            reasons.append(reason)
            shown_only = shown_only or measurement
    return _Measured(comparable, reasons, shown_only)


def _not_comparable(claim: Claim, test: str, scale: float, lines: int | None) -> str | None:
    """Return why a data set of another size cannot test a claim, or None when it can."""
    if scale == 1:
        return None
    if MEASURES[test].scaling == "unrelated":
        return translate(
            "the number of lines was scaled for this data set, and {unit} do not scale with it",
            unit=translate(claim.unit),
        )
    if test == "lines" and claim.value == lines:
        return translate("the comparison would be circular: the scale is derived from this number")
    return None


def _row(claim: Claim, outcome: Outcome, scale: float) -> tuple[Any, ...]:
    measurement = outcome.measurement
    if measurement is None:
        measured: tuple[float | None, ...] = (None, None, None)
        definition, denominator = claim.text("definition"), claim.text("denominator")
    else:
        measured = (measurement.value, measurement.low, measurement.high)
        definition, denominator = measurement.definition, measurement.denominator
    source = (*(claim.text(name) for name in ("sentence", "claimant", "outlet")), claim.date)
    verdict = (definition, denominator, outcome.verdict, outcome.why)
    return (claim.id, claim.published, *measured, claim.unit, *verdict, *source, *(claim.stated or (None, None)), scale)


def _to_scale(claim: Claim, scale: float) -> tuple[float, float]:
    """Return the bounds of a published count at the scale of this data set, rounded outwards to whole numbers."""
    low, high = claim.bounds
    if scale == 1:
        return low, high
    # A product within a billionth of a whole number is that number: the rest is floating-point error.
    first, last = (round(end * scale, 9) for end in (low, high))
    return math.floor(first), last if math.isinf(last) else math.ceil(last)


def _proportional(claim: Claim) -> bool:
    return any(MEASURES[test].scaling == "proportional" for test in claim.tests)


def _described(measurement: Measurement, unit: str) -> str:
    """Return a measurement as text: its value with its interval, and what it counts."""
    words = [in_words(value, unit) for value in (measurement.value, measurement.low, measurement.high)]
    if len(set(words)) == 1:
        return translate("{value}, {meaning}", value=words[0], meaning=measurement.definition)
    return translate(
        "{value} ({low} to {high}), {meaning}",
        value=words[0],
        low=words[1],
        high=words[2],
        meaning=measurement.definition,
    )


def _complete(claim: Claim, why: str, scale: float) -> str:
    """Complete a reason with the claim at the scale of this data set, and with the claim's caveat."""
    if scale != 1 and _proportional(claim):
        low, high = _to_scale(claim, scale)
        low = max(0.0, low)
        first, last = in_words(low, claim.unit), "" if high == float("inf") else in_words(high, claim.unit)
        ends = translate("{low} to {high}", low=first, high=last) if last else translate("{low} or more", low=first)
        ends = first if first == last else ends
        factor = number(scale, max(0, 2 - math.floor(math.log10(scale))))
        why = translate("{why} (at the scale of this data set, {scale}: {ends})", why=why, scale=factor, ends=ends)
    if claim.caveat:
        why = translate("{why}; {caveat}", why=why, caveat=claim.text("caveat"))
    return f"{why}."


def _joined(clauses: Iterable[str]) -> str:
    return translate("; ").join(clauses)
