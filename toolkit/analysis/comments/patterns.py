"""The small language in which the lexicon's patterns are written, and what each pattern stands for.

A pattern is a phrase as `folding.fold` writes it, with three conveniences:

- `(a|b|)` one of these; an empty choice makes it optional: `sous (une |)tutelle`;
- `word~` the French agreement endings: `incarcere~` is incarcere, incarceree, incarceres, incarcerees;
- `word*` any ending, at the end of a phrase only: `toxicoman*`;
- `A .. B` B follows A with at most two small words between;
- `A ... B` B follows A some eight words later at most, in the same text.

A pattern is expanded once, when the lexicon is loaded, to plain literals: the scan needs no regex.
"""

from __future__ import annotations

import re

__all__ = ["GAPS", "PatternError", "expand", "split_parts"]

GAPS = {" .. ": 12, " ... ": 60}
"""How many characters may lie between two parts, by the sign that stands between them."""
_AGREEMENT = ("", "e", "s", "es")
_ALLOWED = re.compile(r"[a-z0-9 ,.:?+%=~*]+")
_MARK = re.compile(r"[()|]")


class PatternError(ValueError):
    """A pattern that cannot be read; the message says which and why."""


def split_parts(pattern: str) -> list[tuple[str, int]]:
    """The parts of a pattern that must follow one another, each with its reach: characters allowed before it."""
    pieces = re.split("( \\.{2,3} )", pattern)
    return [(pieces[0].strip(), 0)] + [
        (part.strip(), GAPS[sign]) for sign, part in zip(pieces[1::2], pieces[2::2], strict=True)
    ]


def expand(part: str) -> list[str]:
    """All literals one part stands for, bounded by a space on the sides where a whole word is meant.

    Raises `PatternError` when a bracket is left open or when the part holds what folding would never leave.
    """
    phrases = [" ".join(phrase.split()) for phrase in _choices(part)]
    literals: dict[str, None] = {}
    for phrase in phrases:
        for agreed in _agree(phrase):
            literals[_bounded(agreed, part)] = None
    return list(literals)


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
    if not re.search(r"\w~", phrase):
        return [phrase]
    return [re.sub(r"(?<=\w)~", ending, phrase) for ending in _AGREEMENT]


def _bounded(phrase: str, part: str) -> str:
    """Put the bounding spaces around a phrase."""
    if not phrase or not _ALLOWED.fullmatch(phrase):
        raise PatternError(f"pattern {part!r}: {phrase!r} is empty or holds signs that folded text never has")
    if "*" in phrase[:-1]:
        raise PatternError(f"pattern {part!r}: the star may only end a phrase")
    return f" {phrase[:-1]}" if phrase.endswith("*") else f" {phrase} "
