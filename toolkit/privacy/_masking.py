"""Masks for names, dates, places and free text.

Masks keep readers of screens and reports from recognising people. They do not anonymise the data.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import polars as pl

from toolkit import schema
from toolkit.errors import InputError

__all__ = ["mask_date", "mask_lines", "mask_name", "mask_place", "mask_text"]

HIDDEN = "[hidden]"
"""Replaces a value of which no part may be shown."""


def mask_name(name: str | None) -> str | None:
    """Return the initials of a name: 'Jean-Luc Martin' becomes 'J.-L. M.'; null stays null."""
    if name is None:
        return None
    words = [[part[0].upper() + "." for part in word.split("-") if part] for word in name.split()]
    return " ".join("-".join(parts) for parts in words if parts)


def mask_date(day: date | None) -> str | None:
    """Return the year of a date: 17 May 1980 becomes '1980'; null stays null."""
    return None if day is None else f"{day.year:04d}"


def mask_place(postal_code: str | None) -> str | None:
    """Return the departement of a postal code: '35000' becomes '35', '20200' '2B'; null if it is not one."""
    if postal_code is None or len(postal_code) != 5:
        return None
    if postal_code.startswith("20"):
        return "2A" if postal_code[2] in "01" else "2B"
    return postal_code[:3] if postal_code.startswith(("97", "98")) else postal_code[:2]


def mask_text(text: str | None, length: int = 60) -> str | None:
    """Return the first letters of a text: 'rdv 12/03 Mme Petit' becomes 'r… [number] M… P…'; null stays null.

    Words keep their first letter; numbers and e-mail addresses are replaced. Beyond `length` characters the text is
    cut, and ends with '…'.
    """
    if text is None:
        return None
    masked = " ".join(filter(None, (_mask_token(token) for token in text.split())))
    if len(masked) <= length:
        return masked
    # Cut between two masked words, never inside one.
    return masked[: length + 1].rpartition(" ")[0] + " …"


def mask_lines(lines: pl.DataFrame) -> pl.DataFrame:
    """Mask every personal column of a few lines of the dump, following `schema.LINES`.

    Takes any subset of the columns of `lines` and returns the same columns in the same order, masked ones as text.
    Raises `InputError` for a column that is not in the schema, since it has no masking rule.
    """
    unknown = [name for name in lines.columns if name not in schema.LINES.names]
    if unknown:
        raise InputError(
            f"These columns are not columns of lines and have no masking rule: {', '.join(unknown)}. Leave them out."
        )
    masked = [_mask_column(lines[name], schema.LINES[name].personal) for name in lines.columns]
    return pl.DataFrame(masked)


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
    # Sex alone identifies no one once name, date and place are masked.
    "sex": lambda sex: sex,
}
"""Masks that keep part of a value; every other personal column is hidden."""


def _mask_column(column: pl.Series, personal: schema.Personal) -> pl.Series:
    if personal is schema.Personal.NONE:
        return column
    mask = _MASKS.get(column.name, _hide)
    values = [None if value is None else mask(value) for value in column.to_list()]
    return pl.Series(column.name, values, dtype=pl.String)
