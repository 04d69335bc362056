"""Names as they compare: one folding, the same on every engine.

The same name is typed *Lefèvre-Œuvrard*, *LEFEVRE OEUVRARD* or *Lefevre  Oeuvrard*; folded, all three are
`LEFEVRE OEUVRARD`. The table of letters is explicit because engines disagree on accents: DuckDB's `strip_accents`
leaves œ, æ and ß as they are, Spark has no such function, and their `upper` differ on letters such as ß and ŉ.
"""

from __future__ import annotations

import unicodedata
from string import ascii_lowercase, ascii_uppercase

import ibis
import ibis.expr.types as ir

__all__ = ["departement_of", "fold"]

_PAIRS = {"œ": "OE", "Œ": "OE", "ß": "SS", "ẞ": "SS"} | dict.fromkeys("æÆǽǼǣǢ", "AE")
# Letters that Unicode does not take apart into a plain one and an accent.
_STROKED = dict(zip("ØøǾǿŁłĐđÐðĦħıŉ", "OOOOLLDDDDHHIN", strict=True))
_COMBINING = "".join(chr(code) for code in range(0x0300, 0x0370) if unicodedata.combining(chr(code)))
# What French names hold beyond ASCII, as capitals, and what they hold once UTF-8 was read as CP1252.
_FRENCH = "ÀÂÃÄÇÈÉÊËÎÏÑÔÖÙÛÜŠŸŽ"
_FRENCH_PLAIN = "AAAACEEEEIINOOUUUSYZ"
_NOT_LETTERS = "[^A-Za-z]"
_NOT_FRENCH = rf"[^\x00-\x7F\x{{A0}}-\x{{BF}}{_FRENCH}{_FRENCH.lower()}ŒœÆæ‘’“”–—‰€™\x{{2C6}}\x{{2DC}}]"


def _letters() -> tuple[str, str]:
    """Two strings for `translate`: small and accented letters of the Latin blocks, and their plain capitals."""
    plain = dict(zip(ascii_lowercase, ascii_uppercase, strict=True)) | _STROKED
    for code in (*range(0x00C0, 0x0250), *range(0x1E00, 0x1F00)):
        base = unicodedata.normalize("NFD", chr(code))[0]
        if base != chr(code) and base.isascii() and base.isalpha():
            plain[chr(code)] = base.upper()
    # Characters of the first string without a counterpart in the second are deleted, on both engines: that drops
    # the loose accents of decomposed text.
    return "".join(plain) + _COMBINING, "".join(plain.values())


_LETTERS, _CAPITALS = _letters()


def fold(text: ir.StringValue) -> ir.StringValue:
    """`text` in capitals A to Z, digits and single spaces; null when nothing is left.

    Accents go, œ, æ and ß become two letters, and whatever is neither letter nor digit (hyphen, apostrophe, point,
    runs of spaces) becomes one space. Letters of other alphabets fall as well: the case has none.
    """
    # DuckDB builds the map of `translate` anew for each text: 44 microseconds with all letters, 1 with the French ones.
    # So each text takes the shortest way that is right for it, and most are plain letters.
    folded = ibis.cases(
        (~text.re_search(_NOT_LETTERS), text.upper()),
        (~text.re_search(_NOT_FRENCH), _spaced(_fold_french(text))),
        else_=_spaced(_fold_any(text)),
    )
    return folded.nullif("")


def _spaced(capitals: ir.StringValue) -> ir.StringValue:
    return capitals.re_replace("[^A-Z0-9]+", " ").strip()


def _fold_french(text: ir.StringValue) -> ir.StringValue:
    capitals = text.upper().replace("Œ", _PAIRS["Œ"]).replace("Æ", _PAIRS["Æ"])
    return capitals.translate(_FRENCH, _FRENCH_PLAIN)


def _fold_any(text: ir.StringValue) -> ir.StringValue:
    """Without `upper`, on whose result for rare letters engines differ."""
    for letter, pair in _PAIRS.items():
        text = text.replace(letter, pair)
    return text.translate(_LETTERS, _CAPITALS)


def departement_of(postal_code: ir.StringValue) -> ir.StringValue:
    """The departement a postal code points to: two digits, 2A or 2B in Corsica, three digits overseas.

    Some communes near a border have the postal code of the neighbouring departement, so this is a hint, not a proof.
    """
    return ibis.cases(
        (postal_code.length() != 5, ibis.null(str)),
        (postal_code.startswith("200") | postal_code.startswith("201"), "2A"),
        (postal_code.startswith("20"), "2B"),
        (postal_code.startswith("97") | postal_code.startswith("98"), postal_code.left(3)),
        else_=postal_code.left(2),
    )
