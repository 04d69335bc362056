"""The syntax of the lexicon's patterns, and their expansion to plain literals.

A pattern is a folded phrase (see `fold`) with these operators:

- `(a|b|)` one of these; an empty choice makes it optional: `sous (une |)tutelle`;
- `word~` the French agreement endings: `incarcere~` is incarcere, incarceree, incarceres, incarcerees;
- `word*` any ending, at the end of a phrase only: `toxicoman*`;
- `A .. B` B follows A with at most two small words between;
- `A ... B` B follows A at most about eight words later, in the same text.

Two long alternations side by side would multiply to hundreds of literals. Such a part is split between them, and the
scan joins the halves where one directly follows the other: the same matches with a fraction of the literals.

A pattern is expanded once, when the lexicon is loaded, so the scan needs no regular expressions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from functools import cache

__all__ = ["ADJACENT", "GAPS", "PatternError", "expand", "split_parts"]

ADJACENT = -1
"""The reach of a part that follows directly, with one space between."""

GAPS = {" .. ": 12, " ... ": 60}
"""The most characters allowed between two parts, by the operator that joins them."""
_AGREEMENT = ("", "e", "s", "es")
_ALLOWED = re.compile(r"[a-z0-9 ,.:?+%=~*()|]*")
_MARK = re.compile(r"[()|]")
_MANY = 24
"""A part with more phrases than this is split, if that saves at least half of them."""
_SHORTEST = 3
"""The minimum length of each half of a split part: a lone article occurs in nearly every text."""


class PatternError(ValueError):
    """A pattern that cannot be parsed; the message names it and the reason."""


@cache
def split_parts(pattern: str) -> tuple[tuple[str, int], ...]:
    """Return the consecutive parts of a pattern, each with its reach: the characters allowed before it."""
    pieces = re.split("( \\.{2,3} )", pattern)
    parts = [(pieces[0].strip(), 0)] + [
        (part.strip(), GAPS[operator]) for operator, part in zip(pieces[1::2], pieces[2::2], strict=True)
    ]
    return tuple(piece for part, reach in parts for piece in _split_part(part, reach))


def _split_part(part: str, reach: int) -> list[tuple[str, int]]:
    """Split a part into adjacent pieces with the fewest literals; return it unsplit when little would be saved."""
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
    return _split_part(left, reach) + _split_part(right, ADJACENT)


def _halves(part: str) -> Iterator[tuple[str, str]]:
    """Yield the two sides of each space next to a bracket but outside all brackets.

    A space is skipped when an agreement mark applies to both sides or an open ending is on the left.
    """
    depth = 0
    for at, sign in enumerate(part):
        depth += (sign == "(") - (sign == ")")
        left, right = part[:at], part[at + 1 :]
        beside = sign == " " and not depth and (left.endswith(")") or right.startswith("("))
        if beside and "*" not in left and not ("~" in left and "~" in right):
            with suppress(PatternError):  # one side may be optional: the part cannot be split there
                expand(left), expand(right)
                yield left, right


@cache
def expand(part: str) -> tuple[str, ...]:
    """Return all literals of one part, with a space on each side that must be a word boundary.

    Raises `PatternError` when the brackets do not match or the part has characters that folded text never has.
    """
    if not _ALLOWED.fullmatch(part):
        raise PatternError(f"pattern {part!r} has characters that folded text never has")
    phrases = [" ".join(phrase.split()) for phrase in _choices(part)]
    literals: dict[str, None] = {}
    for phrase in phrases:
        for agreed in _agree(phrase):
            literals[_bounded(agreed, part)] = None
    return tuple(literals)


def _choices(part: str) -> list[str]:
    """Return all phrases of a part, with its brackets multiplied out."""
    phrases, rest = _alternatives(part)
    if rest:
        raise PatternError(f"pattern {part!r}: a closing bracket has no opening bracket")
    return phrases


def _alternatives(text: str) -> tuple[list[str], str]:
    """Return the phrases of a text up to its closing bracket, and the text from that bracket on."""
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
                raise PatternError("an opening bracket is never closed")
            current = [before + choice for before in current for choice in inner]
            text = text[1:]
    return done + current, text


def _agree(phrase: str) -> list[str]:
    """Return the phrase with each agreement ending; all its marked words get the same one."""
    if "~" not in phrase:
        return [phrase]
    return [re.sub(r"(?<=\w)~", ending, phrase) for ending in _AGREEMENT]


def _bounded(phrase: str, part: str) -> str:
    """Return a phrase with spaces at its word boundaries."""
    if not phrase:
        raise PatternError(f"pattern {part!r} may be empty: write at least one word that is not optional")
    if "*" in phrase[:-1]:
        raise PatternError(f"pattern {part!r}: a star is only allowed at the end of a phrase")
    return f" {phrase[:-1]}" if phrase.endswith("*") else f" {phrase} "
