"""Slips of the hand on texts already joined: letters mistyped, words run together, notes that break off.

Only the few texts that bear a slip come here, as code points laid end to end with a line feed after each text, so that
every slip is a change at one place of one array.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from toolkit.synth import streams as mixer

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
"""A cut leaves at least this many characters after the telling part, which a slip may have made longer by one."""


@dataclass(frozen=True, slots=True)
class Slips:
    """Which of the texts bear which slip, and the characters between which the telling part of each text lies.

    `keep_core` protects the letters of that part from mistyping (where the truth hangs on one small word);
    `cut` texts break off somewhere after that part.
    """

    mistyped: Bools
    glued: Bools
    cut: Bools
    core_start: Ints
    core_end: Ints
    keep_core: Bools


def apply_slips(texts: pl.Series, slips: Slips, ids: Ints, stream: mixer.Stream, field_length: int) -> pl.Series:
    """The texts with their slips, none longer than `field_length` characters; ids decide where each slip falls."""
    typed = _Typed(texts)
    typed.mistype(slips, stream.child("mistype")(ids))
    typed.glue(slips.glued, stream.child("glue")(ids))
    typed.cut(slips, stream.child("cut")(ids), field_length)
    return typed.texts()


def _table_of_neighbours() -> Chars:
    """For each letter, the two keys that a finger on an AZERTY keyboard hits instead (itself where there is none)."""
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
    """Texts laid end to end: their code points, where each text starts and ends, how often each character is typed."""

    def __init__(self, texts: pl.Series) -> None:
        joined = str(texts.str.join("\n")[0]) + "\n"
        self._chars = np.frombuffer(bytearray(joined.encode("utf-32-le")), dtype=np.uint32)
        self._copies = np.ones(len(self._chars), dtype=np.int64)
        self._ends = np.flatnonzero(self._chars == _END)
        self._starts = np.concatenate(([0], self._ends[:-1] + 1))
        self._letters = _LETTERS[np.where(self._chars < _ALPHABET, self._chars, 0)]

    def texts(self) -> pl.Series:
        """The texts as they are now, without spaces at their end."""
        joined = np.repeat(self._chars, self._copies).tobytes().decode("utf-32-le").removesuffix("\n")
        return pl.Series("text", [joined]).str.split("\n").explode().str.strip_chars_end()

    def mistype(self, slips: Slips, words: mixer.Words) -> None:
        """One letter in the middle of five: a neighbouring key, doubled, dropped, or swapped with the next one."""
        letter, chars = self._letters, self._chars
        middle = np.zeros_like(letter)
        middle[2:-2] = letter[:-4] & letter[1:-3] & letter[2:-2] & letter[3:-1] & letter[4:]
        protected = np.flatnonzero(slips.keep_core & slips.mistyped)
        middle[self._between(self._starts[protected], slips.core_start[protected], slips.core_end[protected])] = False
        texts, at = self._draw(middle, slips.mistyped, words)
        kind = mixer.scale(mixer.low(words[texts]), 4)
        kind[(kind == _SWAPPED) & (chars[at] == chars[at + 1])] = _DROPPED
        hit = at[kind == _NEIGHBOUR]
        side = (words[texts[kind == _NEIGHBOUR]] & np.uint64(1)).astype(np.int64)
        chars[hit] = _NEIGHBOURS[chars[hit], side]
        self._copies[at[kind == _DOUBLED]] = 2
        self._copies[at[kind == _DROPPED]] = 0
        swapped = at[kind == _SWAPPED]
        chars[swapped], chars[swapped + 1] = chars[swapped + 1], chars[swapped]

    def glue(self, wanted: Bools, words: mixer.Words) -> None:
        """One space lost before a word (so that two numbers are never joined)."""
        space = np.zeros_like(self._letters)
        space[:-1] = (self._chars[:-1] == _SPACE) & self._letters[1:]
        _, at = self._draw(space, wanted, words)
        self._copies[at] = 0

    def cut(self, slips: Slips, words: mixer.Words, field_length: int) -> None:
        """Take away what follows a place after the telling part, and what outgrows the field."""
        length = self._ends - self._starts
        # A letter typed twice makes a text longer by one: the last place is kept for it.
        limit = np.where(length >= field_length, field_length - 1, length)
        earliest = slips.core_end + _MARGIN
        broken = earliest + mixer.scale(words, np.maximum(limit - earliest, 1))
        limit = np.where(slips.cut & (limit > earliest), broken, limit)
        self._copies[self._between(self._starts, limit, length)] = 0

    def _between(self, starts: Ints, first: Ints, last: Ints) -> Bools:
        """True for the characters from `first` to before `last` of the texts that start at `starts`."""
        steps = np.zeros(len(self._chars) + 1, dtype=np.int8)
        some = first < last
        np.add.at(steps, starts[some] + first[some], 1)
        np.add.at(steps, starts[some] + last[some], -1)
        return np.cumsum(steps[:-1], dtype=np.int8).astype(np.bool_)

    def _draw(self, possible: Bools, wanted: Bools, words: mixer.Words) -> tuple[Ints, Ints]:
        """For each wanted text that has a possible place, its number and one of its places, drawn evenly."""
        places = np.flatnonzero(possible)
        first = np.searchsorted(places, self._starts)
        count = np.searchsorted(places, self._ends) - first
        texts = np.flatnonzero(wanted & (count > 0))
        return texts, places[first[texts] + mixer.scale(words[texts], count[texts])]
