"""The grammar of the free comment: read from TOML files, checked, and compiled into tables that NumPy can draw from.

Phrases are data (`grammar/*.toml`), never code. A file holds slots and families:

- `[slots]`: a name and a list of entries. A slot written in one file may be used in all of them. An entry is a string,
  which may use other slots, or `{ text = "...", times = 3 }`, which is drawn three times as often. All strings that the
  entries can become are equally likely.
- `[sensitive.<name>]` in a file with a top-level `category`: a family of phrases that reveal something intimate.
- `[harmless.<kind>.<name>]`: a family that reveals nothing; `kind` says why it could mislead ("ordinary" when it could
  not).

A template is a string in which

- `{name}` stands for one entry of a slot, or for a built-in one (`BUILT_IN`: dates, hours, telephone numbers...);
- `[a|b|c]` stands for one of its alternatives, each as likely (one may be empty; no brackets inside brackets);
- `<m|f>` stands for its first part when the patient is a man, its second when a woman: `venu<|e>`.

Compiling turns each template, once for men and once for women, into a short row of ranges over one pool of pieces.
A text is then a piece drawn from each range, so no text is ever parsed or formatted while a leak is made.
"""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from toolkit.schema import CATEGORIES
from toolkit.synth.comments._slots import BUILT_IN, pieces

__all__ = ["LONGEST_PHRASE", "Element", "Family", "Phrases", "Template", "read_phrases"]

POLARITIES = ("asserted", "negated", "hypothetical")
ABOUT = ("patient", "relative", "other")
SEXES = ("M", "F")

LONGEST_PHRASE = 118
"""Characters a phrase may have, so that it stays whole in the field with a stamp and an informant before it."""

_MERGED_AT_MOST = 96
"""Neighbouring choices are multiplied out up to this many pieces: fewer parts to join, a pool that stays small."""

_SLOT_AT_MOST = 4_000
_TOKEN = re.compile(r"\{(?P<slot>[^{}]*)\}|\[(?P<choice>[^\[\]]*)\]")
_BY_SEX = re.compile(r"<([^<>|]*)\|([^<>|]*)>")
_SPACED_CHOICE = re.compile(r" \[([^\[\]]*)\]")
_MARKUP = frozenset("{}[]<|")
_SENSITIVE_KEYS = frozenset({"templates", "held_out", "polarity", "about", "also", "hearsay", "sex", "weight"})
_HARMLESS_KEYS = frozenset({"templates", "held_out", "polarity", "about", "joins", "sex", "weight"})
_FILE_KEYS = frozenset({"category", "weight", "slots", "sensitive", "harmless"})

Element = tuple[str, ...] | str
"""Part of a compiled template: the strings to choose from, or the name of a built-in slot."""


@dataclass(frozen=True, slots=True)
class Family:
    """Phrases that say one thing in one manner, with the truth about all of them.

    `category` joins the categories by '|', main one first, and is empty for a harmless family; `kind` says why a
    harmless one could mislead. `hearsay` families may be put in somebody else's mouth; `joins` families may stand
    beside another note. `sex` limits a family to the files of men ('M') or women ('F'). `weight` is its share of its
    file (`source`), and `share` the weight of the file.
    """

    id: str
    category: str
    kind: str
    polarity: str
    about: str
    held_out: bool
    hearsay: bool
    joins: bool
    sex: str
    weight: int
    source: str
    share: int
    templates: tuple[str, ...]

    @property
    def sensitive(self) -> bool:
        """Whether its phrases reveal something intimate."""
        return self.category != ""


@dataclass(frozen=True, slots=True)
class Template:
    """One template of a family (or one variant of it, with its share), multiplied out for each sex."""

    family: int
    text: str
    share: Fraction
    elements: Mapping[str, tuple[Element, ...]]


@dataclass(frozen=True, slots=True)
class Slots:
    """Named lists of strings; an entry may use other slots and differ by sex."""

    entries: Mapping[str, Sequence[str]]
    _expanded: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    def expand(self, name: str, sex: str, where: str, trail: tuple[str, ...] = ()) -> tuple[str, ...]:
        """All strings that `{name}` may become for a patient of that sex."""
        known = self._expanded.get((name, sex))
        if known is not None:
            return known
        if name in trail:
            raise ValueError(f"{where}: slot {{{name}}} leads back to itself; remove it from its own entries")
        if name not in self.entries:
            what = "a built-in slot cannot stand in a slot" if name in BUILT_IN else "there is no such slot"
            raise ValueError(f"{where}: {{{name}}} cannot be used: {what}")
        strings = [text for entry in self.entries[name] for text in self.multiply(entry, sex, where, (*trail, name))]
        if len(strings) > _SLOT_AT_MOST:
            raise ValueError(f"{where}: slot {{{name}}} has {len(strings)} entries; at most {_SLOT_AT_MOST} can be")
        return self._expanded.setdefault((name, sex), tuple(strings))

    def multiply(self, text: str, sex: str, where: str, trail: tuple[str, ...] = ()) -> list[str]:
        """Every string that `text` may become, when it holds no built-in slot."""
        options: list[Sequence[str]] = []
        for literal, slot, choice in _tokens(_agree(text, sex)):
            if literal is not None:
                options.append((literal,))
            elif slot is not None:
                options.append(self.expand(slot, sex, where, trail))
            elif choice is not None:
                options.append(_evened([self.multiply(part, sex, where, trail) for part in choice.split("|")]))
        return ["".join(parts) for parts in itertools.product(*options)]

    def elements(self, text: str, sex: str, where: str) -> tuple[Element, ...]:
        """A template as a row of choices and built-in slots, neighbouring choices multiplied out while few."""
        row: list[Element] = []
        for literal, slot, choice in _tokens(_agree(text, sex)):
            if slot in BUILT_IN:
                row.append(slot)
                continue
            if literal is not None:
                strings: Sequence[str] = (literal,)
            elif slot is not None:
                strings = self.expand(slot, sex, where)
            else:
                strings = self.multiply(f"[{choice}]", sex, where)
            stray = next((string for string in strings if _MARKUP.intersection(string)), None)
            if stray is not None:
                raise ValueError(
                    f"{where}: stray bracket in {stray!r}; brackets come in pairs and not inside one another"
                )
            last = row[-1] if row else ""
            if isinstance(last, tuple) and len(last) * len(strings) <= _MERGED_AT_MOST:
                row[-1] = tuple(a + b for a in last for b in strings)
            else:
                row.append(tuple(strings))
        return tuple(row)


@dataclass(frozen=True, slots=True)
class Phrases:
    """The whole grammar: families, their templates, and the expanded slots that the styles draw from."""

    families: tuple[Family, ...]
    templates: tuple[Template, ...]
    slots: Slots


def _evened(alternatives: Sequence[Sequence[str]]) -> list[str]:
    """The strings of all alternatives, repeated so that each alternative is drawn about as often as the others."""
    most = max(map(len, alternatives))
    return [string for strings in alternatives for string in strings for _ in range(round(most / len(strings)))]


def _agree(text: str, sex: str) -> str:
    """The text for a man or for a woman, with no space before an alternative that is empty or begins with a comma."""
    agreed = _BY_SEX.sub(lambda match: match.group(1 + SEXES.index(sex)), text)
    return _SPACED_CHOICE.sub(lambda match: f"[{'|'.join(map(_spaced, match.group(1).split('|')))}]", agreed)


def _spaced(option: str) -> str:
    return option if option.startswith(",") or not option else f" {option}"


def _variants(text: str) -> list[tuple[str, Fraction]]:
    """Lift alternatives that hold a built-in slot out of their brackets: variants of a template, with their shares."""
    for match in _TOKEN.finditer(text):
        options = (match["choice"] or "").split("|")
        special = [option for option in options if any(f"{{{name}}}" in option for name in BUILT_IN)]
        if not special:
            continue
        plain = [option for option in options if option not in special]
        lifted = [(option, 1) for option in special]
        if plain:
            lifted.append((f"[{'|'.join(plain)}]", len(plain)))
        head, tail = text[: match.start()], text[match.end() :]
        return [
            (head + option + rest, Fraction(count, len(options)) * share)
            for option, count in lifted
            for rest, share in _variants(tail)
        ]
    return [(text, Fraction(1))]


def _tokens(text: str) -> Iterable[tuple[str | None, str | None, str | None]]:
    """Cut a template into (literal, slot name, alternatives), one of the three being set."""
    at = 0
    for match in _TOKEN.finditer(text):
        if match.start() > at:
            yield text[at : match.start()], None, None
        yield None, match["slot"], match["choice"]
        at = match.end()
    if at < len(text):
        yield text[at:], None, None


def read_phrases(folder: Traversable | None = None) -> Phrases:
    """Read every `*.toml` file of the folder (by default the package's own grammar), in the order of their names.

    Raises `ValueError`, in one sentence, on an unknown key, category, polarity or slot, on a family id used twice, on
    an empty template, on a phrase that could outgrow the field.
    """
    folder = folder if folder is not None else files("toolkit.synth.comments") / "grammar"
    sources = sorted(
        (entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda entry: entry.name
    )
    entries: dict[str, Sequence[str]] = {}
    families: list[Family] = []
    for source in sources:
        content = _parse(source)
        for name, strings in content.get("slots", {}).items():
            if name in entries or name in BUILT_IN:
                raise ValueError(f"{source.name}: slot {{{name}}} is defined twice; choose another name")
            entries[name] = [text for entry in strings for text in _repeated(entry, f"{source.name}, slot {{{name}}}")]
        families.extend(_families(source.name, content))
    _refuse_twins(families)
    slots = Slots(entries)
    return Phrases(tuple(families), tuple(_templates(families, slots)), slots)


def _repeated(entry: str | Mapping[str, Any], where: str) -> list[str]:
    """A slot's entry, as many times as it asks for."""
    if isinstance(entry, str):
        return [entry]
    if set(entry) != {"text", "times"} or entry["times"] < 1:
        raise ValueError(
            f"{where}: expected a string or {{ text = ..., times = ... }} with times of at least 1, found {entry!r}"
        )
    return [entry["text"]] * entry["times"]


def _parse(source: Traversable) -> dict[str, Any]:
    try:
        content = tomllib.loads(source.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{source.name}: not a valid TOML file: {error}") from error
    _refuse_unknown(content, _FILE_KEYS, source.name)
    return content


def _families(name: str, content: Mapping[str, Any]) -> Iterable[Family]:
    share = content.get("weight", 0)
    if content.get("sensitive"):
        category = content.get("category", "")
        for key, values in content["sensitive"].items():
            _refuse_unknown(values, _SENSITIVE_KEYS, f"{name}, family {category}.{key}")
            categories = (category, *values.get("also", ()))
            for one in categories:
                if one not in CATEGORIES:
                    raise ValueError(
                        f"{name}, family {key}: no category {one!r}; expected one of {', '.join(CATEGORIES)}"
                    )
            yield _family(name, f"{category}.{key}", "|".join(categories), "", share, values)
    for kind, group in content.get("harmless", {}).items():
        for key, values in group.items():
            _refuse_unknown(values, _HARMLESS_KEYS, f"{name}, family {kind}.{key}")
            yield _family(name, f"harmless.{kind}.{key}", "", kind, share, values)


def _family(name: str, identity: str, category: str, kind: str, share: int, values: Mapping[str, Any]) -> Family:
    family = Family(
        id=identity,
        category=category,
        kind=kind,
        polarity=values.get("polarity", "asserted"),
        about=values.get("about", "patient"),
        held_out=values.get("held_out", False),
        hearsay=values.get("hearsay", False),
        joins=values.get("joins", False),
        sex=values.get("sex", ""),
        weight=values.get("weight", 10),
        source=name,
        share=share,
        templates=tuple(values.get("templates", ())),
    )
    where = f"{name}, family {identity}"
    if family.polarity not in POLARITIES:
        raise ValueError(f"{where}: no polarity {family.polarity!r}; expected one of {', '.join(POLARITIES)}")
    if family.about not in ABOUT:
        raise ValueError(f"{where}: about {family.about!r} is unknown; expected one of {', '.join(ABOUT)}")
    if family.sex not in ("", *SEXES):
        raise ValueError(f"{where}: sex {family.sex!r} is unknown; expected M, F or nothing")
    if not family.templates or not all(text.strip() for text in family.templates):
        raise ValueError(f"{where}: a template is empty or missing; write at least one phrase and no blank one")
    if share <= 0 or family.weight <= 0:
        raise ValueError(f"{where}: the weights of a family and of its file must be positive whole numbers")
    return family


def _templates(families: Sequence[Family], slots: Slots) -> Iterable[Template]:
    for number, family in enumerate(families):
        for text in family.templates:
            where = f"family {family.id}, template {text!r}"
            variants = [_variants(_agree(text, sex)) for sex in SEXES]
            for by_sex in zip(*variants, strict=True):
                texts = zip(SEXES, (variant for variant, _ in by_sex), strict=True)
                elements = {sex: slots.elements(variant, sex, where) for sex, variant in texts}
                _refuse_long(elements.values(), where)
                yield Template(number, text, by_sex[0][1] / len(family.templates), elements)


def _refuse_long(rows: Iterable[tuple[Element, ...]], where: str) -> None:
    length = max(sum(_longest(element) for element in row) for row in rows)
    if length > LONGEST_PHRASE:
        raise ValueError(f"{where} can reach {length} characters; at most {LONGEST_PHRASE} are allowed")


@cache
def _longest(element: Element) -> int:
    return max(map(len, pieces(element) if isinstance(element, str) else element))


def _refuse_unknown(values: Mapping[str, Any], known: frozenset[str], where: str) -> None:
    unknown = sorted(set(values) - known)
    if unknown:
        raise ValueError(f"{where}: no key {unknown[0]!r} here; expected one of {', '.join(sorted(known))}")


def _refuse_twins(families: Sequence[Family]) -> None:
    seen: set[str] = set()
    for family in families:
        if family.id in seen:
            raise ValueError(f"family {family.id} is defined twice; family ids must differ")
        seen.add(family.id)
