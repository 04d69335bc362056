"""Fold names for comparison, with Unicode decomposition instead of a table of letters."""

from __future__ import annotations

import polars as pl

__all__ = ["fold"]

_TWO_LETTERS = {"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ß": "ss", "ẞ": "ss"}
# Unicode does not decompose letters with a stroke.
_STROKES = {"ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "đ": "d", "Đ": "d", "ð": "d", "Ð": "d", "ħ": "h", "Ħ": "h"}
_DOTLESS = {"ı": "i", "ŉ": "n"}
# The signs for ohm, kelvin and angstrom: Unicode decomposes them into letters, but they are not letters of a name.
_UNITS = dict.fromkeys(("\u2126", "\u212a", "\u212b"), " ")
# The block of combining accents except U+034F, which joins letters.
_ACCENTS = r"[\x{0300}-\x{034E}\x{0350}-\x{036F}]"


def fold(text: pl.Expr) -> pl.Expr:
    """Return `text` as capitals A to Z, digits and single spaces; null when nothing is left.

    Accents are removed, œ, æ and ß become two letters, and other characters, including letters of other alphabets,
    become one space.
    """
    before = _UNITS | _DOTLESS
    decomposed = (
        text.str.replace_many(list(before), list(before.values())).str.normalize("NFD").str.replace_all(_ACCENTS, "")
    )
    after = _TWO_LETTERS | _STROKES
    plain = decomposed.str.replace_many(list(after), list(after.values()))
    # Only ASCII letters are kept, for which every program agrees on upper case.
    letters = plain.str.replace_all("[^A-Za-z0-9]+", " ").str.strip_chars(" ").str.to_uppercase()
    return pl.when(letters != "").then(letters)
