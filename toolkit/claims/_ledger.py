"""What was published, and what the leak says of it: one row a claim, with a verdict and the sentence why.

The claims stand in a file, `claims.toml` unless told; another leak's claims are another file. A claim names the
measures that test it (`toolkit.claims._measures`). Where it can be read in several ways it names several, and when
these disagree the verdict is that it depends on the definition. Nothing is counted here.
"""

from __future__ import annotations

import math
import os
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from toolkit.claims._measures import MEASURES, Evidence, Reading, UntestableError, day_number
from toolkit.dataset import Leak
from toolkit.errors import InputError
from toolkit.i18n import current_language, number, percent_sign, translate
from toolkit.i18n import day as day_in_words

__all__ = [
    "CONSISTENT",
    "CONTRADICTED",
    "DEPENDS",
    "UNTESTABLE",
    "VERDICTS",
    "Claim",
    "Ledger",
    "Outcome",
    "Wording",
    "as_records",
    "check",
    "in_words",
    "judge",
    "load_ledger",
]

CONSISTENT, CONTRADICTED = "consistent", "contradicted"
DEPENDS, UNTESTABLE = "depends on the definition", "cannot be tested from the data"
VERDICTS = (CONSISTENT, CONTRADICTED, DEPENDS, UNTESTABLE)
"""All that may be said of a claim. Consistent is not proven: the data could have said no, and did not."""

Text = Annotated[str, Field(min_length=1)]
Number = int | float
Value = int | float | date


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Wording(_Part):
    """The texts of a claim in another language; what is left out is told in that of the file."""

    sentence: Text | None = None
    claimant: Text | None = None
    outlet: Text | None = None
    told: Text | None = None
    definition: Text | None = None
    denominator: Text | None = None
    why: Text | None = None
    caveat: Text | None = None


class Claim(_Part):
    """One published claim.

    `value` or `range` is what was published, `told` how it is shown when it was no number. A number stands for all
    that round to it: `rounded_to` is one of its last digit told, 0 for an exact one. `names` and `whole` are what
    some measures need: columns, categories or stems to look for, and a denominator from outside. `fr` has its texts in
    French.
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    sentence: Text
    claimant: Text
    outlet: Text
    date: date
    value: Value | None = None
    range: Annotated[list[Value], Field(min_length=2, max_length=2)] | None = None
    relation: Literal["about", "more than"] = "about"
    rounded_to: Annotated[Number, Field(ge=0)] = 0
    told: Text | None = None
    unit: Text
    definition: Text
    denominator: Text
    names: list[Text] = []
    whole: Annotated[Number, Field(gt=0)] | None = None
    tests: list[str]
    why: Text | None = None
    caveat: Text | None = None
    fr: Wording = Wording()

    @model_validator(mode="after")
    def _testable(self) -> Claim:
        if self.value is not None and self.range is not None:
            raise ValueError("value and range are both there; expected one of them")
        if bool(self.tests) == (self.why is not None):
            raise ValueError("expected either tests, or why the data cannot tell (tests = [] and why)")
        if self.tests and not self._values:
            raise ValueError("a claim with tests needs the value or the range that was published")
        if not self._values and self.told is None:
            raise ValueError("a claim without value and range needs told, the words that were published")
        for test in self.tests:
            if test not in MEASURES:
                raise ValueError(f"tests names no measure {test!r}; expected some of {', '.join(MEASURES)}")
            if (need := MEASURES[test].needs) and not getattr(self, need):
                raise ValueError(f"the measure {test!r} needs {need!r}, which is missing")
        return self

    @model_validator(mode="after")
    def _ordered(self) -> Claim:
        if any(isinstance(value, date) != (self.unit == "day") for value in self._values):
            raise ValueError("expected dates with the unit 'day', and numbers with any other")
        if len(self._values) == 2 and not _plain(self._values[0]) < _plain(self._values[1]):
            raise ValueError("the range must begin with the lower of its two ends")
        return self

    @property
    def _values(self) -> list[Value]:
        return self.range or ([] if self.value is None else [self.value])

    @property
    def stated(self) -> tuple[float, float | None] | None:
        """The two ends as published, the second one open in "more than"; none where no number was."""
        if not self._values:
            return None
        low, high = (_plain(value) for value in (self._values[0], self._values[-1]))
        return low, None if self.relation == "more than" else high

    @property
    def bounds(self) -> tuple[float, float]:
        """All that the published number stands for: what rounds to it."""
        low, high = self.stated or (float("-inf"), None)
        return low - self.rounded_to / 2, float("inf") if high is None else high + self.rounded_to / 2

    @property
    def published(self) -> str:
        """What was published, in words."""
        if self.told is not None or self.stated is None:
            return self.said("told")
        low, high = self.stated
        if high is None:
            return translate("more than {number}", number=in_words(low, self.unit))
        first, last = in_words(low, self.unit), in_words(high, self.unit)
        return first if low == high else translate("{low} to {high}", low=first, high=last)

    def said(self, name: str) -> str:
        """One of the texts of `Wording`, in the current language where the file has it; empty where there is none."""
        wording = getattr(self, current_language(), None)
        return getattr(wording, name, None) or getattr(self, name) or ""


class Ledger(_Part):
    """The claims of one leak; `lines` is the size of the dump that they speak of, for copies made to another scale."""

    title: Text
    lines: Annotated[int, Field(gt=0)] | None = None
    claims: Annotated[list[Claim], Field(min_length=1)]

    @model_validator(mode="after")
    def _unique(self) -> Ledger:
        twice = [name for name, times in Counter(claim.id for claim in self.claims).items() if times > 1]
        if twice:
            raise ValueError(f"claim {twice[0]!r} is there twice; expected an id of its own for each")
        return self

    def scale(self, leak: Leak) -> float:
        """How large `leak` is beside the dump that the claims speak of; 1 unless it is invented, to another size."""
        if self.lines is None or not leak.manifest.get("synthetic"):
            return 1.0
        return int(leak.manifest["rows"]) / self.lines


class Outcome(NamedTuple):
    """The verdict on one claim, why, and the reading that is set beside it: the first that fits, or the first."""

    verdict: str
    why: str
    reading: Reading | None


def load_ledger(path: str | os.PathLike[str] | None = None) -> Ledger:
    """Read and check a file of claims, or the one that comes with the toolkit.

    Raises `InputError` with one sentence: the file, the claim, what was found and what was expected.
    """
    where = "claims.toml of the toolkit" if path is None else os.fspath(path)
    try:
        file = resources.files("toolkit.claims") / "claims.toml" if path is None else Path(path)
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"The claims file {where} cannot be read ({error.strerror}): give a TOML file.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"The claims file {where} is not valid TOML: {error}.") from None
    try:
        return Ledger.model_validate(found)
    except ValidationError as error:
        raise InputError(f"The claims file {where}{_explain(error, found)}") from None


def check(leak: Leak, path: str | os.PathLike[str] | None = None) -> pl.DataFrame:
    """What does the leak say of each published claim?

    `path` is a file of claims, the toolkit's own unless told. One row a claim, in the order of the file: `id`,
    `published` (in words), `measured`, `low`, `high` (an interval at 95%, or that of the linkage's threshold; equal
    where the leak was counted whole), `unit`, `definition` and `denominator` (of what was measured), `verdict` (one of
    `VERDICTS`), `why`; then `sentence`, `claimant`, `outlet`, `date`, `published_low`, `published_high` (null beyond
    "more than"), and `scale`, by which a count that was published is multiplied before it is compared. Days are
    counted from 1970-01-01, which `as_records` turns into dates.

    Texts are in the current language; units and verdicts keep their English names, for others to translate.
    On an invented leak, finding the published numbers again proves the method and nothing of the real leak.
    Raises `InputError` when the file is not one of claims.
    """
    ledger = load_ledger(path)
    evidence, scale = Evidence(leak), ledger.scale(leak)
    rows = []
    for claim in ledger.claims:
        readings, reasons, beside = _ask(claim, evidence, scale, ledger.lines)
        outcome = judge(claim, readings, reasons, scale)
        if outcome.reading is None:
            outcome = outcome._replace(reading=beside)
        rows.append(_row(claim, outcome, scale if _grows(claim) else 1.0))
    return pl.DataFrame(rows, schema=_COLUMNS, orient="row")


def judge(claim: Claim, readings: Sequence[tuple[str, Reading]], reasons: Sequence[str], scale: float = 1.0) -> Outcome:
    """Does a claim hold, under the readings (each with the name of its measure) that the leak could give?

    `reasons` says why the others could not be had. A reading fits when its interval meets what the published number
    stands for; one of many values (`Reading.spread`) when all of them lie in it.
    """
    if not readings:
        told = claim.said("why") or translate(
            "The data cannot tell: {reasons}.", reasons=_listed(dict.fromkeys(reasons))
        )
        return Outcome(UNTESTABLE, told, None)
    fitting: list[Reading] = []
    failing: list[Reading] = []
    for measure, reading in readings:
        low, high = _to_scale(claim, scale) if MEASURES[measure].grows == "as lines" else claim.bounds
        inside = low <= reading.low and reading.high <= high
        meets = inside if reading.spread else low <= reading.high and reading.low <= high
        (fitting if meets else failing).append(reading)
    shown = (fitting or failing)[0]
    if fitting and failing:
        holds, fails = (_listed(_told(one, claim.unit) for one in part) for part in (fitting, failing))
        why = translate("It holds for {holds}; it fails for {fails}", holds=holds, fails=fails)
        return Outcome(DEPENDS, _sentence(claim, why, scale), shown)
    found, published = _told(shown, claim.unit), claim.published
    why = (
        translate("The data give {told}: this agrees with {published}", told=found, published=published)
        if fitting
        else translate("The data give {told}: this is not {published}", told=found, published=published)
    )
    return Outcome(CONSISTENT if fitting else CONTRADICTED, _sentence(claim, why, scale), shown)


def as_records(table: pl.DataFrame) -> list[dict[str, Any]]:
    """The rows of `check` for machines: id, published, measured, low, high, unit, definition, verdict, why.

    `published` is a number, a list of two for a range, or the words where it was none; days are dates.
    """
    records = []
    for row in table.iter_rows(named=True):
        ends = [row["published_low"], row["published_high"]]
        numbers = [_machine(end, row["unit"]) for end in dict.fromkeys(ends) if end is not None]
        published = row["published"] if not numbers else numbers[0] if len(numbers) == 1 else numbers
        measured = {name: _machine(row[name], row["unit"]) for name in ("measured", "low", "high")}
        rest = {name: row[name] for name in ("unit", "definition", "verdict", "why")}
        records.append({"id": row["id"], "published": published, **measured, **rest})
    return records


def in_words(value: float, unit: str) -> str:
    """A number as one reads it: shares in percent, days as dates, others with their thousands parted."""
    if unit == "day":
        return day_in_words(_day(value))
    if unit == "share":
        digits = len(f"{value * 100:.2f}".rstrip("0").partition(".")[2])
        return f"{number(value * 100, digits)}{percent_sign()}"
    return number(value, 0 if abs(value) >= 100 or value == round(value) else 1)


_COLUMNS: dict[str, Any] = {
    **dict.fromkeys(("id", "published"), pl.String),
    **dict.fromkeys(("measured", "low", "high"), pl.Float64),
    **dict.fromkeys(("unit", "definition", "denominator", "verdict", "why"), pl.String),
    **dict.fromkeys(("sentence", "claimant", "outlet"), pl.String),
    "date": pl.Date,
    **dict.fromkeys(("published_low", "published_high", "scale"), pl.Float64),
}


def _ask(
    claim: Claim, evidence: Evidence, scale: float, lines: int | None
) -> tuple[list[tuple[str, Reading]], list[str], Reading | None]:
    """The readings that can be compared with a claim, why others cannot, and the first of these, to be shown beside."""
    readings: list[tuple[str, Reading]] = []
    reasons: list[str] = []
    beside = None
    for test in claim.tests:
        measure = MEASURES[test]
        try:
            reading = measure.ask(evidence, claim.names, float(claim.whole or 1) * scale)
        except UntestableError as reason:
            reasons.append(str(reason))
            continue
        if scale != 1 and measure.grows == "otherwise":
            reasons.append(
                translate(
                    "{unit} do not shrink with the lines of a data set made to another scale",
                    unit=translate(claim.unit),
                )
            )
        elif scale != 1 and test == "lines" and claim.value == lines:
            reasons.append(
                translate("this data set was made to another size, and its scale is told by that very number")
            )
        else:
            readings.append((test, reading))
            continue
        beside = beside or reading
    return readings, reasons, beside


def _row(claim: Claim, outcome: Outcome, scale: float) -> tuple[Any, ...]:
    reading = outcome.reading
    measured = (None, None, None) if reading is None else (reading.value, reading.low, reading.high)
    meaning, whole = (
        (claim.said("definition"), claim.said("denominator"))
        if reading is None
        else (reading.definition, reading.denominator)
    )
    where = (*(claim.said(name) for name in ("sentence", "claimant", "outlet")), claim.date)
    verdict = (meaning, whole, outcome.verdict, outcome.why)
    return (claim.id, claim.published, *measured, claim.unit, *verdict, *where, *(claim.stated or (None, None)), scale)


def _to_scale(claim: Claim, scale: float) -> tuple[float, float]:
    """What a count that was published stands for in a copy to scale: whole numbers again, rounded outwards."""
    low, high = claim.bounds
    if scale == 1:
        return low, high
    # Less than a billionth beside a whole number is an error of the machine's arithmetic.
    first, last = (round(end * scale, 9) for end in (low, high))
    return math.floor(first), last if math.isinf(last) else math.ceil(last)


def _grows(claim: Claim) -> bool:
    return any(MEASURES[test].grows == "as lines" for test in claim.tests)


def _told(reading: Reading, unit: str) -> str:
    """A reading in words: its value with its interval, and what it is."""
    words = [in_words(value, unit) for value in (reading.value, reading.low, reading.high)]
    if len(set(words)) == 1:
        return translate("{value}, {meaning}", value=words[0], meaning=reading.definition)
    return translate(
        "{value} ({low} to {high}), {meaning}", value=words[0], low=words[1], high=words[2], meaning=reading.definition
    )


def _sentence(claim: Claim, why: str, scale: float) -> str:
    """The sentence with what a smaller copy makes of the claim, and what must be said beside it."""
    if scale != 1 and _grows(claim):
        low, high = _to_scale(claim, scale)
        low = max(0.0, low)
        first, last = in_words(low, claim.unit), "" if high == float("inf") else in_words(high, claim.unit)
        ends = translate("{low} to {high}", low=first, high=last) if last else translate("{low} or more", low=first)
        told = number(scale, max(0, 2 - math.floor(math.log10(scale))))
        why = translate(
            "{why} (the claim to the scale of this data set, {scale}: {ends})", why=why, scale=told, ends=ends
        )
    if claim.caveat:
        why = translate("{why}; {caveat}", why=why, caveat=claim.said("caveat"))
    return f"{why}."


def _listed(parts: Iterable[str]) -> str:
    """Clauses in a row."""
    return translate("; ").join(parts)


def _plain(value: Value) -> float:
    return day_number(value) if isinstance(value, date) else value


def _day(value: float) -> date:
    return date(1970, 1, 1) + timedelta(days=round(value))


def _machine(value: float | None, unit: str) -> float | str | None:
    if value is None or unit == "share":
        return value
    if unit == "day":
        return _day(value).isoformat()
    return int(value) if value == round(value) else value


def _explain(error: ValidationError, found: dict[str, Any]) -> str:
    """The first fault: the claim, what was found, what was expected."""
    fault = error.errors()[0]
    place = list(fault["loc"])
    claim = ""
    if len(place) > 1 and place[0] == "claims" and isinstance(place[1], int):
        entry = found["claims"][place[1]]
        name = entry.get("id") if isinstance(entry, dict) else None
        claim = f", claim {name!r}" if name else f", claim number {place[1] + 1}"
        place = place[2:]
    key = str(place[0]) if place else ""
    if fault["type"] == "value_error":
        said = str(fault["ctx"]["error"])
    elif fault["type"] == "missing":
        said = f"the key {key!r} is missing; expected one"
    elif fault["type"] == "extra_forbidden":
        known = Claim.model_fields if claim else Ledger.model_fields
        said = f"the key {key!r} is unknown; expected some of {', '.join(known)}"
    else:
        said = f"the key {key!r} is {fault['input']!r}; expected: {fault['msg'].lower()}"
    return f"{claim}: {said}."
