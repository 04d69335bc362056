"""Read the grammar of free comments from TOML files, check it and expand its templates.

Phrases are data (`grammar/*.toml`), not code. A file holds slots and families:

- `[slots]`: a name and a list of entries. A slot defined in one file may be used in all files. An entry is a string,
  which may use other slots, or `{ text = "...", times = 3 }`, which is drawn three times as often. All strings that the
  entries can become are equally likely.
- `[sensitive.<name>]` in a file with a top-level `category`: a family of phrases with sensitive content.
- `[harmless.<kind>.<name>]`: a family without sensitive content; `kind` is the reason why a classifier could be misled
  ("ordinary" when there is none).

A template is a string in which

- `{name}` becomes one entry of a slot, or a built-in value (`BUILT_IN`: dates, hours, telephone numbers...);
- `[a|b|c]` becomes one of its alternatives, all equally likely (one may be empty; brackets cannot be nested);
- `<m|f>` becomes its first part when the patient is a man, its second when a woman: `venu<|e>`.

Each template is expanded once for men and once for women, and `_pool` compiles the result to ranges over one pool of
pieces. A text is a piece drawn from each range, so no template is parsed or formatted while a leak is generated.
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
"""Maximum length of a phrase, so that it fits the field after a stamp and an informant."""

_MERGED_AT_MOST = 96
"""Adjacent choices are multiplied out up to this many pieces: fewer parts to join, but still a small pool."""

_SLOT_AT_MOST = 4_000
_TOKEN = re.compile(r"\{(?P<slot>[^{}]*)\}|\[(?P<choice>[^\[\]]*)\]")
_BY_SEX = re.compile(r"<([^<>|]*)\|([^<>|]*)>")
_SPACED_CHOICE = re.compile(r" \[([^\[\]]*)\]")
_MARKUP = frozenset("{}[]<|")
_SENSITIVE_KEYS = frozenset({"templates", "held_out", "polarity", "about", "also", "hearsay", "sex", "weight"})
_HARMLESS_KEYS = frozenset({"templates", "held_out", "polarity", "about", "joins", "sex", "weight"})
_FILE_KEYS = frozenset({"category", "weight", "slots", "sensitive", "harmless"})

Element = tuple[str, ...] | str
"""Part of an expanded template: the strings to choose from, or the name of a built-in slot."""


@dataclass(frozen=True, slots=True)
class Family:
    """Phrases with one meaning and one truth.

    `category` joins the categories by '|', main category first, and is empty for a harmless family; `kind` is the
    reason why a harmless one could mislead a classifier. Phrases of `hearsay` families may be reported by a third
    party; those of `joins` families may be combined with another note. `sex` limits a family to the records of men
    ('M') or women ('F'). `weight` is its share of its file (`source`), and `share` the weight of the file.
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
        """Whether its phrases have sensitive content."""
        return self.category != ""


@dataclass(frozen=True, slots=True)
class Template:
    """One template of a family, or one variant of it with its share, expanded for each sex."""

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
        """Return all strings that `{name}` may become for a patient of that sex."""
        known = self._expanded.get((name, sex))
        if known is not None:
            return known
        if name in trail:
            raise ValueError(f"{where}: slot {{{name}}} leads back to itself; remove it from its own entries")
        if name not in self.entries:
            what = "a built-in slot cannot be used in a slot" if name in BUILT_IN else "there is no such slot"
            raise ValueError(f"{where}: {{{name}}} cannot be used: {what}")
        strings = [text for entry in self.entries[name] for text in self.multiply(entry, sex, where, (*trail, name))]
        if len(strings) > _SLOT_AT_MOST:
            raise ValueError(
                f"{where}: slot {{{name}}} has {len(strings)} entries; at most {_SLOT_AT_MOST} are allowed"
            )
        return self._expanded.setdefault((name, sex), tuple(strings))

    def multiply(self, text: str, sex: str, where: str, trail: tuple[str, ...] = ()) -> list[str]:
        """Return every string that `text` may become; it must not contain a built-in slot."""
        options: list[Sequence[str]] = []
        for literal, slot, choice in _tokens(_agree(text, sex)):
            if literal is not None:
                options.append((literal,))
            elif slot is not None:
                options.append(self.expand(slot, sex, where, trail))
            elif choice is not None:
                options.append(_equally_likely([self.multiply(part, sex, where, trail) for part in choice.split("|")]))
        return ["".join(parts) for parts in itertools.product(*options)]

    def elements(self, text: str, sex: str, where: str) -> tuple[Element, ...]:
        """Return a template as a row of choices and built-in slots, adjacent choices multiplied out while few."""
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
                raise ValueError(f"{where}: stray bracket in {stray!r}; brackets must be in pairs and cannot be nested")
            last = row[-1] if row else ""
            if isinstance(last, tuple) and len(last) * len(strings) <= _MERGED_AT_MOST:
                row[-1] = tuple(a + b for a in last for b in strings)
            else:
                row.append(tuple(strings))
        return tuple(row)


@dataclass(frozen=True, slots=True)
class Phrases:
    """A whole grammar: families, their templates, and the slots."""

    families: tuple[Family, ...]
    templates: tuple[Template, ...]
    slots: Slots


def _equally_likely(alternatives: Sequence[Sequence[str]]) -> list[str]:
    """Return the strings of all alternatives, repeated so that each alternative is about equally likely."""
    most = max(map(len, alternatives))
    return [string for strings in alternatives for string in strings for _ in range(round(most / len(strings)))]


def _agree(text: str, sex: str) -> str:
    """Adapt the text to a man or a woman, with no space before alternatives that are empty or start with a comma."""
    agreed = _BY_SEX.sub(lambda match: match.group(1 + SEXES.index(sex)), text)
    return _SPACED_CHOICE.sub(lambda match: f"[{'|'.join(map(_spaced, match.group(1).split('|')))}]", agreed)


def _spaced(option: str) -> str:
    return option if option.startswith(",") or not option else f" {option}"


def _variants(text: str) -> list[tuple[str, Fraction]]:
    """Return the variants of a template, with their shares: one for each alternative with a built-in slot."""
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
    """Split a template into (literal, slot name, alternatives), of which one is set."""
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

    Raises `ValueError` for an unknown key, category, polarity or slot, a duplicate family id, an empty template, or a
    phrase that could be too long for the field.
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
    _refuse_duplicates(families)
    slots = Slots(entries)
    return Phrases(tuple(families), tuple(_templates(families, slots)), slots)


def _repeated(entry: str | Mapping[str, Any], where: str) -> list[str]:
    """Return a slot's entry, repeated `times` times."""
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
                        f"{name}, family {key}: unknown category {one!r}; expected one of {', '.join(CATEGORIES)}"
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
        raise ValueError(f"{where}: unknown polarity {family.polarity!r}; expected one of {', '.join(POLARITIES)}")
    if family.about not in ABOUT:
        raise ValueError(f"{where}: unknown value {family.about!r} of about; expected one of {', '.join(ABOUT)}")
    if family.sex not in ("", *SEXES):
        raise ValueError(f"{where}: unknown sex {family.sex!r}; expected M, F or nothing")
    if not family.templates or not all(text.strip() for text in family.templates):
        raise ValueError(f"{where}: a template is empty or missing; write at least one phrase, and no empty one")
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
        raise ValueError(f"{where}: unknown key {unknown[0]!r}; expected one of {', '.join(sorted(known))}")


def _refuse_duplicates(families: Sequence[Family]) -> None:
    seen: set[str] = set()
    for family in families:
        if family.id in seen:
            raise ValueError(f"family {family.id} is defined twice; family ids must differ")
        seen.add(family.id)
