"""Tables without small counts.

The method is that of official statistics: primary suppression below a minimum, then secondary suppression so that no
cell can be computed from the total (A. Hundepool et al., *Statistical Disclosure Control*, 2012, chapter 4).
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from toolkit.errors import InputError

__all__ = ["suppress_small"]


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
