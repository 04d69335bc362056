"""Tables to be read: a result table of the analyst, with separators, percent signs and plain headings."""

from __future__ import annotations

import polars as pl
from great_tables import GT

__all__ = ["readable"]


def readable(table: pl.DataFrame, title: str, note: str = "") -> GT:
    """A small table as one reads it in a notebook; `note` says below it what is counted.

    Columns of whole numbers get separators, fractions that are shares by their name (share, relative_error, precision,
    recall, f1) become percent, other fractions keep one digit; a null is shown as a dash, underscores in headings as
    spaces.
    """
    fractions = [name for name, dtype in table.schema.items() if dtype.is_float()]
    shares = [name for name in fractions if any(word in name for word in _SHARES)]
    whole = [name for name, dtype in table.schema.items() if dtype.is_integer() and name not in _PLAIN]
    shown = (
        GT(table)
        .tab_header(title)
        .cols_label({name: name.replace("_", " ") for name in table.columns})
        .fmt_integer(whole)
        .fmt_percent(shares, decimals=2)
        .fmt_number([name for name in fractions if name not in shares], decimals=1)
        .sub_missing(missing_text="–")
        .tab_options(table_font_size="14px", heading_align="left", table_margin_left="0px")
    )
    return shown.tab_source_note(note) if note else shown


_SHARES = ("share", "relative_error", "precision", "recall", "f1")
_PLAIN = ("year", "practice_id", "rank")
"""Numbers that are names: no separator."""
