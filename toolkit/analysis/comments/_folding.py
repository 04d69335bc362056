"""Fold comments to one spelling, so that a rule finds a word however it was typed.

A folded text is lower-case ASCII: words and numbers separated by one space, a space at both ends, and the punctuation
between clauses as separate words (`.` for a stop, `,`, `:`, `?`, `+`, `~` for a lone hyphen, `=`).
Thanks to the space at both ends, a literal such as `" sep "` matches a whole word without a regular expression.
"""

from __future__ import annotations

import polars as pl

__all__ = ["fold", "fold_phrase"]

_LETTERS = {
    **dict.fromkeys("àáâãäå", "a"),
    **dict.fromkeys("èéêë", "e"),
    **dict.fromkeys("ìíîï", "i"),
    **dict.fromkeys("òóôõöø", "o"),
    **dict.fromkeys("ùúûü", "u"),
    **dict.fromkeys("ýÿ", "y"),
    "ç": "c",
    "ñ": "n",
    "œ": "oe",
    "æ": "ae",
    "ß": "ss",
}
_MARKS = {
    # A hyphen inside a word joins (beau-père); next to a space it is a minus (HIV -) or a dash.
    " - ": " ~ ",
    " -": " ~ ",
    "- ": " ~ ",
    "-": " ",
    **dict.fromkeys(["–", "—", "−"], " ~ "),  # noqa: RUF001 (the characters that people type)
    **dict.fromkeys([";", "!", "(", ")", "[", "]", "{", "}", "/", "|", "…", "•", "."], " . "),
    **dict.fromkeys(["=", ">", "→"], " = "),
    ",": " , ",
    ":": " : ",
    "?": " ? ",
    "+": " + ",
    "%": " % ",
    **dict.fromkeys(["'", "’", "‘", "`", "´", '"', "«", "»", "“", "”", "°", "º", "_", "*", "#", "<", "\\"], " "),  # noqa: RUF001
}


def fold(text: pl.Expr) -> pl.Expr:
    """Return the folded form of a text column; null and blank texts fold to one space."""
    return (
        pl.concat_str(
            pl.lit(" "),
            # Upper case reveals a missing space before a word in capitals ("rénaleATTENTION").
            text.fill_null("").str.replace_all(r"(\p{Ll}{3})(\p{Lu}{2})", "$1 $2"),
            pl.lit(" "),
        )
        .str.to_lowercase()
        .str.replace_many(_LETTERS)
        .str.replace_all(r"\b([a-z])\.", "$1")  # v.i.h. is vih
        .str.replace_many(_MARKS, leftmost=True)
        .str.replace_all(r"[^ -~]+", " ")
        .str.replace_all(r"([a-z])([0-9])", "$1 $2")
        .str.replace_all(r"([0-9])([a-z])", "$1 $2")
        # Only runs of spaces: to match single ones as well would cost more than all other steps.
        .str.replace_all(r" {2,}", " ")
    )


def fold_phrase(phrase: str) -> str:
    """Return the folded form of one phrase, without the spaces at its ends, as the lexicon writes it."""
    return str(pl.select(fold(pl.lit(phrase))).item()).strip()
