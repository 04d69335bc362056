"""What may a published count with its percentage mean? The same two numbers, read in every way that they allow.

A percentage without its denominator can be one of many shares, and a reader who takes the wrong one for granted makes a
new number. The table lays the readings side by side, so that a newsroom can see which the data allow.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from toolkit.errors import InputError

__all__ = ["readings"]


def readings(count: int, share: float, wholes: Mapping[str, int], digits: int = 2) -> pl.DataFrame:
    """Of which whole may `count` be the published `share`?

    `wholes` are the denominators that come into question, by their names; `digits` the decimals of the published share
    (0.01, "one percent", has 2). One row a reading: `reading`, `part`, `whole`, `share` (part over whole), `agrees`
    (whether that rounds to the published share). The last row is the misreading in which the share is taken of the
    count itself: it always agrees with itself, and tells a part of what was published.

    Raises `InputError` when a whole is not positive, or when the share is none.
    """
    wrong = [name for name, whole in wholes.items() if whole <= 0]
    if wrong or not 0 <= share <= 1:
        raise InputError(
            f"There is no share of {', '.join(wrong) or share}: give positive wholes, and a share of 0 to 1."
        )
    rows = [(f"of all {name}", count, whole) for name, whole in wholes.items()]
    rows.append((f"{share:.{max(0, digits - 2)}%} of the {count:,}", round(share * count), count))
    table = pl.DataFrame(rows, schema=["reading", "part", "whole"], orient="row")
    exact = pl.col("part") / pl.col("whole")
    return table.with_columns(share=exact, agrees=exact.round(digits) == round(share, digits))
