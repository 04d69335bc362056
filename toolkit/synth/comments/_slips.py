"""Typing errors on joined texts: mistyped letters, missing spaces, notes cut off.

Only the few texts with a typing error are handled here. They are one array of code points with a line feed after each
text, so every error is a change at one place of the array.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from toolkit.synth import streams

__all__ = ["Slips", "apply_slips"]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Chars = NDArray[np.uint32]

_END = 0x0A
_SPACE = 0x20
_ALPHABET = 0x180
"""Code points below this cover French letters with their accents, œ included."""

_KEYBOARD = ("azertyuiop", "qsdfghjklm", "wxcvbn")
_ACCENTED = {"a": "àâä", "c": "ç", "e": "éèêë", "i": "îï", "o": "ô", "u": "ùûü"}
_NEIGHBOUR, _DOUBLED, _DROPPED, _SWAPPED = range(4)
_MARGIN = 3
"""A cut leaves at least this many characters after the phrase, which a doubled letter may have made longer by one."""


@dataclass(frozen=True, slots=True)
class Slips:
    """Which texts have which typing error, and the characters between which the phrase of each text is.

    `keep_core` protects the letters of the phrase from mistyping, where the truth depends on one small word. `cut`
    texts are cut off somewhere after the phrase.
    """

    mistyped: Bools
    glued: Bools
    cut: Bools
    core_start: Ints
    core_end: Ints
    keep_core: Bools


def apply_slips(texts: pl.Series, slips: Slips, ids: Ints, stream: streams.Stream, field_length: int) -> pl.Series:
    """Return the texts with their typing errors, each at most `field_length` characters; ids decide the places."""
    typed = _Typed(texts)
    typed.mistype(slips, stream.child("mistype")(ids))
    typed.glue(slips.glued, stream.child("glue")(ids))
    typed.cut(slips, stream.child("cut")(ids), field_length)
    return typed.texts()


def _table_of_neighbours() -> Chars:
    """Return the two neighbouring keys of each letter on an AZERTY keyboard (the letter itself if it has none)."""
    table = np.repeat(np.arange(_ALPHABET, dtype=np.uint32)[:, None], 2, axis=1)
    for row in _KEYBOARD:
        for place, letter in enumerate(row):
            sides = row[place - 1] if place else row[1], row[place + 1] if place + 1 < len(row) else row[-2]
            for key in letter + _ACCENTED.get(letter, ""):
                table[ord(key)] = [ord(side) for side in sides]
                table[ord(key.upper())] = [ord(side.upper()) for side in sides]
    return table


_LETTERS = np.array([chr(code).isalpha() for code in range(_ALPHABET)])
_NEIGHBOURS = _table_of_neighbours()


class _Typed:
    """Concatenated texts: their code points, the bounds of each text, and how often each character is repeated."""

    def __init__(self, texts: pl.Series) -> None:
        joined = str(texts.str.join("\n")[0]) + "\n"
        self._chars = np.frombuffer(bytearray(joined.encode("utf-32-le")), dtype=np.uint32)
        self._copies = np.ones(len(self._chars), dtype=np.int64)
        self._ends = np.flatnonzero(self._chars == _END)
        self._starts = np.concatenate(([0], self._ends[:-1] + 1))
        self._letters = _LETTERS[np.where(self._chars < _ALPHABET, self._chars, 0)]

    def texts(self) -> pl.Series:
        """Return the current texts, without trailing spaces."""
        joined = np.repeat(self._chars, self._copies).tobytes().decode("utf-32-le").removesuffix("\n")
        return pl.Series("text", [joined]).str.split("\n").explode().str.strip_chars_end()

    def mistype(self, slips: Slips, words: streams.Words) -> None:
        """Change one letter in the middle of five: a neighbouring key, doubled, dropped, or swapped with the next."""
        letter, chars = self._letters, self._chars
        middle = np.zeros_like(letter)
        middle[2:-2] = letter[:-4] & letter[1:-3] & letter[2:-2] & letter[3:-1] & letter[4:]
        protected = np.flatnonzero(slips.keep_core & slips.mistyped)
        middle[self._between(self._starts[protected], slips.core_start[protected], slips.core_end[protected])] = False
        texts, at = self._draw(middle, slips.mistyped, words)
        kind = streams.scale(streams.low(words[texts]), 4)
        kind[(kind == _SWAPPED) & (chars[at] == chars[at + 1])] = _DROPPED
        hit = at[kind == _NEIGHBOUR]
        side = (words[texts[kind == _NEIGHBOUR]] & np.uint64(1)).astype(np.int64)
        chars[hit] = _NEIGHBOURS[chars[hit], side]
        self._copies[at[kind == _DOUBLED]] = 2
        self._copies[at[kind == _DROPPED]] = 0
        swapped = at[kind == _SWAPPED]
        chars[swapped], chars[swapped + 1] = chars[swapped + 1], chars[swapped]

    def glue(self, wanted: Bools, words: streams.Words) -> None:
        """Remove one space before a word, so that two numbers are never joined."""
        space = np.zeros_like(self._letters)
        space[:-1] = (self._chars[:-1] == _SPACE) & self._letters[1:]
        _, at = self._draw(space, wanted, words)
        self._copies[at] = 0

    def cut(self, slips: Slips, words: streams.Words, field_length: int) -> None:
        """Cut texts at a place after the phrase, and at the length of the field."""
        length = self._ends - self._starts
        # Doubling a letter makes a text longer by one, so the last place is kept free.
        limit = np.where(length >= field_length, field_length - 1, length)
        earliest = slips.core_end + _MARGIN
        broken = earliest + streams.scale(words, np.maximum(limit - earliest, 1))
        limit = np.where(slips.cut & (limit > earliest), broken, limit)
        self._copies[self._between(self._starts, limit, length)] = 0

    def _between(self, starts: Ints, first: Ints, last: Ints) -> Bools:
        """Return true for characters `first` to `last - 1` of the texts that start at `starts`."""
        steps = np.zeros(len(self._chars) + 1, dtype=np.int8)
        some = first < last
        np.add.at(steps, starts[some] + first[some], 1)
        np.add.at(steps, starts[some] + last[some], -1)
        return np.cumsum(steps[:-1], dtype=np.int8).astype(np.bool_)

    def _draw(self, possible: Bools, wanted: Bools, words: streams.Words) -> tuple[Ints, Ints]:
        """Return the number of each wanted text with a possible place, and one of its places, drawn evenly."""
        places = np.flatnonzero(possible)
        first = np.searchsorted(places, self._starts)
        count = np.searchsorted(places, self._ends) - first
        texts = np.flatnonzero(wanted & (count > 0))
        return texts, places[first[texts] + streams.scale(words[texts], count[texts])]
