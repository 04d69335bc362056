"""Find the encoding of text: by validity and marks, else the single-byte encoding that makes the best French."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["SINGLE_BYTE", "decode_cell", "find_encoding", "utf16_kind"]

SINGLE_BYTE = ("cp1252", "iso8859-15", "mac_roman", "cp850")
"""Single-byte encodings that are tried, in the order in which a tie is decided."""
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_LETTERS = frozenset("àâäáãåçéèêëíìîïñóòôöõúùûüýÿœæÀÂÄÁÃÇÉÈÊËÍÎÏÑÓÔÖÚÙÛÜŸŒÆ")
_SIGNS = frozenset("’‘“”–—«»€°…·\u00a0²³")
_HIGH = re.compile(rb"[\x80-\xff]")
_MOSTLY = 0.5


def utf16_kind(sample: bytes) -> str | None:
    """Return `utf-16-le` or `utf-16-be` where a mark or the places of NUL bytes show it, else None."""
    for mark, name in _MARKS[1:]:
        if sample.startswith(mark):
            return name
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = max(len(sample) // 2, 1)
    if odd > 0.6 * half and even < 0.1 * half:
        return "utf-16-le"
    if even > 0.6 * half and odd < 0.1 * half:
        return "utf-16-be"
    return None


def find_encoding(lines: Sequence[bytes]) -> str:
    """Return the encoding of most of the lines: UTF-8, or one of `SINGLE_BYTE`.

    A file in UTF-8 may have lines in another encoding; those are decoded one by one.
    """
    high = [line for line in lines if _HIGH.search(line)]
    if not high:
        return "utf-8"
    broken = [line for line in high if not _is_utf8(line)]
    if len(broken) <= _MOSTLY * len(high):
        return "utf-8"
    text = b"\n".join(broken[:2_000])
    return max(SINGLE_BYTE, key=lambda name: (_score(text, name), -SINGLE_BYTE.index(name)))


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _score(text: bytes, encoding: str) -> float:
    """Return how French a text looks in an encoding: the mean over letters beyond ASCII."""
    decoded = text.decode(encoding, errors="replace")
    total, count = 0.0, 0
    for place, letter in enumerate(decoded):
        if letter < "\x80":
            continue
        count += 1
        before = decoded[place - 1] if place else " "
        after = decoded[place + 1] if place + 1 < len(decoded) else " "
        inside = before.isalpha() and after.isalpha()
        if letter in _LETTERS:
            # A capital after a small letter is no French word.
            total += -1.0 if letter.isupper() and before.islower() else 1.0
        elif letter in _SIGNS:
            total += -0.5 if inside and letter != "’" else 0.6
        elif letter.isalpha():
            total -= 0.5
        else:
            total -= 2.0 if inside or not letter.isprintable() else 1.0
    return total / max(count, 1)


def decode_cell(raw: bytes, encoding: str) -> tuple[str, bool]:
    """Return the text of a cell, and whether it was no UTF-8 in a file of UTF-8 and was read as cp1252.

    Bytes that cp1252 does not define become the control characters of Latin-1.
    """
    if encoding != "utf-8":
        return raw.decode(encoding, errors="replace"), False
    try:
        return raw.decode("utf-8"), False
    except UnicodeDecodeError:
        return "".join(_CP1252[octet] for octet in raw), True


_CP1252 = tuple(bytes([octet]).decode("cp1252", errors="ignore") or chr(octet) for octet in range(256))
