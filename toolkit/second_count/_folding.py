"""Names as they compare, written a second time: Unicode's own decomposition instead of a table of letters."""

from __future__ import annotations

import polars as pl

__all__ = ["fold"]

_TWO_LETTERS = {"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ß": "ss", "ẞ": "ss"}
# A stroke is no accent to Unicode, so these letters stay whole when accents are taken off.
_STROKES = {"ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "đ": "d", "Đ": "d", "ð": "d", "Ð": "d", "ħ": "h", "Ħ": "h"}
_DOTLESS = {"ı": "i", "ŉ": "n"}
# Signs for the ohm, the kelvin and the angstrom, which Unicode decomposes into letters though nobody is named so.
_UNITS = dict.fromkeys(("\u2126", "\u212a", "\u212b"), " ")
# All of the block of combining accents but one, which joins letters and takes nothing off them.
_ACCENTS = r"[\x{0300}-\x{034E}\x{0350}-\x{036F}]"


def fold(text: pl.Expr) -> pl.Expr:
    """`text` in capitals A to Z, digits and single spaces; null when nothing is left.

    Accents go, œ, æ and ß become two letters, and whatever is neither letter nor digit becomes one space, as does any
    letter of another alphabet.
    """
    whole = _UNITS | _DOTLESS
    apart = text.str.replace_many(list(whole), list(whole.values())).str.normalize("NFD").str.replace_all(_ACCENTS, "")
    pairs = _TWO_LETTERS | _STROKES
    plain = apart.str.replace_many(list(pairs), list(pairs.values()))
    # Only ASCII is left by then, on which every program agrees about capitals.
    letters = plain.str.replace_all("[^A-Za-z0-9]+", " ").str.strip_chars(" ").str.to_uppercase()
    return pl.when(letters != "").then(letters)
