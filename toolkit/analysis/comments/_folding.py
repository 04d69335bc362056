"""Write every comment the same way, so that one spelling of a rule finds all the ways it was typed.

A folded text is plain lower-case ASCII: words and numbers apart by one space, a space at both ends, and what
separates clauses kept as a word of its own (`.` for a stop, `,`, `:`, `?`, `+`, `~` for a lone hyphen, `=`).
The space at both ends is what lets a literal such as `" sep "` mean a whole word without any regex.
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
    # A hyphen inside a word joins (beau-père); beside a space it stands for a sign (HIV -) or a dash.
    " - ": " ~ ",
    " -": " ~ ",
    "- ": " ~ ",
    "-": " ",
    **dict.fromkeys(["–", "—", "−"], " ~ "),  # noqa: RUF001 (these are the signs people type)
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
    """The folded form of a text column; null and blank texts fold to one space."""
    return (
        pl.concat_str(
            pl.lit(" "),
            # A space lost before a word in capitals ("rénaleATTENTION") is the one kind that the case still shows.
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
        # Spaces are the one white space left; to match the lone ones as well costs more than all the rest.
        .str.replace_all(r" {2,}", " ")
    )


def fold_phrase(phrase: str) -> str:
    """The folded form of one phrase, without the space at its ends: for rules written in the lexicon."""
    return str(pl.select(fold(pl.lit(phrase))).item()).strip()
