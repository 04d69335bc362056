"""Names that no synthetic person may have, so that none is mistaken for a person in the news.

The project does not contain the names themselves: the two lists hold truncated SHA-256 digests of folded names.
`withheld_surnames.txt` is for surnames so distinctive that they identify one person. `withheld_full_names.txt` is for
well-known people with a common surname, who are identified by first name and surname together.
"""

from __future__ import annotations

import hashlib
import unicodedata
from functools import cache
from importlib.resources import files

__all__ = ["fold_name", "is_withheld_full_name", "is_withheld_surname", "name_digest"]

_DIGEST_LENGTH = 16
_LIGATURES = str.maketrans({"Œ": "OE", "Æ": "AE", "Ø": "O", "Ł": "L", "Đ": "D", "İ": "I", "ı": "I"})


def fold_name(name: str) -> str:
    """Return the letters A-Z of a name, in upper case, without accents, ligatures, spaces, hyphens or apostrophes."""
    decomposed = unicodedata.normalize("NFKD", name.upper().translate(_LIGATURES))
    return "".join(letter for letter in decomposed if "A" <= letter <= "Z")


def name_digest(folded: str) -> str:
    """Return the truncated SHA-256 digest (16 hexadecimal digits) of a folded name, as used in the lists."""
    return hashlib.sha256(folded.encode()).hexdigest()[:_DIGEST_LENGTH]


def is_withheld_surname(surname: str) -> bool:
    """Return whether a surname, in any spelling of case and accents, is one that no synthetic person may have."""
    return name_digest(fold_name(surname)) in _digests("withheld_surnames.txt")


def is_withheld_full_name(first_name: str, last_name: str) -> bool:
    """Return whether first name and surname together are those of a well-known person, in any case and accents."""
    full_name = f"{fold_name(first_name)} {fold_name(last_name)}"
    return name_digest(full_name) in _digests("withheld_full_names.txt")


@cache
def _digests(file_name: str) -> frozenset[str]:
    """Return the digests in one of the lists; lines that start with '#' are comments."""
    text = (files("toolkit.synth") / "data" / file_name).read_text(encoding="ascii")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))
