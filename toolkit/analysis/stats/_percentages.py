"""Find the denominators for which a published count and percentage agree.

A percentage published without its denominator fits several of them, and a reader who assumes the wrong one makes a new
number. The table lists the possible denominators side by side, so that a newsroom sees which of them fit.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from toolkit.errors import InputError

__all__ = ["percentages"]


def percentages(count: int, share: float, denominators: Mapping[str, int], digits: int = 2) -> pl.DataFrame:
    """Return the share that `count` is of each possible denominator, and whether it agrees with the published `share`.

    `denominators` maps names to numbers; `digits` is the number of decimals of the published share (0.01, "one
    percent", has 2). One row per interpretation: `interpretation`, `part`, `whole`, `share` (part over whole), `agrees`
    (whether it rounds to the published share). The last row is the misreading that takes the share of the count itself:
    it agrees by construction, and its part is only a fraction of what was published.

    Raises `InputError` when a denominator is not positive, or when the share is not between 0 and 1.
    """
    wrong = [name for name, whole in denominators.items() if whole <= 0]
    if wrong:
        raise InputError(f"The denominator of {', '.join(wrong)} is not positive: give a number above 0.")
    if not 0 <= share <= 1:
        raise InputError(f"A share of {share} is not between 0 and 1: give for example 0.01 for one percent.")
    rows = [(f"of all {name}", count, whole) for name, whole in denominators.items()]
    rows.append((f"{share:.{max(0, digits - 2)}%} of the {count:,}", round(share * count), count))
    table = pl.DataFrame(rows, schema=["interpretation", "part", "whole"], orient="row")
    exact = pl.col("part") / pl.col("whole")
    return table.with_columns(share=exact, agrees=exact.round(digits) == round(share, digits))
