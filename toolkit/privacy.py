"""What may be shown: masks for names, dates, places and texts, and tables without small counts.

Masking is for screens and reports, so that nobody meets a person while reading them; it is no anonymisation.
Small counts follow the usage of official statistics: primary suppression under a minimum, then secondary suppression so
that no cell can be computed from the total (A. Hundepool et al., *Statistical Disclosure Control*, 2012, chapter 4).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import polars as pl

from toolkit import schema
from toolkit.errors import InputError

__all__ = ["mask_date", "mask_lines", "mask_name", "mask_place", "mask_text", "suppress_small"]

HIDDEN = "[hidden]"
"""What stands where nothing of a value may be shown."""


def mask_name(name: str | None) -> str | None:
    """The initials of a name: 'Jean-Luc Martin' becomes 'J.-L. M.'; null stays null."""
    if name is None:
        return None
    words = [[part[0].upper() + "." for part in word.split("-") if part] for word in name.split()]
    return " ".join("-".join(parts) for parts in words if parts)


def mask_date(day: date | None) -> str | None:
    """The year of a date: 17 May 1980 becomes '1980'; null stays null."""
    return None if day is None else f"{day.year:04d}"


def mask_place(postal_code: str | None) -> str | None:
    """The departement of a postal code: '35000' becomes '35', '20200' '2B'; null for what is no postal code."""
    if postal_code is None or len(postal_code) != 5:
        return None
    if postal_code.startswith("20"):
        return "2A" if postal_code[2] in "01" else "2B"
    return postal_code[:3] if postal_code.startswith(("97", "98")) else postal_code[:2]


def mask_text(text: str | None, length: int = 60) -> str | None:
    """The shape of a text and no word of it: 'rdv 12/03 Mme Petit' becomes 'r… [number] M… P…'; null stays null.

    Words keep their first letter, numbers and mail addresses nothing; after `length` characters a last '…' stands for
    the rest.
    """
    if text is None:
        return None
    masked = " ".join(filter(None, (_mask_token(token) for token in text.split())))
    if len(masked) <= length:
        return masked
    # Cut between two masked words: half of one would show letters that stand for nothing.
    return masked[: length + 1].rpartition(" ")[0] + " …"


def mask_lines(lines: pl.DataFrame) -> pl.DataFrame:
    """A few lines of the dump, fit to be shown: every personal column masked by what `schema.LINES` says of it.

    Takes any subset of the columns of `lines` and returns the same columns in the same order, masked ones as text.
    Raises `InputError` for a column the schema does not know: nobody has said how personal it is.
    """
    unknown = [name for name in lines.columns if name not in schema.LINES.names]
    if unknown:
        raise InputError(f"These columns are not columns of lines, so no mask is known: {', '.join(unknown)}.")
    masked = [_mask_column(lines[name], schema.LINES[name].personal) for name in lines.columns]
    return pl.DataFrame(masked)


def suppress_small(table: pl.DataFrame, columns: Sequence[str], minimum: int = 10) -> pl.DataFrame:
    """`table` with every count under `minimum` replaced by null, and enough others that none can be computed.

    Each of `columns` is a column of counts whose total is, or may become, known. In each, cells from 1 to `minimum` - 1
    go, and with them the smallest count of `minimum` or more, as often as it stands there. So whoever knows the total,
    what is shown and this rule must allow, for each cell that is gone, a value of `minimum` or more: what is gone could
    stand in any other order (choosing by more than the values would tell; see R. Wong et al., *Minimality attack in
    privacy preserving data publishing*, VLDB 2007). Zeros are shown, unless all counts together are too few to hide
    one another: then all cells go, and the total may not be shown either. Columns of floats are taken for shares of the
    counts: they go in every row where a count does.

    Counts that add up within a row (men, women, both) are beyond this function: show two of the three.
    Raises `InputError` when a column is not there, is not a column of integers, or holds a negative count.
    """
    _check_counts(table, columns, minimum)
    gone = {name: _suppressed(table[name].to_list(), minimum) for name in columns}
    any_gone = [any(flags) for flags in zip(*gone.values(), strict=True)] if gone else [False] * table.height
    shares = {name: any_gone for name, dtype in table.schema.items() if dtype.is_float()}
    hidden = [
        pl.when(~pl.Series(name, flags, dtype=pl.Boolean)).then(pl.col(name)).alias(name)
        for name, flags in {**gone, **shares}.items()
    ]
    return table.with_columns(hidden)


def _suppressed(counts: list[int | None], minimum: int) -> list[bool]:
    """Which cells of one column go. Cells that are null hold nothing and hide nothing."""
    small = [count for count in counts if count is not None and 0 < count < minimum]
    if not small:
        return [False] * len(counts)
    cover = min((count for count in counts if count is not None and count >= minimum), default=None)
    # Without a cover, could each of the small ones be `minimum` or more, the others being 1?
    if cover is None and (len(small) < 2 or sum(small) - (len(small) - 1) < minimum):
        return [True] * len(counts)
    return [count is not None and (0 < count < minimum or count == cover) for count in counts]


def _check_counts(table: pl.DataFrame, columns: Sequence[str], minimum: int) -> None:
    if minimum < 1:
        raise InputError(f"A minimum of {minimum} suppresses nothing: give 1 or more.")
    missing = [name for name in columns if name not in table.columns]
    if missing:
        there = ", ".join(table.columns)
        raise InputError(f"These columns were not found: {', '.join(missing)}; the table has {there}.")
    for name in columns:
        if not table[name].dtype.is_integer():
            raise InputError(f"Column {name!r} holds {table[name].dtype}, not counts: give columns of integers.")
        if (table[name] < 0).any():
            raise InputError(f"Column {name!r} holds negative numbers, which are not counts.")


def _mask_token(token: str) -> str:
    if "@" in token:
        return "[mail]"
    if any(character.isdigit() for character in token):
        return "[number]"
    letters = re.sub(r"[^\w]", "", token)
    return f"{letters[0]}…" if letters else ""


def _hide(_: object) -> str:
    return HIDDEN


_MASKS: dict[str, Callable[[Any], str | None]] = {
    "last_name": mask_name,
    "birth_name": mask_name,
    "first_name": mask_name,
    "birth_date": mask_date,
    "postal_code": mask_place,
    "administrative_comment": mask_text,
    # Sex alone points at nobody once name, date and place are masked.
    "sex": lambda sex: sex,
}
"""Masks that leave something; every other personal column is hidden."""


def _mask_column(column: pl.Series, personal: schema.Personal) -> pl.Series:
    if personal is schema.Personal.NONE:
        return column
    mask = _MASKS.get(column.name, _hide)
    values = [None if value is None else mask(value) for value in column.to_list()]
    return pl.Series(column.name, values, dtype=pl.String)
