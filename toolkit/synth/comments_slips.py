"""Slips of the hand on texts already joined: letters mistyped, words run together, notes cut off by the field.

Only the few texts that bear a slip come here, as a matrix of code points (a row a text, zeros after its end).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.synth import mixer

__all__ = ["Slips", "apply_slips"]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Chars = NDArray[np.uint32]

_ALPHABET = 0x180
"""Code points below this cover French letters with their accents, œ included."""

_ROWS = ("azertyuiop", "qsdfghjklm", "wxcvbn")
_MISSING_SPACE = 0x20
_WINDOW = 5


@dataclass(frozen=True, slots=True)
class Slips:
    """Which of the texts bear which slip, and the characters between which the telling part of each text lies.

    `keep_core` protects the letters of that part from mistyping (where the truth hangs on one small word);
    `cut` texts end somewhere after that part.
    """

    mistyped: Bools
    glued: Bools
    cut: Bools
    core_start: Ints
    core_end: Ints
    keep_core: Bools


def apply_slips(texts: Sequence[str], slips: Slips, ids: Ints, stream: mixer.Stream, field_length: int) -> list[str]:
    """The texts with their slips, none longer than `field_length` characters, ids deciding where each slip falls."""
    chars = _to_chars(texts)
    rows = np.flatnonzero(slips.mistyped)
    chars[rows] = _mistype(chars[rows], slips, rows, stream.child("mistype")(ids[rows]))
    rows = np.flatnonzero(slips.glued)
    chars[rows] = _glue(chars[rows], stream.child("glue")(ids[rows]))
    length = (chars != 0).sum(axis=1)
    limit = np.minimum(length, field_length)
    room = np.maximum(limit - slips.core_end - 4, 1)
    cut = slips.core_end + 3 + stream.child("cut").below(ids, room)
    limit = np.where(slips.cut & (limit > slips.core_end + 4), np.minimum(cut, limit), limit)
    chars[np.arange(chars.shape[1]) >= limit[:, None]] = 0
    return [text.rstrip() for text in _to_texts(chars)]


def _to_chars(texts: Sequence[str]) -> Chars:
    width = max(map(len, texts), default=0) + 2
    return np.array(texts, dtype=f"U{width}").view(np.uint32).reshape(len(texts), width).copy()


def _to_texts(chars: Chars) -> list[str]:
    return [str(text) for text in np.ascontiguousarray(chars).view(f"U{chars.shape[1]}").ravel().tolist()]


def _table_of_letters() -> Bools:
    return np.array([chr(code).isalpha() for code in range(_ALPHABET)])


def _table_of_neighbours() -> NDArray[np.uint32]:
    """For each letter, two keys that a finger on an AZERTY keyboard hits instead (the letter itself where there is none)."""
    table = np.repeat(np.arange(_ALPHABET, dtype=np.uint32)[:, None], 2, axis=1)
    accented = {"é": "e", "è": "e", "ê": "e", "à": "a", "â": "a", "ç": "c", "ù": "u", "î": "i", "ô": "o", "ï": "i", "û": "u"}
    for row in _ROWS:
        for place, letter in enumerate(row):
            left = row[place - 1] if place else row[1]
            right = row[place + 1] if place + 1 < len(row) else row[-2]
            for key in (letter, *(c for c, plain in accented.items() if plain == letter)):
                table[ord(key)] = ord(left), ord(right)
                table[ord(key.upper())] = ord(left.upper()), ord(right.upper())
    return table


_LETTERS = _table_of_letters()
_NEIGHBOURS = _table_of_neighbours()


def _is_letter(chars: Chars) -> Bools:
    return _LETTERS[np.minimum(chars, _ALPHABET - 1)]


def _nth_true(mask: Bools, words: mixer.Words) -> tuple[Bools, Ints]:
    """For each row, whether it has a True at all, and the column of one drawn among them."""
    running = np.cumsum(mask, axis=1, dtype=np.int16)
    count = running[:, -1].astype(np.int64)
    target = mixer.scale(words, np.maximum(count, 1))
    return count > 0, np.argmax(running > target[:, None], axis=1)


def _mistype(chars: Chars, slips: Slips, rows: Ints, words: mixer.Words) -> Chars:
    """One letter inside a word of five or more: a neighbouring key, doubled, dropped, or swapped with the next."""
    letter = _is_letter(chars)
    inner = np.zeros_like(letter)
    span = chars.shape[1] - _WINDOW + 1
    inner[:, 2:-2] = np.logical_and.reduce([letter[:, shift : shift + span] for shift in range(_WINDOW)])
    column = np.arange(chars.shape[1])
    core = (column >= slips.core_start[rows, None]) & (column < slips.core_end[rows, None])
    inner &= ~(core & slips.keep_core[rows, None])
    possible, at = _nth_true(inner, words)
    kind = mixer.scale(mixer.low(words), 4)
    line = np.arange(len(chars))
    kind[(kind == 3) & (chars[line, at] == chars[line, np.minimum(at + 1, chars.shape[1] - 1)])] = 2
    kind[~possible] = -1
    place = at[:, None]
    is_ = {number: (kind == number)[:, None] for number in range(1, 4)}
    source = column - (is_[1] & (column > place)) + (is_[2] & (column >= place))
    source = source + (is_[3] & (column == place)).astype(np.int64) - (is_[3] & (column == place + 1))
    edited = np.take_along_axis(chars, np.clip(source, 0, chars.shape[1] - 1), axis=1)
    edited[:, -1] = 0
    hit = np.flatnonzero(kind == 0)
    side = (words[hit] & np.uint64(1)).astype(np.int64)
    edited[hit, at[hit]] = _NEIGHBOURS[np.minimum(chars[hit, at[hit]], _ALPHABET - 1), side]
    return edited


def _glue(chars: Chars, words: mixer.Words) -> Chars:
    """One space lost before a word (never inside a number)."""
    letter = _is_letter(chars)
    loose = np.zeros_like(letter)
    digit = (chars >= ord("0")) & (chars <= ord("9"))
    loose[:, 1:-1] = (chars[:, 1:-1] == _MISSING_SPACE) & letter[:, 2:] & ~digit[:, :-2]
    possible, at = _nth_true(loose, words)
    column = np.arange(chars.shape[1])
    source = column + (possible[:, None] & (column >= at[:, None]))
    glued = np.take_along_axis(chars, np.minimum(source, chars.shape[1] - 1), axis=1)
    glued[:, -1] = 0
    return glued
