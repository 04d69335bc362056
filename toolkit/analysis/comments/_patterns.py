"""The small language in which the lexicon's patterns are written, and what each pattern stands for.

A pattern is a phrase as `folding.fold` writes it, with three conveniences:

- `(a|b|)` one of these; an empty choice makes it optional: `sous (une |)tutelle`;
- `word~` the French agreement endings: `incarcere~` is incarcere, incarceree, incarceres, incarcerees;
- `word*` any ending, at the end of a phrase only: `toxicoman*`;
- `A .. B` B follows A with at most two small words between;
- `A ... B` B follows A some eight words later at most, in the same text.

Two long alternations side by side would multiply to hundreds of literals. Such a part is cut between them, and the scan
puts the halves together where the one follows the other at once: the same meaning for a fraction of the literals.

A pattern is expanded once, when the lexicon is loaded, to plain literals: the scan needs no regex.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from functools import cache

__all__ = ["ADJACENT", "GAPS", "PatternError", "expand", "split_parts"]

ADJACENT = -1
"""The reach of a part that follows at once, with one space between."""

GAPS = {" .. ": 12, " ... ": 60}
"""How many characters may lie between two parts, by the sign that stands between them."""
_AGREEMENT = ("", "e", "s", "es")
_ALLOWED = re.compile(r"[a-z0-9 ,.:?+%=~*()|]*")
_MARK = re.compile(r"[()|]")
_MANY = 24
"""A part that stands for more phrases than this is cut, if that saves half of them."""
_SHORTEST = 3
"""No half of a part may be shorter than this: a lone article is found in nearly every text."""


class PatternError(ValueError):
    """A pattern that cannot be read; the message says which and why."""


@cache
def split_parts(pattern: str) -> tuple[tuple[str, int], ...]:
    """The parts of a pattern that must follow one another, each with its reach: characters allowed before it."""
    pieces = re.split("( \\.{2,3} )", pattern)
    written = [(pieces[0].strip(), 0)] + [
        (part.strip(), GAPS[sign]) for sign, part in zip(pieces[1::2], pieces[2::2], strict=True)
    ]
    return tuple(cut for part, reach in written for cut in _cut(part, reach))


def _cut(part: str, reach: int) -> list[tuple[str, int]]:
    """A part in adjacent pieces, cut where that leaves the fewest literals; whole when little would be saved."""
    size = len(expand(part))
    if size <= _MANY:
        return [(part, reach)]
    sizes = {}
    for left, right in _halves(part):
        phrases = [*expand(left), *expand(right)]
        if min(len(phrase.strip()) for phrase in phrases) >= _SHORTEST:
            sizes[len(phrases)] = (left, right)
    if not sizes or min(sizes) > size / 2:
        return [(part, reach)]
    left, right = sizes[min(sizes)]
    return _cut(left, reach) + _cut(right, ADJACENT)


def _halves(part: str) -> Iterator[tuple[str, str]]:
    """The two sides of each space beside a bracket and within none, unless an agreement or ending runs across."""
    depth = 0
    for at, sign in enumerate(part):
        depth += (sign == "(") - (sign == ")")
        left, right = part[:at], part[at + 1 :]
        beside = sign == " " and not depth and (left.endswith(")") or right.startswith("("))
        if beside and "*" not in left and not ("~" in left and "~" in right):
            with suppress(PatternError):  # one side may be optional: no place to cut
                expand(left), expand(right)
                yield left, right


@cache
def expand(part: str) -> tuple[str, ...]:
    """All literals one part stands for, bounded by a space on the sides where a whole word is meant.

    Raises `PatternError` when a bracket is left open or when the part holds what folding would never leave.
    """
    if not _ALLOWED.fullmatch(part):
        raise PatternError(f"pattern {part!r} holds signs that folded text never has")
    phrases = [" ".join(phrase.split()) for phrase in _choices(part)]
    literals: dict[str, None] = {}
    for phrase in phrases:
        for agreed in _agree(phrase):
            literals[_bounded(agreed, part)] = None
    return tuple(literals)


def _choices(part: str) -> list[str]:
    """Multiply out the brackets of a part."""
    phrases, rest = _alternatives(part)
    if rest:
        raise PatternError(f"pattern {part!r}: a bracket is closed that was never opened")
    return phrases


def _alternatives(text: str) -> tuple[list[str], str]:
    """The phrases that a text stands for up to the bracket that closes it, and what is left after that point."""
    done: list[str] = []
    current = [""]
    while text and text[0] != ")":
        found = _MARK.search(text)
        plain = text if found is None else text[: found.start()]
        if plain:
            current = [phrase + plain for phrase in current]
            text = text[len(plain) :]
        elif text[0] == "|":
            done, current, text = done + current, [""], text[1:]
        else:
            inner, text = _alternatives(text[1:])
            if not text:
                raise PatternError("a bracket is opened and never closed")
            current = [before + choice for before in current for choice in inner]
            text = text[1:]
    return done + current, text


def _agree(phrase: str) -> list[str]:
    """Write out the agreement mark, the same ending for every marked word of the phrase."""
    if "~" not in phrase:
        return [phrase]
    return [re.sub(r"(?<=\w)~", ending, phrase) for ending in _AGREEMENT]


def _bounded(phrase: str, part: str) -> str:
    """Put the bounding spaces around a phrase."""
    if not phrase:
        raise PatternError(f"pattern {part!r} may stand for nothing at all")
    if "*" in phrase[:-1]:
        raise PatternError(f"pattern {part!r}: the star may only end a phrase")
    return f" {phrase[:-1]}" if phrase.endswith("*") else f" {phrase} "
