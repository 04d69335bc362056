"""Suppression of small counts in tables.

The method is that of official statistics: primary suppression below a minimum, then secondary suppression so that no
suppressed cell can be computed from the total (A. Hundepool et al., *Statistical Disclosure Control*, 2012, chapter 4).
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from toolkit.errors import InputError

__all__ = ["suppress_small"]


def suppress_small(table: pl.DataFrame, columns: Sequence[str], minimum: int = 10) -> pl.DataFrame:
    """Return `table` with counts below `minimum` replaced by null, and enough others that none can be computed.

    Each of `columns` is a column of counts whose total may be known to the reader. Cells from 1 to `minimum` - 1 are
    suppressed, and also every cell equal to the smallest count of `minimum` or more. A reader who knows the total, the
    cells shown and this rule then cannot exclude a value of `minimum` or more for any suppressed cell. The rule depends
    on values only: any further choice would give information away (R. Wong et al., *Minimality attack in privacy
    preserving data publishing*, VLDB 2007). Zeros are shown, unless the counts are too few to hide one another: then
    all cells are suppressed, and the total must not be shown either. Columns of floats are treated as shares of the
    counts, and suppressed in every row where a count is.

    Counts that add up within a row (men, women, both) are not protected: show two of the three.
    Raises `InputError` when a column is missing, is not a column of integers, or contains a negative count.
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
    """Return which cells of a column to suppress. Null cells are never suppressed and protect no other cell."""
    small = [count for count in counts if count is not None and 0 < count < minimum]
    if not small:
        return [False] * len(counts)
    cover = min((count for count in counts if count is not None and count >= minimum), default=None)
    # Without a cover, small cells hide one another only if any of them could be `minimum` or more, the others being 1.
    if cover is None and (len(small) < 2 or sum(small) - (len(small) - 1) < minimum):
        return [True] * len(counts)
    return [count is not None and (0 < count < minimum or count == cover) for count in counts]


def _check_counts(table: pl.DataFrame, columns: Sequence[str], minimum: int) -> None:
    if minimum < 1:
        raise InputError(f"A minimum of {minimum} suppresses nothing: give 1 or more.")
    missing = [name for name in columns if name not in table.columns]
    if missing:
        known = ", ".join(table.columns)
        raise InputError(f"These columns were not found: {', '.join(missing)}; the table has {known}.")
    for name in columns:
        if not table[name].dtype.is_integer():
            raise InputError(
                f"Column {name!r} has type {table[name].dtype}, not a type of counts: give columns of integers."
            )
        if (table[name] < 0).any():
            raise InputError(f"Column {name!r} contains negative numbers, which are not counts.")
