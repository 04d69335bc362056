"""The small language in which the lexicon's patterns are written, and what each pattern stands for.

A pattern is a phrase as `folding.fold` writes it, with three conveniences:

- `(a|b|)` one of these; an empty choice makes it optional: `sous (une |)tutelle`;
- `word~` the French agreement endings: `incarcere~` is incarcere, incarceree, incarceres, incarcerees;
- `word*` any ending, at the end of a phrase only: `toxicoman*`;
- `A ... B` B follows A a few words later in the same text.

A pattern is expanded once, when the lexicon is loaded, to plain literals: the scan needs no regex.
"""

from __future__ import annotations

import re

__all__ = ["GAP", "PatternError", "expand", "split_parts"]

GAP = " ... "
_AGREEMENT = ("", "e", "s", "es")
_ALLOWED = re.compile(r"[a-z0-9 ,.:?+%=~*]+")
_INNERMOST = re.compile(r"\(([^()]*)\)")


class PatternError(ValueError):
    """A pattern that cannot be read; the message says which and why."""


def split_parts(pattern: str) -> list[str]:
    """The parts of a pattern that must follow one another, one part when there is no gap."""
    return [part.strip() for part in pattern.split(GAP)]


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
    found = _INNERMOST.search(part)
    if found is None:
        if "(" in part or ")" in part:
            raise PatternError(f"pattern {part!r}: a bracket is opened or closed without its pair")
        return [part]
    before, after = part[: found.start()], part[found.end() :]
    return [phrase for choice in found[1].split("|") for phrase in _choices(before + choice + after)]


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
