"""Names the maker never gives to an invented person, so that nobody invented is taken for somebody in the news.

The names themselves do not stand in the project: the two lists hold truncated SHA-256 digests of folded names.
`withheld_surnames.txt` is for surnames so distinctive that they point at one person; `withheld_full_names.txt` is for
well-known people whose surname is common, who are told apart by first name and surname together.
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
    """The letters A-Z of a name, upper case: accents, ligatures, spaces, hyphens and apostrophes are folded away."""
    decomposed = unicodedata.normalize("NFKD", name.upper().translate(_LIGATURES))
    return "".join(letter for letter in decomposed if "A" <= letter <= "Z")


def name_digest(folded: str) -> str:
    """The truncated SHA-256 digest (16 hexadecimal digits) under which a folded name stands in the lists."""
    return hashlib.sha256(folded.encode()).hexdigest()[:_DIGEST_LENGTH]


def is_withheld_surname(surname: str) -> bool:
    """Whether a surname, however it is typed, is one that no invented person may bear."""
    return name_digest(fold_name(surname)) in _digests("withheld_surnames.txt")


def is_withheld_full_name(first_name: str, last_name: str) -> bool:
    """Whether first name and surname together, however they are typed, are a well-known person's."""
    full_name = f"{fold_name(first_name)} {fold_name(last_name)}"
    return name_digest(full_name) in _digests("withheld_full_names.txt")


@cache
def _digests(file_name: str) -> frozenset[str]:
    """The digests in one of the lists; lines that start with '#' are comments."""
    text = (files("toolkit.synth") / "data" / file_name).read_text(encoding="ascii")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))
