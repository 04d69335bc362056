"""The file of published claims: its model, and how it is read and checked.

The toolkit's own claims are in `claims.toml`; claims about another leak go into another file. Each claim lists the
measures that test it (`toolkit.claims._measures`): several where its words have more than one meaning.
"""

from __future__ import annotations

import os
import tomllib
from collections import Counter
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError, model_validator

from toolkit.claims._measures import MEASURES
from toolkit.claims._units import Value, in_words, plain_number
from toolkit.dataset import Leak
from toolkit.errors import InputError
from toolkit.i18n import current_language, translate

__all__ = ["Claim", "Ledger", "Translation", "load_ledger"]

Text = Annotated[str, Field(min_length=1)]
Number = int | float

# Files of earlier versions have the keys "told" and "whole".
_PublishedAs = Annotated[Text | None, Field(validation_alias=AliasChoices("published_as", "told"))]
_DenominatorValue = Annotated[
    Annotated[Number, Field(gt=0)] | None, Field(validation_alias=AliasChoices("denominator_value", "whole"))
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Translation(_Part):
    """The texts of a claim in another language. A missing text is shown in the language of the file."""

    sentence: Text | None = None
    claimant: Text | None = None
    outlet: Text | None = None
    published_as: _PublishedAs = None
    definition: Text | None = None
    denominator: Text | None = None
    why: Text | None = None
    caveat: Text | None = None


class Claim(_Part):
    """One published claim.

    `value` or `range` is the published number, `published_as` the published words where there was no number.
    `rounded_to` is the step to which the number was rounded, 0 if it is exact: the number covers every value that
    rounds to it. Some measures need `names` (columns, categories or word stems to look for) or `denominator_value`
    (a denominator from outside the data). `fr` holds the French texts.
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
    published_as: _PublishedAs = None
    unit: Text
    definition: Text
    denominator: Text
    names: list[Text] = []
    denominator_value: _DenominatorValue = None
    tests: list[str]
    why: Text | None = None
    caveat: Text | None = None
    fr: Translation = Translation()

    @model_validator(mode="after")
    def _testable(self) -> Claim:
        if self.value is not None and self.range is not None:
            raise ValueError("both value and range are given; expected one of them")
        if bool(self.tests) == (self.why is not None):
            raise ValueError("expected either tests, or tests = [] and why, the reason why the data cannot test it")
        if self.tests and not self._values:
            raise ValueError("a claim with tests needs the published value or range")
        if not self._values and self.published_as is None:
            raise ValueError("a claim without value and range needs published_as, the published words")
        for test in self.tests:
            if test not in MEASURES:
                raise ValueError(f"tests names an unknown measure {test!r}; expected some of {', '.join(MEASURES)}")
            if (key := MEASURES[test].claim_key) and not getattr(self, key):
                raise ValueError(f"the measure {test!r} needs the key {key!r}, which is missing")
        return self

    @model_validator(mode="after")
    def _ordered(self) -> Claim:
        if any(isinstance(value, date) != (self.unit == "day") for value in self._values):
            raise ValueError("expected dates with the unit 'day', and numbers with any other unit")
        if len(self._values) == 2 and not plain_number(self._values[0]) < plain_number(self._values[1]):
            raise ValueError("the first number of the range must be the lower one")
        return self

    @property
    def _values(self) -> list[Value]:
        return self.range or ([] if self.value is None else [self.value])

    @property
    def stated(self) -> tuple[float, float | None] | None:
        """The published lower and upper end. The upper end is None for "more than", the pair None without a number."""
        if not self._values:
            return None
        low, high = (plain_number(value) for value in (self._values[0], self._values[-1]))
        return low, None if self.relation == "more than" else high

    @property
    def bounds(self) -> tuple[float, float]:
        """The lowest and highest value that round to what was published."""
        low, high = self.stated or (float("-inf"), None)
        return low - self.rounded_to / 2, float("inf") if high is None else high + self.rounded_to / 2

    @property
    def published(self) -> str:
        """What was published, as text in the current language."""
        if self.published_as is not None or self.stated is None:
            return self.text("published_as")
        low, high = self.stated
        if high is None:
            return translate("more than {number}", number=in_words(low, self.unit))
        first, last = in_words(low, self.unit), in_words(high, self.unit)
        return first if low == high else translate("{low} to {high}", low=first, high=last)

    def text(self, name: str) -> str:
        """Return one of the texts of `Translation`, in the current language if the file has it; empty if missing."""
        translation = getattr(self, current_language(), None)
        return getattr(translation, name, None) or getattr(self, name) or ""


class Ledger(_Part):
    """The claims about one leak. `lines` is the number of lines of the dump that they are about."""

    title: Text
    lines: Annotated[int, Field(gt=0)] | None = None
    claims: Annotated[list[Claim], Field(min_length=1)]

    @model_validator(mode="after")
    def _unique(self) -> Ledger:
        repeated = [name for name, times in Counter(claim.id for claim in self.claims).items() if times > 1]
        if repeated:
            raise ValueError(f"the id {repeated[0]!r} is used by several claims; expected a different id for each")
        return self

    def scale(self, leak: Leak) -> float:
        """Return the size of a synthetic leak relative to the dump of the claims; 1 for any other data set."""
        if self.lines is None or not leak.is_synthetic:
            return 1.0
        return int(leak.manifest["rows"]) / self.lines


def load_ledger(path: str | os.PathLike[str] | None = None) -> Ledger:
    """Read and check a file of claims; without a path, the one of the toolkit.

    Raises `InputError` with one sentence: the file, the claim, what was found and what was expected.
    """
    name = "claims.toml of the toolkit" if path is None else os.fspath(path)
    try:
        file = resources.files("toolkit.claims") / "claims.toml" if path is None else Path(path)
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"The claims file {name} cannot be read ({error.strerror}): give a TOML file.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"The claims file {name} is not valid TOML: {error}.") from None
    try:
        return Ledger.model_validate(content)
    except ValidationError as error:
        raise InputError(f"The claims file {name}{_explain(error, content)}") from None


def _explain(error: ValidationError, content: dict[str, Any]) -> str:
    """Describe the first fault: the claim, what was found, what was expected."""
    fault = error.errors()[0]
    place = list(fault["loc"])
    claim = ""
    if len(place) > 1 and place[0] == "claims" and isinstance(place[1], int):
        entry = content["claims"][place[1]]
        name = entry.get("id") if isinstance(entry, dict) else None
        claim = f", claim {name!r}" if name else f", claim number {place[1] + 1}"
        place = place[2:]
    key = str(place[0]) if place else ""
    if fault["type"] == "value_error":
        message = str(fault["ctx"]["error"])
    elif fault["type"] == "missing":
        message = f"the key {key!r} is missing; add it"
    elif fault["type"] == "extra_forbidden":
        known = Claim.model_fields if claim else Ledger.model_fields
        message = f"the key {key!r} is unknown; expected some of {', '.join(known)}"
    else:
        message = f"the key {key!r} is {fault['input']!r}; expected: {fault['msg'].lower()}"
    return f"{claim}: {message}."
